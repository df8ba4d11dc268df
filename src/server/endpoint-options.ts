import type { Authenticator, DeadLetterTarget, Instrumentation, QueueRule, Stores } from '../broker/index.js';
import type { MangroveModuleOptions } from '../nest/index.js';
import { stomp, wamp } from '../subprotocols/index.js';
import type { Subprotocol } from '../subprotocols/index.js';
import { loginsFrom } from './authentication.js';
import { authorizerOf } from './authorization.js';
import type { QueueRuleConfig, ServerConfig } from './config/index.js';
import { given } from './given.js';
import { answeredHosts } from './http/index.js';

/**
 * Turns the configuration into what the endpoint takes.
 *
 * @param store undefined: memory.
 * @param authenticator who decides about logins; else the one that the configuration makes.
 */
export function endpointOptions(
  config: ServerConfig,
  instrumentation: Instrumentation,
  store: Stores | undefined,
  authenticator: Authenticator = loginsFrom(config).authenticator,
): MangroveModuleOptions {
  const hosts = answeredHosts(config);
  const { memoryBytes, ...limits } = config.limits;
  return {
    path: config.path,
    realms: config.realms,
    origins: config.origins,
    ...(hosts === undefined ? {} : { hosts }),
    subprotocols: subprotocols(config),
    unnegotiated: config.unnegotiated,
    authenticator,
    authorizer: authorizerOf(config),
    ...(store === undefined ? {} : { store }),
    queues: config.queues.map(queueRule),
    history: config.history,
    limits,
    ...(memoryBytes === undefined ? {} : { memoryLimitBytes: memoryBytes }),
    instrumentation,
    drainMs: config.drainMs,
  };
}

function subprotocols({ subprotocols: chosen }: ServerConfig): readonly Subprotocol[] {
  const enabled: Subprotocol[] = [];
  const { enabled: speaksStomp, ...stompOptions } = chosen.stomp;
  const { enabled: speaksWamp, ...wampOptions } = chosen.wamp;
  if (speaksStomp) enabled.push(stomp(stompOptions));
  if (speaksWamp) enabled.push(wamp(wampOptions));
  return enabled;
}

function queueRule(config: QueueRuleConfig): QueueRule {
  const { match, durable, maxMessages, maxBytes, overflow, messageTtlMs, expiresMs } = config;
  const { autoDelete, singleActive, maxDeliveries, clientArguments } = config;
  const rule = {
    durable,
    maxMessages,
    maxBytes,
    overflow,
    messageTtlMs,
    expiresMs,
    autoDelete,
    singleActive,
    maxDeliveries,
    clientArguments,
    deadLetter: deadLetterOf(config),
  };
  return { match, ...given(rule) };
}

function deadLetterOf({
  deadLetterQueue,
  deadLetterTopic,
  discardDead,
}: QueueRuleConfig): DeadLetterTarget | undefined {
  if (deadLetterQueue !== undefined) return { kind: 'queue', name: deadLetterQueue };
  if (deadLetterTopic !== undefined) return { kind: 'topic', topic: deadLetterTopic };
  return discardDead ? { kind: 'none' } : undefined;
}

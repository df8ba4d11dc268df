import { anonymous, chain, ticket } from '../auth/index.js';
import type { Authenticator, Instrumentation } from '../broker/index.js';
import type { MangroveModuleOptions } from '../nest/index.js';
import { stomp, wamp } from '../subprotocols/index.js';
import type { Subprotocol } from '../subprotocols/index.js';
import type { ServerConfig } from './config/index.js';
import { answeredHosts } from './http/index.js';

/** Turns the configuration into what the endpoint takes. */
export function endpointOptions(
  config: ServerConfig,
  instrumentation: Instrumentation,
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
    authenticator: authenticator(config),
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

function authenticator({ anonymous: open, authentication }: ServerConfig): Authenticator {
  const methods: Authenticator[] = [];
  if (authentication !== undefined) methods.push(ticket({ principals: authentication.principals }));
  if (open) methods.push(anonymous());
  return chain(methods);
}

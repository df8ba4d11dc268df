import type { Pattern } from '../address.js';
import type { Refusal } from '../errors.js';
import type { BrokerLimits } from '../limits.js';
import type { DeadLetterTarget, QueueArguments, QueuePolicy, QueueRule } from './queue-policy.js';

/** Whose something is that is kept while its owner is away. */
export interface Owner {
  readonly authid: string;
  readonly authrole: string;
  /** How the owner has logged in; what older versions have stored lacks both. */
  readonly authmethod?: string | undefined;
  readonly authprovider?: string | undefined;
}

/** What binds the queue of a durable subscription to topics, and to whom it belongs. */
export interface Binding extends Owner {
  readonly pattern: Pattern;
  /** Of the topics that match, only those are meant that the owner might also subscribe to one by one. */
  readonly filtered?: true | undefined;
}

/** What was asked for when a queue was made, as it is kept with it. */
export interface Definition {
  readonly arguments: QueueArguments;
  readonly binding: Binding | undefined;
  /** Who has said where its dead letters go, if a client has. */
  readonly deadLetterOwner?: Owner | undefined;
}

const DEAD = '.dead';
const NOWHERE: DeadLetterTarget = { kind: 'none' };

/** The policies of queues: by the rules of the configuration, and by what clients ask for. */
export class Policies {
  constructor(
    private readonly rules: readonly QueueRule[],
    private readonly limits: BrokerLimits,
    /** Whether there is a durable store. */
    private readonly durable: boolean,
  ) {}

  /** The policy of a queue that is made now. */
  policyOf(name: string, { arguments: asked, binding }: Definition): QueuePolicy {
    const rule = binding === undefined ? this.#ruleOf(name) : undefined;
    const dead = name.endsWith(DEAD);
    const own = Object.fromEntries(
      Object.entries({ ...rule, ...asked }).filter(([, value]) => value !== undefined),
    ) as Partial<QueueRule>;
    const durable = own.durable ?? true;
    const { queueMessages, queueBytes, durableQueueBytes } = this.limits;
    return {
      durable,
      maxMessages: own.maxMessages ?? queueMessages,
      maxBytes: own.maxBytes ?? (durable && this.durable ? durableQueueBytes : queueBytes),
      // A subscriber who stays away must not keep others from publishing.
      overflow: own.overflow ?? (dead || binding !== undefined ? 'drop-head' : 'reject-publish'),
      messageTtlMs: own.messageTtlMs,
      expiresMs: own.expiresMs,
      autoDelete: own.autoDelete ?? false,
      singleActive: own.singleActive ?? false,
      maxDeliveries: own.maxDeliveries ?? (dead || binding !== undefined ? Number.POSITIVE_INFINITY : 20),
      deadLetter:
        own.deadLetter ??
        (dead || binding !== undefined ? NOWHERE : { kind: 'queue', name: `${name}${DEAD}` }),
    };
  }

  /** Why a client may not ask for that, if it may not. Room is bounded by the limits, whatever is asked for. */
  faultOf(name: string, { arguments: asked, binding }: Definition): Refusal | undefined {
    if (Object.keys(asked).length === 0) return undefined;
    const rule = binding === undefined ? this.#ruleOf(name) : undefined;
    if (rule?.clientArguments === false) {
      return mismatch('The policy of this queue is not for clients to choose.');
    }
    const { queueMessages, queueBytes, durableQueueBytes } = this.limits;
    const isStored = (asked.durable ?? rule?.durable ?? true) && this.durable;
    const messages = Math.max(rule?.maxMessages ?? 0, queueMessages);
    const bytes = Math.max(rule?.maxBytes ?? 0, isStored ? durableQueueBytes : queueBytes);
    if ((asked.maxMessages ?? 0) > messages) return exceeded(`A queue may have ${messages} messages here.`);
    return (asked.maxBytes ?? 0) > bytes ? exceeded(`A queue may have ${bytes} bytes here.`) : undefined;
  }

  /** Dead letters are kept by rules of their own: those of the queues they come from would lose them, or send them back. */
  #ruleOf(name: string): QueueRule | undefined {
    const dead = name.endsWith(DEAD);
    return this.rules.find(
      ({ match }) => (!dead || match.endsWith(DEAD)) && matches(match.split('.'), name.split('.')),
    );
  }
}

/** Why a queue is not what somebody asks for, if it is not. */
export function disagreement(policy: QueuePolicy, asked: QueueArguments): Refusal | undefined {
  for (const [name, value] of Object.entries(asked) as [keyof QueuePolicy, unknown][]) {
    if (value === undefined || same(policy[name], value)) continue;
    return mismatch(`The queue exists with another ${name}.`);
  }
  return undefined;
}

function exceeded(reason: string): Refusal {
  return { code: 'limit_exceeded', reason };
}

/** A refusal because a queue is not what somebody asks for. */
export function mismatch(reason: string): Refusal {
  return { code: 'queue_mismatch', reason };
}

/** A definition as text, for a store. */
export function encodeDefinition(definition: Definition): string {
  return JSON.stringify(definition);
}

/** A definition as it was; nothing if the text is none. */
export function decodeDefinition(text: string): Definition | undefined {
  try {
    const value = JSON.parse(text) as Partial<Definition> | null;
    if (typeof value !== 'object' || value === null || typeof value.arguments !== 'object') return undefined;
    return {
      arguments: value.arguments ?? {},
      binding: value.binding,
      deadLetterOwner: value.deadLetterOwner,
    };
  } catch {
    return undefined;
  }
}

function same(one: unknown, other: unknown): boolean {
  return one === other || (typeof one === 'object' && canonical(one) === canonical(other));
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return JSON.stringify(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** Whether the words of a rule match those of a name; linear but for several `#`, which a configuration may have. */
function matches(rule: readonly string[], name: readonly string[]): boolean {
  const [word, ...others] = rule;
  if (word === undefined) return name.length === 0;
  if (word === '#') {
    return matches(others, name) || (name.length > 0 && matches(rule, name.slice(1)));
  }
  return name.length > 0 && (word === '*' || word === name[0]) && matches(others, name.slice(1));
}

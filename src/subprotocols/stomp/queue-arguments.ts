import type { ConsumeCommand, DeadLetterTarget, QueueArguments } from '../../broker/index.js';
import { nameOfWords } from './destinations.js';
import type { HeaderValues } from './header-values.js';

/** What the headers of a SUBSCRIBE say about the consumer. */
export type ConsumerOptions = Pick<
  ConsumeCommand,
  'credit' | 'priority' | 'exclusive' | 'browse' | 'noLocal' | 'arguments'
>;

const COUNT = { min: 0, max: 999_999_999 } as const;
const LENGTH = { min: 1, max: Number.MAX_SAFE_INTEGER } as const;
const PRIORITY = { min: -999_999_999, max: 999_999_999 } as const;

/**
 * Reads the headers of a SUBSCRIBE to a queue, or of a durable one to a topic; wrong values are told by `values`. Unknown
 * ones, `x-` or not, are passed over, as a client that also speaks to another server may send them.
 *
 * @param aliases whether ActiveMQ's names are understood beside RabbitMQ's.
 */
export function consumerOptionsOf(values: HeaderValues, queue: string, aliases: boolean): ConsumerOptions {
  const named = (name: string, alias: string): string[] => (aliases ? [name, alias] : [name]);
  const prefetch = values.number(COUNT, ...named('prefetch-count', 'activemq.prefetchSize'));
  return {
    // As in RabbitMQ 0 is as many as there may be: the broker gives no more than its own limit.
    credit: prefetch === 0 ? Number.MAX_SAFE_INTEGER : prefetch,
    priority: values.number(PRIORITY, ...named('x-priority', 'activemq.priority')),
    exclusive: values.truth('exclusive'),
    browse: values.truth('browser'),
    noLocal: values.truth(...named('no-local', 'activemq.noLocal')) === true,
    // In ActiveMQ an exclusive consumer does not keep others away: they stand by.
    arguments: argumentsOf(values, queue, named('x-single-active-consumer', 'activemq.exclusive')),
  };
}

/** What the headers say about the queue, only what they say: each must agree with the queue if it exists. */
function argumentsOf(
  values: HeaderValues,
  queue: string,
  singleActive: readonly string[],
): QueueArguments | undefined {
  const asked: Partial<{ -readonly [name in keyof QueueArguments]: QueueArguments[name] | undefined }> = {
    durable: values.truth('durable'),
    autoDelete: values.truth('auto-delete'),
    singleActive: values.truth(...singleActive),
    maxMessages: values.number(LENGTH, 'x-max-length'),
    maxBytes: values.number(LENGTH, 'x-max-length-bytes'),
    messageTtlMs: values.milliseconds(0, 'x-message-ttl'),
    expiresMs: values.milliseconds(1, 'x-expires'),
    deadLetter: deadLetterOf(values, queue),
  };
  const said = Object.entries(asked).filter(([, value]) => value !== undefined);
  return said.length === 0 ? undefined : (Object.fromEntries(said) as QueueArguments);
}

/**
 * Of RabbitMQ's exchanges there are two here: the default one (`""` or `amq.default`) leads to the queue that the routing key
 * names, `amq.topic` to that topic. Without a key the queue's own name stands for it, as there.
 */
function deadLetterOf(values: HeaderValues, queue: string): DeadLetterTarget | undefined {
  const exchange = values.text('x-dead-letter-exchange');
  const key = values.text('x-dead-letter-routing-key');
  if (exchange === undefined) {
    if (key !== undefined) values.refuse('x-dead-letter-routing-key', 'needs an x-dead-letter-exchange');
    return undefined;
  }
  const name = key === undefined ? queue : nameOfWords(key.split('.'));
  if (name === undefined) {
    values.refuse('x-dead-letter-routing-key', 'is not words joined by dots');
    return undefined;
  }
  if (exchange === '' || exchange === 'amq.default') return { kind: 'queue', name };
  if (exchange === 'amq.topic') return { kind: 'topic', topic: name };
  values.refuse('x-dead-letter-exchange', 'names amq.default or amq.topic');
  return undefined;
}

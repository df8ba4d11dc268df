import type { WireMap } from '../../../serializers/index.js';
import type { Elements } from './elements.js';
import { wholeNumber } from './elements.js';
import type { ConsumerOptions, DeliveryOptions, QueueOptions, Receivers, SourceOptions } from './messages.js';

/** The longest time that an option may name: a hundred years, in ms. */
const MAX_MS = 100 * 365.25 * 86_400_000;
const MAX_ID = 2 ** 53;
/** The most that somebody may ask to be given at once. */
export const MAX_CREDIT = 65_535;
const MAX_CONSUMER_PRIORITY = 1_000_000;
/** The longest name of a producer, in UTF-8 bytes. */
const LONGEST_PRODUCER = 255;
/** The longest `rkey` or `nkey`, in UTF-8 bytes: each place is compared with each key. */
const LONGEST_KEY = 255;

/**
 * Reads options whose faults are answered with ERROR `wamp.error.invalid_argument`, where those of WAMP's basics end the
 * connection: our own ones, and the lists of an audience. The first fault is kept; what is at fault counts as absent.
 */
export class OptionReader {
  fault: string | undefined;

  /** @param option name of an option → what it says, not looked at yet; undefined if it says nothing. */
  constructor(private readonly option: (key: string) => unknown) {}

  flag(key: string): boolean | undefined {
    const value = this.option(key);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.refuse(`${key} must be a boolean.`);
  }

  /** A whole number within bounds, both inclusive. */
  integer(key: string, least: number, most: number): number | undefined {
    const value = this.option(key);
    if (value === undefined) return undefined;
    const number = wholeNumber(value);
    if (number !== undefined && number >= least && number <= most) return number;
    return this.refuse(`${key} must be a whole number from ${least} to ${most}.`);
  }

  /** A text of 1 to so many bytes in UTF-8. */
  text(key: string, most: number): string | undefined {
    const value = this.option(key);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= most) return value;
    return this.refuse(`${key} must be a string of 1 to ${most} bytes.`);
  }

  /** A key that something is shared out by, as it was read; absent if it is too long. */
  sharingKey(key: string, value: string | undefined): string | undefined {
    const fault = keyFault(key, value);
    return fault === undefined ? value : this.refuse(fault);
  }

  has(key: string): boolean {
    return this.option(key) !== undefined;
  }

  ids(key: string): ReadonlySet<number> | undefined {
    const what = 'session ids';
    return this.#set(key, what, (entry) => {
      const id = wholeNumber(entry);
      return id !== undefined && id >= 1 && id <= MAX_ID ? id : undefined;
    });
  }

  texts(key: string): ReadonlySet<string> | undefined {
    return this.#set(key, 'strings', (entry) => (typeof entry === 'string' ? entry : undefined));
  }

  #set<T>(key: string, what: string, read: (entry: unknown) => T | undefined): ReadonlySet<T> | undefined {
    const value = this.option(key);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) return this.refuse(`${key} must be a list of ${what}.`);
    const set = new Set<T>();
    for (const entry of value as readonly unknown[]) {
      const item = read(entry);
      if (item === undefined) return this.refuse(`${key} must be a list of ${what}.`);
      set.add(item);
    }
    return set;
  }

  /** Keeps a fault, if there is none yet. */
  refuse(fault: string): undefined {
    this.fault ??= fault;
    return undefined;
  }
}

/** Reads options of a message. */
export function readerOf(elements: Elements, options: WireMap): OptionReader {
  return new OptionReader((key) => elements.option(options, key));
}

/** What is wrong with a key that something is shared out by, if anything is. */
export function keyFault(key: string, value: string | undefined): string | undefined {
  const isTooLong = value !== undefined && Buffer.byteLength(value) > LONGEST_KEY;
  return isTooLong ? `${key} may have ${LONGEST_KEY} bytes.` : undefined;
}

/** Options that say nothing. */
const NO_DELIVERY: DeliveryOptions = {
  eligible: undefined,
  exclude: undefined,
  retain: undefined,
  ttlMs: undefined,
  queue: undefined,
  shard: undefined,
  fault: undefined,
};

/** What the options of PUBLISH say about who gets it, when and how. */
export function readDelivery(elements: Elements, options: WireMap): DeliveryOptions {
  if (elements.isEmpty(options)) return NO_DELIVERY;
  const reader = readerOf(elements, options);
  const delivery = {
    eligible: readReceivers(reader, 'eligible'),
    exclude: readReceivers(reader, 'exclude'),
    retain: reader.flag('retain'),
    ttlMs: reader.integer('_ttl', 1, MAX_MS),
    queue: readQueue(reader),
    shard: reader.sharingKey('rkey', elements.key(options, 'rkey')),
  };
  const forQueues = FOR_QUEUES.find((key) => reader.has(key));
  return { ...delivery, fault: reader.fault ?? contradictionIn(delivery, forQueues) };
}

/** Options that promise something which only a queue can keep. */
const FOR_QUEUES = ['_delay', '_producer', '_sequence'];

/** Options that would be passed over, though their sender counts on them. */
function contradictionIn(
  { eligible, exclude, retain, queue }: Omit<DeliveryOptions, 'fault'>,
  forQueues: string | undefined,
): string | undefined {
  if (queue === undefined) return forQueues === undefined ? undefined : `${forQueues} is for queues only.`;
  if (eligible !== undefined || exclude !== undefined) return 'A message of a queue has no audience.';
  return retain === true ? 'A message of a queue cannot be retained.' : undefined;
}

function readQueue(reader: OptionReader): QueueOptions | undefined {
  if (reader.flag('_queue') !== true) return undefined;
  return {
    priority: reader.integer('_priority', 0, 9),
    delayMs: reader.integer('_delay', 0, MAX_MS),
    persistent: reader.flag('_persistent'),
    producer: readProducer(reader),
  };
}

function readProducer(reader: OptionReader): QueueOptions['producer'] {
  const id = reader.text('_producer', LONGEST_PRODUCER);
  const sequence = reader.integer('_sequence', 0, Number.MAX_SAFE_INTEGER);
  if (reader.has('_producer') !== reader.has('_sequence')) {
    return reader.refuse('_producer and _sequence go together.');
  }
  return id === undefined || sequence === undefined ? undefined : { id, sequence };
}

/** The lists of one side; undefined if there is none. A list that is there, but empty, is a list. */
function readReceivers(reader: OptionReader, side: 'eligible' | 'exclude'): Receivers | undefined {
  const sessions = reader.ids(side);
  const authids = reader.texts(`${side}_authid`);
  const authroles = reader.texts(`${side}_authrole`);
  if (sessions === undefined && authids === undefined && authroles === undefined) return undefined;
  return { sessions, authids, authroles };
}

const NO_CONSUMER: ConsumerOptions = {
  credit: undefined,
  priority: undefined,
  exclusive: undefined,
  fault: undefined,
};

/** What the options of REGISTER say to a queue. */
export function readConsumer(elements: Elements, options: WireMap): ConsumerOptions {
  return elements.isEmpty(options) ? NO_CONSUMER : consumerOf(readerOf(elements, options));
}

const NO_SOURCE: SourceOptions = {
  getRetained: false,
  place: undefined,
  queue: undefined,
  fault: undefined,
};

/** What the options of SUBSCRIBE say about where its events come from. */
export function readSource(elements: Elements, options: WireMap): SourceOptions {
  if (elements.isEmpty(options)) return NO_SOURCE;
  const reader = readerOf(elements, options);
  const getRetained = reader.flag('get_retained') === true;
  const queue = reader.flag('_queue') === true ? consumerOf(reader) : undefined;
  const place = reader.sharingKey('nkey', elements.string(options, 'nkey'));
  return { getRetained, place, queue, fault: reader.fault };
}

function consumerOf(reader: OptionReader): ConsumerOptions {
  const own = reader.integer('_credit', 1, MAX_CREDIT);
  const credit = own ?? reader.integer('concurrency', 1, MAX_CREDIT);
  const priority = reader.integer('_priority', -MAX_CONSUMER_PRIORITY, MAX_CONSUMER_PRIORITY);
  const exclusive = reader.flag('_exclusive');
  return { credit, priority, exclusive, fault: reader.fault };
}

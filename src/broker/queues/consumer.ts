import type { Filter } from '../filter.js';
import type { Death } from '../ports/queue-store.js';
import type { Publication } from '../publication.js';
import type { QueueArguments } from './queue-policy.js';
import type { Pattern } from '../address.js';

/** Numbers the messages of one producer, so that one that is sent again is stored once. */
export interface Producer {
  /** The producer's own name, good for all sessions of its principal. */
  readonly id: string;
  /** Higher for each message, if only by one; the same when a message is sent again. */
  readonly sequence: number;
}

/** What a publisher asks for who sends to a queue. */
export interface EnqueueCommand {
  /** The queue's name: words joined by dots. */
  readonly queue: string;
  readonly payload: Publication['payload'];
  readonly headers?: Publication['headers'];
  /** How the payload is packed, if it is. */
  readonly passthru?: Publication['passthru'];
  readonly spelling?: string | undefined;
  /** Tell the consumer who sent it. Default false. */
  readonly disclose?: boolean;
  /** Confirm only when it is safe, in a durable queue. Default true; false confirms at once, and a crash may lose it. */
  readonly persistent?: boolean;
  /** 0 … 9, the higher the sooner. Default 4. */
  readonly priority?: number;
  /** Given up then, in ms since the Unix epoch. */
  readonly expiresAt?: number | undefined;
  /** Not delivered before, in ms since the Unix epoch. */
  readonly deliverAt?: number | undefined;
  /**
   * One that is stored already is answered as if it were stored now, and is not stored again. Remembered with the messages, as
   * durable as they are, of the producers heard last (`producers` of the limits). Default: each message is a new one.
   */
  readonly producer?: Producer | undefined;
}

/** What a consumer asks for. */
export interface ConsumeCommand {
  /** The endpoint's own name for the consumer, unique among its subscriptions and consumers. */
  readonly key: string;
  /** The queue's name; for a durable subscription the name that the client gave it. */
  readonly queue: string;
  /**
   * A durable subscription: the queue belongs to this principal alone, is made if it is not there, and gets what is published
   * to topics of this pattern, whether or not somebody consumes. One consumer at a time.
   */
  readonly binding?: Pattern | undefined;
  /** `auto`: a message is done when it has been handed over. `explicit`: when it has been settled. */
  readonly settling: 'auto' | 'explicit';
  /** How many unsettled messages it takes at a time. Default: `credit` of the limits; no meaning for `auto`. */
  readonly credit?: number | undefined;
  /** The higher is served first, as long as it has credit. Default 0. */
  readonly priority?: number | undefined;
  /** No other consumer may be there, or come. Default false. */
  readonly exclusive?: boolean | undefined;
  /** Show the messages that wait, take none; `exhausted` ends it. Default false. */
  readonly browse?: boolean | undefined;
  readonly filter?: Filter | undefined;
  /** Leave out what this attachment sent; such messages stay for others. Default false. */
  readonly noLocal?: boolean | undefined;
  readonly arguments?: QueueArguments | undefined;
}

/** The same, once it was admitted. */
export interface AdmittedConsume extends ConsumeCommand {
  /** Of a durable subscription: whether its principal may be told of a topic; undefined if it may of all that match. */
  readonly sees?: ((topic: string) => boolean) | undefined;
}

/** One consumer of a queue, as its endpoint sees it. */
export interface Consumer {
  readonly kind: 'consumer';
  readonly key: string;
  /** The queue's name, as it was asked for. */
  readonly queue: string;
  /** Whether it is still in force. */
  readonly active: boolean;
}

/** One message on its way to one consumer. */
export interface Delivery {
  readonly kind: 'delivery';
  readonly consumer: Consumer;
  /** Its `topic` is the queue's name (for a durable subscription the topic that it was published to). */
  readonly publication: Publication;
  /** It was, or may have been, given to somebody before. */
  readonly redelivered: boolean;
  /** Which counted delivery this is: 1 for the first. */
  readonly attempt: number;
  readonly death: Death | undefined;
  /** Whether it has been settled, or was taken back because its consumer ended. */
  readonly settled: boolean;
  /** What the consumer's endpoint knows it by: set by that endpoint, and read by nobody else. Default undefined. */
  mark: unknown;
}

/**
 * What becomes of a delivery: `ack` done; `requeue` back to its place, counted; `release` back to its place, not counted (it was
 * never looked at); `reject` given up now.
 */
export type SettlementVerdict = 'ack' | 'requeue' | 'release' | 'reject';

/** One settlement; of a delivery that is settled already: passed over in silence. */
export interface Settlement {
  readonly delivery: Delivery;
  readonly verdict: SettlementVerdict;
}

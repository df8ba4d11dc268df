import type { Publication } from '../publication.js';

/** A queue of one realm. One store serves all realms; the realm is part of every key. */
export interface QueueKey {
  readonly realm: string;
  readonly queue: string;
}

/** Why a message was taken out of its queue without having been acknowledged. */
export type DeathReason = 'rejected' | 'delivery-limit' | 'expired' | 'maxlen';

/** What is told of a message that came to a dead-letter queue. */
export interface Death {
  readonly reason: DeathReason;
  /** The queue that it died in. */
  readonly queue: string;
  /** How often it was delivered there. */
  readonly deliveries: number;
  /** When, in ms since the Unix epoch. */
  readonly at: number;
  /** Why and where it died first, if it has died more than once. */
  readonly first?: { readonly reason: DeathReason; readonly queue: string } | undefined;
}

/** One message of a queue as a store keeps it. */
export interface QueueMessage {
  /** Its `topic` is the queue's name. */
  readonly publication: Publication;
  /** How often it was delivered and counted, before now. */
  readonly deliveries: number;
  /** It was handed out before, or may have been: the process ended without telling. */
  readonly redelivered: boolean;
  readonly death: Death | undefined;
}

/** A message and its place. */
export interface QueueRecord {
  readonly queue: QueueKey;
  /**
   * Its place: records are read in ascending order. The broker chooses it: band × 2^48 + number; bands 0 … 9 are the
   * priorities 9 … 0, those from {@link DELAYED_BAND} to DELAYED_BAND + 9 the same for messages that wait for their time.
   */
  readonly position: number;
  readonly message: QueueMessage;
}

/** Distance between two bands of positions. */
export const BAND = 2 ** 48;
/** The first band of messages that may not be delivered yet; never handed out by `lease`, nor is any above. */
export const DELAYED_BAND = 15;

/** One change; a batch of them is made whole or not at all. */
export type QueueOperation =
  /** Makes a queue known, or changes what is known of it; `definition` is opaque to the store, and comes back from `list`. */
  | { readonly kind: 'declare'; readonly queue: QueueKey; readonly definition: string }
  /** Forgets a queue and all its messages. */
  | { readonly kind: 'delete'; readonly queue: QueueKey }
  | {
      readonly kind: 'put';
      readonly queue: QueueKey;
      readonly position: number;
      readonly message: QueueMessage;
      /** When `due` is to name it (it expires, or its delay is over), in ms since the Unix epoch. */
      readonly dueAt: number | undefined;
    }
  /** Acknowledged, expired or moved to a dead-letter queue. One that is not there is passed over. */
  | { readonly kind: 'remove'; readonly queue: QueueKey; readonly position: number }
  /** Came back: from now on it is redelivered, with that count. One that is not there is passed over. */
  | {
      readonly kind: 'return';
      readonly queue: QueueKey;
      readonly position: number;
      readonly deliveries: number;
    }
  /** Its delay is over: from now on it stands at `to`, due at `dueAt`. `to` may be where it stands: then only that changes. */
  | {
      readonly kind: 'move';
      readonly queue: QueueKey;
      readonly position: number;
      readonly to: number;
      readonly dueAt: number | undefined;
    };

/** What a store knows of a queue when it is opened. */
export interface StoredQueue {
  readonly queue: QueueKey;
  /** Undefined for a queue that was never declared. */
  readonly definition: string | undefined;
  readonly messages: number;
  /** Bytes of payloads and headers. */
  readonly bytes: number;
  /** No position of the queue has a number (its remainder by {@link BAND}) of this or above. */
  readonly nextNumber: number;
}

/** Who is told what a store finds out by itself. */
export interface QueueStoreWatcher {
  /** Messages came, or became due, that this process did not commit. */
  ready(queue: QueueKey): void;
  /** Nothing will be confirmed any more: a write or its sync failed. Once. */
  failed(why: string): void;
}

/**
 * Keeps the messages of queues. Dumb on purpose: order, credit, leases and policies are the broker's; a store keeps records
 * in the order of their positions and says when they are safe.
 *
 * Commits take effect in the order in which they were asked for. A record can be read from the moment its commit is confirmed
 * on, and not before, in every engine. A refused commit has changed nothing.
 */
export interface QueueStore {
  /** What is confirmed survives the end of the process. */
  readonly durable: boolean;
  /** Told from now on; one watcher for each realm. */
  watch(realm: string, watcher: QueueStoreWatcher): void;
  /** The queues of one realm. */
  list(realm: string): readonly StoredQueue[];
  /**
   * Makes all changes or none. Undefined if they are made and safe already; else resolves when they are safe. Rejects with a
   * {@link StoreError} if they were not made; batches without a `put` are never refused for want of space.
   */
  commit(operations: readonly QueueOperation[]): Promise<void> | undefined;
  /**
   * At most `limit` records after a position (undefined: from the beginning) and before `before`, in order; perhaps fewer than
   * there are. From the answer on, should the process end unforeseen, they will be `redelivered`; that is why it may take a
   * commit.
   */
  lease(query: RecordQuery): readonly QueueRecord[] | Promise<readonly QueueRecord[]>;
  /** The same without consequences. */
  browse(query: RecordQuery): readonly QueueRecord[];
  /**
   * At most `limit` records whose `dueAt` has come, the earliest first; ends with the one with which so many `bytes` of payloads
   * and headers are reached (default: without bound).
   */
  due(realm: string, now: number, limit: number, bytes?: number): readonly QueueRecord[];
  /** The earliest `dueAt` of the realm. */
  nextDue(realm: string): number | undefined;
}

/** Which records are wanted. */
export interface RecordQuery {
  readonly queue: QueueKey;
  /** Exclusive. */
  readonly after: number | undefined;
  /** Exclusive. */
  readonly before: number;
  readonly limit: number;
  /** Ends with the record with which so many bytes of payloads and headers are reached. Default: without bound. */
  readonly bytes?: number | undefined;
}

/** Why a store refused: full (try again later) or failed (nothing is confirmed any more). */
export class StoreError extends Error {
  constructor(
    readonly code: 'full' | 'failed',
    message: string,
  ) {
    super(message);
    this.name = 'StoreError';
  }
}

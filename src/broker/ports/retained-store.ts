import type { Pattern } from '../address.js';
import type { Publication } from '../publication.js';
import type { StoreError } from './queue-store.js';

/** Which retained events are wanted. */
export interface RetainedQuery {
  readonly pattern: Pattern;
  /** Leaves out what has expired by then, in ms since the Unix epoch. */
  readonly now: number;
  /** At most so many. */
  readonly limit: number;
  /** Only topics above this one: the last of the page before. Default: from the beginning. */
  readonly after?: string | undefined;
  /** Ends with the event with which so many bytes of payloads and headers are reached. Default: without bound. */
  readonly bytes?: number | undefined;
  /** Looks at so many topics at most, whether they match or not; see {@link RetainedPage.stopped}. Default: without bound. */
  readonly examined?: number | undefined;
}

/** What a store answers. */
export interface RetainedPage {
  /** By ascending topic. */
  readonly publications: readonly Publication[];
  /** Set if the page ends because `examined` was reached: the topic that was looked at last, after which to go on. */
  readonly stopped?: string | undefined;
}

/** One change of what is retained for a topic: what is put, or undefined where it is forgotten. */
export interface RetainedChange {
  readonly topic: string;
  readonly publication: Publication | undefined;
}

/**
 * Keeps the last event of a topic for those who subscribe later [WAMP AP Event Retention]. At most one per topic; bounded by
 * count and bytes in all, beyond which a `put` is refused. A realm is any text: the broker keeps events that are for some of the
 * subscribers alone under one of their own.
 */
export interface RetainedStore {
  /** What is confirmed survives the end of the process. */
  readonly durable: boolean;
  /**
   * Replaces what is retained for the publication's topic. Undefined if it is done; else resolves when it is safe. If it is
   * not done: throws a {@link StoreError} where that is known at once, so that nobody is told of the event, or rejects with one.
   */
  put(realm: string, publication: Publication): Promise<void> | undefined;
  /**
   * Why one of these changes would be refused, were they made now, one after another; as far as that is known before. Lets
   * what has expired make room. A store without it says nothing before.
   */
  refusalOf?(realm: string, changes: readonly RetainedChange[]): StoreError | undefined;
  /** Forgets what is retained for a topic; as `put`. */
  delete(realm: string, topic: string): Promise<void> | undefined;
  /**
   * Retained events whose topic the pattern matches, by ascending topic. This process's puts that are not yet safe are seen.
   * The publications are the caller's: what is encoded for receivers stays with them, not with the store.
   */
  match(realm: string, query: RetainedQuery): RetainedPage | Promise<RetainedPage>;
}

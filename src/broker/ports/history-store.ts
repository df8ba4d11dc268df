import type { Pattern } from '../address.js';
import type { Publication } from '../publication.js';
import type { StoreError } from './queue-store.js';

/** How much history one topic keeps. */
export interface HistoryBounds {
  readonly entries: number;
  /** Bytes of payloads and headers. */
  readonly bytes: number;
}

/**
 * What is asked of a history: the keywords of [WAMP AP Event History], all of them ANDed; `from` and `until` are inclusive,
 * `after` and `before` exclusive. Times are ms since the Unix epoch; publications are ids.
 */
export interface HistoryQuery {
  readonly pattern: Pattern;
  /** Only this topic of those that the pattern matches. */
  readonly topic?: string | undefined;
  /** The newest first. Default false. */
  readonly reverse?: boolean | undefined;
  /** At most so many; without `reverse` the *first* ones that match. */
  readonly limit: number;
  /** Ends with the event with which so many bytes of payloads and headers are reached. Default: without bound. */
  readonly bytes?: number | undefined;
  readonly fromTime?: number | undefined;
  readonly afterTime?: number | undefined;
  readonly beforeTime?: number | undefined;
  readonly untilTime?: number | undefined;
  /** A publication that is not known (any more) counts as older than all that is kept. */
  readonly fromPublication?: number | undefined;
  readonly afterPublication?: number | undefined;
  readonly beforePublication?: number | undefined;
  readonly untilPublication?: number | undefined;
  /** Leaves out what has expired by then. */
  readonly now: number;
  /** Looks at about so many entries at most, whether they match or not; see {@link HistoryPage.stopped}. Default: without bound. */
  readonly examined?: number | undefined;
  /** Goes on where a page of the same query has stopped: its {@link HistoryStop.place}. */
  readonly resume?: number | undefined;
}

/** Where a page has stopped, having looked at as much as was asked of it. */
export interface HistoryStop {
  /** For the store alone: it stays good, whatever is added or dropped meanwhile. */
  readonly place: number;
  /** The publication that was looked at last; it need not match. */
  readonly publication: number;
}

/** What a history answers. */
export interface HistoryPage {
  /** In the order of arrival (over all topics of the realm), or the reverse. */
  readonly publications: readonly Publication[];
  /**
   * Nothing that the query names was forgotten: the publication of `from`/`after` is known, and of no topic that the pattern
   * matches has an entry after it been dropped for want of room. True if neither was given and nothing was ever dropped.
   * It may be found out when it is read: of what was dropped after the page was made it may say so, or not.
   */
  readonly complete: boolean;
  /** Set if the page ends because `examined` was reached: there may be more. */
  readonly stopped?: HistoryStop | undefined;
}

/** Keeps the last events of topics, in order of arrival. */
export interface HistoryStore {
  /** What is confirmed survives the end of the process. */
  readonly durable: boolean;
  /**
   * Adds an event and drops the topic's oldest that exceed the bounds. Undefined if it is done; else resolves when it is
   * safe. If it is not done: throws a {@link StoreError} where that is known at once, or rejects with one.
   */
  append(realm: string, publication: Publication, bounds: HistoryBounds): Promise<void> | undefined;
  /** Why an event would be refused, were it added now; as far as that is known before. */
  refusalOf?(realm: string): StoreError | undefined;
  /**
   * This process's appends that are not yet safe are seen. The publications are the caller's: what is encoded for receivers
   * stays with them, not with the store.
   */
  read(realm: string, query: HistoryQuery): HistoryPage | Promise<HistoryPage>;
}

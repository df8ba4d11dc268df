import type { Clock } from '../../lib/index.js';
import type { Pattern } from '../address.js';
import type { Refusal } from '../errors.js';
import type { HistoryRule } from './history.js';
import { HistoryRules } from './history.js';
import type { BrokerLimits } from '../limits.js';
import type { HistoryPage, HistoryQuery, HistoryStore } from '../ports/history-store.js';
import type { Instrumentation } from '../ports/instrumentation.js';
import { StoreError } from '../ports/queue-store.js';
import type { RetainedChange, RetainedPage, RetainedStore } from '../ports/retained-store.js';
import type { Publication } from '../publication.js';

/** What the past of a realm's topics is kept with. */
export interface PastParts {
  readonly realm: string;
  readonly clock: Clock;
  readonly limits: BrokerLimits;
  readonly instrumentation: Instrumentation;
  readonly retained: RetainedStore | undefined;
  readonly history: HistoryStore | undefined;
  readonly rules: readonly HistoryRule[];
}

/** Nothing if it is done and safe; a refusal if nothing was done; else what resolves to nothing, or to why it failed. */
export type Keeping = Refusal | Promise<Refusal | undefined> | undefined;

/** Whether a publication was not kept at all. */
export function isRefusal(keeping: Keeping): keeping is Refusal {
  return keeping !== undefined && !(keeping instanceof Promise);
}

/** An event that is about to be kept. */
export interface KeptEvent {
  readonly publication: Publication;
  /** As in `Past.keep`. */
  readonly retain: boolean;
}

/** Room for events that will be kept soon, until it is given up. */
export interface Reservation {
  end(): void;
}

/** What a realm keeps of its topics: the retained events, and the history of the topics that the configuration names. */
export class Past {
  readonly #rules: HistoryRules;
  /** What batches retain that are being made. */
  readonly #reserved = new Set<readonly RetainedChange[]>();

  constructor(private readonly parts: PastParts) {
    this.#rules = new HistoryRules(parts.rules);
  }

  /** The wall clock, in ms since the Unix epoch. */
  get now(): number {
    return this.parts.clock.wallTime();
  }

  /** Time that never goes backwards, in ms. */
  get ticks(): number {
    return this.parts.clock.now();
  }

  /** Lets others have their turn. What is read before it, or after, is bounded: see {@link EXAMINED}. */
  turn(): Promise<void> {
    return new Promise((go) => this.parts.clock.defer(go));
  }

  get limits(): BrokerLimits {
    return this.parts.limits;
  }

  /** Whether events are retained at all. */
  get retains(): boolean {
    return this.parts.retained !== undefined;
  }

  /** Keeps a publication that is about to be routed, as far as it is to be kept. */
  keep(publication: Publication, retain: boolean): Keeping {
    if (!retain && this.#rules.none) return undefined;
    const { expiresAt, publishedAt } = publication;
    if (expiresAt !== undefined && expiresAt <= publishedAt) return undefined;
    const { retained, history } = this.parts;
    const kept =
      retain && retained !== undefined
        ? (this.#unreserved(retained, publication) ??
          this.#try(RETAINED_FULL, () => this.#retain(retained, publication)))
        : undefined;
    if (isRefusal(kept)) return kept;
    if (history === undefined || this.#rules.none) return kept;
    const bounds = this.#rules.boundsOf(publication.topic);
    if (bounds === undefined || namesSessions(publication)) return kept;
    const appended = this.#try(HISTORY_FULL, () => history.append(this.parts.realm, publication, bounds));
    if (isRefusal(appended)) return appended;
    return bothOf(kept, appended);
  }

  /**
   * Keeps room for the events of a batch, which are kept when the rest of it is safe; or says why one of them cannot be kept,
   * as far as the stores know that before.
   */
  reserve(events: readonly KeptEvent[]): Refusal | Reservation {
    const { realm, retained, history } = this.parts;
    const lasting = events.filter(
      ({ publication: { expiresAt, publishedAt } }) => expiresAt === undefined || expiresAt > publishedAt,
    );
    const changes = lasting.filter(({ retain }) => retain).map(({ publication }) => changeOf(publication));
    const unkept = changes.length === 0 ? undefined : this.#faultOf(retained, changes);
    if (unkept !== undefined) return unkept;
    const isRemembered = lasting.some(
      ({ publication }) =>
        this.#rules.boundsOf(publication.topic) !== undefined && !namesSessions(publication),
    );
    const unwritten = isRemembered ? history?.refusalOf?.(realm) : undefined;
    if (unwritten !== undefined) return this.#refusalOf(unwritten, HISTORY_FULL);
    // What a batch clears may stay, if the batch is refused after all.
    const puts = changes.filter(({ publication }) => publication !== undefined);
    if (puts.length > 0) this.#reserved.add(puts);
    return { end: () => void this.#reserved.delete(puts) };
  }

  /** A page of the retained events for a pattern, after a topic. */
  retained(pattern: Pattern, after: string | undefined): RetainedPage | Promise<RetainedPage> {
    const { realm, retained } = this.parts;
    return retained?.match(realm, { pattern, after, now: this.now, ...RETAINED_BOUNDS }) ?? NONE_RETAINED;
  }

  /** Whether every topic of the pattern has a history. */
  remembers(pattern: Pattern): boolean {
    return this.parts.history !== undefined && this.#rules.cover(pattern);
  }

  /** Patterns of topics that have a history, as the configuration names them. */
  get remembered(): readonly Pattern[] {
    return this.parts.history === undefined ? [] : this.#rules.patterns;
  }

  /** Whether a topic of the pattern may have a history. Of an exact one it is known; of others in doubt. */
  mayRemember({ match, text }: Pattern): boolean {
    if (this.parts.history === undefined) return false;
    return match === 'exact' ? this.#rules.boundsOf(text) !== undefined : !this.#rules.none;
  }

  /** Asks the history [WAMP AP Event History]. */
  history(query: Omit<HistoryQuery, 'now'>): HistoryPage | Promise<HistoryPage> {
    const { realm, history } = this.parts;
    return history?.read(realm, { ...query, now: this.now }) ?? NO_HISTORY;
  }

  /** Something was thrown by a store that was read. */
  failedRead(error: unknown): Refusal {
    if (!(error instanceof StoreError)) this.parts.instrumentation.defect('store.read', error);
    return STORE_FAILED;
  }

  #retain(retained: RetainedStore, publication: Publication): Promise<void> | undefined {
    const { realm } = this.parts;
    return changeOf(publication).publication === undefined
      ? retained.delete(realm, publication.topic)
      : retained.put(realm, publication);
  }

  /** Why a publication would take the room that batches have reserved, if it would. */
  #unreserved(retained: RetainedStore, publication: Publication): Refusal | undefined {
    return this.#reserved.size === 0 ? undefined : this.#faultOf(retained, [changeOf(publication)]);
  }

  /** Why not all of these could be retained now, besides what is reserved. */
  #faultOf(retained: RetainedStore | undefined, changes: readonly RetainedChange[]): Refusal | undefined {
    const all = this.#reserved.size === 0 ? changes : [...[...this.#reserved].flat(), ...changes];
    const refused = retained?.refusalOf?.(this.parts.realm, all);
    return refused && this.#refusalOf(refused, RETAINED_FULL);
  }

  #try(full: Refusal, change: () => Promise<void> | undefined): Keeping {
    const failed = (error: unknown): Refusal => this.#refusalOf(error, full);
    try {
      return change()?.then(() => undefined, failed);
    } catch (error) {
      return failed(error);
    }
  }

  #refusalOf(error: unknown, full: Refusal): Refusal {
    if (!(error instanceof StoreError)) this.parts.instrumentation.defect('store.write', error);
    else if (error.code === 'full') return full;
    return STORE_FAILED;
  }
}

/** As in MQTT: nothing to keep means that there is nothing kept. */
function changeOf(publication: Publication): RetainedChange {
  const { topic, payload } = publication;
  return { topic, publication: payload.size === 0 ? undefined : publication };
}

/** Entries of a history that are looked at in one piece, whether they match or not. */
export const EXAMINED = 2048;

/** How many retained events are read at a time, and of how many bytes; and how many topics are looked at for them. */
const RETAINED_BOUNDS = { limit: 128, bytes: 1024 * 1024, examined: 1024 } as const;
const NONE_RETAINED: RetainedPage = { publications: [] };

const NO_HISTORY: HistoryPage = { publications: [], complete: false };
const STORE_FAILED: Refusal = { code: 'unavailable', reason: 'The store failed.' };
const RETAINED_FULL: Refusal = { code: 'limit_exceeded', reason: 'No more events can be retained.' };
const HISTORY_FULL: Refusal = { code: 'unavailable', reason: 'The history is full.' };

/** Sessions end, and what was for one of them is nobody's history [WAMP AP Event History]. */
function namesSessions({ audience }: Publication): boolean {
  return audience?.eligible?.sessions !== undefined || audience?.exclude?.sessions !== undefined;
}

/** What waits for both, and tells the first failure. */
export function bothOf(
  one: Promise<Refusal | undefined> | undefined,
  other: Promise<Refusal | undefined> | undefined,
): Promise<Refusal | undefined> | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Promise.all([one, other]).then(([first, second]) => first ?? second);
}

import type { Pattern } from '../address.js';
import { admits } from '../audience.js';
import type { Refusal } from '../errors.js';
import { EXAMINED } from './past.js';
import type { Past } from './past.js';
import { isSettled, refusalOf } from '../rights/permissions.js';
import type { Action, Decision } from '../ports/authorizer.js';
import type { HistoryPage, HistoryQuery, HistoryStop } from '../ports/history-store.js';
import type { Identity, Publication } from '../publication.js';

/** Who asks for a history: an attachment. */
export interface Asker {
  readonly identity: Identity;
  readonly detached: boolean;
  permits(action: Action, pattern: Pattern): Decision | Promise<Decision>;
}

/** What is asked of a history; `limit` counts what the asker may see. Default: as many as a subscription may begin with. */
export type RecallQuery = Omit<HistoryQuery, 'now' | 'bytes' | 'limit' | 'examined' | 'resume'> & {
  readonly limit?: number | undefined;
};

/** Takes what a history tells. */
export interface RecallSink {
  /** Given one event after another; false if it has no room for this one. */
  take(publication: Publication): boolean;
  /** Nobody waits for the answer any more: what is not read yet is not read. Default: never. */
  readonly isOver?: boolean | undefined;
}

/** What a history has told. */
interface Recollection {
  readonly kind: 'recalled';
  /**
   * Set if there may be more than was told, for want of room or because much was looked through that the asker may not see: the
   * publication to go on after, or with `reverse` before.
   */
  readonly next: number | undefined;
}

/** Refused, or told. */
export type Recalled = Recollection | ({ readonly kind: 'refused' } & Refusal);

/** Events that are read at a time. */
const PAGE = 256;
/** Bytes of payloads and headers that are read at a time. */
const PAGE_BYTES = 1024 * 1024;
/** Pages that one question may cost. */
const MOST_PAGES = 128;
/** Time that one question may cost in all, without what it waits for, in ms; and in one piece, before others have their turn. */
const MOST_TIME = 100;
const SLICE = 10;
/** Topics that an authorizer is asked about at a time, and in all of one question, if it does not answer at once. */
const TOPICS_AT_ONCE = 16;
const MOST_LATE = 1024;

/** Asker → until when its next question has to wait: each asks one thing at a time. */
const TURNS = new WeakMap<Asker, Promise<void>>();

/**
 * Asks the history of a pattern [WAMP AP Event History]: whoever may subscribe to it is told the events that are kept of it, but for
 * those that are for others. Who published an event plays no part, unless its lists name the asker. Questions of one asker are
 * answered one after another, and none holds up others for long: an answer that would take too much of that ends early.
 */
export async function recall(
  asker: Asker,
  past: Past,
  query: RecallQuery,
  sink: RecallSink,
): Promise<Recalled> {
  const before = TURNS.get(asker);
  let end = (): void => {};
  const turn = new Promise<void>((ended) => (end = ended));
  TURNS.set(asker, turn);
  try {
    if (before !== undefined) await before.then(() => past.turn());
    return await answer(asker, past, query, sink);
  } finally {
    if (TURNS.get(asker) === turn) TURNS.delete(asker);
    end();
  }
}

async function answer(asker: Asker, past: Past, query: RecallQuery, sink: RecallSink): Promise<Recalled> {
  if (sink.isOver === true) return told(undefined);
  const asked = asker.permits('subscribe', query.pattern);
  const decision = isSettled(asked) ? asked : await asked;
  const why = refusalOf(decision);
  if (why !== undefined) return { kind: 'refused', ...why };
  try {
    return await new Reading(asker, past, query, decision.filtered === true).read(sink);
  } catch (error) {
    return { kind: 'refused', ...past.failedRead(error) };
  }
}

/** One question, read page by page. */
class Reading {
  readonly #most: number;
  /** topic → whether the asker may be told of it; for those to whom a pattern is shown topic by topic */
  readonly #topics = new Map<string, boolean>();
  /** The publication that was looked at last. */
  #last: number | undefined;
  /** Where the last page has stopped, if it had looked at as much as it may. */
  #stopped: HistoryStop | undefined;
  /** What was taken: an event that is dropped between two pages makes the next one begin anew. */
  readonly #taken = new Set<number>();
  /** Answers that were waited for. */
  #late = 0;
  /** Time that was spent, and when the slice began that is going on; in ms. */
  #spent = 0;
  #sliceStart: number;

  constructor(
    private readonly asker: Asker,
    private readonly past: Past,
    private readonly query: RecallQuery,
    private readonly isFiltered: boolean,
  ) {
    this.#most = Math.min(query.limit ?? Number.POSITIVE_INFINITY, past.limits.replayMessages);
    this.#sliceStart = past.ticks;
  }

  async read(sink: RecallSink): Promise<Recollection> {
    const { limit: asked = Number.POSITIVE_INFINITY } = this.query;
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      if (this.#taken.size >= this.#most) return told(asked > this.#most ? this.#last : undefined);
      const answer = this.past.history(this.#page());
      // No wait where there is nothing to wait for: then nothing can be dropped between two pages.
      const page = answer instanceof Promise ? await this.#waitFor(answer) : answer;
      const taken = this.#takeFrom(page, sink);
      if (!(taken instanceof Promise ? await taken : taken)) return told(this.#last);
      const isAtEnd = page.stopped === undefined && !isFull(page);
      if (this.#taken.size < this.#most) {
        if (isAtEnd) return told(undefined);
        this.#stopped = page.stopped;
        this.#last = page.stopped?.publication ?? this.#last;
      }
      if (this.#isTooDear || sink.isOver === true) break;
      // A page may be dear in itself: after each one that was, it is the turn of others.
      if (this.past.ticks - this.#sliceStart >= SLICE) await this.#waitFor(this.past.turn());
    }
    return told(this.#last);
  }

  /** What comes after that which was looked at. */
  #page(): Omit<HistoryQuery, 'now'> {
    const page = { ...this.query, limit: PAGE, bytes: PAGE_BYTES, examined: EXAMINED };
    if (this.#stopped !== undefined) return { ...page, resume: this.#stopped.place };
    if (this.#last === undefined) return page;
    return this.query.reverse === true
      ? { ...page, untilPublication: undefined, beforePublication: this.#last }
      : { ...page, fromPublication: undefined, afterPublication: this.#last };
  }

  /** Takes what may be told, from a place on. False if there was no room for one, or it would be too dear to go on. */
  #takeFrom(page: HistoryPage, sink: RecallSink, from = 0): boolean | Promise<boolean> {
    const { publications } = page;
    for (let at = from; at < publications.length && this.#taken.size < this.#most; at += 1) {
      const publication = publications[at]!;
      if (!this.#taken.has(publication.id) && admits(publication.audience, this.asker.identity)) {
        if (this.#asksFor(publication)) {
          const asked = this.#ask(publications, at);
          if (asked !== undefined) return asked.then((go) => go && this.#takeFrom(page, sink, at));
        }
        if (this.#topics.get(publication.topic) !== false) {
          if (!sink.take(publication)) return false;
          this.#taken.add(publication.id);
        }
      }
      this.#last = publication.id;
    }
    return true;
  }

  /** Whether the authorizer has a say in this topic, and has not yet been asked. */
  #asksFor({ topic }: Publication): boolean {
    return this.isFiltered && this.query.pattern.match !== 'exact' && !this.#topics.has(topic);
  }

  /** Asks about the next topics; nothing if all answers were there at once, else whether to go on. */
  #ask(publications: readonly Publication[], from: number): Promise<boolean> | undefined {
    const late: Promise<void>[] = [];
    for (let at = from; at < publications.length && late.length < TOPICS_AT_ONCE; at += 1) {
      const publication = publications[at]!;
      const { topic } = publication;
      if (!this.#asksFor(publication) || !admits(publication.audience, this.asker.identity)) continue;
      const note = (decision: Decision): void =>
        void this.#topics.set(topic, refusalOf(decision) === undefined);
      const decision = this.asker.permits('subscribe', { match: 'exact', text: topic });
      if (isSettled(decision)) {
        note(decision);
        if (late.length === 0) return undefined;
      } else {
        this.#topics.set(topic, false);
        late.push(decision.then(note));
      }
    }
    this.#late += late.length;
    return this.#waitFor(Promise.all(late)).then(() => !this.asker.detached && this.#late < MOST_LATE);
  }

  get #isTooDear(): boolean {
    return this.#spent + this.past.ticks - this.#sliceStart >= MOST_TIME || this.asker.detached;
  }

  /** Waits; that time does not count. */
  async #waitFor<T>(promise: Promise<T>): Promise<T> {
    this.#spent += this.past.ticks - this.#sliceStart;
    const value = await promise;
    this.#sliceStart = this.past.ticks;
    return value;
  }
}

/** Whether there may be more than the page holds. */
function isFull({ publications }: HistoryPage): boolean {
  if (publications.length >= PAGE) return true;
  let size = 0;
  for (const publication of publications) size += publication.size;
  return size >= PAGE_BYTES;
}

function told(next: number | undefined): Recollection {
  return { kind: 'recalled', next };
}

import type {
  HistoryBounds,
  HistoryPage,
  HistoryQuery,
  HistoryStop,
  HistoryStore,
  Publication,
} from '../../broker/index.js';
import { matcherOf } from '../../broker/index.js';
import type { HistoryEntry } from './history-log.js';
import { HistoryLog } from './history-log.js';
import { weightOf } from './weight.js';

/** How much history is kept for each realm, over all its topics; beyond, the topic that was quiet the longest is forgotten. */
export interface MemoryHistoryLimits {
  /** Topics with a history. Default 100 000. */
  readonly topics: number;
  /** Bytes of payloads, headers, topics and lists of receivers. Default 64 MiB. */
  readonly bytes: number;
}

/** The defaults of {@link MemoryHistoryLimits}. */
export const DEFAULT_MEMORY_HISTORY_LIMITS: MemoryHistoryLimits = {
  topics: 100_000,
  bytes: 64 * 1024 * 1024,
};

/** Keeps the last events of topics in this process. */
export class MemoryHistoryStore implements HistoryStore {
  readonly durable = false;
  /** realm → its history */
  readonly #realms = new Map<string, HistoryRealm>();
  readonly #limits: MemoryHistoryLimits;

  constructor(limits: Partial<MemoryHistoryLimits> = {}) {
    this.#limits = { ...DEFAULT_MEMORY_HISTORY_LIMITS, ...limits };
  }

  append(realm: string, publication: Publication, bounds: HistoryBounds): undefined {
    let history = this.#realms.get(realm);
    if (history === undefined) {
      history = new HistoryRealm(this.#limits);
      this.#realms.set(realm, history);
    }
    history.append(publication, bounds);
  }

  read(realm: string, query: HistoryQuery): HistoryPage {
    return this.#realms.get(realm)?.read(query) ?? nothingOf(query);
  }

  /** How many topics of a realm have a history. */
  topics(realm: string): number {
    return this.#realms.get(realm)?.topics ?? 0;
  }
}

/** What is answered where nothing was ever kept. */
function nothingOf({ fromPublication, afterPublication }: HistoryQuery): HistoryPage {
  return { publications: [], complete: fromPublication === undefined && afterPublication === undefined };
}

interface TopicHistory {
  readonly topic: string;
  readonly log: HistoryLog;
  entries: number;
  /** Bytes of payloads and headers. */
  bytes: number;
  /** The number of the newest entry that was dropped for want of room; 0 if none was. */
  droppedTo: number;
}

/** Numbers of entries, both exclusive. */
interface Span {
  after: number;
  before: number;
  /** Whether the publications that it begins with are known. */
  known: boolean;
}

class HistoryRealm {
  /** topic → its history; the topic that was quiet the longest comes first */
  readonly #topics = new Map<string, TopicHistory>();
  /** publication → its number */
  readonly #numbers = new Map<number, number>();
  /** The entries of all topics. */
  readonly #log = new HistoryLog();
  #lastNumber = 0;
  #weight = 0;
  /** The number of the newest entry of a topic that was forgotten; 0 if none was. */
  #forgottenTo = 0;
  /** The number of the newest entry that was dropped of any topic; 0 if none was. */
  #droppedTo = 0;

  constructor(private readonly limits: MemoryHistoryLimits) {}

  get topics(): number {
    return this.#topics.size;
  }

  append(publication: Publication, bounds: HistoryBounds): void {
    const kept = publication.apart();
    this.#lastNumber += 1;
    const entry: HistoryEntry = {
      number: this.#lastNumber,
      publication: kept,
      size: kept.size,
      weight: weightOf(kept),
      kept: true,
    };
    const history = this.#newestTopic(kept.topic);
    history.log.push(entry);
    history.entries += 1;
    history.bytes += entry.size;
    this.#log.push(entry);
    this.#numbers.set(kept.id, entry.number);
    this.#weight += entry.weight;
    while (history.entries > bounds.entries || history.bytes > bounds.bytes) this.#dropOldest(history);
    this.#makeRoom();
  }

  read(query: HistoryQuery): HistoryPage {
    const matches = matcherOf(query.pattern);
    const only = query.topic ?? (query.pattern.match === 'exact' ? query.pattern.text : undefined);
    const span = this.#spanOf(query);
    const { after, known } = span;
    goOn(span, query);
    if (only !== undefined && !matches(only)) return { publications: [], complete: known };
    if (only !== undefined) {
      const history = this.#topics.get(only);
      const dropped = Math.max(history?.droppedTo ?? 0, this.#forgottenTo);
      const found = history === undefined ? NOTHING : collect(history.log, span, query, () => true);
      return { ...found, complete: known && dropped <= after };
    }
    const wanted = new Map<string, boolean>();
    const isWanted = (topic: string): boolean => {
      let isKnown = wanted.get(topic);
      if (isKnown === undefined) wanted.set(topic, (isKnown = matches(topic)));
      return isKnown;
    };
    const hasDropped = (): boolean => this.#hasDropped(after, matches);
    return {
      ...collect(this.#log, span, query, isWanted),
      // All topics are looked at only for those who want to know.
      get complete(): boolean {
        return known && !hasDropped();
      },
    };
  }

  #newestTopic(topic: string): TopicHistory {
    let history = this.#topics.get(topic);
    if (history === undefined) history = { topic, log: new HistoryLog(), entries: 0, bytes: 0, droppedTo: 0 };
    else this.#topics.delete(topic);
    this.#topics.set(topic, history);
    return history;
  }

  #makeRoom(): void {
    const { topics, bytes } = this.limits;
    while (this.#topics.size > topics || this.#weight > bytes) {
      const quietest: TopicHistory = this.#topics.values().next().value!;
      // The last topic gives up its oldest events only.
      if (this.#topics.size === 1) {
        this.#dropOldest(quietest);
        continue;
      }
      while (quietest.entries > 0) this.#dropOldest(quietest);
      this.#forgottenTo = Math.max(this.#forgottenTo, quietest.droppedTo);
      this.#topics.delete(quietest.topic);
    }
  }

  #dropOldest(history: TopicHistory): void {
    const oldest = history.log.oldest!;
    oldest.kept = false;
    history.log.noteDropped();
    this.#log.noteDropped();
    history.entries -= 1;
    history.bytes -= oldest.size;
    history.droppedTo = oldest.number;
    this.#droppedTo = Math.max(this.#droppedTo, oldest.number);
    this.#weight -= oldest.weight;
    this.#numbers.delete(oldest.publication.id);
  }

  #spanOf(query: HistoryQuery): Span {
    const span: Span = { after: 0, before: this.#lastNumber + 1, known: true };
    const begin = (publication: number | undefined, inclusive: number): void => {
      if (publication === undefined) return;
      const number = this.#numbers.get(publication);
      if (number === undefined) span.known = false;
      else span.after = Math.max(span.after, number - inclusive);
    };
    const end = (publication: number | undefined, inclusive: number): void => {
      if (publication === undefined) return;
      span.before = Math.min(span.before, (this.#numbers.get(publication) ?? -inclusive) + inclusive);
    };
    begin(query.fromPublication, 1);
    begin(query.afterPublication, 0);
    end(query.untilPublication, 1);
    end(query.beforePublication, 0);
    return span;
  }

  #hasDropped(after: number, isWanted: (topic: string) => boolean): boolean {
    if (this.#droppedTo <= after) return false;
    if (this.#forgottenTo > after) return true;
    for (const { topic, droppedTo } of this.#topics.values())
      if (droppedTo > after && isWanted(topic)) return true;
    return false;
  }
}

function collect(
  log: HistoryLog,
  span: Span,
  query: HistoryQuery,
  isWanted: (topic: string) => boolean,
): Found {
  const publications: Publication[] = [];
  const { limit, reverse = false } = query;
  let room = query.bytes ?? Number.POSITIVE_INFINITY;
  if (limit <= 0 || room <= 0) return NOTHING;
  let left = query.examined ?? Number.POSITIVE_INFINITY;
  let last: HistoryStop | undefined;
  let stopped: HistoryStop | undefined;
  log.walk(span.after, span.before, reverse, ({ number, publication, size }) => {
    if (left <= 0) {
      stopped = last;
      return false;
    }
    left -= 1;
    if (left <= 0) last = { place: number, publication: publication.id };
    if (!isWanted(publication.topic) || !isInTime(publication, query)) return true;
    // A copy each time: what is encoded for its receivers must not stay here.
    publications.push(publication.apart());
    room -= size;
    return publications.length < limit && room > 0;
  });
  return { publications, stopped };
}

/** What one look into a log brings. */
type Found = Pick<HistoryPage, 'publications' | 'stopped'>;

const NOTHING: Found = { publications: [] };

/** Leaves out what the pages before have looked at. */
function goOn(span: Span, { resume, reverse }: HistoryQuery): void {
  if (resume === undefined) return;
  if (reverse === true) span.before = Math.min(span.before, resume);
  else span.after = Math.max(span.after, resume);
}

function isInTime({ publishedAt, expiresAt }: Publication, query: HistoryQuery): boolean {
  const { now, fromTime, afterTime, beforeTime, untilTime } = query;
  if (expiresAt !== undefined && expiresAt <= now) return false;
  if (fromTime !== undefined && publishedAt < fromTime) return false;
  if (afterTime !== undefined && publishedAt <= afterTime) return false;
  if (beforeTime !== undefined && publishedAt >= beforeTime) return false;
  return untilTime === undefined || publishedAt <= untilTime;
}

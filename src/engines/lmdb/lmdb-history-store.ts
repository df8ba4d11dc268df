import { StoreError, matcherOf } from '../../broker/index.js';
import type {
  HistoryBounds,
  HistoryPage,
  HistoryQuery,
  HistoryStop,
  HistoryStore,
  Publication,
} from '../../broker/index.js';
import type { Committer } from './committer.js';
import {
  decodeEntry,
  decodeEvent,
  decodeForgotten,
  decodeHead,
  decodeTopic,
  eventKey,
  forgottenKey,
} from './history-records.js';
import type { TopicHistory } from './history-records.js';
import { HistoryRealm } from './history-realm.js';
import type { HistoryLimits } from './history-realm.js';
import { numberOf, placeKey, placeOf } from './keys.js';
import { sizeOf } from './message-record.js';
import type { RealmNames } from './names.js';
import { MatchedTopics } from './matched-topics.js';
import { merged } from './number-merge.js';
import { Pending } from './pending.js';
import type { Records } from './records.js';
import { weightOf } from './weight.js';

/** What the history store shares with the other stores of the same file. */
export interface HistoryStoreParts {
  readonly records: Records;
  readonly realms: RealmNames;
  readonly committer: Committer;
  readonly limits: HistoryLimits;
}

/** Numbers of entries, both exclusive. */
interface Span {
  after: number;
  before: number;
  /** Whether the publications that it begins with are known. */
  known: boolean;
}

/** One entry that may be meant. */
interface Look {
  readonly number: number;
  readonly publication: number;
  /** In ms since the Unix epoch. */
  readonly publishedAt: number;
  /** In ms since the Unix epoch; infinite if it never expires. */
  readonly expiresAt: number;
  /** What the look counts for. */
  readonly cost: number;
  /** The publication, if it matches and can be read. */
  readonly read: () => Publication | undefined;
}

/** A look at a large record counts for several, in bytes. */
const BYTES_OF_A_LOOK = 1024;

/** Keeps the last events of topics in an LMDB file. */
export class LmdbHistoryStore implements HistoryStore {
  readonly durable = true;
  readonly #parts: HistoryStoreParts;
  readonly #pending = new Pending();
  /** realm → its history */
  readonly #realms = new Map<string, HistoryRealm>();
  readonly #matched = new MatchedTopics();
  #lastTopicId = 0;

  constructor(parts: HistoryStoreParts) {
    this.#parts = parts;
    const loaded: { readonly realmId: number; readonly history: TopicHistory }[] = [];
    for (const { key, value } of parts.records.all('history-topics')) {
      const id = numberOf(key);
      this.#lastTopicId = Math.max(this.#lastTopicId, id);
      loaded.push(decodeTopic(id, value));
    }
    loaded.sort((a, b) => a.history.lastNumber - b.history.lastNumber);
    for (const { realmId, history } of loaded) {
      const realm = parts.realms.nameOf(realmId);
      if (realm !== undefined) this.#load(realm, realmId).load(history);
    }
  }

  refusalOf(): StoreError | undefined {
    const { failure } = this.#parts.committer;
    return failure === undefined ? undefined : new StoreError('failed', failure);
  }

  append(realm: string, publication: Publication, bounds: HistoryBounds): Promise<void> {
    const { committer, realms } = this.#parts;
    const refused = this.refusalOf();
    if (refused !== undefined) throw refused;
    const write = committer.submit({
      grows: true,
      bytes: 4096 + weightOf(publication),
      apply: (changes) => {
        const history = this.#load(realm, realms.give(realm, changes));
        history.append(publication, bounds, () => (this.#lastTopicId += 1), changes);
      },
    });
    return this.#pending.note(realm, write);
  }

  read(realm: string, query: HistoryQuery): HistoryPage | Promise<HistoryPage> {
    return this.#pending.read(realm, () => this.#read(realm, query));
  }

  #read(realm: string, query: HistoryQuery): HistoryPage {
    const history = this.#realms.get(realm) ?? this.#find(realm);
    if (history === undefined) {
      const { fromPublication, afterPublication } = query;
      return { publications: [], complete: fromPublication === undefined && afterPublication === undefined };
    }
    const span = spanOf(history, query);
    const { after, known } = span;
    goOn(span, query);
    return {
      ...this.#collect(history, span, query),
      // All topics are looked at only for those who want to know.
      get complete(): boolean {
        return known && !hasDropped(history, query, after);
      },
    };
  }

  #collect(
    history: HistoryRealm,
    span: Span,
    query: HistoryQuery,
  ): Pick<HistoryPage, 'publications' | 'stopped'> {
    const publications: Publication[] = [];
    let room = query.bytes ?? Number.POSITIVE_INFINITY;
    if (query.limit <= 0 || room <= 0) return { publications };
    let left = query.examined ?? Number.POSITIVE_INFINITY;
    let stopped: HistoryStop | undefined;
    for (const look of this.#looks(history, span, query)) {
      if (left <= 0) return { publications, stopped };
      left -= look.cost;
      if (left <= 0) stopped = { place: look.number, publication: look.publication };
      const publication = isInTime(look, query) ? look.read() : undefined;
      if (publication === undefined) continue;
      publications.push(publication);
      room -= sizeOf(publication);
      if (publications.length >= query.limit || room <= 0) break;
    }
    return { publications };
  }

  /** The entries that may be meant, in the order of the query. */
  #looks(history: HistoryRealm, span: Span, query: HistoryQuery): Iterable<Look> {
    const isReverse = query.reverse === true;
    const topics = this.#matched.topicsOf(history, query);
    if (topics === undefined) return this.#looksAtAll(history, span, query);
    const inUse = topics.filter(({ entries, lastNumber }) => entries > 0 && lastNumber > span.after);
    const [only] = inUse;
    if (only !== undefined && inUse.length === 1) return this.#looksAt(history, only, span, isReverse);
    return this.#looksAtEach(history, inUse, span, isReverse);
  }

  /** The entries of all topics as they came: those that do not match cost a look, and topics without number cost nothing. */
  *#looksAtAll(history: HistoryRealm, { after, before }: Span, query: HistoryQuery): Iterable<Look> {
    if (before <= after + 1) return;
    const { realmId } = history;
    const matches = matcherOf(query.pattern);
    const range = {
      start: eventKey(realmId, after + 1),
      end: eventKey(realmId, before),
      reverse: query.reverse === true,
    };
    for (const { key, value } of this.#parts.records.range('history', range)) {
      const { id, topic, publishedAt, expiresAt } = decodeHead(value);
      yield {
        number: placeOf(key).place,
        publication: id,
        publishedAt,
        expiresAt,
        cost: 1 + value.length / BYTES_OF_A_LOOK,
        read: () => (matches(topic) ? decodeEvent(value) : undefined),
      };
    }
  }

  /** The entries of some topics, merged. */
  *#looksAtEach(
    history: HistoryRealm,
    topics: readonly TopicHistory[],
    span: Span,
    isReverse: boolean,
  ): Iterable<Look> {
    /** number → what was read of it */
    const read = new Map<number, Look>();
    const sources = topics.map((topic) => ({
      bound: isReverse ? Math.min(topic.lastNumber, span.before - 1) : span.after + 1,
      next: (from: number): number | undefined => {
        const rest = isReverse ? { ...span, before: from + 1 } : { ...span, after: from - 1 };
        for (const look of this.#looksAt(history, topic, rest, isReverse)) {
          read.set(look.number, look);
          return look.number;
        }
        return undefined;
      },
    }));
    for (const number of merged(sources, isReverse)) {
      yield read.get(number)!;
      read.delete(number);
    }
  }

  /** The entries of one topic. */
  *#looksAt(
    { realmId }: HistoryRealm,
    topic: TopicHistory,
    { after, before }: Span,
    reverse: boolean,
  ): Iterable<Look> {
    if (before <= after + 1) return;
    const { records } = this.#parts;
    const range = { start: placeKey(topic.id, after + 1), end: placeKey(topic.id, before), reverse };
    for (const { key, value } of records.range('history-entries', range)) {
      const entry = decodeEntry(placeOf(key).place, value);
      const read = (): Publication | undefined => {
        const record = records.get('history', eventKey(realmId, entry.number));
        return record && decodeEvent(record);
      };
      yield { ...entry, cost: 1, read };
    }
  }

  #load(realm: string, realmId: number): HistoryRealm {
    let history = this.#realms.get(realm);
    if (history === undefined) {
      const { records, limits } = this.#parts;
      history = new HistoryRealm(realmId, records, limits);
      const forgotten = records.get('meta', forgottenKey(realmId));
      if (forgotten !== undefined) history.loadForgotten(decodeForgotten(forgotten));
      this.#realms.set(realm, history);
    }
    return history;
  }

  /** A realm of which all topics were forgotten. */
  #find(realm: string): HistoryRealm | undefined {
    const realmId = this.#parts.realms.idOf(realm);
    return realmId === undefined ? undefined : this.#load(realm, realmId);
  }
}

/** Whether something that the query names was dropped after a place. */
function hasDropped(history: HistoryRealm, query: HistoryQuery, after: number): boolean {
  if (history.droppedTo <= after && history.forgottenTo <= after) return false;
  if (history.forgottenTo > after) return true;
  const matches = matcherOf(query.pattern);
  for (const { topic, droppedTo } of history.topics.values())
    if (droppedTo > after && matches(topic) && (query.topic ?? topic) === topic) return true;
  return false;
}

/** A publication that is not known counts as older than all that is kept. */
function spanOf(history: HistoryRealm, query: HistoryQuery): Span {
  const span: Span = { after: 0, before: history.lastNumber + 1, known: true };
  const begin = (publication: number | undefined, inclusive: number): void => {
    if (publication === undefined) return;
    const number = history.numberOf(publication);
    if (number === undefined) span.known = false;
    else span.after = Math.max(span.after, number - inclusive);
  };
  const end = (publication: number | undefined, inclusive: number): void => {
    if (publication === undefined) return;
    span.before = Math.min(span.before, (history.numberOf(publication) ?? -inclusive) + inclusive);
  };
  begin(query.fromPublication, 1);
  begin(query.afterPublication, 0);
  end(query.untilPublication, 1);
  end(query.beforePublication, 0);
  return span;
}

/** Leaves out what the pages before have looked at. */
function goOn(span: Span, { resume, reverse }: HistoryQuery): void {
  if (resume === undefined) return;
  if (reverse === true) span.before = Math.min(span.before, resume);
  else span.after = Math.max(span.after, resume);
}

function isInTime({ publishedAt, expiresAt }: Look, query: HistoryQuery): boolean {
  const { now, fromTime, afterTime, beforeTime, untilTime } = query;
  if (expiresAt <= now) return false;
  if (fromTime !== undefined && publishedAt < fromTime) return false;
  if (afterTime !== undefined && publishedAt <= afterTime) return false;
  if (beforeTime !== undefined && publishedAt >= beforeTime) return false;
  return untilTime === undefined || publishedAt <= untilTime;
}

import { StoreError, matcherOf } from '../../broker/index.js';
import type {
  HistoryBounds,
  HistoryPage,
  HistoryQuery,
  HistoryStore,
  Publication,
} from '../../broker/index.js';
import type { Committer } from './committer.js';
import {
  decodeEntry,
  decodeEvent,
  decodeForgotten,
  decodeTopic,
  eventKey,
  forgottenKey,
} from './history-records.js';
import type { HistoryEntry, TopicHistory } from './history-records.js';
import { HistoryRealm } from './history-realm.js';
import type { HistoryLimits } from './history-realm.js';
import { numberOf, placeKey, placeOf } from './keys.js';
import { sizeOf } from './message-record.js';
import type { RealmNames } from './names.js';
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

/** Keeps the last events of topics in an LMDB file. */
export class LmdbHistoryStore implements HistoryStore {
  readonly durable = true;
  readonly #parts: HistoryStoreParts;
  readonly #pending = new Pending();
  /** realm → its history */
  readonly #realms = new Map<string, HistoryRealm>();
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
    const topics = topicsOf(history, query);
    const span = spanOf(history, query);
    const lost = topics.reduce((most, { droppedTo }) => Math.max(most, droppedTo), history.forgottenTo);
    return {
      publications: this.#collect(history, topics, span, query),
      complete: span.known && lost <= span.after,
    };
  }

  #collect(
    history: HistoryRealm,
    topics: readonly TopicHistory[],
    span: Span,
    query: HistoryQuery,
  ): Publication[] {
    const found: Publication[] = [];
    let room = query.bytes ?? Number.POSITIVE_INFINITY;
    if (query.limit <= 0 || room <= 0) return found;
    for (const number of this.#numbers(topics, span, query)) {
      const record = this.#parts.records.get('history', eventKey(history.realmId, number));
      if (record === undefined) continue;
      const publication = decodeEvent(record);
      found.push(publication);
      room -= sizeOf(publication);
      if (found.length >= query.limit || room <= 0) break;
    }
    return found;
  }

  /** The numbers of the entries that the query names, in its order; at most `limit` of each topic. */
  #numbers(topics: readonly TopicHistory[], span: Span, query: HistoryQuery): readonly number[] {
    const numbers: number[] = [];
    for (const topic of topics) {
      if (topic.entries === 0 || topic.lastNumber <= span.after) continue;
      let left = query.limit;
      for (const entry of this.#entries(topic, span, query.reverse === true)) {
        if (!isInTime(entry, query)) continue;
        numbers.push(entry.number);
        left -= 1;
        if (left === 0) break;
      }
    }
    if (topics.length > 1) numbers.sort((a, b) => (query.reverse === true ? b - a : a - b));
    return numbers;
  }

  *#entries(topic: TopicHistory, { after, before }: Span, reverse: boolean): Iterable<HistoryEntry> {
    if (before <= after + 1) return;
    const range = { start: placeKey(topic.id, after + 1), end: placeKey(topic.id, before), reverse };
    for (const { key, value } of this.#parts.records.range('history-entries', range))
      yield decodeEntry(placeOf(key).place, value);
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

function topicsOf(history: HistoryRealm, query: HistoryQuery): readonly TopicHistory[] {
  const matches = matcherOf(query.pattern);
  const only = query.topic ?? (query.pattern.match === 'exact' ? query.pattern.text : undefined);
  if (only === undefined) return [...history.topics.values()].filter(({ topic }) => matches(topic));
  const one = matches(only) ? history.topics.get(only) : undefined;
  return one === undefined ? [] : [one];
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

function isInTime({ publishedAt, expiresAt }: HistoryEntry, query: HistoryQuery): boolean {
  const { now, fromTime, afterTime, beforeTime, untilTime } = query;
  if (expiresAt <= now) return false;
  if (fromTime !== undefined && publishedAt < fromTime) return false;
  if (afterTime !== undefined && publishedAt <= afterTime) return false;
  if (beforeTime !== undefined && publishedAt >= beforeTime) return false;
  return untilTime === undefined || publishedAt <= untilTime;
}

import type { HistoryBounds, Publication } from '../../broker/index.js';
import type { ChangeSet } from './change-set.js';
import {
  decodeEntry,
  decodePlace,
  encodeEntry,
  encodeEvent,
  encodeForgotten,
  encodePlace,
  encodeTopic,
  entryOf,
  eventKey,
} from './history-records.js';
import type { HistoryEntry, TopicHistory } from './history-records.js';
import { numberKey, placeKey, placeOf } from './keys.js';
import type { Records } from './records.js';

/** How much history is kept for each realm, over all its topics; beyond, the topic that was quiet the longest is forgotten. */
export interface HistoryLimits {
  /** Topics with a history. Default 100 000. */
  readonly topics: number;
  /** Bytes of payloads, headers, topics and lists of receivers. Default 1 GiB. */
  readonly bytes: number;
}

/** The defaults of {@link HistoryLimits}. */
export const DEFAULT_HISTORY_LIMITS: HistoryLimits = { topics: 100_000, bytes: 1024 * 1024 * 1024 };

/** What one transaction has added and not yet dropped, and what it has to write once. */
interface Draft {
  readonly changes: ChangeSet;
  /** topic → entries that this transaction adds, the oldest first */
  readonly added: Map<TopicHistory, HistoryEntry[]>;
  readonly touched: Set<TopicHistory>;
}

/** The histories of one realm's topics; what is said of them is changed when a transaction is put together. */
export class HistoryRealm {
  /** topic → its history; the topic that was quiet the longest comes first */
  readonly topics = new Map<string, TopicHistory>();
  lastNumber = 0;
  /** The number of the newest entry of a topic that was forgotten; 0 if none was. */
  forgottenTo = 0;
  /** The number of the newest entry that was dropped of any topic, or a higher one; 0 if none was. */
  droppedTo = 0;
  /** Counts topics that came or went. */
  changes = 0;
  /** Entries of all topics. */
  entries = 0;
  #weight = 0;
  #draft: Draft | undefined;

  constructor(
    readonly realmId: number,
    private readonly records: Records,
    private readonly limits: HistoryLimits,
  ) {}

  /** Takes in a topic that the file knows; the one that was quiet the longest first. */
  load(history: TopicHistory): void {
    this.topics.set(history.topic, history);
    this.entries += history.entries;
    this.#weight += history.weight;
    this.lastNumber = Math.max(this.lastNumber, history.lastNumber, history.droppedTo);
    this.droppedTo = Math.max(this.droppedTo, history.droppedTo);
  }

  /** Takes in what the file knows of forgotten topics. */
  loadForgotten(forgottenTo: number): void {
    this.forgottenTo = forgottenTo;
    this.lastNumber = Math.max(this.lastNumber, forgottenTo);
  }

  /** The number of a publication, if it is kept. */
  numberOf(publication: number): number | undefined {
    const record = this.records.get('history-ids', placeKey(this.realmId, publication));
    return record && decodePlace(record);
  }

  append(publication: Publication, bounds: HistoryBounds, newId: () => number, changes: ChangeSet): void {
    const draft = this.#draftOf(changes);
    const history = this.#newestTopic(publication.topic, newId, draft);
    this.lastNumber += 1;
    const entry = entryOf(publication, this.lastNumber);
    const event = eventKey(this.realmId, entry.number);
    const key = placeKey(history.id, entry.number);
    const place = placeKey(this.realmId, entry.publication);
    changes.put('history', event, encodeEvent(event, publication));
    changes.put('history-entries', key, encodeEntry(key, entry));
    changes.put('history-ids', place, encodePlace(place, entry.number));
    added(draft, history).push(entry);
    history.lastNumber = entry.number;
    this.#count(history, entry, 1);
    while (history.entries > bounds.entries || history.bytes > bounds.bytes)
      if (!this.#dropOldest(history, draft)) break;
    this.#makeRoom(draft);
  }

  /** Changes that a task wants to make besides an append. */
  #draftOf(changes: ChangeSet): Draft {
    if (this.#draft?.changes === changes) return this.#draft;
    const draft: Draft = { changes, added: new Map(), touched: new Set() };
    const { lastNumber, forgottenTo, entries } = this;
    const weight = this.#weight;
    changes.onAborted(() => {
      Object.assign(this, { lastNumber, forgottenTo, entries });
      this.#weight = weight;
    });
    changes.onFinish(() => {
      for (const history of draft.touched)
        changes.put('history-topics', numberKey(history.id), encodeTopic(this.realmId, history));
    });
    this.#draft = draft;
    return draft;
  }

  #newestTopic(topic: string, newId: () => number, draft: Draft): TopicHistory {
    let history = this.topics.get(topic);
    if (history === undefined) {
      history = { id: newId(), topic, entries: 0, bytes: 0, weight: 0, droppedTo: 0, lastNumber: 0 };
      this.changes += 1;
      draft.changes.onAborted(() => {
        this.topics.delete(topic);
        this.changes += 1;
      });
    } else {
      this.topics.delete(topic);
    }
    this.topics.set(topic, history);
    this.#touch(history, draft);
    return history;
  }

  #makeRoom(draft: Draft): void {
    const { topics, bytes } = this.limits;
    while (this.topics.size > topics || this.#weight > bytes) {
      const quietest: TopicHistory = this.topics.values().next().value!;
      // The last topic gives up its oldest events only.
      if (this.topics.size > 1) this.#forget(quietest, draft);
      else if (!this.#dropOldest(quietest, draft)) return;
    }
  }

  #forget(history: TopicHistory, draft: Draft): void {
    this.#touch(history, draft);
    while (history.entries > 0 && this.#dropOldest(history, draft));
    this.forgottenTo = Math.max(this.forgottenTo, history.lastNumber);
    this.topics.delete(history.topic);
    draft.touched.delete(history);
    this.changes += 1;
    draft.changes.onAborted(() => {
      this.topics.set(history.topic, history);
      this.changes += 1;
    });
    draft.changes.remove('history-topics', numberKey(history.id));
    draft.changes.put('meta', ...this.#forgottenRecord());
  }

  #forgottenRecord(): [Buffer, Buffer] {
    const record = encodeForgotten(this.realmId, this.forgottenTo);
    return [Buffer.concat([Buffer.from('forgotten'), numberKey(this.realmId)]), record];
  }

  /** False if there is none, whatever the counters say. */
  #dropOldest(history: TopicHistory, draft: Draft): boolean {
    this.#touch(history, draft);
    const oldest = this.#oldest(history, draft);
    if (oldest === undefined) {
      this.#weight -= history.weight;
      this.entries -= history.entries;
      Object.assign(history, { entries: 0, bytes: 0, weight: 0 });
      return false;
    }
    const { changes } = draft;
    changes.remove('history', eventKey(this.realmId, oldest.number));
    changes.remove('history-entries', placeKey(history.id, oldest.number));
    changes.remove('history-ids', placeKey(this.realmId, oldest.publication));
    history.droppedTo = oldest.number;
    this.droppedTo = Math.max(this.droppedTo, oldest.number);
    this.#count(history, oldest, -1);
    return true;
  }

  /** The oldest entry: in the file, or added by this transaction. */
  #oldest(history: TopicHistory, draft: Draft): HistoryEntry | undefined {
    const range = {
      start: placeKey(history.id, history.droppedTo + 1),
      end: numberKey(history.id + 1),
      limit: 1,
    };
    for (const { key, value } of this.records.range('history-entries', range))
      return decodeEntry(placeOf(key).place, value);
    return added(draft, history).shift();
  }

  #touch(history: TopicHistory, draft: Draft): void {
    if (draft.touched.has(history)) return;
    draft.touched.add(history);
    const before = { ...history };
    draft.changes.onAborted(() => Object.assign(history, before));
  }

  #count(history: TopicHistory, entry: HistoryEntry, by: 1 | -1): void {
    history.entries += by;
    history.bytes += by * entry.size;
    history.weight += by * entry.weight;
    this.entries += by;
    this.#weight += by * entry.weight;
  }
}

function added(draft: Draft, history: TopicHistory): HistoryEntry[] {
  let entries = draft.added.get(history);
  if (entries === undefined) draft.added.set(history, (entries = []));
  return entries;
}

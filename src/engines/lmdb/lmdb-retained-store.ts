import { StoreError, literalPrefix, matcherOf } from '../../broker/index.js';
import type {
  Publication,
  RetainedChange,
  RetainedPage,
  RetainedQuery,
  RetainedStore,
} from '../../broker/index.js';
import { SortedTexts } from '../../lib/index.js';
import { ByteSink, ByteSource } from './bytes.js';
import type { ChangeSet } from './change-set.js';
import type { Committer } from './committer.js';
import { numberKey, numberOf } from './keys.js';
import { sizeOf } from './message-record.js';
import type { RealmNames } from './names.js';
import { Pending } from './pending.js';
import { readPublication, writePublication } from './publication-record.js';
import type { Records } from './records.js';
import { SEAL_BYTES, seal } from './seal.js';
import { weightOf } from './weight.js';

/** How much is retained in each realm. */
export interface RetainedLimits {
  /** Events. Default 100 000. */
  readonly events: number;
  /** Bytes of payloads, headers, topics and lists of receivers. Default 64 MiB. */
  readonly bytes: number;
}

/** The defaults of {@link RetainedLimits}. */
export const DEFAULT_RETAINED_LIMITS: RetainedLimits = { events: 100_000, bytes: 64 * 1024 * 1024 };

/** What the retained store shares with the other stores of the same file. */
export interface RetainedStoreParts {
  readonly records: Records;
  readonly realms: RealmNames;
  readonly committer: Committer;
  readonly limits: RetainedLimits;
}

/** What is known of a retained event without reading it. */
interface Kept {
  /** The number that is its key. */
  readonly id: number;
  readonly weight: number;
  /** In ms since the Unix epoch. */
  readonly expiresAt: number | undefined;
}

/** What is retained in one realm. */
interface RetainedRealm {
  /** topic → its event, as it is in the file, or is going to be when the transaction is done */
  readonly kept: Map<string, Kept>;
  /** The topics of `kept`. */
  readonly topics: SortedTexts;
  /** topic → what its event counts for, with all that was asked for */
  asked: Map<string, number>;
  /** The sum of `asked`. */
  askedBytes: number;
  /** Something was refused: `asked` has to be counted anew. */
  mustCount: boolean;
}

const sink = new ByteSink();

/** Keeps retained events in an LMDB file. What does not fit is refused; what has expired makes room first. */
export class LmdbRetainedStore implements RetainedStore {
  readonly durable = true;
  readonly #parts: RetainedStoreParts;
  readonly #pending = new Pending();
  /** realm → what is retained there */
  readonly #realms = new Map<string, RetainedRealm>();
  #lastId = 0;

  constructor(parts: RetainedStoreParts) {
    this.#parts = parts;
    for (const { key, value } of parts.records.all('retained-topics')) this.#load(numberOf(key), value);
    parts.records.adjust('retained', (key, changes) => this.#forget(numberOf(key), changes));
  }

  put(realm: string, publication: Publication): Promise<void> {
    this.#refuseIfFailed();
    const retained = this.#realm(realm);
    const { topic } = publication;
    const weight = weightOf(publication);
    if (!this.#fits(retained, topic, weight)) {
      this.#dropExpired(realm, retained, publication.publishedAt);
      if (!this.#fits(retained, topic, weight)) throw this.#refusal();
    }
    ask(retained, topic, weight);
    const kept = { weight, expiresAt: publication.expiresAt };
    return this.#submit(realm, retained, {
      grows: true,
      bytes: 4096 + weight,
      apply: (changes) => this.#write(realm, retained, publication, kept, changes),
    });
  }

  refusalOf(realm: string, changes: readonly RetainedChange[]): StoreError | undefined {
    const { failure } = this.#parts.committer;
    if (failure !== undefined) return new StoreError('failed', failure);
    const retained = this.#realm(realm);
    if (this.#fitAll(retained, changes)) return undefined;
    const now = changes.reduce((last, { publication }) => Math.max(last, publication?.publishedAt ?? 0), 0);
    this.#dropExpired(realm, retained, now);
    return this.#fitAll(retained, changes) ? undefined : this.#refusal();
  }

  delete(realm: string, topic: string): Promise<void> | undefined {
    this.#refuseIfFailed();
    const retained = this.#realm(realm);
    if (!retained.asked.has(topic) && !retained.kept.has(topic)) return undefined;
    ask(retained, topic, undefined);
    return this.#submit(realm, retained, {
      grows: false,
      bytes: 4096 + topic.length,
      apply: (changes) => this.#remove(retained, topic, changes),
    });
  }

  match(realm: string, query: RetainedQuery): RetainedPage | Promise<RetainedPage> {
    return this.#pending.read(realm, () => this.#match(realm, query));
  }

  #match(realm: string, query: RetainedQuery): RetainedPage {
    const publications: Publication[] = [];
    const retained = this.#realms.get(realm);
    if (retained === undefined || query.limit <= 0) return { publications };
    const { pattern, now, limit, after } = query;
    const begin = literalPrefix(pattern);
    const matches = matcherOf(pattern);
    let room = query.bytes ?? Number.POSITIVE_INFINITY;
    let left = query.examined ?? Number.POSITIVE_INFINITY;
    let last: string | undefined;
    let stopped: string | undefined;
    retained.topics.from(after !== undefined && after > begin ? after : begin, (topic) => {
      if (!topic.startsWith(begin) || publications.length >= limit || room <= 0) return false;
      if (left <= 0) {
        stopped = last;
        return false;
      }
      left -= 1;
      last = topic;
      if (topic === after || !matches(topic)) return true;
      const publication = this.#find(retained, topic, now);
      if (publication === undefined) return true;
      publications.push(publication);
      room -= sizeOf(publication);
      return true;
    });
    return { publications, stopped };
  }

  #find({ kept }: RetainedRealm, topic: string, now: number): Publication | undefined {
    const { id, expiresAt = Number.POSITIVE_INFINITY } = kept.get(topic)!;
    const record = expiresAt <= now ? undefined : this.#parts.records.get('retained', numberKey(id));
    return record && readPublication(new ByteSource(record, SEAL_BYTES));
  }

  #submit(realm: string, retained: RetainedRealm, task: Parameters<Committer['submit']>[0]): Promise<void> {
    const write = this.#parts.committer.submit(task);
    // What was refused counts no more.
    write.catch(() => (retained.mustCount = true));
    return this.#pending.note(realm, write);
  }

  #write(
    realm: string,
    retained: RetainedRealm,
    publication: Publication,
    { weight, expiresAt }: Omit<Kept, 'id'>,
    changes: ChangeSet,
  ): void {
    const { topic } = publication;
    const before = retained.kept.get(topic);
    const id = before?.id ?? this.#nextId();
    const key = numberKey(id);
    keep(retained, topic, { id, weight, expiresAt });
    changes.onAborted(() => keep(retained, topic, before));
    blankSeal();
    writePublication(sink, publication);
    changes.put('retained', key, seal('retained', key, sink.take()));
    blankSeal();
    sink.u32(this.#parts.realms.give(realm, changes));
    sink.text(topic);
    sink.f64(weight);
    sink.f64(expiresAt ?? Number.NaN);
    changes.put('retained-topics', key, seal('retained-topics', key, sink.take()));
  }

  #remove(retained: RetainedRealm, topic: string, changes: ChangeSet): void {
    const before = retained.kept.get(topic);
    if (before === undefined) return;
    keep(retained, topic, undefined);
    changes.onAborted(() => keep(retained, topic, before));
    const key = numberKey(before.id);
    changes.remove('retained', key);
    changes.remove('retained-topics', key);
  }

  /** A record that was found damaged is gone. */
  #forget(id: number, changes: ChangeSet): void {
    changes.remove('retained-topics', numberKey(id));
    for (const retained of this.#realms.values())
      for (const [topic, { id: other }] of retained.kept) if (other === id) keep(retained, topic, undefined);
  }

  #dropExpired(realm: string, retained: RetainedRealm, now: number): void {
    for (const [topic, { expiresAt }] of retained.kept) {
      if (expiresAt === undefined || expiresAt > now) continue;
      ask(retained, topic, undefined);
      const apply = (changes: ChangeSet): void => {
        const current = retained.kept.get(topic);
        if (current?.expiresAt !== undefined && current.expiresAt <= now)
          this.#remove(retained, topic, changes);
      };
      // If it is refused, the put that it makes room for is too.
      this.#submit(realm, retained, { grows: false, bytes: 4096 + topic.length, apply }).catch(() => {});
    }
  }

  #fits(retained: RetainedRealm, topic: string, weight: number): boolean {
    const { events, bytes } = this.#parts.limits;
    if (retained.mustCount) countAnew(retained);
    const { asked, askedBytes } = retained;
    const before = asked.get(topic);
    return (before !== undefined || asked.size < events) && askedBytes + weight - (before ?? 0) <= bytes;
  }

  /** Whether all changes fit, one after another. */
  #fitAll(retained: RetainedRealm, changes: readonly RetainedChange[]): boolean {
    const { limits } = this.#parts;
    if (retained.mustCount) countAnew(retained);
    /** topic → the weight of its event after the changes so far; undefined if there is none */
    const changed = new Map<string, number | undefined>();
    let events = retained.asked.size;
    let bytes = retained.askedBytes;
    return changes.every(({ topic, publication }) => {
      const before = changed.has(topic) ? changed.get(topic) : retained.asked.get(topic);
      const weight = publication && weightOf(publication);
      changed.set(topic, weight);
      events += Number(weight !== undefined) - Number(before !== undefined);
      bytes += (weight ?? 0) - (before ?? 0);
      return weight === undefined || (events <= limits.events && bytes <= limits.bytes);
    });
  }

  #refusal(): StoreError {
    const { events, bytes } = this.#parts.limits;
    return new StoreError('full', `A realm may retain ${events} events of ${bytes} bytes in all.`);
  }

  #refuseIfFailed(): void {
    const { failure } = this.#parts.committer;
    if (failure !== undefined) throw new StoreError('failed', failure);
  }

  #realm(name: string): RetainedRealm {
    let retained = this.#realms.get(name);
    if (retained === undefined) {
      retained = {
        kept: new Map(),
        topics: new SortedTexts(),
        asked: new Map(),
        askedBytes: 0,
        mustCount: false,
      };
      this.#realms.set(name, retained);
    }
    return retained;
  }

  #load(id: number, record: Uint8Array): void {
    this.#lastId = Math.max(this.#lastId, id);
    const source = new ByteSource(record, SEAL_BYTES);
    const realm = this.#parts.realms.nameOf(source.u32());
    if (realm === undefined) return;
    const topic = source.text();
    const weight = source.f64();
    const expiresAt = source.f64();
    const retained = this.#realm(realm);
    keep(retained, topic, { id, weight, expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt });
    ask(retained, topic, weight);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

/** Counts an event as kept, or no more. */
function ask(retained: RetainedRealm, topic: string, weight: number | undefined): void {
  retained.askedBytes += (weight ?? 0) - (retained.asked.get(topic) ?? 0);
  if (weight === undefined) retained.asked.delete(topic);
  else retained.asked.set(topic, weight);
}

function countAnew(retained: RetainedRealm): void {
  retained.asked = new Map();
  retained.askedBytes = 0;
  for (const [topic, { weight }] of retained.kept) ask(retained, topic, weight);
  retained.mustCount = false;
}

/** Notes what is kept of a topic; undefined if nothing is. */
function keep({ kept, topics }: RetainedRealm, topic: string, event: Kept | undefined): void {
  if (event === undefined) {
    if (kept.delete(topic)) topics.delete(topic);
    return;
  }
  if (!kept.has(topic)) topics.add(topic);
  kept.set(topic, event);
}

function blankSeal(): void {
  sink.u32(0);
  sink.u8(0);
}

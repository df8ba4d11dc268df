import type {
  Publication,
  RetainedChange,
  RetainedPage,
  RetainedQuery,
  RetainedStore,
} from '../../broker/index.js';
import { StoreError, literalPrefix, matcherOf } from '../../broker/index.js';
import { SortedTexts } from '../../lib/index.js';
import { Expiries } from './expiries.js';
import { weightOf } from './weight.js';

/** How much is retained in each realm. */
export interface MemoryRetainedLimits {
  /** Events. Default 100 000. */
  readonly events: number;
  /** Bytes of payloads, headers, topics and lists of receivers. Default 64 MiB. */
  readonly bytes: number;
}

/** The defaults of {@link MemoryRetainedLimits}. */
export const DEFAULT_MEMORY_RETAINED_LIMITS: MemoryRetainedLimits = {
  events: 100_000,
  bytes: 64 * 1024 * 1024,
};

/** Keeps retained events in this process. What does not fit is refused; what has expired makes room first. */
export class MemoryRetainedStore implements RetainedStore {
  readonly durable = false;
  /** realm → what is retained there */
  readonly #realms = new Map<string, RetainedRealm>();
  readonly #limits: MemoryRetainedLimits;

  constructor(limits: Partial<MemoryRetainedLimits> = {}) {
    this.#limits = { ...DEFAULT_MEMORY_RETAINED_LIMITS, ...limits };
  }

  put(realm: string, publication: Publication): undefined {
    let kept = this.#realms.get(realm);
    if (kept === undefined) {
      kept = new RetainedRealm(this.#limits);
      this.#realms.set(realm, kept);
    }
    kept.put(publication);
  }

  refusalOf(realm: string, changes: readonly RetainedChange[]): StoreError | undefined {
    return (this.#realms.get(realm) ?? new RetainedRealm(this.#limits)).refusalOf(changes);
  }

  delete(realm: string, topic: string): undefined {
    this.#realms.get(realm)?.delete(topic);
  }

  match(realm: string, query: RetainedQuery): RetainedPage {
    return this.#realms.get(realm)?.match(query) ?? { publications: [] };
  }

  /** How many events are kept for a realm. */
  size(realm: string): number {
    return this.#realms.get(realm)?.size ?? 0;
  }
}

interface Kept {
  readonly publication: Publication;
  readonly weight: number;
}

class RetainedRealm {
  /** topic → its retained event */
  readonly #kept = new Map<string, Kept>();
  readonly #topics = new SortedTexts();
  readonly #expiries = new Expiries();
  #bytes = 0;

  constructor(private readonly limits: MemoryRetainedLimits) {}

  get size(): number {
    return this.#kept.size;
  }

  put(publication: Publication): void {
    const { topic, expiresAt, id } = publication;
    this.#sweep(publication.publishedAt);
    const weight = weightOf(publication);
    const before = this.#kept.get(topic);
    const size = this.#kept.size + (before === undefined ? 1 : 0);
    const refused = this.#refusalAt(size, this.#bytes + weight - (before?.weight ?? 0));
    if (refused !== undefined) throw refused;
    if (before === undefined) this.#topics.add(topic);
    this.#kept.set(topic, { publication: publication.apart(), weight });
    this.#bytes += weight - (before?.weight ?? 0);
    if (expiresAt !== undefined) this.#expire(topic, id, expiresAt);
  }

  refusalOf(changes: readonly RetainedChange[]): StoreError | undefined {
    /** topic → the weight of its event after the changes so far; undefined if there is none */
    const changed = new Map<string, number | undefined>();
    for (const { publication } of changes)
      if (publication !== undefined) this.#sweep(publication.publishedAt);
    let size = this.#kept.size;
    let bytes = this.#bytes;
    for (const { topic, publication } of changes) {
      const before = changed.has(topic) ? changed.get(topic) : this.#kept.get(topic)?.weight;
      const weight = publication && weightOf(publication);
      changed.set(topic, weight);
      size += Number(weight !== undefined) - Number(before !== undefined);
      bytes += (weight ?? 0) - (before ?? 0);
      const refused = weight === undefined ? undefined : this.#refusalAt(size, bytes);
      if (refused !== undefined) return refused;
    }
    return undefined;
  }

  delete(topic: string): void {
    const kept = this.#kept.get(topic);
    if (kept === undefined) return;
    this.#kept.delete(topic);
    this.#topics.delete(topic);
    this.#bytes -= kept.weight;
  }

  match({ pattern, now, limit, after, bytes, examined }: RetainedQuery): RetainedPage {
    this.#sweep(now);
    const publications: Publication[] = [];
    const begin = literalPrefix(pattern);
    const matches = matcherOf(pattern);
    let room = bytes ?? Number.POSITIVE_INFINITY;
    let left = examined ?? Number.POSITIVE_INFINITY;
    let last: string | undefined;
    let stopped: string | undefined;
    this.#topics.from(after !== undefined && after > begin ? after : begin, (topic) => {
      if (!topic.startsWith(begin) || publications.length >= limit || room <= 0) return false;
      if (left <= 0) {
        stopped = last;
        return false;
      }
      left -= 1;
      last = topic;
      if (topic === after || !matches(topic)) return true;
      const { publication, weight } = this.#kept.get(topic)!;
      // A copy each time: what is encoded for its receivers must not stay here.
      publications.push(publication.apart());
      room -= weight;
      return true;
    });
    return { publications, stopped };
  }

  /** Why there may not be so many events with so many bytes, if there may not. */
  #refusalAt(size: number, bytes: number): StoreError | undefined {
    const { limits } = this;
    if (size > limits.events)
      return new StoreError('full', `There are ${limits.events} retained events already.`);
    if (bytes <= limits.bytes) return undefined;
    return new StoreError('full', `Retained events may have ${limits.bytes} bytes in all.`);
  }

  #expire(topic: string, publication: number, at: number): void {
    this.#expiries.add({ at, topic, publication });
    if (this.#expiries.size <= 16 + 2 * this.#kept.size) return;
    this.#expiries.retain((expiry) => this.#isCurrent(expiry.topic, expiry.publication));
  }

  #sweep(now: number): void {
    for (let over = this.#expiries.take(now); over !== undefined; over = this.#expiries.take(now)) {
      if (this.#isCurrent(over.topic, over.publication)) this.delete(over.topic);
    }
  }

  #isCurrent(topic: string, publication: number): boolean {
    return this.#kept.get(topic)?.publication.id === publication;
  }
}

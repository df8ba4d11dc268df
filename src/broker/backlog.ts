import { Ring } from '../lib/index.js';
import type { Publication } from './publication.js';
import type { Subscription } from './subscriptions.js';

interface Entry {
  readonly subscription: Subscription;
  readonly publication: Publication;
  /** Bytes of payload and headers. */
  readonly size: number;
}

/**
 * What one endpoint has yet to be given: references in order of arrival over all its subscriptions, not bytes of its own;
 * bounded in number and in bytes of payloads and headers.
 */
export class Backlog {
  readonly #entries = new Ring<Entry>();
  /** Publications that held subscriptions keep. */
  #held = 0;
  #bytes = 0;

  constructor(
    private readonly maxMessages: number,
    private readonly maxBytes: number,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  /** Adds an entry. Returns false if it does not fit any more, and then it was not added. */
  push(subscription: Subscription, publication: Publication): boolean {
    const size = publication.size;
    if (!this.#fits(size)) return false;
    this.#entries.push({ subscription, publication, size });
    this.#bytes += size;
    subscription.backlogged += 1;
    return true;
  }

  /** Counts what a held subscription keeps by itself. Returns false if it does not fit any more. */
  reserve(publication: Publication): boolean {
    const size = publication.size;
    if (!this.#fits(size)) return false;
    this.#held += 1;
    this.#bytes += size;
    return true;
  }

  /** Counts it no more. */
  free(publication: Publication): void {
    this.#held -= 1;
    this.#bytes -= publication.size;
  }

  shift(): Entry | undefined {
    const entry = this.#entries.shift();
    if (entry !== undefined) this.#forget(entry);
    return entry;
  }

  /** Drops what belongs to a subscription that is over. */
  discard(subscription: Subscription): void {
    if (subscription.backlogged === 0) return;
    this.#entries.retain((entry) => {
      if (entry.subscription !== subscription) return true;
      this.#forget(entry);
      return false;
    });
  }

  clear(): void {
    this.#entries.clear();
    this.#held = 0;
    this.#bytes = 0;
  }

  #fits(size: number): boolean {
    return this.#entries.size + this.#held < this.maxMessages && this.#bytes + size <= this.maxBytes;
  }

  #forget(entry: Entry): void {
    this.#bytes -= entry.size;
    entry.subscription.backlogged -= 1;
  }
}

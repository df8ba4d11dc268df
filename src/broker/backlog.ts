import { Ring } from '../lib/index.js';
import { sizeOfHeaders } from './payload.js';
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
    const size = publication.payload.size + sizeOfHeaders(publication.headers);
    if (this.#entries.size >= this.maxMessages || this.#bytes + size > this.maxBytes) return false;
    this.#entries.push({ subscription, publication, size });
    this.#bytes += size;
    subscription.backlogged += 1;
    return true;
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
    this.#bytes = 0;
  }

  #forget(entry: Entry): void {
    this.#bytes -= entry.size;
    entry.subscription.backlogged -= 1;
  }
}

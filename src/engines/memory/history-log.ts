import type { Publication } from '../../broker/index.js';

/** One event of a history. */
export interface HistoryEntry {
  /** Its place in the order of arrival, over all topics of the realm. */
  readonly number: number;
  readonly publication: Publication;
  /** Bytes of payload and headers, and of all that its publisher chose the length of. */
  readonly size: number;
  readonly weight: number;
  /** Whether its topic still keeps it. */
  kept: boolean;
}

/** Entries in order of arrival, of one topic or of all; those that are no longer kept are passed over, and swept at times. */
export class HistoryLog {
  #entries: HistoryEntry[] = [];
  /** Entries that are no longer kept. */
  #dropped = 0;
  /** No entry before this place is kept. */
  #start = 0;

  push(entry: HistoryEntry): void {
    this.#entries.push(entry);
  }

  /** The oldest that is kept. */
  get oldest(): HistoryEntry | undefined {
    while (this.#entries[this.#start]?.kept === false) this.#start += 1;
    return this.#entries[this.#start];
  }

  /** One of the entries is no longer kept. */
  noteDropped(): void {
    this.#dropped += 1;
    if (this.#dropped < 16 || 2 * this.#dropped < this.#entries.length) return;
    this.#entries = this.#entries.filter((entry) => entry.kept);
    this.#dropped = 0;
    this.#start = 0;
  }

  /** Visits the kept entries with numbers above `after` and below `before` until `visit` returns false. */
  walk(after: number, before: number, reverse: boolean, visit: (entry: HistoryEntry) => boolean): void {
    const [first, end] = [this.#placeOf(after + 1), this.#placeOf(before)];
    for (let step = 0; step < end - first; step += 1) {
      const entry = this.#entries[reverse ? end - 1 - step : first + step]!;
      if (entry.kept && !visit(entry)) return;
    }
  }

  /** The place of the first entry whose number is not below this one. */
  #placeOf(number: number): number {
    let [low, high] = [this.#start, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle]!.number < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** How long messages took, in µs. */
export interface Latency {
  readonly p50Us: number;
  readonly p99Us: number;
}

/** How long the messages of one run took, as the load side sees it: from the write to the read. */
export class Latencies {
  #took = new Float64Array(1024);
  #count = 0;

  /** @param ms how long one took. */
  add(ms: number): void {
    if (this.#count === this.#took.length) {
      const more = new Float64Array(2 * this.#count);
      more.set(this.#took);
      this.#took = more;
    }
    this.#took[this.#count] = ms;
    this.#count += 1;
  }

  /** Undefined if there was no message. */
  get summary(): Latency | undefined {
    const sorted = this.#took.subarray(0, this.#count).sort();
    const at = (share: number): number => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 1000;
    return sorted.length === 0 ? undefined : { p50Us: at(0.5), p99Us: at(0.99) };
  }
}

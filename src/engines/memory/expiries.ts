interface Expiry {
  readonly at: number;
  readonly topic: string;
  readonly publication: number;
}

/** Which events end when: a binary heap, the earliest on top. An event that was replaced meanwhile is still named. */
export class Expiries {
  readonly #heap: Expiry[] = [];

  /** How many are named, replaced ones too. */
  get size(): number {
    return this.#heap.length;
  }

  add(expiry: Expiry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(expiry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.at <= expiry.at) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = expiry;
  }

  /** Takes the earliest one if it is over by `now`, in ms since the Unix epoch. */
  take(now: number): Expiry | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    const last = this.#heap.pop()!;
    if (this.#heap.length > 0) this.#sink(last);
    return first;
  }

  /** Forgets those that do not pass. */
  retain(keep: (expiry: Expiry) => boolean): void {
    const kept = this.#heap.filter(keep);
    this.#heap.length = 0;
    for (const expiry of kept) this.add(expiry);
  }

  #sink(expiry: Expiry): void {
    const heap = this.#heap;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child += 1;
      if (heap[child]!.at >= expiry.at) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = expiry;
  }
}

/** Ascending or descending numbers that are read one by one. */
export interface NumberSource {
  /** No number of it comes before this one. */
  readonly bound: number;
  /** The first number at or after this one, in its direction; undefined if there is none. */
  next(from: number): number | undefined;
}

/** One source, and the number that it has next: its bound, until it was read. */
interface Place {
  readonly source: NumberSource;
  readonly number: number;
  readonly isRead: boolean;
}

/**
 * The numbers of all sources in order, each read only when it may be the next one: what is taken costs one reading for each number,
 * and one for each source that might have had one before it. Sources must not share numbers.
 */
export function* merged(sources: readonly NumberSource[], descending: boolean): Generator<number> {
  const heap = new Heap(descending);
  for (const source of sources) heap.push({ source, number: source.bound, isRead: false });
  const step = descending ? -1 : 1;
  for (let place = heap.pop(); place !== undefined; place = heap.pop()) {
    const { source, number, isRead } = place;
    if (isRead) yield number;
    const next = source.next(isRead ? number + step : number);
    if (next !== undefined) heap.push({ source, number: next, isRead: true });
  }
}

/** A binary heap: the place with the first number is on top. */
class Heap {
  readonly #places: Place[] = [];

  constructor(private readonly descending: boolean) {}

  push(place: Place): void {
    const places = this.#places;
    let at = places.push(place) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#precedes(at, above)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  pop(): Place | undefined {
    const places = this.#places;
    const top = places[0];
    const last = places.pop();
    if (last === undefined || places.length === 0) return top;
    places[0] = last;
    for (let at = 0; ;) {
      let first = at;
      for (const below of [2 * at + 1, 2 * at + 2])
        if (below < places.length && this.#precedes(below, first)) first = below;
      if (first === at) return top;
      this.#swap(at, first);
      at = first;
    }
  }

  #precedes(one: number, other: number): boolean {
    const [a, b] = [this.#places[one]!.number, this.#places[other]!.number];
    return this.descending ? a > b : a < b;
  }

  #swap(one: number, other: number): void {
    const places = this.#places;
    [places[one], places[other]] = [places[other]!, places[one]!];
  }
}

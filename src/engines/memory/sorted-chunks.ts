/** What is kept in order: by its major number, then by its minor one. */
export interface Sorted {
  readonly major: number;
  readonly minor: number;
}

/** How many items a chunk has at most. */
const CHUNK = 512;

/**
 * Items in order, in chunks of bounded length: adding at the end and taking from the front cost next to nothing, anything else
 * a search by halves and the move of a part of one chunk, at any depth.
 */
export class SortedChunks<T extends Sorted> {
  readonly #chunks: T[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  first(): T | undefined {
    return this.#chunks[0]?.[0];
  }

  last(): T | undefined {
    const chunk = this.#chunks[this.#chunks.length - 1];
    return chunk?.[chunk.length - 1];
  }

  /** Adds an item; one with the same numbers is replaced and returned. */
  set(item: T): T | undefined {
    const last = this.last();
    if (last === undefined || before(last, item.major, item.minor)) {
      this.#append(item);
      this.#size += 1;
      return undefined;
    }
    const at = this.#chunkOf(item.major, item.minor);
    const chunk = this.#chunks[at]!;
    const index = indexIn(chunk, item.major, item.minor);
    const there = chunk[index];
    if (there !== undefined && same(there, item.major, item.minor)) {
      chunk[index] = item;
      return there;
    }
    chunk.splice(index, 0, item);
    if (chunk.length > CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK / 2));
    this.#size += 1;
    return undefined;
  }

  get(major: number, minor: number): T | undefined {
    const chunk = this.#chunks[this.#chunkOf(major, minor)];
    if (chunk === undefined) return undefined;
    const item = chunk[indexIn(chunk, major, minor)];
    return item !== undefined && same(item, major, minor) ? item : undefined;
  }

  /** Takes an item out. */
  delete(major: number, minor: number): T | undefined {
    const at = this.#chunkOf(major, minor);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return undefined;
    const index = indexIn(chunk, major, minor);
    const item = chunk[index];
    if (item === undefined || !same(item, major, minor)) return undefined;
    if (index === 0) chunk.shift();
    else if (index === chunk.length - 1) chunk.pop();
    else chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    this.#size -= 1;
    return item;
  }

  /** Visits the items from these numbers on, in order, until `visit` says that it is enough. */
  from(major: number, minor: number, visit: (item: T) => boolean): void {
    let at = this.#chunkOf(major, minor);
    let chunk = this.#chunks[at];
    if (chunk === undefined) return;
    for (let index = indexIn(chunk, major, minor); chunk !== undefined; index = 0) {
      for (; index < chunk.length; index += 1) if (!visit(chunk[index]!)) return;
      at += 1;
      chunk = this.#chunks[at];
    }
  }

  #append(item: T): void {
    const chunk = this.#chunks[this.#chunks.length - 1];
    if (chunk === undefined || chunk.length >= CHUNK) this.#chunks.push([item]);
    else chunk.push(item);
  }

  /** The first chunk that does not end before these numbers; its index is beyond if there is none. */
  #chunkOf(major: number, minor: number): number {
    const chunks = this.#chunks;
    let low = 0;
    let high = chunks.length;
    if (high > 0 && !endsBefore(chunks[0]!, major, minor)) return 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (endsBefore(chunks[middle]!, major, minor)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function before(item: Sorted, major: number, minor: number): boolean {
  return item.major < major || (item.major === major && item.minor < minor);
}

function same(item: Sorted, major: number, minor: number): boolean {
  return item.major === major && item.minor === minor;
}

function endsBefore(chunk: readonly Sorted[], major: number, minor: number): boolean {
  return before(chunk[chunk.length - 1]!, major, minor);
}

/** Index of the first item that is not before these numbers. */
function indexIn(chunk: readonly Sorted[], major: number, minor: number): number {
  if (chunk.length > 0 && !before(chunk[0]!, major, minor)) return 0;
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (before(chunk[middle]!, major, minor)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many texts a chunk may have; then it is split. */
const CHUNK = 512;

/** A set of texts in ascending order: changed in the time of one chunk, read from any place on. */
export class SortedTexts {
  /** Chunks in ascending order, none of them empty. */
  readonly #chunks: string[][] = [];

  /** Adds a text that is not in it. */
  add(text: string): void {
    const at = Math.min(this.#chunkFor(text), this.#chunks.length - 1);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([text]);
      return;
    }
    chunk.splice(placeOf(chunk, text), 0, text);
    if (chunk.length > CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK / 2));
  }

  delete(text: string): void {
    const at = this.#chunkFor(text);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return;
    const place = placeOf(chunk, text);
    if (chunk[place] !== text) return;
    chunk.splice(place, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** Visits texts in order, from this one on, until `visit` returns false. */
  from(first: string, visit: (text: string) => boolean): void {
    let at = this.#chunkFor(first);
    let place = placeOf(this.#chunks[at] ?? [], first);
    for (; at < this.#chunks.length; at += 1, place = 0) {
      const chunk = this.#chunks[at]!;
      for (; place < chunk.length; place += 1) if (!visit(chunk[place]!)) return;
    }
  }

  /** The first chunk whose last text is not below this one. */
  #chunkFor(text: string): number {
    let [low, high] = [0, this.#chunks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#chunks[middle]!.at(-1)! < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The place of the first text that is not below this one. */
function placeOf(chunk: readonly string[], text: string): number {
  let [low, high] = [0, chunk.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (chunk[middle]! < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

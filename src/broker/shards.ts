/**
 * How much a place and a key belong together: a key is at home where this is highest, so that a place that comes or goes moves
 * no more keys than its own. FNV-1a, its bits mixed once more: texts that differ in one digit are far apart.
 */
export function affinityOf(place: string | number, key: string): number {
  const text = `${place} ${key}`;
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Places that keys are shared out to; several subscribers may be at one place. */
export class Places {
  /** place → how many are there */
  readonly #held = new Map<string, number>();
  /** The last key that was asked for, and its home: one event is asked about several times. */
  #lastKey: string | undefined;
  #lastHome: string | undefined;

  add(place: string): void {
    this.#held.set(place, (this.#held.get(place) ?? 0) + 1);
    this.#lastKey = undefined;
  }

  remove(place: string): void {
    const held = this.#held.get(place) ?? 0;
    if (held > 1) this.#held.set(place, held - 1);
    else this.#held.delete(place);
    this.#lastKey = undefined;
  }

  /** Where a key is at home; undefined if there is no place. */
  homeOf(key: string): string | undefined {
    if (key === this.#lastKey) return this.#lastHome;
    let home: string | undefined;
    let highest = -1;
    for (const place of this.#held.keys()) {
      const affinity = affinityOf(place, key);
      // Of two that are equal the same one is taken, whoever came first.
      if (affinity < highest || (affinity === highest && home !== undefined && place > home)) continue;
      highest = affinity;
      home = place;
    }
    this.#lastKey = key;
    this.#lastHome = home;
    return home;
  }
}

/**
 * A map for what most owners have none or one of: its first entry needs no table, so an empty map costs a few words instead of
 * two hundred bytes, and a single entry comes and goes without garbage. As in a `Map`, entries are walked in the order in which
 * they came, and may be deleted meanwhile; `undefined` is no value.
 */
export class SmallMap<K, V extends NonNullable<unknown>> {
  /** An entry that came when there was no other; there is none while its value is undefined. */
  #firstKey: K | undefined = undefined;
  #firstValue: V | undefined = undefined;
  /** All that came while there was another; made for the first of them. */
  #others: Map<K, V> | undefined = undefined;

  /** How many entries there are. */
  get size(): number {
    const others = this.#others === undefined ? 0 : this.#others.size;
    return this.#firstValue === undefined ? others : others + 1;
  }

  get(key: K): V | undefined {
    if (this.#firstValue !== undefined && this.#firstKey === key) return this.#firstValue;
    return this.#others?.get(key);
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  set(key: K, value: V): void {
    const isFirst = this.#firstValue === undefined ? this.size === 0 : this.#firstKey === key;
    if (isFirst) {
      this.#firstKey = key;
      this.#firstValue = value;
    } else (this.#others ??= new Map()).set(key, value);
  }

  /** Removes an entry; false if there was none. */
  delete(key: K): boolean {
    if (this.#firstValue === undefined || this.#firstKey !== key) return this.#others?.delete(key) === true;
    this.#firstKey = undefined;
    this.#firstValue = undefined;
    return true;
  }

  /** Forgets all entries and the memory that they took. */
  clear(): void {
    this.#firstKey = undefined;
    this.#firstValue = undefined;
    this.#others = undefined;
  }

  *keys(): Generator<K, void> {
    // An entry without a value is none, so there is a key.
    if (this.#firstValue !== undefined) yield this.#firstKey as K;
    if (this.#others !== undefined) yield* this.#others.keys();
  }

  *values(): Generator<V, void> {
    if (this.#firstValue !== undefined) yield this.#firstValue;
    if (this.#others !== undefined) yield* this.#others.values();
  }
}

/**
 * A set for what most owners have none or one of: see `SmallMap`. Its members are walked in the order in which they came, and
 * may be deleted meanwhile.
 */
export class SmallSet<T extends object> {
  /** A member that came when there was no other. */
  #first: T | undefined = undefined;
  /** All that came while there was another; made for the first of them. */
  #others: Set<T> | undefined = undefined;

  /** How many members there are. */
  get size(): number {
    const others = this.#others === undefined ? 0 : this.#others.size;
    return this.#first === undefined ? others : others + 1;
  }

  has(member: T): boolean {
    return this.#first === member || this.#others?.has(member) === true;
  }

  add(member: T): void {
    if (this.#first === member) return;
    if (this.size === 0) this.#first = member;
    else (this.#others ??= new Set()).add(member);
  }

  /** Removes a member; false if it was none. */
  delete(member: T): boolean {
    if (this.#first !== member) return this.#others?.delete(member) === true;
    this.#first = undefined;
    return true;
  }

  *[Symbol.iterator](): Generator<T, void> {
    if (this.#first !== undefined) yield this.#first;
    if (this.#others !== undefined) yield* this.#others;
  }
}

import type { QueueRecord } from '../ports/queue-store.js';

/** How many empty places at the front are borne before the list is moved up. */
const SLACK = 256;

/** Messages that have been read and wait for a consumer, in the order of their positions; each position once. */
export class ReadyList {
  /** Those before the first are given away and undefined. */
  #records: (QueueRecord | undefined)[] = [];
  /** Index of the first one. */
  #head = 0;

  get size(): number {
    return this.#records.length - this.#head;
  }

  first(): QueueRecord | undefined {
    return this.#records[this.#head];
  }

  last(): QueueRecord | undefined {
    return this.size === 0 ? undefined : this.#records[this.#records.length - 1];
  }

  /** Adds a message unless its position is there already. */
  insert(record: QueueRecord): void {
    const last = this.last();
    if (last === undefined || last.position < record.position) {
      this.#records.push(record);
      return;
    }
    const at = this.#indexOf(record.position);
    if (this.#records[at]?.position === record.position) return;
    if (at === this.#head && at > 0) {
      this.#head -= 1;
      this.#records[this.#head] = record;
    } else this.#records.splice(at, 0, record);
  }

  /** Takes the message of a position out, if it is there. */
  take(position: number): QueueRecord | undefined {
    const first = this.first();
    if (first === undefined) return undefined;
    if (first.position === position) {
      this.#shift();
      return first;
    }
    const at = this.#indexOf(position);
    const found = this.#records[at];
    if (found?.position !== position) return undefined;
    this.#records.splice(at, 1);
    return found;
  }

  /** The message of a position, if it is there. */
  at(position: number): QueueRecord | undefined {
    const found = this.#records[this.#indexOf(position)];
    return found?.position === position ? found : undefined;
  }

  /** The first one at or after a position. */
  firstFrom(position: number): QueueRecord | undefined {
    return this.#records[this.#indexOf(position)];
  }

  /** Takes the last one out. */
  pop(): QueueRecord | undefined {
    if (this.size === 0) return undefined;
    const last = this.#records.pop();
    if (this.size === 0) this.clear();
    return last;
  }

  clear(): void {
    this.#records = [];
    this.#head = 0;
  }

  #shift(): void {
    this.#records[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#records.length) {
      this.#records.length = 0;
      this.#head = 0;
    } else if (this.#head >= SLACK) {
      this.#records.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** Index of the first record at or after a position. */
  #indexOf(position: number): number {
    let low = this.#head;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#records[middle]!.position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

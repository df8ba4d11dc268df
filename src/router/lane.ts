import type { Clock } from '../lib/index.js';
import { Ring } from '../lib/index.js';

/** What a {@link Lane} does, and how much of it at once. */
export interface LaneOptions<T> {
  readonly clock: Clock;
  /** How many items may be worked on at a time; at least 1. */
  readonly concurrency: number;
  /** Works on one item; the promise, if there is one, says when it is done. Neither throws nor rejects. */
  readonly work: (item: T) => Promise<void> | undefined;
}

/** So many items may be begun in one turn of the event loop; then sockets and timers have theirs. */
const ITEMS_PER_TURN = 64;

/**
 * Works on items in the order in which they came, so many at a time, and never inside of what pushed them: the first one
 * begins in a microtask of its own.
 */
export class Lane<T> {
  readonly #waiting = new Ring<T>();
  #running = 0;
  #begunInTurn = 0;
  #scheduled = false;
  #idle: (() => void) | undefined;

  constructor(private readonly options: LaneOptions<T>) {}

  /** Items that have not been begun. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Items that have not been done, begun or not. */
  get open(): number {
    return this.#running + this.#waiting.size;
  }

  /** Adds an item. */
  push(item: T): void {
    this.#waiting.push(item);
    this.#schedule();
  }

  /** Drops what has not been begun. */
  clear(): void {
    this.#waiting.clear();
    this.#tellIdle();
  }

  /** Called once, as soon as nothing is open: now, if that is so now. */
  whenIdle(idle: () => void): void {
    this.#idle = idle;
    this.#tellIdle();
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.size === 0 || this.#running >= this.options.concurrency) return;
    this.#scheduled = true;
    queueMicrotask(this.#pump);
  }

  readonly #pump = (): void => {
    this.#scheduled = false;
    while (this.#running < this.options.concurrency && this.#waiting.size > 0) {
      if (this.#begunInTurn === ITEMS_PER_TURN) return;
      this.#countInTurn();
      this.#begin(this.#waiting.shift()!);
    }
  };

  #countInTurn(): void {
    if (this.#begunInTurn === 0) {
      this.options.clock.defer(() => {
        this.#begunInTurn = 0;
        this.#schedule();
      });
    }
    this.#begunInTurn += 1;
  }

  #begin(item: T): void {
    this.#running += 1;
    const done = this.options.work(item);
    if (done === undefined) this.#done();
    else void done.then(() => this.#done());
  }

  #done(): void {
    this.#running -= 1;
    this.#schedule();
    this.#tellIdle();
  }

  #tellIdle(): void {
    const idle = this.#idle;
    if (idle === undefined || this.open > 0) return;
    this.#idle = undefined;
    idle();
  }
}

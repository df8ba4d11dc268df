import type { Clock } from '../lib/index.js';
import { Ring } from '../lib/index.js';
import type { Link } from './subprotocol.js';

/** How many items are processed between looks at the clock, as long as none of them is dear. */
const ITEMS_PER_LOOK = 16;

type HoldReason = 'admission' | 'slice';

/** What processing one item returns: a promise if the next item has to wait for it (an admission), else nothing. */
export type Admission = Promise<void> | undefined;

/**
 * Keeps one connection in order while an admission is pending, and fair to others while it floods.
 *
 * Items are processed at once, one after the other, in the order of `push`. While an admission is pending, or when a slice
 * of time is used up, later items wait here and the link is paused, so what waits is bounded by what one read had brought.
 */
export class Inbox<T> {
  readonly #waiting = new Ring<T>();
  /** Why later items wait, if they do. */
  #held: HoldReason | undefined;
  #closed = false;
  #sinceCheck = 0;
  #isDear = false;
  #sliceStart = -1;

  constructor(
    private readonly link: Link,
    private readonly clock: Clock,
    private readonly sliceMs: number,
    private readonly process: (item: T) => Admission,
    /** An admission must not reject; a rejection is a defect, and ends the connection. */
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Whether items wait. */
  get busy(): boolean {
    return this.#held !== undefined;
  }

  /** Processes the item now, or after those that wait. Ignored after `close`. */
  push(item: T): void {
    if (this.#closed) return;
    if (this.#held !== undefined) {
      this.#waiting.push(item);
      return;
    }
    this.#step(item);
  }

  /**
   * The item that is about to be processed may take long. So the clock is looked at after it, and one such item has the whole slice;
   * of others, several are processed between two looks.
   */
  expectDear(): void {
    this.#isDear = true;
    if (this.#sliceStart < 0) this.#beginSlice(this.clock.now());
  }

  /** Drops what waits; nothing is processed any more. */
  close(): void {
    this.#closed = true;
    this.#waiting.clear();
  }

  #step(item: T): void {
    const admission = this.process(item);
    if (admission !== undefined) this.#waitFor(admission);
    else if (this.#sliceUsedUp()) this.#yieldTurn();
  }

  #waitFor(admission: Promise<void>): void {
    this.#hold('admission');
    admission.then(
      () => this.#go('admission'),
      (error: unknown) => {
        this.link.resume('admission');
        this.failed(error);
      },
    );
  }

  #yieldTurn(): void {
    this.#hold('slice');
    this.clock.defer(() => this.#go('slice'));
  }

  #hold(reason: HoldReason): void {
    this.#held = reason;
    this.link.pause(reason);
  }

  /** Goes on after a wait. The link is resumed last, so what it then delivers finds the queue empty. */
  #go(reason: HoldReason): void {
    this.#sliceStart = -1;
    while (!this.#closed) {
      const item = this.#waiting.shift();
      if (item === undefined) break;
      this.#held = undefined;
      this.#step(item);
      const heldAgain: HoldReason | undefined = this.#held;
      if (heldAgain !== undefined) {
        if (heldAgain !== reason) this.link.resume(reason);
        return;
      }
      this.#held = reason;
    }
    this.#held = undefined;
    this.link.resume(reason);
  }

  #sliceUsedUp(): boolean {
    this.#sinceCheck += 1;
    if (this.#sinceCheck < ITEMS_PER_LOOK && !this.#isDear) return false;
    this.#sinceCheck = 0;
    this.#isDear = false;
    const now = this.clock.now();
    if (this.#sliceStart >= 0) return now - this.#sliceStart >= this.sliceMs;
    this.#beginSlice(now);
    return false;
  }

  #beginSlice(now: number): void {
    this.#sliceStart = now;
    this.clock.defer(() => {
      if (this.#held === undefined) this.#sliceStart = -1;
    });
  }
}

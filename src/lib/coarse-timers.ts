import type { Clock, Timer } from './clock.js';

/** Called when a coarse timer is due; `lateMs` tells by how much the event loop overslept it. */
export type CoarseCallback = (lateMs: number) => void;

/** A timer that is set: a class, so that there is no closure for each. */
class Entry implements Timer {
  constructor(
    readonly slot: number,
    readonly callback: CoarseCallback,
    private readonly remove: (entry: Entry) => void,
  ) {}

  cancel(): void {
    this.remove(this);
  }
}

/**
 * Many timers that need not be exact, kept as entries of one wheel that ticks only while it is not empty.
 *
 * Ten thousand heart-beats or call deadlines cost one platform timer. A timer fires between its delay and its delay
 * plus one tick, never early.
 */
export class CoarseTimers {
  /** tick number → what is due then */
  readonly #slots = new Map<number, Set<Entry>>();
  #lastSlot: number;
  #ticking: Timer | undefined;
  #size = 0;

  /** @param tickMs how coarse the timers are, in ms; 100 by default. */
  constructor(
    private readonly clock: Clock,
    private readonly tickMs = 100,
  ) {
    this.#lastSlot = this.#slotAt(clock.now());
  }

  /** How many timers are set and have neither fired nor been cancelled. */
  get size(): number {
    return this.#size;
  }

  /** Sets a timer of at least `delayMs` milliseconds. */
  schedule(delayMs: number, callback: CoarseCallback): Timer {
    const now = this.clock.now();
    if (this.#size === 0) this.#lastSlot = this.#slotAt(now);
    const slot = Math.max(Math.ceil((now + Math.max(delayMs, 0)) / this.tickMs), this.#lastSlot + 1);
    const entry = new Entry(slot, callback, this.#remove);
    const due = this.#slots.get(slot);
    if (due === undefined) this.#slots.set(slot, new Set([entry]));
    else due.add(entry);
    this.#size += 1;
    this.#keepTicking(now);
    return entry;
  }

  /** Ticks when a slot begins, so that what is due then is not late by the phase of the wheel. */
  #keepTicking(now: number): void {
    if (this.#ticking !== undefined) return;
    const delayMs = (this.#slotAt(now) + 1) * this.tickMs - now;
    this.#ticking = this.clock.schedule(Math.ceil(delayMs), () => this.#tick());
  }

  readonly #remove = (entry: Entry): void => {
    const due = this.#slots.get(entry.slot);
    if (due === undefined || !due.delete(entry)) return;
    this.#size -= 1;
    if (due.size === 0) this.#slots.delete(entry.slot);
    if (this.#size === 0) this.#stop();
  };

  #tick(): void {
    this.#ticking = undefined;
    const now = this.clock.now();
    const reached = this.#slotAt(now);
    while (this.#lastSlot < reached && this.#size > 0) {
      this.#lastSlot += 1;
      this.#fire(this.#lastSlot, now);
    }
    this.#lastSlot = reached;
    if (this.#size > 0) this.#keepTicking(this.clock.now());
  }

  #fire(slot: number, now: number): void {
    const due = this.#slots.get(slot);
    if (due === undefined) return;
    const lateMs = Math.max(0, now - slot * this.tickMs);
    // One by one, so that a callback may cancel another timer of the same tick.
    for (const entry of due) {
      this.#remove(entry);
      entry.callback(lateMs);
    }
  }

  #stop(): void {
    this.#ticking?.cancel();
    this.#ticking = undefined;
  }

  #slotAt(time: number): number {
    return Math.floor(time / this.tickMs);
  }
}

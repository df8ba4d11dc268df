import type { Clock, Timer } from '../lib/index.js';

interface Scheduled {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that moves only when it is told to; deferred callbacks run in `flush` and before each timer. */
export class ManualClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #timers = new Set<Scheduled>();
  #deferred: (() => void)[] = [];

  /** @param epoch what `wallTime` says at the start, in ms. */
  constructor(private epoch = 1_700_000_000_000) {}

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.epoch + this.#now;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    this.#order += 1;
    const timer: Scheduled = { at: this.#now + Math.max(0, delayMs), order: this.#order, callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  /** Runs what was deferred, and what that defers, until nothing is left. */
  flush(): void {
    while (this.#deferred.length > 0) {
      const due = this.#deferred;
      this.#deferred = [];
      for (const callback of due) callback();
    }
  }

  /** Moves time forward by `ms`, firing timers in their order. */
  advance(ms: number): void {
    const target = this.#now + ms;
    this.flush();
    for (let next = this.#next(target); next !== undefined; next = this.#next(target)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      this.flush();
    }
    this.#now = target;
  }

  /** Lets time pass inside a callback: only `now` moves, nothing fires. */
  advanceWithin(ms: number): void {
    this.#now += ms;
  }

  /** The wall clock is set, forward or back by `ms`; intervals are what they are. */
  stepWallTime(ms: number): void {
    this.epoch += ms;
  }

  #next(until: number): Scheduled | undefined {
    let first: Scheduled | undefined;
    for (const timer of this.#timers) {
      if (timer.at > until) continue;
      if (
        first === undefined ||
        timer.at < first.at ||
        (timer.at === first.at && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    return first;
  }
}

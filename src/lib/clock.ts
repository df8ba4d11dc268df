/** A timer that has been set and may be cancelled; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time, as everything below the composition root sees it; tests replace it with a manual one. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes backwards, unaffected by clock steps. */
  now(): number;
  /** Milliseconds since the Unix epoch; for time stamps only, never for intervals. */
  wallTime(): number;
  /** Calls back once, after at least `delayMs` milliseconds. Does not keep the process alive. */
  schedule(delayMs: number, callback: () => void): Timer;
  /** Calls back once the input that is already waiting had its turn (`setImmediate`). */
  defer(callback: () => void): void;
}

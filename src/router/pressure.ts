import type { Clock, Timer } from '../lib/index.js';

/** What watches the memory of the process. */
export interface PressureOptions {
  /** Memory that the process may use, in bytes; 0 switches the watch off. */
  readonly limitBytes: number;
  /** Resident memory of the process, in bytes. */
  readonly residentBytes: () => number;
  readonly clock: Clock;
}

/** How often the memory is looked at, in ms. */
const LOOK_MS = 250;
/** From this share of the limit on, publications and calls wait. */
const WAIT_SHARE = 0.8;
/** From this share of the limit on, new sockets are refused. */
const REFUSE_SHARE = 0.9;
/** How long a publication or call waits at most, in ms, so that an ACK or YIELD behind it is reached. */
const MAX_WAIT_MS = 5000;

interface Waiting {
  readonly since: number;
  readonly settle: (admitted: boolean) => void;
}

/**
 * The process's memory as a brake: above a watermark publications and new calls wait at admission, which pauses the
 * connections that send them; what waits too long is refused as `unavailable`. Buffers live outside of V8's heap, so it is
 * the resident size that counts.
 */
export class Pressure {
  readonly #waiting = new Set<Waiting>();
  #timer: Timer | undefined;
  #resident = 0;

  constructor(private readonly options: PressureOptions) {}

  /** Whether new sockets should be refused. */
  get critical(): boolean {
    return this.#over(REFUSE_SHARE);
  }

  /** Starts the watch. */
  start(): void {
    if (this.options.limitBytes > 0) this.#look();
  }

  /** Ends the watch; what waits is admitted. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#resident = 0;
    this.#release(true);
  }

  /** Nothing if a publication or call may go on now, else a promise of whether it may. */
  admit(): Promise<boolean> | undefined {
    if (!this.#over(WAIT_SHARE)) return undefined;
    return new Promise((settle) => this.#waiting.add({ since: this.options.clock.now(), settle }));
  }

  #over(share: number): boolean {
    return this.options.limitBytes > 0 && this.#resident >= this.options.limitBytes * share;
  }

  #look(): void {
    this.#resident = this.options.residentBytes();
    if (!this.#over(WAIT_SHARE)) this.#release(true);
    else this.#release(false, this.options.clock.now() - MAX_WAIT_MS);
    this.#timer = this.options.clock.schedule(LOOK_MS, () => this.#look());
  }

  /** Settles all that wait, or those that have waited since before a time. */
  #release(admitted: boolean, before = Number.POSITIVE_INFINITY): void {
    for (const waiting of this.#waiting) {
      if (waiting.since > before) return;
      this.#waiting.delete(waiting);
      waiting.settle(admitted);
    }
  }
}

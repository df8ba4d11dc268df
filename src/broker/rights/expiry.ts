import type { Clock, CoarseTimers, Timer } from '../../lib/index.js';
import type { Eviction } from '../sessions/realm-view.js';

/** Whose proof of who it is may end, and how the time is told. */
export interface Expiring {
  readonly clock: Clock;
  readonly timers: CoarseTimers;
  /** How long after its end a proof still holds, in ms. */
  readonly graceMs: number;
  /** Called once it is over and was not renewed. */
  readonly expired: (why: Eviction) => void;
}

/** Clocks are set, and computers sleep: how late it is, is looked up so often at least, in ms. */
const LOOK_MS = 60_000;

/** Ends a session whose proof of who it is has ended, unless that is renewed in time. */
export class Expiry {
  #timer: Timer | undefined;

  constructor(private readonly session: Expiring) {}

  /** From now on the proof ends then, in ms since the Unix epoch; undefined: it does not. */
  start(expiresAt: number | undefined): void {
    this.stop();
    if (expiresAt !== undefined) this.#await(expiresAt + this.session.graceMs);
  }

  /** The session is over. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #await(end: number): void {
    const { clock, timers, expired } = this.session;
    const left = end - clock.wallTime();
    // What is no number counts as over at the next look.
    this.#timer = timers.schedule(left < LOOK_MS ? left : LOOK_MS, () => {
      this.#timer = undefined;
      if (clock.wallTime() < end) this.#await(end);
      else expired(EXPIRED);
    });
  }
}

const EXPIRED: Eviction = {
  code: 'credentials_expired',
  reason: 'The credentials have expired and were not renewed.',
};

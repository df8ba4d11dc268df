import type { Clock } from '../lib/index.js';

/**
 * A token bucket that holds one second's worth and is refilled only when it runs dry, so that counting costs one
 * subtraction. What has arrived is always taken; the answer says whether more may come.
 */
export class RateMeter {
  #left: number;
  #refilled: number;

  /** @param perSecond what may pass in a second, and at once after a second of rest. */
  constructor(
    private readonly perSecond: number,
    private readonly clock: Clock,
  ) {
    this.#left = perSecond;
    this.#refilled = clock.now();
  }

  /** Takes `amount`; false when the rate is used up for now. */
  take(amount: number): boolean {
    this.#left -= amount;
    if (this.#left >= 1) return true;
    const now = this.clock.now();
    const gained = ((now - this.#refilled) * this.perSecond) / 1000;
    this.#left = Math.min(this.perSecond, this.#left + gained);
    this.#refilled = now;
    return this.#left >= 1;
  }

  /** How long it takes until the next one may pass, in ms. */
  get waitMs(): number {
    return Math.max(0, Math.ceil(((1 - this.#left) * 1000) / this.perSecond));
  }
}

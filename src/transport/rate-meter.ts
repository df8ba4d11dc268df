/**
 * A token bucket that holds one second's worth. What has arrived is always taken; the answer says whether more may come.
 */
export class RateMeter {
  #left: number;

  /**
   * @param perSecond what may pass in a second, and at once after a second of rest.
   * @param refilled clock time, in ms.
   */
  constructor(
    private readonly perSecond: number,
    private refilled: number,
  ) {
    this.#left = perSecond;
  }

  /** Adds what time has brought since the last refill. */
  refill(now: number): void {
    const gained = ((now - this.refilled) * this.perSecond) / 1000;
    this.#left = Math.min(this.perSecond, this.#left + gained);
    this.refilled = now;
  }

  /** Takes `amount`; false when the rate is used up for now. */
  take(amount: number): boolean {
    this.#left -= amount;
    return this.#left >= 1;
  }

  /** How long it takes until the next one may pass, in ms. */
  get waitMs(): number {
    return Math.max(0, Math.ceil(((1 - this.#left) * 1000) / this.perSecond));
  }
}

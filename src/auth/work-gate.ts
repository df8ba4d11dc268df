/**
 * Lets a bounded number of expensive jobs run at once and a bounded number wait, in order; the rest is turned away at
 * once. Key derivation behind it cannot be used to occupy the whole thread pool, or memory without end.
 */
export class WorkGate {
  /** Jobs that wait for their turn, oldest first. */
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /**
   * @param concurrency how many jobs run at once
   * @param queue how many more may wait
   */
  constructor(
    private readonly concurrency: number,
    private readonly queue: number,
  ) {}

  /** Whether a job would have to wait now. */
  get full(): boolean {
    return this.#running >= this.concurrency;
  }

  /** Runs a job when it is its turn. Resolves to undefined, without running it, if too many wait already. */
  async run<T>(job: () => Promise<T>): Promise<T | undefined> {
    if (this.full) {
      if (this.#waiting.length >= this.queue) return undefined;
      await new Promise<void>((turn) => this.#waiting.push(turn));
    } else {
      this.#running += 1;
    }
    try {
      return await job();
    } finally {
      this.#leave();
    }
  }

  /** Hands the place on, or gives it back if nobody waits. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

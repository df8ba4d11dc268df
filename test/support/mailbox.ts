/** How long a test waits for what it expects, in ms. */
const PATIENCE_MS = 5000;

/** What has arrived, taken in order, waited for if there is nothing yet. */
export class Mailbox<T> {
  readonly #arrived: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  /** What has arrived and was not taken. */
  get left(): readonly T[] {
    return this.#arrived;
  }

  put(item: T): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#arrived.push(item);
    else next(item);
  }

  take(): Promise<T> {
    const item = this.#arrived.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`nothing arrived within ${PATIENCE_MS} ms`)),
        PATIENCE_MS,
      );
      this.#waiting.push((arrived) => {
        clearTimeout(late);
        resolve(arrived);
      });
    });
  }
}

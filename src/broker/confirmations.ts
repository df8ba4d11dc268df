import { Ring } from '../lib/index.js';
import type { Refusal } from './errors.js';
import type { Outcome } from './outcome.js';
import type { Request } from './request.js';

interface Waiting {
  readonly request: Request;
  /** What is told when it is safe; undefined if success is not told. */
  outcome: Outcome | undefined;
  safe: boolean;
}

/** Whose answers wait. */
export interface Confirmed {
  run(change: () => void): void;
  answer(request: Request, outcome: Outcome): void;
}

/** The answers of one attachment that wait until something is safe; told in the order of the commands. */
export class Confirmations {
  readonly #waiting = new Ring<Waiting>();

  constructor(private readonly whose: Confirmed) {}

  /** How many commands wait, those too of which only a failure would be told. */
  get open(): number {
    return this.#waiting.size;
  }

  /**
   * Tells the outcome, if there is one, when it is safe and all before it were told; instead of it why it is not, if that is
   * what `safe` resolves to, which must not reject. Called within a run.
   */
  add(request: Request, outcome: Outcome | undefined, safe: Promise<Refusal | undefined> | undefined): void {
    if (safe === undefined) {
      if (outcome === undefined) return;
      if (this.open === 0) this.whose.answer(request, outcome);
      else this.#waiting.push({ request, outcome, safe: true });
      return;
    }
    const waiting: Waiting = { request, outcome, safe: false };
    this.#waiting.push(waiting);
    void safe.then((refusal) => {
      if (refusal !== undefined) waiting.outcome = { kind: 'refused', ...refusal };
      waiting.safe = true;
      if (this.#waiting.peek() === waiting) this.whose.run(() => this.#tell());
    });
  }

  #tell(): void {
    for (let first = this.#waiting.peek(); first?.safe === true; first = this.#waiting.peek()) {
      this.#waiting.shift();
      if (first.outcome !== undefined) this.whose.answer(first.request, first.outcome);
    }
  }
}

import type { Decision } from '../broker/index.js';

/** The answers to longer ones are not kept, in characters. */
const LONGEST_QUESTION = 4096;

interface Entry {
  readonly authid: string;
  readonly decision: Decision;
  /** Time, in ms, from which on it is not good any more. */
  readonly until: number;
}

/** Decisions for a time, a bounded number of them: the one that was used longest ago is forgotten first. */
export class DecisionCache {
  /** question → decision, the one that was used longest ago first */
  readonly #entries = new Map<string, Entry>();

  constructor(
    private readonly capacity: number,
    private readonly now: () => number,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  get(question: string): Decision | undefined {
    const entry = this.#entries.get(question);
    if (entry === undefined) return undefined;
    this.#entries.delete(question);
    if (entry.until <= this.now()) return undefined;
    this.#entries.set(question, entry);
    return entry.decision;
  }

  set(question: string, authid: string, decision: Decision, forMs: number): void {
    if (forMs <= 0 || this.capacity === 0 || question.length > LONGEST_QUESTION) return;
    this.#entries.delete(question);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < this.capacity) break;
      this.#entries.delete(oldest);
    }
    this.#entries.set(question, { authid, decision, until: this.now() + forMs });
  }

  /** Forgets what was decided about somebody, whatever they proved it with; default: about everybody. */
  forget(authid?: string): void {
    for (const [question, entry] of this.#entries) {
      if (authid === undefined || entry.authid === authid) this.#entries.delete(question);
    }
  }
}

import type { Invocation } from '../../broker/index.js';

/** The fewest entries at which those that have ended are looked for. */
const MIN_SWEEP = 64;

/**
 * The invocations that one callee was given, by their request ids: of session scope, from 1 [WAMP BP IDs].
 *
 * Ids are given in sequence, so an id that is not open but not above the last one belongs to an invocation that has ended:
 * no memory of ended ones is needed.
 */
export class Invocations {
  /** request id → invocation */
  readonly #open = new Map<number, Invocation>();
  /** invocation → request id */
  readonly #ids = new Map<Invocation, number>();
  #last = 0;
  #sweepAt = MIN_SWEEP;

  /** Gives an invocation its id. */
  issue(invocation: Invocation): number {
    if (this.#open.size >= this.#sweepAt) this.#sweep();
    this.#last += 1;
    this.#open.set(this.#last, invocation);
    this.#ids.set(invocation, this.#last);
    return this.#last;
  }

  /** The open invocation of this id; `ended` if there was one, `never` if not. */
  find(id: number): Invocation | 'ended' | 'never' {
    const invocation = this.#open.get(id);
    if (invocation === undefined) return id <= this.#last ? 'ended' : 'never';
    if (!invocation.ended) return invocation;
    this.close(invocation);
    return 'ended';
  }

  /** The id that an invocation was given, while it is open. */
  idOf(invocation: Invocation): number | undefined {
    return this.#ids.get(invocation);
  }

  /** The callee has said its last word, or nobody waits for it any more. */
  close(invocation: Invocation): void {
    const id = this.#ids.get(invocation);
    if (id === undefined) return;
    this.#ids.delete(invocation);
    this.#open.delete(id);
  }

  /** Calls that ended without the callee (its caller left, the time was up) leave their entry behind until now. */
  #sweep(): void {
    for (const invocation of this.#ids.keys()) if (invocation.ended) this.close(invocation);
    this.#sweepAt = Math.max(MIN_SWEEP, 2 * this.#open.size);
  }
}

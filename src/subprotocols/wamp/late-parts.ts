import { SmallMap } from '../../lib/index.js';
import type { Call } from './codec/index.js';

/** How many calls of a session are remembered that ended before their arguments did. */
const MOST = 256;

/**
 * Calls that ended before the last part of their arguments had come: what was under way is passed over
 * [WAMP AP Progressive Call Invocations, Continuations on Completed Calls].
 */
export class LateParts {
  /** request id → the procedure that was called; the oldest first */
  readonly #ended = new SmallMap<number, string>();

  /** A call has ended though more parts were to come. */
  expect(id: number, procedure: string): void {
    this.#ended.set(id, procedure);
    if (this.#ended.size > MOST) this.#ended.delete(this.#ended.keys().next().value!);
  }

  /** Whether a CALL is such a part; the last one is the end of it. */
  has({ request, procedure, wishes }: Call): boolean {
    if (this.#ended.get(request) !== procedure) return false;
    if (!wishes.progress) this.#ended.delete(request);
    return true;
  }
}

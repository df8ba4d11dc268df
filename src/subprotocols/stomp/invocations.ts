import type { Invocation } from '../../broker/index.js';
import { SmallMap } from '../../lib/index.js';
import type { Delivery } from './acks.js';

/** A call that the client, as a callee, has yet to answer. */
export interface OpenInvocation {
  readonly invocation: Invocation;
  /** The end of the reply address: unguessable, for this session and one final answer only. */
  readonly token: string;
  readonly correlationId: string;
  readonly delivery: Delivery;
}

/** The calls that one session has yet to answer. */
export class Invocations {
  readonly #byToken = new SmallMap<string, OpenInvocation>();

  get size(): number {
    return this.#byToken.size;
  }

  /**
   * Adds one; `open` is how many the broker counts for this callee. Calls that ended without the callee being told
   * are forgotten once they are the larger part. Returns those.
   */
  add(added: OpenInvocation, open: number): readonly OpenInvocation[] {
    const ended = this.#byToken.size > 16 + 2 * open ? this.#forgetEnded() : NONE;
    this.#byToken.set(added.token, added);
    added.invocation.mark = added;
    return ended;
  }

  byToken(token: string): OpenInvocation | undefined {
    return this.#byToken.get(token);
  }

  of(invocation: Invocation): OpenInvocation | undefined {
    // Nobody else sets it.
    const known = invocation.mark as OpenInvocation | undefined;
    return known !== undefined && this.#byToken.get(known.token) === known ? known : undefined;
  }

  forget(known: OpenInvocation): void {
    this.#byToken.delete(known.token);
  }

  #forgetEnded(): OpenInvocation[] {
    const ended = [...this.#byToken.values()].filter(({ invocation }) => invocation.ended);
    for (const known of ended) this.forget(known);
    return ended;
  }
}

const NONE: readonly OpenInvocation[] = [];

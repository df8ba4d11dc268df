import type { Invocation } from '../../broker/index.js';
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
  readonly #byToken = new Map<string, OpenInvocation>();
  readonly #byInvocation = new Map<Invocation, OpenInvocation>();

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
    this.#byInvocation.set(added.invocation, added);
    return ended;
  }

  byToken(token: string): OpenInvocation | undefined {
    return this.#byToken.get(token);
  }

  of(invocation: Invocation): OpenInvocation | undefined {
    return this.#byInvocation.get(invocation);
  }

  forget(known: OpenInvocation): void {
    this.#byToken.delete(known.token);
    this.#byInvocation.delete(known.invocation);
  }

  #forgetEnded(): OpenInvocation[] {
    const ended = [...this.#byToken.values()].filter(({ invocation }) => invocation.ended);
    for (const known of ended) this.forget(known);
    return ended;
  }
}

const NONE: readonly OpenInvocation[] = [];

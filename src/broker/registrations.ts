import type { Pattern } from './address.js';
import type { Refusal } from './errors.js';
import type { Headers, Payload } from './payload.js';
import type { Identity, Origin } from './publication.js';

/** What an endpoint can do as a callee; the dealer decides by the features of the callee that it picked. */
export interface EndpointFeatures {
  /** Understands `interrupt` [WAMP AP Call Canceling]. */
  readonly callCanceling: boolean;
  /** May answer with progressive results [WAMP AP Progressive Call Results]. */
  readonly progressiveResults: boolean;
}

/** A callee as the dealer sees it. */
export interface Callee {
  readonly features: EndpointFeatures;
  /** Invocations that it has yet to answer. */
  readonly invocations: Set<Invocation>;
  invoke(invocation: Invocation): void;
  /** Passed over if the callee cannot be interrupted. */
  interrupt(invocation: Invocation, mode: 'kill' | 'killnowait', why: Refusal): void;
}

/** One procedure, or a pattern of procedures, offered by one callee. */
export class Registration {
  readonly kind = 'registration';
  /** Whether calls are still routed to it. */
  active = true;

  constructor(
    /** Router-scope id [WAMP BP IDs]. */
    readonly id: number,
    readonly pattern: Pattern,
    readonly callee: Callee,
    /** The callee wants to know who calls [WAMP AP Caller Identification]. */
    readonly discloseCaller: boolean,
  ) {}
}

/** One call, as its callee sees it. */
export interface Invocation {
  readonly registration: Registration;
  readonly procedure: string;
  readonly payload: Payload;
  readonly headers: Headers | undefined;
  /** Who calls, if the callee may know. */
  readonly caller: Identity | undefined;
  readonly origin: Origin;
  /** The callee may answer with progressive results. */
  readonly receiveProgress: boolean;
  /** ms until an answer is due. */
  readonly timeoutMs: number;
  /** Whether the caller has had its final answer, or left. What the callee still says is then ignored. */
  readonly ended: boolean;
}

import type { Principal } from './authenticator.js';
import type { Pattern } from '../address.js';

/**
 * What a principal may be allowed to do with an address. Sending to the queue `jobs` is `publish` on `queue.jobs`, consuming
 * or browsing it `consume` on `queue.jobs`.
 */
export type Action = 'publish' | 'subscribe' | 'register' | 'call' | 'consume';

/** A decision. */
export interface Decision {
  readonly allow: boolean;
  /** Whether the principal's identity may be shown to receivers and callees. Default true. */
  readonly disclose?: boolean;
  /** Of `register`: whether it may take the procedure from another principal that holds it. Default false. */
  readonly takeover?: boolean;
  /** Of `call`: how much the caller is trusted, a whole number from 0; callees are told [WAMP AP Call Trust Levels]. */
  readonly trustlevel?: number;
}

/**
 * Decides who may do what. It sees no payload and changes no message; the address that it is asked about is the canonical
 * one that is then used, whichever protocol named it.
 *
 * A thrown error or a rejected promise counts as no (`authorization_failed`). A promise holds back the asking connection
 * only, in order.
 */
export interface Authorizer {
  /** Whether its decisions on calls have a `trustlevel`; WAMP clients are told so. Default false. */
  readonly trustlevels?: boolean;
  decide(principal: Principal, action: Action, target: Pattern): Decision | Promise<Decision>;
}

/** Allows everything that the router itself does not refuse. */
export const allowAll: Authorizer = { decide: () => ALLOWED };

const ALLOWED: Decision = { allow: true, disclose: true };

import type { Principal } from './authenticator.js';
import type { Pattern } from '../address.js';

/** What a principal may be allowed to do with an address. */
export type Action = 'publish' | 'subscribe' | 'register' | 'call';

/** A decision; `disclose` says whether the principal's identity may be shown to receivers and callees (default true). */
export interface Decision {
  readonly allow: boolean;
  readonly disclose?: boolean;
}

/**
 * Decides who may do what. It sees no payload and changes no message; the address that it is asked about is the canonical
 * one that is then used, whichever protocol named it.
 *
 * A thrown error or a rejected promise counts as no (`authorization_failed`). A promise holds back the asking connection
 * only, in order.
 */
export interface Authorizer {
  decide(principal: Principal, action: Action, target: Pattern): Decision | Promise<Decision>;
}

/** Allows everything that the router itself does not refuse. */
export const allowAll: Authorizer = { decide: () => ALLOWED };

const ALLOWED: Decision = { allow: true, disclose: true };

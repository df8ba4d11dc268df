import { routerPrincipal } from '../auth/index.js';
import type { Authorizer, AuthorizerHost } from '../broker/index.js';
import type { ConnectAs } from './own-calls.js';
import { callsAs } from './own-calls.js';

const PRINCIPAL = routerPrincipal('authorizer');

/** What an authorizer's host does its work with. */
export interface AuthorizerHostParts {
  readonly connect: ConnectAs;
  readonly changed: AuthorizerHost['changed'];
}

/** Lets authorizers call procedures, and tell that they decide otherwise now; each call has a session of its own. */
export function authorizerHost({ connect, changed }: AuthorizerHostParts): AuthorizerHost {
  return { call: callsAs(PRINCIPAL, connect), changed };
}

/**
 * The authorizer is not asked about its own calls: it would ask itself for ever. Whoever else says the same of himself is another.
 * One that takes no host makes none.
 */
export function exempt(authorizer: Authorizer): Authorizer {
  if (authorizer.start === undefined) return authorizer;
  return {
    get trustlevels() {
      return authorizer.trustlevels === true;
    },
    decide: (principal, action, target, realm) =>
      action === 'call' && principal === PRINCIPAL
        ? { allow: true }
        : authorizer.decide(principal, action, target, realm),
    start: (host) => authorizer.start?.(host),
  };
}

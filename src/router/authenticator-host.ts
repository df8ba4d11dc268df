import { routerPrincipal } from '../auth/index.js';
import type { AuthenticatorHost, Instrumentation } from '../broker/index.js';
import { MangroveError } from './local/errors.js';
import type { ConnectAs } from './own-calls.js';
import { callsAs } from './own-calls.js';

const PRINCIPAL = routerPrincipal('authenticator');

/** What an authenticator's host does its work with. */
export interface AuthenticatorHostParts {
  readonly connect: ConnectAs;
  readonly instrumentation: Instrumentation;
}

/**
 * Lets authenticators call procedures; each call has a session of its own, and leaves nothing behind. A procedure that nobody
 * has registered is counted each time, and told once until it has answered again: logins are many.
 */
export function authenticatorHost({ connect, instrumentation }: AuthenticatorHostParts): AuthenticatorHost {
  /** Realm and procedure of those that were missing when they were called last. */
  const missing = new Set<string>();
  const report = (error: unknown, realm: string, procedure: string): void => {
    if (!(error instanceof MangroveError) || error.uri !== 'wamp.error.no_such_procedure') return;
    instrumentation.count('authentications_failed');
    const key = JSON.stringify([realm, procedure]);
    if (missing.has(key)) return;
    missing.add(key);
    instrumentation.event('authenticator_failed', { realm, procedure, reason: error.uri });
  };
  const call = callsAs(PRINCIPAL, connect);
  return {
    async call(realm, procedure, args, timeoutMs): Promise<unknown> {
      try {
        const answer = await call(realm, procedure, args, timeoutMs);
        missing.delete(JSON.stringify([realm, procedure]));
        return answer;
      } catch (error) {
        report(error, realm, procedure);
        throw error;
      }
    },
  };
}

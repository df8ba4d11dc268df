import type { AuthenticatorHost } from '../broker/index.js';
import type { ConnectOptions, LocalClient } from './local/client.js';

const PRINCIPAL = {
  authid: 'authenticator',
  authrole: 'authenticator',
  authmethod: 'internal',
  authprovider: 'router',
} as const;

/** Lets authenticators call procedures; each call has a session of its own, and leaves nothing behind. */
export function authenticatorHost(connect: (options: ConnectOptions) => LocalClient): AuthenticatorHost {
  return {
    async call(realm, procedure, args, timeoutMs): Promise<unknown> {
      const client = connect({ realm, principal: PRINCIPAL });
      try {
        return await client.call(procedure, args, {}, { timeoutMs });
      } finally {
        client.close();
      }
    },
  };
}

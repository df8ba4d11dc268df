import type { AuthorizerHost, Principal } from '../broker/index.js';
import type { LocalClient } from './local/client.js';

/** Makes a client of the router's own, as one of its own principals. */
export type ConnectAs = (principal: Principal, realm: string) => LocalClient;

/** Calls procedures in the router's own name; each call has a session of its own, and leaves nothing behind. */
export function callsAs(principal: Principal, connect: ConnectAs): AuthorizerHost['call'] {
  return async (realm, procedure, args, timeoutMs) => {
    const client = connect(principal, realm);
    try {
      return await client.call(procedure, args, {}, { timeoutMs });
    } finally {
      client.close();
    }
  };
}

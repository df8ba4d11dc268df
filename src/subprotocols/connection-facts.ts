import type { ConnectionFacts } from '../broker/index.js';
import type { Remote } from './subprotocol.js';

/** More of what a client says it is would be shown to others at the router's cost. In characters. */
const AGENT = 128;

/**
 * How a client is connected, for those who may see sessions.
 *
 * @param token the wire protocol as it was agreed on, or what it turned out to be.
 * @param agent what the client says it is.
 */
export function connectionOf(
  { transport = 'websocket', address, encrypted }: Remote,
  token: string | undefined,
  agent?: string,
): ConnectionFacts {
  return { transport, token, peer: address, encrypted, agent: agent?.slice(0, AGENT) };
}

import type { Subprotocol } from '../subprotocols/index.js';
import type { Connections } from './connections.js';
import { streamFraming } from './framing.js';
import type { PlacePolicy } from './handshake.js';
import type { ListenOptions, OwnListener } from './listener.js';
import { LongPollListener } from './long-poll-listener.js';
import { NetListener } from './net-listener.js';
import { rawSocketFraming, refusal } from './raw-socket.js';
import type { StreamProtocol } from './stream-guests.js';
import { StreamGuests } from './stream-guests.js';
import { ByteStreamLink, RawSocketLink } from './stream-link.js';

/** The token that the subprotocol of a kind answers, whatever else it answers. */
const TOKENS = {
  'stomp-tcp': ['v12.stomp'],
  rawsocket: ['wamp.2.json', 'wamp.2.msgpack', 'wamp.2.cbor'],
  longpoll: ['wamp.2.json'],
} as const satisfies Record<ListenOptions['kind'], readonly string[]>;

/**
 * Listens; resolves when it does.
 *
 * @param places of whom requests by HTTP may come.
 * @throws Error of the system, if the certificate cannot be used, or if no subprotocol is there that could be spoken.
 */
export async function listenTo(
  options: ListenOptions,
  connections: Connections,
  places: PlacePolicy,
): Promise<OwnListener> {
  const owner = ownerOf(options.kind, connections);
  if (options.kind === 'longpoll') return LongPollListener.open(options, connections, places);
  const { limits, services } = connections.options;
  return NetListener.open({
    listen: options,
    keepAliveMs: limits.pingIntervalMs,
    handshakeTimeoutMs: services.limits.loginTimeoutMs,
    guests: new StreamGuests(connections, protocolOf(options.kind, owner, connections)),
  });
}

/** Who speaks what is listened for. */
function ownerOf(kind: ListenOptions['kind'], { options }: Connections): Subprotocol {
  const tokens: readonly string[] = TOKENS[kind];
  const [owner] = tokens.flatMap((token) => options.subprotocols.owner(token) ?? []);
  if (owner === undefined)
    throw new Error(`${kind} needs a subprotocol that answers ${tokens.join(' or ')}.`);
  return owner;
}

function protocolOf(
  kind: StreamProtocol['kind'],
  owner: Subprotocol,
  connections: Connections,
): StreamProtocol {
  switch (kind) {
    case 'stomp-tcp': {
      const context = connections.context('', streamFraming);
      return { kind, farewell: undefined, link: (parts) => new ByteStreamLink(context, parts, owner) };
    }
    case 'rawsocket': {
      const context = connections.context('', rawSocketFraming);
      return { kind, farewell: refusal('connections'), link: (parts) => new RawSocketLink(context, parts) };
    }
  }
}

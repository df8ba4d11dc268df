import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { OPTIONS } from './features/expectations.js';
import type { BinaryPeer, Kind, Make, Payload } from './binary-peers.js';
import { joinPeer, payloadOf } from './binary-peers.js';
import { PythonPeers } from './python-peers.js';
import { provideWebSocket } from './web-socket.js';

provideWebSocket();

const KINDS: readonly Kind[] = ['json', 'msgpack', 'cbor', 'stomp'];

/** What a client of one make sends, a client of the other one receives. */
const MAKES: readonly (readonly [Make, Make])[] = [
  ['autobahn', 'wampy'],
  ['wampy', 'autobahn'],
  ['autobahn', 'python'],
  ['python', 'autobahn'],
  ['wampy', 'python'],
  ['python', 'wampy'],
];

const BASE64 = 'AAF/gP8=';

/** What arrives of the octets 00 01 7f 80 ff: octets, or in JSON the string that stands for them. Only Python reads that one. */
function arriving(kind: Kind, make: Make): string {
  const isText = kind === 'stomp' || (kind === 'json' && make !== 'python');
  return isText ? `\0${BASE64}` : 'octets 00017f80ff';
}

/** The payloads, as the receiver of a kind sees them. */
const SIGHTS: Readonly<Record<Payload, (kind: Kind, make: Make) => unknown>> = {
  // A STOMP body can be octets, if there is nothing else.
  alone: (kind, make) => ({
    args: [kind === 'stomp' ? 'octets 00017f80ff' : arriving(kind, make)],
    kwargs: {},
  }),
  deep: (kind, make) => {
    const bytes = arriving(kind, make);
    return { args: [bytes, { list: [1, [bytes]] }], kwargs: { key: { deeper: [bytes, 'text'] } } };
  },
};

const PAYLOADS: readonly Payload[] = ['alone', 'deep'];

let server: TestServer;
let peers: BinaryPeer[];
let python: PythonPeers;

beforeAll(() => {
  python = new PythonPeers();
});

afterAll(async () => {
  expect(await python.end()).toBe('');
});

beforeEach(async () => {
  server = await startTestServer(OPTIONS);
  peers = [];
});

afterEach(async () => {
  await Promise.all(peers.map((peer) => peer.leave()));
  await server.stop();
});

async function join(kind: Kind, make: Make): Promise<BinaryPeer> {
  const isPython = kind !== 'stomp' && make === 'python';
  const peer = isPython
    ? await python.join(server.url, kind)
    : await joinPeer(server.url, kind, make === 'python' ? 'autobahn' : make);
  peers.push(peer);
  return peer;
}

describe.each(KINDS)('bytes from %s', (from) => {
  describe.each(KINDS)('to %s', (to) => {
    describe.each(MAKES)('(%s to %s, where WAMP is spoken)', (made, other) => {
      it('WAMP-62: arrive in an event, alone and deep inside', async () => {
        const [sender, receiver] = [await join(from, made), await join(to, other)];
        const next = await receiver.hear('com.example.bytes');
        for (const payload of PAYLOADS) {
          await sender.send('com.example.bytes', payloadOf(payload, from, made));
          expect(await next()).toEqual(SIGHTS[payload](to, other));
        }
      });

      it('WAMP-62: arrive as arguments of a call, and as its result', async () => {
        const [caller, callee] = [await join(from, made), await join(to, other)];
        for (const payload of PAYLOADS) {
          const procedure = `com.example.${payload}`;
          const asked = await callee.serve(procedure, payloadOf(payload, to, other));
          const result = await caller.ask(procedure, payloadOf(payload, from, made));
          expect([await asked(), result]).toEqual([SIGHTS[payload](to, other), SIGHTS[payload](from, made)]);
        }
      });
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { SequentialIds } from '../../src/testing/index.js';
import { Mailbox } from '../support/mailbox.js';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';

/** Octets, spelled as hexadecimal digits; blanks are passed over. */
function octets(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');
}

/** A client that knows no WAMP: WebSocket messages out, WebSocket messages in, octet by octet. */
class RawPeer {
  /** Text as it came, binary messages as hexadecimal digits. */
  readonly #received = new Mailbox<string>();
  /** Resolves to the close code. */
  readonly closed: Promise<number>;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, isBinary: boolean) =>
      this.#received.put(data.toString(isBinary ? 'hex' : 'utf8')),
    );
    this.closed = new Promise((closed) => socket.once('close', closed));
  }

  send(message: string | Buffer): void {
    this.socket.send(message);
  }

  async take(count: number): Promise<string[]> {
    const taken: string[] = [];
    while (taken.length < count) taken.push(await this.#received.take());
    return taken;
  }
}

/** The messages of a batch, each of which the separator must follow. */
function partsOf(batch: string | undefined, separator: string): readonly string[] {
  const parts = batch?.split(separator) ?? [];
  expect(parts.pop()).toBe('');
  return parts;
}

let server: TestServer;
let sockets: WebSocket[];

beforeEach(async () => {
  server = await startTestServer({ ids: new SequentialIds() });
  sockets = [];
});

afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  await server.stop();
});

async function open(token: string): Promise<RawPeer> {
  const socket = new WebSocket(server.url, token);
  sockets.push(socket);
  const peer = new RawPeer(socket);
  await once(socket, 'open');
  expect(socket.protocol).toBe(token);
  return peer;
}

describe('wamp.2.json.batched', () => {
  const HELLO = '[1,"realm1",{"roles":{"publisher":{},"subscriber":{},"caller":{},"callee":{}}}]';

  it('WAMP-63: takes a whole conversation as one text message, each part followed by 0x1e', async () => {
    const peer = await open('wamp.2.json.batched');
    peer.send(
      `${HELLO}\x1e[32,1,{},"com.a"]\x1e` +
        '[16,2,{"acknowledge":true,"exclude_me":false},"com.a",["żółw"],{"n":1.50}]\x1e[6,{},"a.b"]\x1e',
    );
    const [welcome, ...others] = await peer.take(5);
    expect(partsOf(welcome, '\x1e')).toEqual([expect.stringMatching(/^\[2,1001,\{"realm":"realm1",.*\}\]$/)]);
    expect(others).toEqual([
      '[33,1,1]\x1e',
      '[17,2,1002]\x1e',
      '[36,1,1002,{},["żółw"],{"n":1.50}]\x1e',
      '[6,{},"wamp.close.goodbye_and_out"]\x1e',
    ]);
  });

  it('WAMP-64: answers a client that separates by 0x18 likewise', async () => {
    const peer = await open('wamp.2.json.batched');
    peer.send(`${HELLO}\x18[34,1,77]\x18`);
    const [welcome, refused] = await peer.take(2);
    expect(partsOf(welcome, '\x18')).toEqual([expect.stringMatching(/^\[2,1001,.*\}\]$/)]);
    expect(partsOf(refused, '\x18')).toEqual([
      expect.stringMatching(/^\[8,34,1,\{.*\},"wamp\.error\.no_such_subscription",.*\]$/),
    ]);
  });

  it('WAMP-65: ends with ABORT for a batch without its last separator', async () => {
    const peer = await open('wamp.2.json.batched');
    peer.send(`${HELLO}\x1e[32,1,{},"com.a"]`);
    const [abort] = await peer.take(1);
    expect(partsOf(abort, '\x1e')).toEqual([
      expect.stringMatching(/^\[3,\{.*\},"wamp\.error\.protocol_violation"\]$/),
    ]);
    expect(await peer.closed).toBe(1002);
  });
});

/** The same conversation in the two binary serializers, spelled out. */
const BINARY = [
  {
    token: 'wamp.2.msgpack.batched',
    hello:
      '00000038 93 01 a6 7265616c6d31 81 a5 726f6c6573 84 a9 7075626c6973686572 80' +
      'aa 73756273637269626572 80 a6 63616c6c6572 80 a6 63616c6c6565 80',
    welcome: /^[0-9a-f]{8}9302cd03e9[0-9a-f]+$/,
    subscribe: '0000000a 94 20 01 80 a5 636f6d2e61',
    subscribed: '00000004 93 21 01 01',
    // [16, 2, {"exclude_me": false}, "com.a", [2^53 − 1, nil, bytes 00 ff]]
    publish:
      '00000025 95 10 02 81 aa 6578636c7564655f6d65 c2 a5 636f6d2e61 93 cf001fffffffffffff c0 c4 02 00ff',
    event: '00000016 95 24 01 cd03ea 80 93 cf001fffffffffffff c0 c4 02 00ff',
    goodbye: '00000007 93 06 80 a3 612e62',
    gone: '0000001e 93 06 80 ba 77616d702e636c6f73652e676f6f646279655f616e645f6f7574',
    lies: '00000004 93 06 80',
    abort: /^[0-9a-f]{8}930381.*bd77616d702e6572726f722e70726f746f636f6c5f76696f6c6174696f6e$/,
  },
  {
    token: 'wamp.2.cbor.batched',
    hello:
      '00000038 83 01 66 7265616c6d31 a1 65 726f6c6573 a4 69 7075626c6973686572 a0' +
      '6a 73756273637269626572 a0 66 63616c6c6572 a0 66 63616c6c6565 a0',
    welcome: /^[0-9a-f]{8}83021903e9[0-9a-f]+$/,
    subscribe: '0000000b 84 1820 01 a0 65 636f6d2e61',
    subscribed: '00000005 83 1821 01 01',
    publish: '00000024 85 10 02 a1 6a 6578636c7564655f6d65 f4 65 636f6d2e61 83 1b001fffffffffffff f6 42 00ff',
    event: '00000016 85 1824 01 1903ea a0 83 1b001fffffffffffff f6 42 00ff',
    goodbye: '00000007 83 06 a0 63 612e62',
    gone: '0000001f 83 06 a0 781a 77616d702e636c6f73652e676f6f646279655f616e645f6f7574',
    lies: '00000004 83 06 a0',
    abort: /^[0-9a-f]{8}8303a1.*781d77616d702e6572726f722e70726f746f636f6c5f76696f6c6174696f6e$/,
  },
] as const;

describe.each(BINARY)('$token', (wire) => {
  const hex = (spelled: string): string => octets(spelled).toString('hex');

  it('WAMP-63: takes a whole conversation as one message, each part preceded by its length', async () => {
    const peer = await open(wire.token);
    peer.send(octets(wire.hello + wire.subscribe + wire.publish + wire.goodbye));
    const [welcome, ...others] = await peer.take(4);
    expect(welcome).toMatch(wire.welcome);
    expect(others).toEqual([hex(wire.subscribed), hex(wire.event), hex(wire.gone)]);
  });

  it('WAMP-63: takes the same one part at a time', async () => {
    const peer = await open(wire.token);
    for (const part of [wire.hello, wire.subscribe, wire.publish, wire.goodbye]) peer.send(octets(part));
    const [welcome, ...others] = await peer.take(4);
    expect(welcome).toMatch(wire.welcome);
    expect(others).toEqual([hex(wire.subscribed), hex(wire.event), hex(wire.gone)]);
  });

  it('WAMP-65: ends with ABORT for a length that lies', async () => {
    const peer = await open(wire.token);
    peer.send(octets(wire.hello));
    peer.send(octets(wire.lies));
    const [, abort] = await peer.take(2);
    expect(abort).toMatch(wire.abort);
    expect(await peer.closed).toBe(1002);
  });

  it('WAMP-66: ends with ABORT for a text message', async () => {
    const peer = await open(wire.token);
    peer.send('[1,"realm1",{"roles":{"caller":{}}}]');
    expect((await peer.take(1))[0]).toMatch(wire.abort);
    expect(await peer.closed).toBe(1002);
  });
});

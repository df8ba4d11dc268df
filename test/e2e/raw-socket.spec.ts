import { afterEach, describe, expect, it } from '@jest/globals';
import { stomp } from '../../src/router/index.js';
import type { RouterOptions } from '../../src/router/index.js';
import { CertificateFolder } from '../support/certificates.js';
import { RawSocketPeer, rawFrame } from '../support/raw-socket-peer.js';
import { eventually, startTestServer } from '../support/test-server.js';
import type { TestServer } from '../support/test-server.js';

const HELLO = '[1,"realm1",{"roles":{"publisher":{},"subscriber":{},"caller":{},"callee":{}}}]';
const peers: RawSocketPeer[] = [];
let running: TestServer | undefined;
let port = 0;
let counts = new Map<string, number>();

async function start(options: RouterOptions = {}): Promise<TestServer> {
  counts = new Map();
  const instrumentation = {
    count: (name: string, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
    event() {},
    defect(where: string, error: unknown) {
      throw new Error(where, { cause: error });
    },
  };
  running = await startTestServer({ ...options, instrumentation });
  ({ port } = await running.router.listen({ kind: 'rawsocket', port: 0 }));
  return running;
}

async function connect(): Promise<RawSocketPeer> {
  const peer = await RawSocketPeer.connect({ port, host: '127.0.0.1' });
  peers.push(peer);
  return peer;
}

async function join(handshake?: string, hello = HELLO): Promise<RawSocketPeer> {
  const peer = await connect();
  expect(await peer.shakeHands(handshake)).toBe('7fb10000');
  peer.send(hello);
  expect(await peer.text()).toMatch(/^\[2,\d+,\{"realm":"realm1",/);
  return peer;
}

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.destroy();
  await running?.stop();
  running = undefined;
});

describe('WAMP over RawSocket', () => {
  it('WAMP-169: answers a handshake with the serializer, and the length of the messages that it takes', async () => {
    await start();
    expect(await (await connect()).shakeHands('7ff10000')).toBe('7fb10000');
    expect(await (await connect()).shakeHands('7f220000')).toBe('7fb20000');
    expect(await (await connect()).shakeHands('7f730000')).toBe('7fb30000');
  });

  it('takes 2^24 octets if it is told to', async () => {
    await start({ limits: { messageBytes: 16 * 1024 * 1024 } });
    expect(await (await connect()).shakeHands('7ff10000')).toBe('7ff10000');
  });

  it('joins in JSON, MessagePack and CBOR', async () => {
    await start();
    await join();
    const msgpack = await connect();
    await msgpack.shakeHands('7ff20000');
    // [1, "realm1", {"roles": {"caller": {}}}]
    msgpack.hex('00000019 93 01 a6 7265616c6d31 81 a5 726f6c6573 81 a6 63616c6c6572 80');
    expect((await msgpack.frame()).payload.subarray(0, 2).toString('hex')).toBe('9302');
    const cbor = await connect();
    await cbor.shakeHands('7ff30000');
    cbor.hex('00000019 83 01 66 7265616c6d31 a1 65 726f6c6573 a1 66 63616c6c6572 a0');
    expect((await cbor.frame()).payload.subarray(0, 2).toString('hex')).toBe('8302');
  });

  it('takes handshake and messages in single octets', async () => {
    await start({ limits: { preLoginMessagesPerSecond: 1000 } });
    const peer = await connect();
    for (const octet of Buffer.concat([Buffer.from('7ff10000', 'hex'), rawFrame(HELLO)])) {
      peer.write(Buffer.of(octet));
      await new Promise(setImmediate);
    }
    expect((await peer.octets(4)).toString('hex')).toBe('7fb10000');
    expect(await peer.text()).toMatch(/^\[2,/);
  });

  it('takes handshake and messages all at once', async () => {
    await start();
    const peer = await connect();
    const subscribe = rawFrame('[32,1,{},"com.example.a"]');
    peer.write(Buffer.concat([Buffer.from('7ff10000', 'hex'), rawFrame(HELLO), subscribe]));
    expect((await peer.octets(4)).toString('hex')).toBe('7fb10000');
    expect(await peer.text()).toMatch(/^\[2,/);
    expect(await peer.text()).toMatch(/^\[33,1,\d+\]$/);
  });

  it('carries events between RawSocket and the other transports', async () => {
    const server = await start();
    const one = await join();
    one.send('[32,1,{},"com.example.a"]');
    await one.text();
    const two = await join();
    two.send('[16,1,{"acknowledge":true},"com.example.a",["from two"]]');
    expect(await one.text()).toMatch(/^\[36,\d+,\d+,\{\},\["from two"\]\]$/);
    const client = server.router.connect();
    await client.publish('com.example.a', ['from within']);
    expect(await one.text()).toMatch(/^\[36,\d+,\d+,\{\},\["from within"\]\]$/);
    client.close();
  });

  it('writes what is due in one turn whole, and shared or not it is the same', async () => {
    const server = await start();
    const all = await Promise.all(Array.from({ length: 5 }, () => join()));
    for (const peer of all) {
      peer.send('[32,1,{},"com.example.a"]');
      await peer.text();
    }
    const client = server.router.connect();
    await Promise.all([1, 2, 3].map((number) => client.publish('com.example.a', [number])));
    await client.publish('com.example.a', ['x'.repeat(100_000)]);
    for (const peer of all) {
      for (const number of [1, 2, 3]) expect(await peer.text()).toMatch(new RegExp(`,\\[${number}\\]\\]$`));
      expect((await peer.frame()).payload.length).toBeGreaterThan(100_000);
    }
    client.close();
  });

  it('says GOODBYE, and ends when the client ends', async () => {
    const server = await start();
    const peer = await join();
    peer.send('[6,{},"wamp.close.close_realm"]');
    expect(await peer.text()).toBe('[6,{},"wamp.close.goodbye_and_out"]');
    peer.socket.end();
    await peer.ended;
    await eventually(() => server.router.stats.connections === 0);
    expect(server.router.stats.connections).toBe(0);
  });

  it('says GOODBYE when the router drains', async () => {
    const server = await start();
    const peer = await join();
    const drained = server.router.drain(3000);
    expect(await peer.text()).toMatch(/^\[6,\{.*\},"wamp\.close\.system_shutdown"\]$/);
    peer.send('[6,{},"wamp.close.goodbye_and_out"]');
    await peer.ended;
    peer.destroy();
    await drained;
  });

  it('is spoken on a Unix socket', async () => {
    const server = await start();
    const folder = new CertificateFolder();
    await server.router.listen({ kind: 'rawsocket', socket: `${folder.path}/wamp.sock` });
    const peer = await RawSocketPeer.connect({ path: `${folder.path}/wamp.sock` });
    peers.push(peer);
    await peer.shakeHands();
    peer.send(HELLO);
    expect(await peer.text()).toMatch(/^\[2,/);
    folder.remove();
  });
});

describe('the length that a client takes', () => {
  it('P24 X11 WAMP-211: is never exceeded: a longer event does not reach it, and the next one does', async () => {
    const server = await start();
    const small = await join('7f210000');
    small.send('[32,1,{},"com.example.a"]');
    await small.text();
    const client = server.router.connect();
    await client.publish('com.example.a', ['x'.repeat(4000)]);
    await client.publish('com.example.a', ['short']);
    expect(await small.text()).toMatch(/,\["short"\]\]$/);
    expect(counts.get('transport.frames_too_long')).toBe(1);
    client.close();
  });
});

describe('the answer to a call', () => {
  it('P24 X11 WAMP-211: that is longer than the caller takes becomes an ERROR that says so', async () => {
    const server = await start();
    const client = server.router.connect();
    await client.register('com.example.long', () => 'x'.repeat(4000));
    const small = await join('7f210000');
    small.send('[48,1,{},"com.example.long"]');
    expect(await small.text()).toBe('[8,48,1,{},"wamp.error.payload_size_exceeded"]');
    small.send('[48,2,{"receive_progress":false},"com.example.long"]');
    expect(await small.text()).toBe('[8,48,2,{},"wamp.error.payload_size_exceeded"]');
    client.close();
  });
});

describe('a stream of results', () => {
  it('P24 X11: ends with an ERROR at the first that is longer than the caller takes, and the callee is told', async () => {
    const server = await start();
    const streams = '{"features":{"progressive_call_results":true,"call_canceling":true}}';
    const callee = await join(undefined, `[1,"realm1",{"roles":{"callee":${streams}}}]`);
    callee.send('[64,1,{},"com.example.stream"]');
    await callee.text();
    const small = await join('7f210000', `[1,"realm1",{"roles":{"caller":${streams}}}]`);
    small.send('[48,1,{"receive_progress":true},"com.example.stream"]');
    const [, request] = JSON.parse(await callee.text()) as [68, number];
    callee.send(`[70,${request},{"progress":true},[1]]`);
    expect(await small.text()).toBe('[50,1,{"progress":true},[1]]');
    callee.send(`[70,${request},{"progress":true},["${'x'.repeat(4000)}"]]`);
    expect(await small.text()).toMatch(/^\[8,48,1,\{\},"wamp\.error\.payload_size_exceeded"/);
    expect(await callee.text()).toBe(`[69,${request},{"mode":"killnowait"}]`);
    callee.send(`[70,${request},{},[3]]`);
    small.send('[48,2,{},"com.example.nobody"]');
    expect(await small.text()).toMatch(/^\[8,48,2,\{\},"wamp\.error\.no_such_procedure"/);
    expect(server.router.stats.realms['realm1']?.calls).toBe(0);
  });
});

describe('a call', () => {
  it('P24 X11: that is longer than the callee takes is refused at once, and the next one is answered', async () => {
    const server = await start();
    const small = await join('7f210000');
    small.send('[64,1,{},"com.example.echo"]');
    await small.text();
    const client = server.router.connect();
    await expect(client.call('com.example.echo', ['x'.repeat(4000)])).rejects.toMatchObject({
      uri: 'wamp.error.payload_size_exceeded',
    });
    const called = client.call('com.example.echo', ['short']);
    const [, request] = JSON.parse(await small.text()) as [68, number];
    small.send(`[70,${request},{},["echo"]]`);
    expect((await called) as unknown).toBe('echo');
    client.close();
  });

  it('P24: of a message of a queue that is longer than its consumer takes is given to another one', async () => {
    const server = await start();
    const small = await join('7f210000');
    small.send('[64,1,{"match":"exact"},"queue.jobs"]');
    await small.text();
    const client = server.router.connect();
    await client.enqueue('jobs', ['x'.repeat(4000)]);
    const big = await join();
    big.send('[64,1,{},"queue.jobs"]');
    await big.text();
    const [, request] = JSON.parse(await big.text()) as [68, number];
    big.send(`[70,${request},{}]`);
    await eventually(() => server.router.stats.realms['realm1']?.deliveries === 0);
    expect(server.router.stats.realms['realm1']?.deliveries).toBe(0);
    client.close();
  });
});

describe('PING', () => {
  it('WAMP-210: is answered with the same payload, in the middle of messages too', async () => {
    await start();
    const peer = await join();
    peer.write(Buffer.concat([rawFrame('abc', 1), rawFrame('[32,1,{},"com.example.a"]'), rawFrame('', 1)]));
    const answers = [await peer.frame(), await peer.frame(), await peer.frame()];
    const texts = answers.map(({ type, payload }) => [type, payload.toString()]);
    expect(texts.filter(([type]) => type === 2)).toEqual([
      [2, 'abc'],
      [2, ''],
    ]);
    expect(texts.filter(([type]) => type === 0)).toHaveLength(1);
  });

  it('is answered before there is a session, and an unasked PONG is passed over', async () => {
    await start();
    const peer = await connect();
    await peer.shakeHands();
    peer.write(Buffer.concat([rawFrame('x', 2), rawFrame('a', 1)]));
    expect(await peer.frame()).toEqual({ type: 2, payload: Buffer.from('a') });
  });

  it('P24: counts as a message: a flood is slowed down, and everybody else is served', async () => {
    await start({ limits: { messagesPerSecond: 5000 } });
    const [flooding, healthy] = [await join(), await join()];
    flooding.write(Buffer.concat(Array.from({ length: 10_000 }, () => rawFrame('', 1))));
    healthy.send('[32,1,{},"com.example.a"]');
    expect(await healthy.text()).toMatch(/^\[33,/);
    await eventually(() => (counts.get('transport.rate_pauses') ?? 0) > 0);
    expect(counts.get('transport.rate_pauses')).toBeGreaterThan(0);
  });

  it('P24: of a client that reads no PONG ends it', async () => {
    const limits = { outboundBytes: 256 * 1024, outboundAgeMs: 300, closeTimeoutMs: 100 };
    const server = await start({ limits: { ...limits, outboundHighWaterBytes: 128 * 1024 } });
    const peer = await join();
    peer.socket.pause();
    const ping = rawFrame(Buffer.alloc(60_000), 1);
    peer.socket.on('error', () => {});
    for (let i = 0; i < 400; i += 1) peer.write(ping);
    await eventually(() => server.router.stats.connections === 0, 5000);
    expect([server.router.stats.connections, counts.get('transport.overloaded')]).toEqual([0, 1]);
  });
});

describe('a hostile client of RawSocket', () => {
  it.each([
    ['7f010000', '7f200000', 'a length that takes no WELCOME'],
    ['7f110000', '7f200000', 'a length that takes no WELCOME'],
    ['7ff00000', '7f100000', 'the serializer that is none'],
    ['7ff40000', '7f100000', 'UBJSON'],
    ['7fff0000', '7f100000', 'a serializer that nobody knows'],
    ['7ff10001', '7f300000', 'reserved bits'],
    ['7ff1ff00', '7f300000', 'reserved bits'],
  ])('P24: that says %s hears %s, and the end (%s)', async (octets, answer) => {
    await start();
    const peer = await connect();
    peer.hex(octets);
    expect((await peer.rest()).toString('hex')).toBe(answer);
  });

  it.each([
    ['STOMP', 'CONNECT\naccept-version:1.2\nhost:/\n\n\0'],
    ['HTTP', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['TLS', '\u0016\u0003\u0001'],
  ])('P24: that speaks %s hears nothing but the end', async (_name, bytes) => {
    await start();
    const peer = await connect();
    peer.write(bytes);
    expect(await peer.rest()).toHaveLength(0);
  });

  it('P24: that begins a handshake and stops is closed at the deadline', async () => {
    await start({ limits: { loginTimeoutMs: 100 } });
    const peer = await connect();
    peer.hex('7ff1');
    expect(await peer.rest()).toHaveLength(0);
  });

  it('P24: that is one of too many hears that the connections are used up', async () => {
    const server = await start({ limits: { maxPendingConnectionsPerAddress: 2 } });
    await Promise.all([connect(), connect()]);
    await eventually(() => server.router.stats.connections === 2);
    const late = await connect();
    late.hex('7ff10000');
    expect((await late.rest()).toString('hex')).toBe('7f400000');
  });

  it('P24: that declares more than it was allowed is closed before it has sent it', async () => {
    const server = await start();
    const peer = await join();
    peer.hex('00100001');
    await peer.ended;
    peer.destroy();
    await eventually(() => server.router.stats.connections === 0);
    expect(server.router.stats.connections).toBe(0);
  });

  it.each(['03000000', '10000000', '08000001'])('P24: that sends the head %s is closed', async (head) => {
    await start();
    const peer = await join();
    peer.hex(head);
    await peer.ended;
  });

  it('that sends more than 64 KiB before WELCOME is closed', async () => {
    await start();
    const peer = await connect();
    await peer.shakeHands();
    peer.hex('0001ffff');
    peer.write(Buffer.alloc(70_000));
    await peer.ended;
  });

  it('that sends text which is no UTF-8 hears an ABORT', async () => {
    await start();
    const peer = await join();
    peer.send(Buffer.from('[16,1,{},"com.example.\xff"]', 'latin1'));
    expect(await peer.text()).toMatch(/^\[3,\{.*\},"wamp\.error\.protocol_violation"\]$/);
  });

  it('that sends an empty message hears an ABORT', async () => {
    await start();
    const peer = await join();
    peer.hex('00000000');
    expect(await peer.text()).toMatch(/^\[3,/);
  });

  it('that resets anywhere leaves nothing behind', async () => {
    const server = await start();
    const whole = Buffer.concat([Buffer.from('7ff10000', 'hex'), rawFrame(HELLO), rawFrame('[32,1,{},"a"]')]);
    for (let at = 0; at < whole.length; at += 5) {
      const peer = await connect();
      peer.write(whole.subarray(0, at));
      await new Promise(setImmediate);
      peer.socket.resetAndDestroy();
    }
    await eventually(() => server.router.stats.connections === 0);
    expect(server.router.stats.connections).toBe(0);
  });
});

describe('a router without WAMP', () => {
  it('speaks no RawSocket', async () => {
    running = await startTestServer({ subprotocols: [stomp()] });
    const failed = running.router.listen({ kind: 'rawsocket', port: 0 });
    await expect(failed).rejects.toThrow(
      'rawsocket needs a subprotocol that answers wamp.2.json or wamp.2.msgpack or wamp.2.cbor.',
    );
  });
});

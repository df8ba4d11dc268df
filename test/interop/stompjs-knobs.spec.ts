import type { StompConfig } from '@stomp/stompjs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import { stomp, wamp } from '../../src/subprotocols/index.js';
import { Mailbox } from '../support/mailbox.js';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { StompClient } from './stompjs-client.js';
import { provideWebSocket } from './web-socket.js';

provideWebSocket();

let server: TestServer;
let clients: StompClient[];

beforeEach(async () => {
  // Heart-beats fast enough for a test to see several.
  const fast = { heartBeat: { minMs: 100, tolerance: 2, graceMs: 600 } };
  server = await startTestServer({ subprotocols: [stomp(fast), wamp()] });
  clients = [];
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.leave()));
  await server.stop();
});

async function connect(config: StompConfig = {}): Promise<StompClient> {
  const client = await StompClient.connect(server.url, config);
  clients.push(client);
  return client;
}

/** Text of several octets a character, without pairs of surrogates, which stompjs may cut in two. */
const LARGE = 'żółw i ślimak; '.repeat(8000);

describe('stompjs', () => {
  it('STOMP-66: may split large frames over many WebSocket messages', async () => {
    const one = await connect({ splitLargeFrames: true });
    const { messages } = await one.listen('/topic/com.example.large');
    one.client.publish({ destination: '/topic/com.example.large', body: LARGE });
    const { body, headers } = await messages.take();
    expect(body === LARGE).toBe(true);
    expect(headers['content-length']).toBe(String(Buffer.byteLength(LARGE)));
  });

  it('STOMP-66: may split every frame into single characters', async () => {
    const one = await connect({ splitLargeFrames: true, maxWebSocketChunkSize: 1 });
    const { messages } = await one.listen('/topic/com.example.crumbs');
    one.client.publish({ destination: '/topic/com.example.crumbs', body: 'żółw', headers: { a: 'b:c' } });
    expect(await messages.take()).toMatchObject({ body: 'żółw', headers: { a: 'b:c' } });
  });

  it('STOMP-65 STOMP-66: is answered with binary messages only if it sends those only', async () => {
    const kinds: string[] = [];
    const one = await connect({ forceBinaryWSFrames: true });
    const socket = one.client.webSocket as unknown as WebSocket;
    socket.addEventListener('message', ({ data }) => kinds.push(typeof data));
    const { messages } = await one.listen('/topic/com.example.binary');
    one.client.publish({ destination: '/topic/com.example.binary', body: 'żółw 𝄞' });
    expect((await messages.take()).body).toBe('żółw 𝄞');
    expect(kinds).toEqual(['object', 'object']);
  });

  it('STOMP-65: gets text as text messages and octets as binary ones', async () => {
    const kinds = new Mailbox<string>();
    const one = await connect();
    const socket = one.client.webSocket as unknown as WebSocket;
    await one.listen('/topic/com.example.kinds');
    socket.addEventListener('message', ({ data }) => kinds.put(typeof data));
    one.client.publish({ destination: '/topic/com.example.kinds', body: 'text' });
    one.client.publish({
      destination: '/topic/com.example.kinds',
      binaryBody: Uint8Array.of(0xff, 0xfe),
    });
    expect([await kinds.take(), await kinds.take()]).toEqual(['string', 'object']);
  });

  it('STOMP-66: may leave content-length out', async () => {
    const one = await connect();
    const { messages } = await one.listen('/topic/com.example.short');
    one.client.publish({
      destination: '/topic/com.example.short',
      body: 'until NUL',
      skipContentLengthHeader: true,
    });
    expect(await messages.take()).toMatchObject({ body: 'until NUL', headers: { 'content-length': '9' } });
  });

  it('STOMP-66: may send content-length twice', async () => {
    const one = await connect();
    const { messages } = await one.listen('/topic/com.example.double');
    one.client.publish({
      destination: '/topic/com.example.double',
      body: 'żółw',
      headers: { 'content-length': '7' },
    });
    expect(await messages.take()).toMatchObject({ body: 'żółw', headers: { 'content-length': '7' } });
  });

  it('STOMP-66: may append the NUL that React Native swallows', async () => {
    const one = await connect({ appendMissingNULLonIncoming: true });
    const { messages } = await one.listen('/topic/com.example.nul');
    one.client.publish({ destination: '/topic/com.example.nul', body: 'once' });
    one.client.publish({ destination: '/topic/com.example.nul', body: 'twice' });
    expect([(await messages.take()).body, (await messages.take()).body]).toEqual(['once', 'twice']);
    expect(messages.left).toEqual([]);
  });
});

describe('heart-beats of stompjs', () => {
  it('STOMP-34: go both ways, and both sides stay for longer than their patience', async () => {
    const beats = new Mailbox<true>();
    const lost: true[] = [];
    const one = await connect({
      heartbeatIncoming: 100,
      heartbeatOutgoing: 100,
      heartbeatToleranceMultiplier: 8,
      onHeartbeatReceived: () => beats.put(true),
      onHeartbeatLost: () => lost.push(true),
    });
    expect(one.connected.headers['heart-beat']).toBe('100,100');
    const begin = performance.now();
    // The patience of both is 800 ms.
    while (performance.now() - begin < 1200) await beats.take();
    expect([one.client.connected, lost, one.errors.left]).toEqual([true, [], []]);
  });

  it('STOMP-33: that stop end the session, with an ERROR', async () => {
    const one = await connect({ heartbeatOutgoing: 100 });
    (one.client.webSocket as unknown as WebSocket).send = () => {};
    expect((await one.errors.take()).headers['message']).toMatch(/heart-beat/);
    expect(await one.closes.take()).toMatchObject({ code: expect.any(Number) });
  });

  it('STOMP-34: are agreed on in one direction only, if that is what it wants', async () => {
    const one = await connect({ heartbeatIncoming: 100 });
    expect(one.connected.headers['heart-beat']).toBe('100,0');
    const other = await connect({ heartbeatOutgoing: 200 });
    expect(other.connected.headers['heart-beat']).toBe('0,200');
  });
});

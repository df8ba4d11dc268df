import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { Mailbox } from '../support/mailbox.js';
import { PlainStomp } from '../support/plain-clients.js';
import { RawSocketPeer, SocketPeer } from '../support/raw-socket-peer.js';
import { startTestServer } from '../support/test-server.js';
import type { TestServer } from '../support/test-server.js';

const HELLO = '[1,"realm1",{"roles":{"publisher":{},"subscriber":{}}}]';
/** Octets that are no text, more than the smallest RawSocket client takes. */
const OCTETS = Buffer.alloc(3000, 0xff);
const BASE64 = OCTETS.toString('base64');

let server: TestServer;
const ends: (() => void)[] = [];

beforeEach(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await server.stop();
});

/** A client that has subscribed; what it hears of the next two messages. */
type Hearing = () => Promise<string>;

async function overWebSocket(): Promise<Hearing> {
  const socket = new WebSocket(server.url, ['wamp.2.json']);
  const heard = new Mailbox<string>();
  socket.on('message', (data: Buffer) => heard.put(data.toString()));
  await once(socket, 'open');
  ends.push(() => socket.terminate());
  socket.send(HELLO);
  await heard.take();
  socket.send('[32,1,{},"com.example.odd"]');
  await heard.take();
  return () => heard.take();
}

async function overLongPoll(): Promise<Hearing> {
  const { url } = await server.router.listen({ kind: 'longpoll', port: 0 });
  const post = async (path: string, body?: string): Promise<string> =>
    (await fetch(`${url}/${path}`, { method: 'POST', ...(body !== undefined && { body }) })).text();
  const { transport } = JSON.parse(await post('open', '{"protocols":["wamp.2.json"]}')) as {
    transport: string;
  };
  ends.push(() => void post(`${transport}/close`));
  await post(`${transport}/send`, HELLO);
  await post(`${transport}/receive`);
  await post(`${transport}/send`, '[32,1,{},"com.example.odd"]');
  await post(`${transport}/receive`);
  return () => post(`${transport}/receive`);
}

async function overRawSocket(handshake: string): Promise<Hearing> {
  const { port } = await server.router.listen({ kind: 'rawsocket', port: 0 });
  const peer = await RawSocketPeer.connect({ port, host: '127.0.0.1' });
  ends.push(() => peer.destroy());
  await peer.shakeHands(handshake);
  peer.send(HELLO);
  await peer.text();
  peer.send('[32,1,{},"com.example.odd"]');
  await peer.text();
  return () => peer.text();
}

async function overTcp(version: string): Promise<Hearing> {
  const { port } = await server.router.listen({ kind: 'stomp-tcp', port: 0 });
  const peer = await SocketPeer.connect({ port, host: '127.0.0.1' });
  ends.push(() => peer.destroy());
  peer.write(`CONNECT\naccept-version:${version}\nhost:realm1\n\n\0`);
  await peer.upTo('\0');
  peer.write('SUBSCRIBE\nid:0\ndestination:/topic/com.example.odd\nreceipt:s\n\n\0');
  await peer.upTo('\0');
  return async () => {
    const head = await peer.upTo('\n\n');
    const [, length = '0'] = /content-length:(\d+)/.exec(head) ?? [];
    const body = await peer.octets(Number(length) + 1);
    return `${head.trim()}\n\n${body.toString('base64')}`;
  };
}

describe('a message that not every receiver can be told', () => {
  it('X11 S9: is a documented substitute for each of them, and whole for the others and its publisher', async () => {
    const json = await overWebSocket();
    const polled = await overLongPoll();
    const small = await overRawSocket('7f210000');
    const large = await overRawSocket('7ff10000');
    const old = await overTcp('1.0');
    const modern = await overTcp('1.2');
    const publisher = await PlainStomp.connect(server.url);
    ends.push(() => publisher.socket.terminate());
    const destination = '/topic/com.example.odd';
    publisher.send(
      'SEND',
      {
        destination,
        'content-type': 'application/octet-stream',
        note: 'two\\nlines',
        plain: 'x',
        receipt: '1',
      },
      OCTETS,
    );
    publisher.send('SEND', { destination, receipt: '2' }, 'short');
    expect([
      (await publisher.next()).headers['receipt-id'],
      (await publisher.next()).headers['receipt-id'],
    ]).toEqual(['1', '2']);

    // JSON has no octets: U+0000 and base64 stand for them.
    for (const hear of [json, polled, large]) {
      expect(await hear()).toContain(`["\\u0000${BASE64}"]`);
      expect(await hear()).toMatch(/\["short"\]\]$/);
    }
    // It takes 2 KiB: what is longer does not reach it.
    expect(await small()).toMatch(/\["short"\]\]$/);
    // STOMP 1.0 has no word for a line end in a header.
    const [one, two] = [await old(), await modern()];
    expect(one).not.toContain('note');
    expect(one).toContain('\nplain:x\n');
    expect(two).toContain('\nnote:two\\nlines\n');
    for (const message of [one, two])
      expect(message.endsWith(Buffer.concat([OCTETS, Buffer.of(0)]).toString('base64'))).toBe(true);
    expect(
      [await old(), await modern()].every((text) => text.endsWith(Buffer.from('short\0').toString('base64'))),
    ).toBe(true);
  });
});

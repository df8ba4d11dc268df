import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { WireValue } from '../../src/serializers/index.js';
import type { StompFrame } from '../support/plain-clients.js';
import { PlainStomp, PlainWamp } from '../support/plain-clients.js';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';

/** What is sent, as WAMP arguments and as the STOMP frame that says the same (`docs/mapping.md`). */
interface Case {
  readonly name: string;
  readonly args?: readonly WireValue[];
  readonly kwargs?: Readonly<Record<string, WireValue>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

const HIGH = Uint8Array.from({ length: 128 }, (_, i) => 0x80 + i);
const HIGH_BASE64 = Buffer.from(HIGH).toString('base64');
const JSON_VALUE = { 'content-type': 'application/json', 'wamp-payload': 'value' };

const CASES: readonly Case[] = [
  { name: 'nothing', headers: {}, body: '' },
  { name: '[[1,2]]', args: [[1, 2]], headers: JSON_VALUE, body: '[1,2]' },
  {
    name: 'kwargs alone',
    kwargs: { a: 1, b: 'two' },
    headers: { 'content-type': 'application/json', 'wamp-payload': 'kwargs' },
    body: '{"a":1,"b":"two"}',
  },
  { name: '2^53 − 1', args: [9007199254740991], headers: JSON_VALUE, body: '9007199254740991' },
  { name: '−0', args: [-0], headers: JSON_VALUE, body: '-0' },
  {
    name: 'bytes nested in objects',
    args: [{ deep: [Uint8Array.of(1, 2, 3)] }],
    headers: JSON_VALUE,
    body: '{"deep":["\\u0000AQID"]}',
  },
  { name: 'NUL', args: ['a\u0000b'], headers: JSON_VALUE, body: '"a\\u0000b"' },
  { name: 'text beyond the BMP', args: ['𝄞 😀'], headers: JSON_VALUE, body: '"𝄞 😀"' },
  {
    name: 'octets 0x80 to 0xff',
    args: [HIGH],
    headers: { 'content-type': 'application/octet-stream', 'wamp-payload': 'bytes' },
    body: HIGH,
  },
];

const KINDS = ['stomp', 'json', 'msgpack', 'cbor'] as const;
type Kind = (typeof KINDS)[number];

let server: TestServer;
let stomp: PlainStomp[];
let wamp: PlainWamp[];

beforeEach(async () => {
  server = await startTestServer();
  stomp = [];
  wamp = [];
});

afterEach(async () => {
  await Promise.all([...stomp, ...wamp].map((client) => client.close()));
  await server.stop();
});

async function connectStomp(): Promise<PlainStomp> {
  const client = await PlainStomp.connect(server.url);
  stomp.push(client);
  return client;
}

async function connectWamp(kind: Exclude<Kind, 'stomp'>): Promise<PlainWamp> {
  const client = await PlainWamp.connect(server.url, kind);
  wamp.push(client);
  return client;
}

/** Subscribes, and returns how to wait for the next event in the receiver's own view. */
async function listen(kind: Kind): Promise<() => Promise<StompFrame | WireValue[]>> {
  if (kind === 'stomp') {
    const client = await connectStomp();
    client.send('SUBSCRIBE', { id: '1', destination: '/topic/com.example.t', receipt: 'r' });
    expect((await client.next()).command).toBe('RECEIPT');
    return () => client.next();
  }
  const client = await connectWamp(kind);
  client.send([32, client.request(), {}, 'com.example.t']);
  expect((await client.next())[0]).toBe(33);
  return () => client.next();
}

async function speak(kind: Kind, what: Case): Promise<void> {
  if (kind === 'stomp') {
    (await connectStomp()).send('SEND', { destination: '/topic/com.example.t', ...what.headers }, what.body);
    return;
  }
  const client = await connectWamp(kind);
  const payload =
    what.kwargs !== undefined ? [what.args ?? [], what.kwargs] : what.args !== undefined ? [what.args] : [];
  client.send([16, client.request(), {}, 'com.example.t', ...payload]);
}

describe.each(KINDS)('from %s', (from) => {
  describe.each(KINDS)('to %s', (to) => {
    it.each(CASES)('C2 C9 C15: carries $name unchanged', async (what) => {
      const next = await listen(to);
      await speak(from, what);
      const event = await next();
      if (Array.isArray(event)) expectEvent(event, what, to);
      else expectMessage(event, what);
    });
  });
});

function expectEvent(event: WireValue[], what: Case, to: Kind): void {
  expect(event[0]).toBe(36);
  // JSON receivers see bytes as the marked string, which the plain client decodes again.
  expect(event[4] ?? []).toEqual(what.args ?? []);
  expect(event[5]).toEqual(what.kwargs === undefined ? undefined : { ...what.kwargs });
  if (what.args === undefined && what.kwargs === undefined) expect(event).toHaveLength(4);
  if (what.name === '−0') expect(Object.is((event[4] as number[])[0], -0)).toBe(true);
  expect(to).not.toBe('stomp');
}

function expectMessage(frame: StompFrame, what: Case): void {
  expect(frame.command).toBe('MESSAGE');
  expect(frame.body).toEqual(Buffer.from(what.body));
  expect(frame.headers['content-type']).toBe(what.headers['content-type']);
  if (what.name === 'octets 0x80 to 0xff') {
    expect(frame.isBinary).toBe(true);
    expect(frame.body.toString('base64')).toBe(HIGH_BASE64);
  }
}

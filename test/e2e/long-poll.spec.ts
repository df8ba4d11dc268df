import { Agent, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import autobahn from 'autobahn';
import { stomp } from '../../src/router/index.js';
import type { ListenOptions, RouterOptions } from '../../src/router/index.js';
import { provideHttpRequest } from '../support/http-request.js';
import { eventually, startTestServer } from '../support/test-server.js';
import type { TestServer } from '../support/test-server.js';

const HELLO = '[1,"realm1",{"roles":{"publisher":{},"subscriber":{},"caller":{},"callee":{}}}]';
let running: TestServer | undefined;
let port = 0;
let agents: Agent[] = [];
let counts = new Map<string, number>();

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

interface ToAsk {
  readonly body?: Buffer | string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

async function start(
  options: RouterOptions = {},
  listen: Partial<ListenOptions & { readonly kind: 'longpoll' }> = {},
): Promise<TestServer> {
  counts = new Map();
  const instrumentation = {
    count: (name: string, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
    event() {},
    defect(where: string, error: unknown) {
      throw new Error(where, { cause: error });
    },
  };
  running = await startTestServer({ ...options, instrumentation });
  ({ port } = await running.router.listen({ kind: 'longpoll', port: 0, ...listen }));
  return running;
}

afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  await running?.stop();
  running = undefined;
});

/** Sends a request, on a connection of its own unless an agent is given. */
function ask(
  path: string,
  { body = '', method = 'POST', headers = {}, signal }: ToAsk = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const agent = new Agent();
    agents.push(agent);
    const sent = request({ port, host: '127.0.0.1', path, method, headers, agent, signal }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const whole = Buffer.concat(chunks);
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: whole,
          text: whole.toString(),
        });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Opens a transport, returns its path. */
async function open(protocol = 'wamp.2.json', headers: Record<string, string> = {}): Promise<string> {
  const { status, text } = await ask('/lp/open', {
    body: JSON.stringify({ protocols: [protocol] }),
    headers,
  });
  expect(status).toBe(200);
  const { transport } = JSON.parse(text) as { transport: string };
  return `/lp/${transport}`;
}

async function join(): Promise<string> {
  const path = await open();
  expect((await ask(`${path}/send`, { body: HELLO })).status).toBe(204);
  expect((await ask(`${path}/receive`)).text).toMatch(/^\[2,\d+,\{"realm":"realm1",/);
  return path;
}

async function leave(path: string): Promise<void> {
  expect((await ask(`${path}/close`)).status).toBe(204);
}

describe('WAMP over long-poll', () => {
  it('opens with the first protocol of the client that it speaks', async () => {
    await start();
    const body = '{"protocols":["wamp.2.flatbuffers","wamp.2.cbor","wamp.2.json"]}';
    const { status, headers, text } = await ask('/lp/open?x=382913', { body });
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'application/json; charset=utf-8',
      'no-store',
    ]);
    expect(JSON.parse(text)).toEqual({
      protocol: 'wamp.2.cbor',
      transport: expect.stringMatching(/^[\w-]{22}$/),
    });
    await leave(`/lp/${(JSON.parse(text) as { transport: string }).transport}`);
  });

  it('names a transport by 128 bits that nobody can guess', async () => {
    await start({ limits: { maxPendingConnectionsPerAddress: 1000 } });
    const paths = await Promise.all(Array.from({ length: 100 }, () => open()));
    expect(new Set(paths.map((path) => path.slice(0, 12))).size).toBe(100);
    await Promise.all(paths.map(leave));
  });

  it('answers one message a request', async () => {
    await start();
    const path = await join();
    for (const number of [1, 2, 3]) await ask(`${path}/send`, { body: `[32,${number},{},"a.b${number}"]` });
    for (const number of [1, 2, 3]) {
      const { status, headers, text } = await ask(`${path}/receive`);
      expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
      expect(text).toMatch(new RegExp(`^\\[33,${number},\\d+\\]$`));
    }
    await leave(path);
  });

  it('answers all messages that wait if they are batched, and takes batches', async () => {
    await start();
    const path = await open('wamp.2.json.batched');
    await ask(`${path}/send`, { body: `${HELLO}\x1e[32,1,{},"a.b"]\x1e[32,2,{},"a.c"]\x1e` });
    const { text } = await ask(`${path}/receive`);
    expect(text.split('\x1e')).toEqual([
      expect.stringMatching(/^\[2,/),
      expect.stringMatching(/^\[33,1,\d+\]$/),
      expect.stringMatching(/^\[33,2,\d+\]$/),
      '',
    ]);
    await leave(path);
  });

  it.each([
    ['wamp.2.msgpack', '9301a67265616c6d3181a5726f6c657381a663616c6c657280', /^9303|^9302/],
    ['wamp.2.cbor', '8301667265616c6d31a165726f6c6573a16663616c6c6572a0', /^8302/],
    ['wamp.2.cbor.batched', '000000198301667265616c6d31a165726f6c6573a16663616c6c6572a0', /^0000....8302/],
  ])('speaks %s', async (protocol, hello, welcome) => {
    await start();
    const path = await open(protocol);
    expect((await ask(`${path}/send`, { body: Buffer.from(hello, 'hex') })).status).toBe(204);
    const { headers, body } = await ask(`${path}/receive`);
    expect(headers['content-type']).toBe('application/octet-stream');
    expect(body.toString('hex')).toMatch(welcome);
    await leave(path);
  });

  it('holds a request until something comes', async () => {
    const server = await start();
    const path = await join();
    await ask(`${path}/send`, { body: '[32,1,{},"com.example.a"]' });
    await ask(`${path}/receive`);
    const waiting = ask(`${path}/receive`);
    const client = server.router.connect();
    await eventually(() => false, 30);
    await client.publish('com.example.a', ['hello']);
    expect((await waiting).text).toMatch(/^\[36,\d+,\d+,\{\},\["hello"\]\]$/);
    client.close();
    await leave(path);
  });

  it('takes messages in the order in which they were sent, over many connections', async () => {
    const server = await start();
    const path = await join();
    const client = server.router.connect();
    const heard: unknown[] = [];
    await client.subscribe('com.example.a', (event) => void heard.push(event.args[0]));
    for (let number = 0; number < 30; number += 1) {
      await ask(`${path}/send`, { body: `[16,${number + 1},{},"com.example.a",[${number}]]` });
    }
    await eventually(() => heard.length === 30);
    expect(heard).toEqual(Array.from({ length: 30 }, (_, number) => number));
    client.close();
    await leave(path);
  });

  it('WAMP-212: answers 202 to what was taken if it keeps to the letter of the specification', async () => {
    await start({}, { profile: 'strict' });
    const path = await open();
    expect((await ask(`${path}/send`, { body: HELLO })).status).toBe(202);
    expect((await ask(`${path}/close`)).status).toBe(202);
  });

  it('is gone after it was closed', async () => {
    const server = await start();
    const path = await join();
    await leave(path);
    await eventually(() => server.router.stats.connections === 0);
    for (const verb of ['receive', 'send']) {
      expect((await ask(`${path}/${verb}`)).status).toBe(404);
    }
    // AutobahnJS closes what a GOODBYE has closed already, and waits for ever if that fails.
    expect((await ask(`${path}/close`)).status).toBe(204);
  });

  it('is unknown after it was closed if the letter of the specification is kept to', async () => {
    const server = await start({}, { profile: 'strict' });
    const path = await open();
    expect((await ask(`${path}/close`)).status).toBe(202);
    await eventually(() => server.router.stats.connections === 0);
    expect((await ask(`${path}/close`)).status).toBe(404);
  });

  it('ends a request that waits when it is closed', async () => {
    await start();
    const path = await join();
    const waiting = ask(`${path}/receive`);
    await eventually(() => false, 20);
    await leave(path);
    expect((await waiting).status).toBe(404);
  });

  it('lets a good-bye be fetched when the router drains, and takes nobody else', async () => {
    const server = await start();
    const path = await join();
    const drained = server.router.drain(3000);
    expect((await ask('/lp/open', { body: '{"protocols":["wamp.2.json"]}' })).status).toBe(503);
    expect((await ask(`${path}/receive`)).text).toMatch(/^\[6,\{.*\},"wamp\.close\.system_shutdown"\]$/);
    await ask(`${path}/send`, { body: '[6,{},"wamp.close.goodbye_and_out"]' });
    await drained;
    expect(server.router.stats.connections).toBe(0);
  });

  it('ends its sessions with its listener', async () => {
    const server = await start();
    const listener = await server.router.listen({ kind: 'longpoll', port: 0, path: '/other' });
    expect(listener.url).toBe(`http://127.0.0.1:${listener.port}/other`);
    ({ port } = listener);
    const { text } = await ask('/other/open', { body: '{"protocols":["wamp.2.json"]}' });
    expect(server.router.stats.connections).toBe(1);
    expect(JSON.parse(text)).toMatchObject({ protocol: 'wamp.2.json' });
    await listener.close();
    expect(server.router.stats.connections).toBe(0);
    await expect(ask('/other/open')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('a request for messages', () => {
  it('WAMP-212: is refused while another one waits', async () => {
    await start();
    const path = await join();
    const first = ask(`${path}/receive`);
    await eventually(() => false, 20);
    const second = await ask(`${path}/receive`);
    expect([second.status, second.text]).toEqual([400, 'One request for messages at a time.\n']);
    await ask(`${path}/send`, { body: '[32,1,{},"a.b"]' });
    expect((await first).text).toMatch(/^\[33,1,/);
    await leave(path);
  });

  it('that was given up makes room for the next, and loses nothing', async () => {
    await start();
    const path = await join();
    const control = new AbortController();
    const first = ask(`${path}/receive`, { signal: control.signal });
    await eventually(() => false, 20);
    control.abort();
    await expect(first).rejects.toThrow();
    await eventually(() => false, 20);
    await ask(`${path}/send`, { body: '[32,1,{},"a.b"]' });
    expect((await ask(`${path}/receive`)).text).toMatch(/^\[33,1,/);
    await leave(path);
  });

  it('is answered 204 after ten seconds without a message', async () => {
    await start();
    const path = await join();
    const begun = performance.now();
    const { status, text } = await ask(`${path}/receive`);
    expect([status, text]).toEqual([204, '']);
    expect(Math.round((performance.now() - begun) / 1000)).toBe(10);
    await leave(path);
  });
});

describe('a client of long-poll that fails', () => {
  it('and never asks again is given up, and nothing is left of it', async () => {
    const server = await start({ limits: { pingIntervalMs: 200, pongTimeoutMs: 200 } });
    await join();
    await eventually(() => server.router.stats.connections === 0, 3000);
    expect(server.router.stats.connections).toBe(0);
  });

  it('and does not log in is closed at the deadline', async () => {
    const server = await start({ limits: { loginTimeoutMs: 100, closeTimeoutMs: 50 } });
    await open();
    await eventually(() => server.router.stats.connections === 0);
    expect(server.router.stats.connections).toBe(0);
  });

  it('B1: and does not fetch what waits is closed when that is too old', async () => {
    const server = await start({ limits: { outboundAgeMs: 200, closeTimeoutMs: 50 } });
    const path = await join();
    await ask(`${path}/send`, { body: '[32,1,{},"a.b"]' });
    await eventually(() => server.router.stats.connections === 0, 3000);
    expect(counts.get('transport.overloaded')).toBe(1);
  });

  it('B1: and does not fetch is congested, then closed above the hard limit', async () => {
    const limits = { outboundHighWaterBytes: 100_000, outboundLowWaterBytes: 1000, outboundBytes: 200_000 };
    const server = await start({ limits: { ...limits, closeTimeoutMs: 50, backlogBytes: 1000 } });
    const path = await join();
    await ask(`${path}/send`, { body: '[32,1,{},"com.example.a"]' });
    const client = server.router.connect();
    for (let i = 0; i < 10; i += 1) await client.publish('com.example.a', ['x'.repeat(40_000)]);
    await eventually(() => server.router.stats.connections === 0, 3000);
    expect(server.router.stats.connections).toBe(0);
    client.close();
  });

  it('B1: and fetches slowly gets everything', async () => {
    const limits = { outboundHighWaterBytes: 100_000, outboundLowWaterBytes: 1000 };
    const server = await start({ limits });
    const path = await join();
    await ask(`${path}/send`, { body: '[32,1,{},"com.example.a"]' });
    await ask(`${path}/receive`);
    const client = server.router.connect();
    for (let i = 0; i < 10; i += 1) await client.publish('com.example.a', [i, 'x'.repeat(40_000)]);
    for (let i = 0; i < 10; i += 1) {
      expect((await ask(`${path}/receive`)).text).toMatch(new RegExp(`^\\[36,\\d+,\\d+,\\{\\},\\[${i},`));
    }
    client.close();
    await leave(path);
  });

  it('and leaves in the middle of an answer is closed: what it was given is lost', async () => {
    const server = await start({
      limits: { outboundBytes: 64 * 1024 * 1024, messageBytes: 16 * 1024 * 1024 },
    });
    const path = await join();
    await ask(`${path}/send`, { body: '[32,1,{},"com.example.a"]' });
    await ask(`${path}/receive`);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`POST ${path}/receive HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n`);
    await eventually(() => false, 30);
    socket.pause();
    const client = server.router.connect();
    await client.publish('com.example.a', ['x'.repeat(15_000_000)]);
    await eventually(() => false, 50);
    socket.resetAndDestroy();
    await eventually(() => server.router.stats.connections === 0, 3000);
    expect(server.router.stats.connections).toBe(0);
    client.close();
  });
});

describe('a hostile client of long-poll', () => {
  it.each([
    ['', 'no body'],
    ['{', 'no JSON'],
    ['[]', 'no dictionary'],
    ['null', 'null'],
    ['{"protocols":"wamp.2.json"}', 'no list'],
    ['{"protocols":[1]}', 'no text'],
    ['{"protocols":[]}', 'nothing'],
    ['{"protocols":["v12.stomp"]}', 'another protocol'],
    ['{"protocols":["__proto__"]}', 'a name of every object'],
    [`{"protocols":["${'x'.repeat(5000)}"]}`, 'too much'],
  ])('WAMP-212: that opens with %j gets 400 (%s)', async (body) => {
    const server = await start();
    expect((await ask('/lp/open', { body })).status).toBe(400);
    await eventually(() => server.router.stats.connections === 0);
  });

  it('is told what is supported', async () => {
    await start();
    expect((await ask('/lp/open', { body: '{"protocols":["x"]}' })).text).toBe(
      'None of the protocols is supported. Supported: wamp.2.json.batched, wamp.2.json, wamp.2.msgpack.batched, ' +
        'wamp.2.msgpack, wamp.2.cbor.batched, wamp.2.cbor.\n',
    );
  });

  it.each([
    '/lp',
    '/lp/',
    '/lp/open/',
    '/lp//receive',
    '/lp/x',
    '/lp/x/receive',
    '/lp/x/y',
    '/ws',
    '/LP/open',
    '//lp/open',
  ])('that asks for %s gets 404', async (path) => {
    await start();
    expect((await ask(path)).status).toBe(404);
  });

  it.each(['GET', 'PUT', 'DELETE', 'PATCH'])('that asks with %s gets 405', async (method) => {
    await start();
    const { status, headers } = await ask('/lp/open', { method });
    expect([status, headers.allow]).toEqual([405, 'POST, OPTIONS']);
  });

  it('that sends more than 64 KiB before WELCOME is closed', async () => {
    const server = await start();
    const path = await open();
    expect((await ask(`${path}/send`, { body: 'x'.repeat(70_000) })).status).toBe(400);
    await eventually(() => server.router.stats.connections === 0);
    expect(server.router.stats.connections).toBe(0);
  });

  it('that sends a message above the limit gets 400 and is closed', async () => {
    const server = await start({ limits: { messageBytes: 2048 } });
    const path = await join();
    expect((await ask(`${path}/send`, { body: `[16,1,{},"a.b",["${'x'.repeat(3000)}"]]` })).status).toBe(400);
    await eventually(() => server.router.stats.connections === 0);
    expect(server.router.stats.connections).toBe(0);
  });

  it('P2: that breaks the protocol can fetch the ABORT, then is gone', async () => {
    const server = await start();
    const path = await open();
    await ask(`${path}/send`, { body: '[32,1,{},"a.b"]' });
    expect((await ask(`${path}/receive`)).text).toMatch(/^\[3,\{.*\},"wamp\.error\.protocol_violation"\]$/);
    await eventually(() => server.router.stats.connections === 0);
    expect((await ask(`${path}/receive`)).status).toBe(404);
  });

  it('that stops in the middle of a body costs nothing but its request', async () => {
    await start();
    const path = await join();
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`POST ${path}/send HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n[32,`);
    await eventually(() => false, 30);
    socket.destroy();
    expect((await ask(`${path}/send`, { body: '[32,1,{},"a.b"]' })).status).toBe(204);
    expect((await ask(`${path}/receive`)).text).toMatch(/^\[33,1,/);
    await leave(path);
  });

  it('H19: that opens too many gets 503 with Retry-After, and others come in when they have gone', async () => {
    await start({ limits: { maxPendingConnectionsPerAddress: 3 } });
    const paths = await Promise.all([open(), open(), open()]);
    const { status, headers } = await ask('/lp/open', { body: '{"protocols":["wamp.2.json"]}' });
    expect([status, Number(headers['retry-after']) > 0]).toEqual([503, true]);
    await Promise.all(paths.map(leave));
    await eventually(() => running?.router.stats.connections === 0);
    await leave(await open());
  });

  it('that brings messages faster than it may is slowed down, and heard in order', async () => {
    const server = await start({ limits: { messagesPerSecond: 20 } });
    const path = await join();
    const client = server.router.connect();
    const heard: unknown[] = [];
    await client.subscribe('com.example.a', (event) => void heard.push(event.args[0]));
    const sent = Array.from({ length: 30 }, (_, number) =>
      ask(`${path}/send`, { body: `[16,${number + 1},{},"com.example.a",[1]]` }),
    );
    for (const answer of sent) expect((await answer).status).toBe(204);
    await eventually(() => heard.length === 30);
    expect(counts.get('transport.rate_pauses')).toBeGreaterThan(0);
    client.close();
    await leave(path);
  });
});

describe('where requests come from', () => {
  const opening = '{"protocols":["wamp.2.json"]}';

  it('H1: is the own origin, an allowed one, or no page; answers are for that origin alone', async () => {
    await start({ origins: ['https://app.example'] });
    const none = await ask('/lp/open', { body: opening });
    expect([none.status, none.headers['access-control-allow-origin']]).toEqual([200, undefined]);
    for (const origin of ['https://app.example', `http://127.0.0.1:${port}`]) {
      const { status, headers, text } = await ask('/lp/open', { body: opening, headers: { Origin: origin } });
      expect([status, headers['access-control-allow-origin'], headers['vary']]).toEqual([
        200,
        origin,
        'Origin',
      ]);
      expect(headers['access-control-allow-credentials']).toBe('true');
      await leave(`/lp/${(JSON.parse(text) as { transport: string }).transport}`);
    }
    await leave(`/lp/${(JSON.parse(none.text) as { transport: string }).transport}`);
  });

  it.each(['https://evil.example', 'null', 'https://app.example.evil.example', 'http://app.example'])(
    'H1: is not %s: 403 for every request, and nothing that lets the page read it',
    async (origin) => {
      await start({ origins: ['https://app.example'] });
      const path = await open();
      const headers = { Origin: origin };
      for (const asked of ['/lp/open', `${path}/receive`, `${path}/send`, `${path}/close`]) {
        const answer = await ask(asked, { body: opening, headers });
        expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([403, undefined]);
      }
      const preflight = await ask('/lp/open', { method: 'OPTIONS', headers });
      expect([preflight.status, preflight.headers['access-control-allow-methods']]).toEqual([403, undefined]);
      await leave(path);
    },
  );

  it('may be asked about before: POST with a Content-Type', async () => {
    await start({ origins: ['https://app.example'] });
    const { status, headers } = await ask('/lp/open', {
      method: 'OPTIONS',
      headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'POST' },
    });
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'Content-Type',
    });
  });

  it('H12: is for a host that is answered', async () => {
    await start({ hosts: ['a.example'] });
    const statusFor = async (host: string): Promise<number | undefined> =>
      (await ask('/lp/open', { headers: { Host: host } })).status;
    expect(await statusFor('b.example')).toBe(421);
    expect(await statusFor('a.example')).toBe(400);
  });

  it('is told to the application’s own check', async () => {
    const asked: unknown[] = [];
    await start({ admit: (request) => (asked.push(request), 402) });
    const { status } = await ask('/lp/open?token=1', { body: opening, headers: { 'X-Y': 'z' } });
    expect(status).toBe(402);
    expect(asked).toMatchObject([
      {
        transport: 'longpoll',
        path: '/lp/open',
        query: 'token=1',
        headers: { 'x-y': 'z' },
        remoteAddress: '127.0.0.1',
      },
    ]);
  });

  it('H15 H16: does not matter if that never answers, or the client leaves before', async () => {
    const server = await start({ admit: () => new Promise(() => {}), limits: { admitTimeoutMs: 150 } });
    const control = new AbortController();
    const left = ask('/lp/open', { body: opening, signal: control.signal });
    const late = ask('/lp/open', { body: opening });
    await eventually(() => server.router.stats.connections === 2);
    control.abort();
    await expect(left).rejects.toThrow();
    expect((await late).status).toBe(503);
    await eventually(() => server.router.stats.connections === 0);
    expect(server.router.stats.connections).toBe(0);
  });
});

describe('AutobahnJS over long-poll', () => {
  beforeEach(() => provideHttpRequest());
  afterEach(() => void Reflect.deleteProperty(globalThis, 'XMLHttpRequest'));

  it('joins, subscribes, publishes, calls and leaves', async () => {
    const server = await start();
    const client = server.router.connect();
    await client.register('com.example.add', ({ args }) => Number(args[0]) + Number(args[1]));
    const connection = new autobahn.Connection({
      realm: 'realm1',
      transports: [{ type: 'longpoll', url: `http://127.0.0.1:${port}/lp` }],
      max_retries: 0,
    } as never);
    const heard: unknown[] = [];
    const closed = new Promise<string>((resolve) => {
      connection.onclose = (reason: string) => {
        resolve(reason);
        return true;
      };
    });
    const sum = await new Promise((resolve, reject) => {
      connection.onopen = (session) => {
        void (async () => {
          await session.subscribe('com.example.topic', (args) => void heard.push(args));
          await client.publish('com.example.topic', ['hello']);
          resolve(await session.call('com.example.add', [20, 22]));
        })().catch(reject);
      };
      connection.open();
    });
    expect(sum).toBe(42);
    await eventually(() => heard.length === 1);
    expect(heard).toEqual([['hello']]);
    connection.close();
    expect(await closed).toBe('closed');
    client.close();
    await eventually(() => server.router.stats.connections === 0);
  });
});

describe('a router without WAMP', () => {
  it('speaks no long-poll', async () => {
    running = await startTestServer({ subprotocols: [stomp()] });
    const failed = running.router.listen({ kind: 'longpoll', port: 0 });
    await expect(failed).rejects.toThrow('longpoll needs a subprotocol that answers wamp.2.json.');
  });
});

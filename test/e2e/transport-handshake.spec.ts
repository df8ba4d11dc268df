import { createServer, get } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Transport } from '../../src/transport/index.js';
import type { Harness as RunningHarness, HarnessOptions } from './transport-harness.js';
import { Harness, until } from './transport-harness.js';
import { RawWebSocket, frameBytes, handshakeBytes } from './raw-web-socket.js';

describe('an upgrade request', () => {
  let running: RunningHarness | undefined;

  async function start(options: HarnessOptions = {}): Promise<RunningHarness> {
    running = await Harness.start(options);
    return running;
  }

  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });

  describe('its subprotocol', () => {
    it('H6: is answered with the first supported token of the client, exactly once', async () => {
      const harness = await start();
      const client = await RawWebSocket.connect(harness.port);
      client.write(handshakeBytes(harness.port, { protocol: 'chat, v2.probe, v1.echo, v1.probe' }));
      const answer = await client.answer();
      expect(answer.status).toBe(101);
      expect(answer.headers.get('sec-websocket-protocol')).toEqual(['v2.probe']);
      expect(answer.headers.get('sec-websocket-accept')).toEqual(['s3pPLMBiTxaQ9kYGzzhZRbK+xOo=']);
      expect(harness.session.handshake).toEqual({ token: 'v2.probe', path: '/ws' });
      client.destroy();
    });

    it('H5: is refused with 400 and the supported ones if it is unknown', async () => {
      const harness = await start();
      const answer = await harness.refused({ protocol: 'chat, superchat' });
      expect([answer.status, answer.body]).toEqual([
        400,
        'None of the offered subprotocols is supported. Supported: v1.echo, v1.probe, v2.probe.\n',
      ]);
      expect(harness.reported('refused')).toEqual([
        { status: 400, reason: 'subprotocol', path: '/ws', remote: '127.0.0.1' },
      ]);
      expect(harness.reported('connected')).toEqual([]);
    });

    it('H7: is refused with 400 if the list is malformed or repeats a token', async () => {
      const harness = await start();
      for (const protocol of [
        'v1.probe,',
        'v1.probe,,v1.echo',
        'v1.probe, v1.probe',
        'v1.probe\xe9',
        'a b',
      ]) {
        const answer = await harness.refused({ protocol });
        expect([protocol, answer.status]).toEqual([protocol, 400]);
        expect(answer.body).toContain('Supported: v1.echo, v1.probe, v2.probe.');
      }
    });

    it('H7: may be spread over two header lines, which are one list', async () => {
      const harness = await start();
      const client = await harness.open({ headers: { 'Sec-WebSocket-Protocol': ['chat', 'v1.probe'] } });
      expect(harness.session.handshake.token).toBe('v1.probe');
      client.destroy();
      const twice = await harness.refused({
        headers: { 'Sec-WebSocket-Protocol': ['v1.probe', 'v1.probe'] },
      });
      expect(twice.status).toBe(400);
    });

    it('H4: is recognised by the first message if none is offered', async () => {
      const harness = await start();
      const client = await harness.open({ protocol: undefined });
      client.send('PROBE 1');
      await until('the session begins', () => harness.sessions.length === 1);
      expect(harness.session.handshake.token).toBeUndefined();
      expect(harness.session.texts).toEqual(['PROBE 1']);
    });

    it('H4: is closed with 1002 if none is offered and nobody recognises the first message', async () => {
      const harness = await start();
      const client = await harness.open({ protocol: undefined });
      client.send('who are you');
      expect(await client.closeFrame()).toEqual({
        code: 1002,
        text: 'No subprotocol was offered, nor recognised. Supported: v1.echo, v1.probe, v2.probe',
      });
    });

    it('H4: is refused with 400 if none is offered and the policy is strict', async () => {
      const harness = await start({ transport: { unnegotiated: 'reject' } });
      const answer = await harness.refused({ protocol: undefined });
      expect([answer.status, answer.body]).toEqual([
        400,
        'No subprotocol was offered. Supported: v1.echo, v1.probe, v2.probe.\n',
      ]);
    });

    it('H8: is not guessed from the first message once a token is negotiated', async () => {
      const harness = await start();
      const client = await harness.open({ protocol: 'v1.probe' });
      client.send('ECHO');
      await until('the message arrives', () => harness.session.received.length === 1);
      expect(harness.session.texts).toEqual(['ECHO']);
    });

    it('H9: fails at construction if two subprotocols claim one token', async () => {
      const harness = await start();
      const one = { name: 'one', tokens: ['x'], open: () => harness.session };
      const two = { name: 'two', tokens: ['y', 'x'], open: () => harness.session };
      const options = harness.options;
      expect(() => new Transport({ ...options, subprotocols: [one, two] })).toThrow(
        'The subprotocols one and two both claim the token x.',
      );
    });
  });

  describe('its place', () => {
    it('H1: is refused with 403 from another origin, and accepted from its own or without one', async () => {
      const harness = await start({ transport: { origins: ['https://app.example.com'] } });
      const own = `http://127.0.0.1:${harness.port}`;
      for (const origin of [own, 'https://app.example.com', undefined]) {
        const client = await harness.open({ headers: { Origin: origin } });
        client.destroy();
      }
      for (const origin of ['https://evil.example.com', 'null', `${own}.evil.com`, 'http://127.0.0.1', '']) {
        const answer = await harness.refused({ headers: { Origin: origin } });
        expect([origin, answer.status]).toEqual([origin, 403]);
      }
    });

    it('H1: is refused with 403 if it brings two origins', async () => {
      const harness = await start();
      const own = `http://127.0.0.1:${harness.port}`;
      const answer = await harness.refused({ headers: { Origin: [own, own] } });
      expect(answer.status).toBe(403);
    });

    it('H3: an allow-list that means everybody is refused at construction', async () => {
      const harness = await start();
      const options = harness.options;
      expect(() => new Transport({ ...options, origins: ['*'] })).toThrow(
        '"*" is not an origin as browsers send it (scheme://host or scheme://host:port).',
      );
    });

    it('H12: is refused with 421 for another host', async () => {
      const harness = await start({ transport: { hosts: ['localhost', '127.0.0.1', '::1'] } });
      for (const host of ['127.0.0.1', `localhost:${harness.port}`, 'LOCALHOST', '[::1]:80']) {
        const client = await harness.open({ headers: { Host: host } });
        client.destroy();
      }
      for (const host of ['evil.example.com', 'localhost.evil.com', 'evil@localhost', '127.0.0.1.evil.com']) {
        const answer = await harness.refused({ headers: { Host: host } });
        expect([host, answer.status]).toEqual([host, 421]);
      }
    });

    it('H11: is served on exactly one spelling of the path', async () => {
      const harness = await start();
      const client = await harness.open({ path: '/ws?token=1' });
      expect(harness.session.link.remote.query).toBe('token=1');
      client.destroy();
      for (const path of [
        '/ws/',
        '//ws',
        '/ws;x',
        '/ws%2f',
        '/%77s',
        '/WS',
        '/./ws',
        '/a/../ws',
        'http://x/ws',
      ]) {
        const answer = await harness.refused({ path });
        expect([path, answer.status]).toEqual([path, 404]);
      }
    });
  });

  describe('its form', () => {
    const wrong = (headers: Record<string, string | readonly string[] | undefined>) => ({ headers });

    it('H10: is refused with 405, 426 or 400 if a part of the handshake is wrong', async () => {
      const harness = await start();
      const table = [
        [{ method: 'POST' }, 405],
        [{ version: '1.0' }, 400],
        [wrong({ Upgrade: 'h2c' }), 426],
        [wrong({ 'Sec-WebSocket-Version': '8' }), 426],
        [wrong({ 'Sec-WebSocket-Version': undefined }), 426],
        [wrong({ 'Sec-WebSocket-Version': '13, 8' }), 426],
        [wrong({ 'Sec-WebSocket-Key': undefined }), 400],
        [wrong({ 'Sec-WebSocket-Key': 'short' }), 400],
        [wrong({ 'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ=='] }), 400],
        [wrong({ Host: ['127.0.0.1', 'evil.example.com'] }), 400],
      ] as const;
      for (const [handshake, status] of table) {
        const answer = await harness.refused(handshake);
        expect([handshake, answer.status]).toEqual([handshake, status]);
      }
    });

    it('H10: tells the version that it wants', async () => {
      const harness = await start();
      const answer = await harness.refused({ headers: { 'Sec-WebSocket-Version': '7' } });
      expect(answer.headers.get('sec-websocket-version')).toEqual(['13']);
    });

    it('H13: survives two thousand headers and a header named __proto__', async () => {
      const harness = await start();
      const many = (length: number, value: string): Record<string, string> =>
        Object.fromEntries(Array.from({ length }, (_, i) => [`X-${i}`, value]));
      const answer = await harness.refused({ headers: many(2001, 'a long value') });
      expect(answer.status).toBe(431);
      const served = await harness.open({ headers: many(2001, 'x') });
      served.destroy();
      const client = await harness.open({ headers: { __proto__x: 'a', ['__proto__']: 'polluted' } });
      expect(Object.getPrototypeOf(harness.session.link.remote.headers)).toBeNull();
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      client.destroy();
    });

    it('H14: is refused with 400 if it brings a body or another request', async () => {
      const harness = await start();
      const smuggled = 'GET /secret HTTP/1.1\r\nHost: x\r\n\r\n';
      for (const handshake of [
        { headers: { 'Content-Length': '5' }, rest: 'hello' },
        { headers: { 'Transfer-Encoding': 'chunked' }, rest: '0\r\n\r\n' },
        { rest: smuggled },
      ]) {
        const answer = await harness.refused(handshake);
        expect(answer.status).toBe(400);
      }
      expect(harness.sessions).toEqual([]);
    });

    it('H14: a body of length zero is none', async () => {
      const harness = await start();
      const client = await harness.open({ headers: { 'Content-Length': '0' } });
      client.destroy();
    });

    it('H14: is ended if it drips, while others are served', async () => {
      const server = createServer({ headersTimeout: 300, connectionsCheckingInterval: 50 });
      const harness = await start({ server });
      const slow = await Promise.all(Array.from({ length: 50 }, () => harness.connect()));
      for (const client of slow) client.write('GET /ws HTTP/1.1\r\n');
      const healthy = await harness.open();
      healthy.send('PROBE');
      await until('a message arrives', () => harness.session.received.length === 1);
      const answers = await Promise.all(slow.map((client) => client.answer()));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([408]));
      await Promise.all(slow.map((client) => client.ended));
    });

    it('W15: may be followed by frames in the same packet, processed in order after the session has begun', async () => {
      const harness = await start();
      const rest = Buffer.concat(['1', '2', '3'].map((payload) => frameBytes({ opcode: 1, payload })));
      const client = await harness.open({ rest });
      await until('three messages arrive', () => harness.session.received.length === 3);
      expect(harness.session.texts).toEqual(['1', '2', '3']);
      client.destroy();
    });
  });

  describe('its admission', () => {
    it('H15: is refused with 503 if the hook does not answer in time, and a late answer is ignored', async () => {
      let decide = (_status: undefined): void => {};
      const admit = (): Promise<undefined> => new Promise((resolve) => (decide = resolve));
      const harness = await start({ transport: { admit }, limits: { admitTimeoutMs: 50 } });
      const answer = await harness.refused();
      expect(answer.status).toBe(503);
      decide(undefined);
      await harness.nothingLeft();
      expect(harness.reported('connected')).toEqual([]);
    });

    it('H15: goes on if the hook answers just in time', async () => {
      const admit = (): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, 20, undefined));
      const harness = await start({ transport: { admit }, limits: { admitTimeoutMs: 2_000 } });
      const client = await harness.open({ rest: frameBytes({ opcode: 1, payload: 'early' }) });
      await until('the message arrives', () => harness.sessions[0]?.received.length === 1);
      expect(harness.session.texts).toEqual(['early']);
      client.destroy();
    });

    it('H16: attaches nothing if the client has gone meanwhile, by reset or by end', async () => {
      const open: ((status: undefined) => void)[] = [];
      const admit = (): Promise<undefined> => new Promise((resolve) => void open.push(resolve));
      const harness = await start({ transport: { admit } });
      const clients = await Promise.all(Array.from({ length: 20 }, () => harness.connect()));
      for (const client of clients) client.write(handshakeBytes(harness.port, { protocol: 'v1.probe' }));
      await until('all are being decided', () => open.length === 20);
      clients.forEach((client, i) => (i % 2 === 0 ? client.socket.resetAndDestroy() : client.socket.end()));
      await until('all are gone', () => harness.transport.connections === 0);
      for (const decide of open) decide(undefined);
      await harness.nothingLeft();
      expect(harness.sessions).toEqual([]);
    });

    it('H17: is refused with 500 if the hook throws or rejects, and the server lives', async () => {
      const errors = [
        () => {
          throw new Error('broken');
        },
        () => Promise.reject(new Error('broken')),
        () => Promise.resolve(200),
        () => undefined,
      ];
      const harness = await start({ transport: { admit: () => errors.shift()?.() } });
      for (let i = 0; i < 3; i += 1) {
        const answer = await harness.refused();
        expect([answer.status, answer.body]).toEqual([500, 'Internal Server Error\n']);
      }
      expect(harness.defects).toEqual(['upgrade', 'upgrade', 'upgrade']);
      const client = await harness.open();
      client.destroy();
    });

    it('H17: ends with 1011 if a subprotocol throws while it opens, and the server lives', async () => {
      let broken = true;
      const harness = await start({
        opened: ({ link }) => {
          link.established();
          if (broken) throw new Error('broken');
        },
      });
      const client = await harness.open();
      expect((await client.closeFrame()).code).toBe(1011);
      expect(harness.defects).toEqual(['session.open']);
      harness.sessions.length = 0;
      broken = false;
      const other = await harness.open();
      other.destroy();
    });

    it('is refused with the status of the hook, which sees the request', async () => {
      const asked: unknown[] = [];
      const harness = await start({
        transport: {
          admit: ({ path, query, headers, remoteAddress }) => {
            asked.push([path, query, headers['x-user'], remoteAddress]);
            return 401;
          },
        },
      });
      const answer = await harness.refused({ path: '/ws?a=b', headers: { 'X-User': 'me' } });
      expect([answer.status, answer.body]).toEqual([401, 'Unauthorized\n']);
      expect(asked).toEqual([['/ws', 'a=b', 'me', '127.0.0.1']]);
    });
  });

  describe('its number', () => {
    it('H19: is refused with 503 and Retry-After above a limit, and served again below it', async () => {
      const harness = await start({ limits: { maxConnections: 2 } });
      const first = await harness.open();
      await harness.open();
      const answer = await harness.refused();
      expect([answer.status, answer.body]).toEqual([503, 'Too many connections (maxConnections).\n']);
      expect(Number(answer.headers.get('retry-after')?.[0])).toBeGreaterThan(0);
      first.destroy();
      await until('one is gone', () => harness.transport.connections === 1);
      await harness.open();
    });

    it('H19: counts sockets without a session apart', async () => {
      const harness = await start({
        limits: { maxPendingConnectionsPerAddress: 2 },
        opened: () => {},
        react: ({ link }) => link.established(),
      });
      const first = await harness.open();
      await harness.open();
      expect((await harness.refused()).body).toBe(
        'Too many connections (maxPendingConnectionsPerAddress).\n',
      );
      first.send('login');
      await until('one has a session', () => harness.transport.pending === 1);
      await harness.open();
    });

    it('is refused with 503 once the transport stops accepting', async () => {
      const harness = await start();
      harness.transport.stopAccepting();
      expect((await harness.refused()).status).toBe(503);
    });
  });
});

describe('one HTTP server', () => {
  let running: RunningHarness | undefined;

  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });

  async function start(options: HarnessOptions = {}): Promise<RunningHarness> {
    running = await Harness.start(options);
    return running;
  }

  it('keeps serving ordinary requests', async () => {
    const { port } = await start();
    const body = await new Promise<string>((resolve) => {
      get({ port, path: '/ws', agent: false }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      });
    });
    expect(body).toBe('plain');
  });

  it('hands upgrades for other paths to the listeners of others, early and late ones', async () => {
    const server = createServer();
    const heard: string[] = [];
    server.on('upgrade', (request, socket) => {
      heard.push(`early ${request.url}`);
      if (request.url === '/early') socket.end('HTTP/1.1 418 Early\r\n\r\n');
    });
    const harness = await start({ server });
    server.on('upgrade', (request, socket) => {
      heard.push(`late ${request.url}`);
      if (request.url === '/late') socket.end('HTTP/1.1 419 Late\r\n\r\n');
    });
    expect((await harness.refused({ path: '/early' })).status).toBe(418);
    expect((await harness.refused({ path: '/late' })).status).toBe(419);
    await harness.open();
    expect(heard).toEqual(['early /early', 'late /early', 'early /late', 'late /late']);
  });

  it('is shared by several transports and given back in any order', async () => {
    const server = createServer();
    const early = (): void => {};
    server.on('upgrade', early);
    const harness = await start({ server });
    const second = new Transport({ ...harness.options, path: '/second' });
    second.attach(server);
    expect(server.listenerCount('upgrade')).toBe(1);
    await harness.open({ path: '/second' });
    harness.transport.detach(server);
    await harness.open({ path: '/second' });
    for (const client of harness.clients) client.destroy();
    await until('the second is empty', () => second.connections === 0);
    second.detach(server);
    expect(server.listeners('upgrade')).toEqual([early]);
    expect(server.listenerCount('newListener')).toBe(0);
    harness.transport.attach(server);
    await harness.open();
  });

  it('serves a protocol of somebody else, registered through the public contract alone', async () => {
    const harness = await start();
    const negotiated = await harness.open({ protocol: 'v1.echo' });
    const recognised = await harness.open({ protocol: undefined });
    for (const client of [negotiated, recognised]) {
      client.send('ECHO');
      expect(await client.text()).toBe('ECHO');
    }
    for (const session of harness.transport.sessions) session.closing(0);
    for (const client of [negotiated, recognised]) {
      expect(await client.text()).toBe('GOODBYE');
      expect(await client.closeFrame()).toEqual({ code: 1001, text: 'the server stops' });
    }
  });

  it('has one transport per path', async () => {
    const harness = await start();
    const second = new Transport(harness.options);
    expect(() => second.attach(harness.server)).toThrow('The path /ws is served on this server already.');
  });

  it('closes its connections with 1001 and resolves when they are gone', async () => {
    const harness = await start();
    const client = await harness.open();
    const closed = harness.transport.close();
    expect(await client.closeFrame()).toEqual({ code: 1001, text: 'The server is closing.' });
    client.close(1001);
    await closed;
    expect(harness.transport.connections).toBe(0);
  });
});

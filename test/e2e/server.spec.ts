import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { WebSocket } from 'ws';
import { loadConfig } from '../../src/server/config/index.js';
import type { ServerConfig } from '../../src/server/config/index.js';
import { startServer } from '../../src/server/index.js';
import type { RunningServer } from '../../src/server/index.js';
import { get, upgradeHeaders } from './http-exchange.js';

let log = '';
const open: { server?: RunningServer; socket?: WebSocket } = {};

beforeEach(() => {
  log = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    log += String(chunk);
    return true;
  });
});

afterEach(async () => {
  open.socket?.terminate();
  await open.server?.stop();
  delete open.socket;
  delete open.server;
  jest.restoreAllMocks();
});

async function start(changes: Partial<ServerConfig> = {}): Promise<RunningServer> {
  const server = await startServer({ ...loadConfig({ env: { PORT: '0' } }), ...changes });
  open.server = server;
  return server;
}

async function connected(server: RunningServer, token = 'v12.stomp'): Promise<WebSocket> {
  const socket = new WebSocket(server.wsUrl, [token]);
  open.socket = socket;
  await once(socket, 'open');
  return socket;
}

describe('/health', () => {
  it('answers 200 with status, version and uptime', async () => {
    const server = await start();
    const { status, headers, body } = await get(`${server.httpUrl}/health`);
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['x-powered-by']).toBeUndefined();
    expect(JSON.parse(body)).toEqual({ status: 'ok', version: '0.1.0', uptimeMs: expect.any(Number) });
  });

  it('answers 503 "draining" while the server drains', async () => {
    const server = await start();
    void server.router.drain(1000);
    const { status, body } = await get(`${server.httpUrl}/health`);
    expect([status, JSON.parse(body)]).toMatchObject([503, { status: 'draining', version: '0.1.0' }]);
  });

  it('is all that HTTP offers', async () => {
    const server = await start();
    expect((await get(`${server.httpUrl}/`)).status).toBe(404);
    expect((await get(`${server.httpUrl}/health/..%2f..%2fetc/passwd`)).status).toBe(404);
  });
});

describe('a server that lets everybody in', () => {
  it('A19: says so loudly when it starts, if others than this machine can reach it', async () => {
    await start({ host: '0.0.0.0', loopback: false, anonymous: true });
    const said = 'everybody who can reach this server comes in without a login';
    expect(log).toMatch(new RegExp(` warn +\\[Server\\] ${said}`));
    await open.server?.stop();
    log = '';
    await start();
    expect(log).not.toContain(said);
  });
});

describe('who is answered', () => {
  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.0.2.1',
    'localhost@evil',
  ])('H12: answers 421 to the host %j on loopback, over HTTP and before the 101', async (host) => {
    const server = await start();
    expect((await get(`${server.httpUrl}/health`, { Host: host })).status).toBe(421);
    const upgrade = await get(`${server.httpUrl}/ws`, upgradeHeaders({ Host: host }));
    expect(upgrade.status).toBe(421);
  });

  it.each(['localhost', 'LOCALHOST:1', '127.0.0.1:99', '[::1]:8080'])(
    'H12: answers the loopback host %j',
    async (host) => {
      const server = await start();
      expect((await get(`${server.httpUrl}/health`, { Host: host })).status).toBe(200);
      const token = { 'Sec-WebSocket-Protocol': 'v12.stomp' };
      expect((await get(`${server.httpUrl}/ws`, upgradeHeaders({ Host: host, ...token }))).status).toBe(101);
    },
  );

  it('answers any host elsewhere, unless hosts are configured', async () => {
    const server = await start({ loopback: false });
    expect((await get(`${server.httpUrl}/health`, { Host: 'a.example' })).status).toBe(200);
    await server.stop();
    const picky = await start({ loopback: false, hosts: ['a.example'] });
    expect((await get(`${picky.httpUrl}/health`, { Host: 'a.example:80' })).status).toBe(200);
    expect((await get(`${picky.httpUrl}/health`, { Host: 'b.example' })).status).toBe(421);
  });

  it('H1: refuses pages of other origins with 403 before the 101, and takes those configured', async () => {
    const server = await start({ origins: ['https://app.example'] });
    const token = { 'Sec-WebSocket-Protocol': 'v12.stomp' };
    const statusFor = async (origin: string): Promise<number> =>
      (await get(`${server.httpUrl}/ws`, upgradeHeaders({ Origin: origin, ...token }))).status;
    expect(await statusFor('https://app.example')).toBe(101);
    expect(await statusFor('https://app.example.evil.example')).toBe(403);
    expect(await statusFor('null')).toBe(403);
  });
});

describe('HTTP limits', () => {
  it('H13: answers 431 to headers above 8 KiB, and serves those below', async () => {
    const server = await start();
    expect((await get(`${server.httpUrl}/health`, { 'X-Filler': 'x'.repeat(9000) })).status).toBe(431);
    expect((await get(`${server.httpUrl}/health`, { 'X-Filler': 'x'.repeat(7000) })).status).toBe(200);
  });

  it('H14: closes a connection whose request does not arrive in time', async () => {
    const config = loadConfig({});
    const server = await start({ limits: { ...config.limits, httpRequestTimeoutMs: 1000 } });
    const { port } = new URL(server.httpUrl);
    const socket = connect(Number(port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.write('GET /health HTTP/1.1\r\nHost: local');
    const begun = performance.now();
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(performance.now() - begun).toBeLessThan(4000);
  });
});

describe('stopping', () => {
  it('answers /health with 503 from the moment on when it is told to stop', async () => {
    const server = await start();
    const socket = await connected(server);
    // A client that does not read keeps the server busy with the closing handshake.
    socket.pause();
    const stopped = server.stop();
    expect((await get(`${server.httpUrl}/health`)).status).toBe(503);
    const token = { 'Sec-WebSocket-Protocol': 'v12.stomp' };
    expect((await get(`${server.httpUrl}/ws`, upgradeHeaders(token))).status).toBe(503);
    await stopped;
  });

  it('says good-bye with 1001, refuses new sockets, then listens no more', async () => {
    const server = await start();
    const socket = await connected(server);
    const closed = once(socket, 'close');
    await server.stop();
    const [code] = await closed;
    expect(code).toBe(1001);
    await expect(get(`${server.httpUrl}/health`)).rejects.toThrow('ECONNREFUSED');
    expect(server.router.stats.connections).toBe(0);
  });

  it('does not wait for a request that never ends', async () => {
    const server = await start();
    const socket = connect(Number(new URL(server.httpUrl).port), '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write('GET /health HTTP/1.1\r\n');
    const begun = performance.now();
    await server.stop();
    expect(performance.now() - begun).toBeLessThan(3000);
  });
});

describe('the log of a server', () => {
  it('H20: has a line for connect and close, and nothing of the query string', async () => {
    const server = await start();
    const socket = new WebSocket(`${server.wsUrl}?ticket=hunter2`, ['v12.stomp']);
    open.socket = socket;
    await once(socket, 'open');
    socket.close(1000, 'bye');
    await once(socket, 'close');
    await server.stop();
    expect(log).toMatch(/ info {2}\[Router\] \S*connect\S* /);
    expect(log).toMatch(/ info {2}\[Router\] \S*close\S* /);
    expect(log).not.toContain('hunter2');
  });
});

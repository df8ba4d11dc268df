import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { once } from 'node:events';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { loadConfig } from '../../src/server/config/index.js';
import { startServer } from '../../src/server/index.js';
import type { RunningServer } from '../../src/server/index.js';
import { firstAnswer } from '../support/login-socket.js';

const PAGE = readFileSync(fileURLToPath(new URL('../../docs/authentication.md', import.meta.url)), 'utf8');
const [, DOCUMENTED = ''] = /^```yaml cookies\.yaml\n([^]*?)^```$/m.exec(PAGE) ?? [];
const ORIGIN = 'https://app.example.com';
const HELLO = '[1,"realm1",{"roles":{"caller":{}}}]';
const CONNECT = 'CONNECT\naccept-version:1.2\nhost:realm1\n\n\0';
const JSON_TYPE = { 'Content-Type': 'application/json' };
const ALICE = { authid: 'alice', ticket: 'sesame street' };

let folder = '';
let server: RunningServer;
const sockets: WebSocket[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mangrove-cookies-'));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await server.stop();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function serve(yaml = DOCUMENTED, env: Record<string, string> = {}): Promise<void> {
  const file = join(folder, 'mangrove.yaml');
  writeFileSync(file, `${yaml}\nlogs: { level: error }\n`);
  server = await startServer(loadConfig({ file, env: { PORT: '0', ...env } }));
}

function post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const said = typeof body === 'string' ? body : JSON.stringify(body);
  const all = { Origin: ORIGIN, ...JSON_TYPE, ...headers };
  return fetch(`${server.httpUrl}${path}`, {
    method: 'POST',
    headers: all,
    ...(body !== undefined && { body: said }),
  });
}

/** Logs in; what the browser sends from now on. */
async function login(who: object = ALICE, headers: Record<string, string> = {}): Promise<string> {
  const answer = await post('/login', who, headers);
  expect(answer.status).toBe(204);
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

function hello(cookie: string, origin = ORIGIN): Promise<string> {
  return firstAnswer(server.wsUrl, 'wamp.2.json', HELLO, { origin, cookie });
}

const NOBODY = '[3,{"message":"The login was refused."},"wamp.error.authentication_required"]';

describe('a web page that logs in by fetch', () => {
  it('A21: gets a cookie that logs its WebSockets in, over both protocols', async () => {
    await serve();
    const answer = await post('/login', ALICE);
    expect([answer.status, await answer.text()]).toEqual([204, '']);
    const setCookie = answer.headers.get('set-cookie') ?? '';
    expect(setCookie).toMatch(
      /^__Host-mangrove=[\w-]{32}\.[\w-]{43}; Max-Age=28800; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
    const cookie = setCookie.split(';')[0] ?? '';
    expect(await hello(cookie)).toMatch(
      /^\[2,\d+,\{.*"authid":"alice","authrole":"member","authmethod":"cookie"/,
    );
    const connected = await firstAnswer(server.wsUrl, 'v12.stomp', CONNECT, { origin: ORIGIN, cookie });
    expect(connected).toMatch(/^CONNECTED\n[^]*\nuser-name:alice\n/);
  });

  it('A21: is nobody any more after its logout, and its sessions end', async () => {
    await serve();
    const cookie = await login();
    const socket = new WebSocket(server.wsUrl, ['wamp.2.json'], { headers: { origin: ORIGIN, cookie } });
    sockets.push(socket);
    await once(socket, 'open');
    socket.send(HELLO);
    await once(socket, 'message');
    const closed = once(socket, 'close');
    const answer = await post('/logout', undefined, { cookie });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([
      204,
      '__Host-mangrove=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure',
    ]);
    await closed;
    expect(await hello(cookie)).toBe(NOBODY);
  });

  it('has one cookie: a new login ends the one before', async () => {
    await serve();
    const first = await login();
    const second = await login(ALICE, { cookie: first });
    expect(await hello(first)).toBe(NOBODY);
    expect(await hello(second)).toContain('"authid":"alice"');
  });

  it('is nobody any more when the time of the cookie is over', async () => {
    await serve();
    const cookie = await login();
    expect(await hello(cookie)).toContain('"authid":"alice"');
    const later = Date.now() + 28_800_001;
    jest.spyOn(Date, 'now').mockImplementation(() => later);
    const answer = await hello(cookie);
    jest.restoreAllMocks();
    expect(answer).toBe(NOBODY);
  });

  it('A21 H3: is nobody with a cookie that was forged or edited', async () => {
    await serve();
    const cookie = await login();
    const [id = '', signature = ''] = cookie.slice('__Host-mangrove='.length).split('.');
    const other = id.startsWith('A') ? `B${id.slice(1)}` : `A${id.slice(1)}`;
    for (const forged of [
      `${other}.${signature}`,
      `${id}.${'A'.repeat(43)}`,
      id,
      `${id}.`,
      `${id}.${signature}.x`,
    ]) {
      expect(await hello(`__Host-mangrove=${forged}`)).toBe(NOBODY);
    }
    expect(await hello(cookie)).toContain('"authid":"alice"');
  });
});

describe('the login of web pages', () => {
  it('A21 H1 H3: refuses pages of other origins, and those that name none', async () => {
    await serve();
    for (const origin of [
      'https://evil.example.com',
      'https://app.example.com.evil.org',
      'null',
      server.httpUrl,
    ]) {
      const answer = await post('/login', ALICE, { Origin: origin });
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect((await post('/logout', undefined, { Origin: origin })).status).toBe(403);
    }
    const silent = await fetch(`${server.httpUrl}/login`, { method: 'POST', body: '{}', headers: JSON_TYPE });
    expect(silent.status).toBe(403);
    const cookie = await login();
    await expect(hello(cookie, 'https://evil.example.com')).rejects.toThrow('403');
  });

  it('lets a page of another origin ask first, if it is listed', async () => {
    await serve();
    const asked = await fetch(`${server.httpUrl}/login`, { method: 'OPTIONS', headers: { Origin: ORIGIN } });
    expect(asked.status).toBe(204);
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'Content-Type',
      vary: 'Origin',
    });
  });

  it('A1 A20: says the same of a wrong secret and of a name that nobody has', async () => {
    await serve();
    const answers = await Promise.all(
      [
        { ...ALICE, ticket: 'wrong' },
        { authid: 'nobody', ticket: 'wrong' },
      ].map((who) => post('/login', who)),
    );
    for (const answer of answers) {
      expect([answer.status, await answer.text(), answer.headers.get('set-cookie')]).toEqual([
        401,
        'The login was refused.\n',
        null,
      ]);
    }
  });

  it('A5: lets an address wait after five failures, together with the logins of both protocols', async () => {
    await serve();
    for (let at = 0; at < 5; at += 1)
      expect((await post('/login', { ...ALICE, ticket: `${at}` })).status).toBe(401);
    const answer = await post('/login', ALICE);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1']);
    const connect = 'CONNECT\naccept-version:1.2\nhost:realm1\nlogin:alice\npasscode:sesame street\n\n\0';
    expect(await firstAnswer(server.wsUrl, 'v12.stomp', connect)).toMatch(/^ERROR\n/);
  });

  it.each([
    ['no JSON', '{', 400],
    ['no object', '[]', 400],
    ['null', 'null', 400],
    ['no ticket', '{"authid":"alice"}', 400],
    ['an empty ticket', '{"authid":"alice","ticket":""}', 400],
    ['a ticket that is no text', '{"authid":"alice","ticket":["sesame street"]}', 400],
    ['a realm that is none', '{"authid":"alice","ticket":"sesame street","realm":"x"}', 400],
    ['too long a body', `{"authid":"alice","ticket":"${'x'.repeat(9000)}"}`, 413],
  ])('refuses %s', async (_what, body, status) => {
    await serve();
    expect((await post('/login', body)).status).toBe(status);
    expect(await hello(await login())).toContain('"authid":"alice"');
  });

  it('A21: refuses what a form of another site could send, and other methods', async () => {
    await serve();
    expect((await post('/login', ALICE, { 'Content-Type': 'text/plain' })).status).toBe(415);
    const got = await fetch(`${server.httpUrl}/login`, { headers: { Origin: ORIGIN } });
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
  });

  it('A21 A12: takes a token for one realm, and the cookie is good for no other', async () => {
    const secret = 'a secret of at least thirty-two bytes';
    await serve(
      `realms: [realm1, realm2]\norigins: [${ORIGIN}]\nauthentication:\n  jwt:\n    - secret: ${secret}\n      realmClaim: realm\n  cookie: {}\n`,
    );
    const token = await new SignJWT({ sub: 'carla', role: 'guest', realm: 'realm2' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1 minute')
      .sign(Buffer.from(secret));
    expect((await post('/login', { ticket: token })).status).toBe(401);
    const answer = await post('/login', { ticket: token, realm: 'realm2' });
    expect(answer.headers.get('set-cookie')).toMatch(/; Max-Age=(?:60|5\d); /);
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    expect(await hello(cookie)).toBe(NOBODY);
    const other = HELLO.replace('realm1', 'realm2');
    const welcome = await firstAnswer(server.wsUrl, 'wamp.2.json', other, { origin: ORIGIN, cookie });
    expect(welcome).toContain('"authid":"carla","authrole":"guest","authmethod":"cookie"');
  });

  it('is not there without cookies in the configuration', async () => {
    await serve(DOCUMENTED.replace(/ {2}cookie:\n(?: {4}.*\n)+/, ''));
    expect((await post('/login', ALICE)).status).toBe(404);
  });

  it('serves them at other paths, under another name', async () => {
    const section =
      'cookie: { loginPath: /auth/in, logoutPath: /auth/out, name: page, sameSite: Lax, secretFile: key }';
    const key = join(folder, 'key');
    writeFileSync(key, `${'k'.repeat(32)}\n`);
    const yaml = DOCUMENTED.replace(/cookie:\n(?: {4}.*\n)+/, `${section.replace('key', key)}\n`);
    await serve(yaml);
    const answer = await post('/auth/in', ALICE);
    expect(answer.headers.get('set-cookie')).toMatch(/^page=[^;]+; .*SameSite=Lax; Secure$/);
    expect((await post('/auth/out')).status).toBe(204);
    expect((await post('/login', ALICE)).status).toBe(404);
  });
});

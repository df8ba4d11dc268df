import { createHash, createHmac, createPrivateKey, pbkdf2Sync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { loadConfig } from '../../src/server/config/index.js';
import { startServer } from '../../src/server/index.js';
import type { RunningServer } from '../../src/server/index.js';
import { LoginSocket, firstAnswer, loginOverStomp, loginOverWamp } from '../support/login-socket.js';

const PAGE = readFileSync(fileURLToPath(new URL('../../docs/authentication.md', import.meta.url)), 'utf8');
const [, PRINCIPALS = ''] = /^```yaml principals\.yaml\n([^]*?)^```$/m.exec(PAGE) ?? [];
/** The secret of all principals of the page. */
const SECRET = 'sesame street';
const KEY = 'CANARY key of tokens, thirty-two bytes and more';
const COOKIE_SECRET = 'CANARY secret of cookies, thirty-two bytes and more';
const ORIGIN = 'https://app.example.com';
const SEED = '6ba4c62bc85e67734c285558496fb1561dec37fbe03852040e17cc7e3197d175';

let folder = '';
let log = '';
let server: RunningServer;
const peers: LoginSocket[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mangrove-logs-'));
});
beforeEach(() => {
  log = '';
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((chunk) => {
      log += String(chunk);
      return true;
    });
  }
});
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  await server.stop();
  jest.restoreAllMocks();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function serve(json: boolean): Promise<void> {
  const file = join(folder, 'mangrove.yaml');
  const more = `  jwt: [{ secret: "${KEY}" }]\n  cookie: { secret: "${COOKIE_SECRET}" }\n  attempts: { failuresPerName: 1000 }\n`;
  const yaml = PRINCIPALS.replace(/ {2}attempts:\n {4}.*\n/, more);
  writeFileSync(file, `${yaml}origins: [${ORIGIN}]\nlogs: { level: debug, json: ${json} }\n`);
  server = await startServer(loadConfig({ file, env: { PORT: '0' } }));
}

const hmac = (key: Uint8Array | string, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();

/** Makes a WAMP login by a challenge; what was sent as the signature. */
async function challenged(
  details: object,
  answer: (extra: Record<string, string>) => string,
): Promise<string> {
  const peer = await LoginSocket.connect(server.wsUrl, 'wamp.2.json');
  peers.push(peer);
  const [code, , extra] = await peer.askWamp([1, 'realm1', { roles: { caller: {} }, ...details }]);
  expect(code).toBe(4);
  const { nonce } = extra as Record<string, string>;
  const signature = answer(extra as Record<string, string>);
  await peer.askWamp([5, signature, nonce === undefined ? {} : { nonce }]);
  return signature;
}

function cra({ challenge, salt }: Record<string, string>): string {
  const key = pbkdf2Sync(SECRET, salt ?? '', 10_000, 32, 'sha256').toString('base64');
  return hmac(key, challenge ?? '').toString('base64');
}

function proof({ nonce, salt, iterations }: Record<string, string>): string {
  const salted = pbkdf2Sync(SECRET, Buffer.from(salt ?? '', 'base64'), Number(iterations), 32, 'sha256');
  const message = `n=bob,r=egVDf3DMJh0=,r=${nonce},s=${salt},i=${iterations},c=biws,r=${nonce}`;
  const clientKey = hmac(salted, 'Client Key');
  const signature = hmac(createHash('sha256').update(clientKey).digest(), message);
  return Buffer.from(clientKey.map((octet, at) => octet ^ (signature[at] ?? 0))).toString('base64');
}

function signed({ challenge }: Record<string, string>): string {
  const der = Buffer.from(`302e020100300506032b657004220420${SEED}`, 'hex');
  const message = Buffer.from(challenge ?? '', 'hex');
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return sign(null, message, key).toString('hex') + message.toString('hex');
}

/** Logs in by every method that sends something, rightly and wrongly; all that has to stay secret. */
async function logInByAllMethods(): Promise<string[]> {
  const token = (end: string) =>
    new SignJWT({ sub: 'dora' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(end)
      .sign(Buffer.from(KEY));
  const [good, ended] = [await token('1 minute'), await token('-1 minute')];
  const secrets = [SECRET, KEY, COOKIE_SECRET, good, ended, 'CANARY'];
  for (const secret of [SECRET, 'CANARY wrong', good, ended]) {
    const name = secret === good || secret === ended ? 'dora' : 'alice';
    await loginOverStomp(server.wsUrl, name, secret);
    await loginOverWamp(server.wsUrl, name, secret);
    const hello = '[1,"realm1",{"roles":{"caller":{}}}]';
    await firstAnswer(server.wsUrl, 'wamp.2.json', hello, { authorization: `Bearer ${secret}` });
    await firstAnswer(`${server.wsUrl}?ticket=CANARY-query`, 'wamp.2.json', hello, {
      cookie: `a=CANARY-${name}`,
    });
  }
  const wampcra = { authmethods: ['wampcra'], authid: 'alice' };
  secrets.push(await challenged(wampcra, cra), await challenged(wampcra, () => 'CANARY'));
  const scram = { authmethods: ['wamp-scram'], authid: 'bob', authextra: { nonce: 'egVDf3DMJh0=' } };
  secrets.push(await challenged(scram, proof), await challenged(scram, () => 'CANARY'));
  const pubkey = '844eb91fd40ca2a8c0cacd6023fab658b9947044acd71c2a4e301d587b522826';
  const cryptosign = { authmethods: ['cryptosign'], authextra: { pubkey } };
  secrets.push(await challenged(cryptosign, signed), await challenged(cryptosign, () => 'CANARY'));
  return [...secrets, ...(await logInByCookie())];
}

async function logInByCookie(): Promise<string[]> {
  const headers = { Origin: ORIGIN, 'Content-Type': 'application/json' };
  for (const body of ['{"ticket":"CANARY', '{"authid":"alice","ticket":"CANARY"}']) {
    await fetch(`${server.httpUrl}/login`, { method: 'POST', headers, body });
  }
  const body = JSON.stringify({ authid: 'alice', ticket: SECRET });
  const answer = await fetch(`${server.httpUrl}/login`, { method: 'POST', headers, body });
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  const session = { origin: ORIGIN, cookie };
  await firstAnswer(server.wsUrl, 'wamp.2.json', '[1,"realm1",{"roles":{"caller":{}}}]', session);
  await fetch(`${server.httpUrl}/logout`, { method: 'POST', headers: { ...headers, Cookie: cookie } });
  return cookie.replace('__Host-mangrove=', '').split('.');
}

describe('the log', () => {
  it('A16: of every method over both protocols, at its most talkative, holds no secret and no payload', async () => {
    await serve(true);
    const secrets = await logInByAllMethods();
    const peer = await LoginSocket.connect(server.wsUrl, 'wamp.2.json');
    peers.push(peer);
    await peer.askWamp([1, 'realm1', { roles: { caller: {} }, authmethods: ['ticket'], authid: 'alice' }]);
    await peer.askWamp([5, SECRET, {}]);
    await peer.askWamp([48, 1, {}, 'com.example.nobody', ['CANARY'], { password: 'CANARY' }]);
    const lines = log.trim().split('\n');
    const entries = lines.map(
      (line) => JSON.parse(line) as { readonly msg: string; readonly authid?: string },
    );
    // It did tell of them.
    const joined = entries
      .filter(({ msg }) => /joined|connected$|logged-in/.test(msg))
      .map(({ authid }) => authid);
    expect([...new Set(joined)].sort()).toEqual(['alice', 'bob', 'carla', 'dora']);
    expect(entries.some(({ msg }) => msg === 'http.login-refused')).toBe(true);
    expect(secrets.length).toBeGreaterThan(12);
    for (const secret of secrets) expect(log).not.toContain(secret);
    expect(log).not.toMatch(/\$(?:scrypt|wampcra|scram)/);
  });

  it('A17: has one line for each entry, whatever clients call themselves', async () => {
    await serve(false);
    const evil = 'x\r\n2026-01-01T00:00:00.000Z info  [Server] forged \u001b[2J\u009b31m\u2028\u0000end';
    const hello = (details: object, realm = 'realm1') =>
      firstAnswer(
        server.wsUrl,
        'wamp.2.json',
        JSON.stringify([1, realm, { roles: { caller: {} }, ...details }]),
      );
    await hello({ authmethods: ['ticket'], authid: evil, agent: evil });
    await hello({ authmethods: [evil], authid: evil });
    await hello({}, evil);
    await loginOverStomp(server.wsUrl, 'x\\r\\nforged\\n2026 info', '\\nforged');
    await loginOverWamp(server.wsUrl, `alice${evil}`, evil);
    const token = await new SignJWT({ sub: 'eve', role: 'user\u001b[31m forged' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1 minute')
      .sign(Buffer.from(KEY));
    await loginOverWamp(server.wsUrl, 'eve', token);
    const peer = await LoginSocket.connect(server.wsUrl, 'wamp.2.json', { 'user-agent': 'forged' });
    peers.push(peer);
    await peer.askWamp([
      1,
      'realm1',
      { roles: { caller: {} }, authmethods: ['ticket'], authid: 'alice', agent: evil },
    ]);
    await peer.askWamp([5, SECRET, {}]);
    await fetch(`${server.httpUrl}/%0a%0dforged`);
    expect(log).toContain('wamp.joined');
    for (const line of log.replace(/\n$/, '').split('\n')) {
      expect(line).toMatch(/^20\d\d-\d\d-\d\dT[\d:.]+Z (?:debug|info|warn|error|fatal|verbose) /);
      expect(line).not.toMatch(/^\S+ \S+ +\[Server\] forged/);
    }
    const controls = [...log].filter((char) => {
      const code = char.charCodeAt(0);
      return (code < 32 && char !== '\n') || (code >= 127 && code < 160) || code === 0x2028;
    });
    expect(controls).toEqual([]);
  });
});

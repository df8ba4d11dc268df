import { createHmac, createHash, createPrivateKey, pbkdf2Sync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { once } from 'node:events';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/server/config/index.js';
import { startServer } from '../../src/server/index.js';
import type { RunningServer } from '../../src/server/index.js';
import { LoginSocket, loginOverStomp, loginOverWamp } from '../support/login-socket.js';

/** The configurations of docs/authentication.md, by their file names. */
const PAGE = readFileSync(fileURLToPath(new URL('../../docs/authentication.md', import.meta.url)), 'utf8');
const CONFIGS = new Map(
  [...PAGE.matchAll(/^```yaml (\S+)\n([^]*?)^```$/gm)].map(([, file, text]) => [file, text ?? '']),
);
const SECRET = 'sesame street';

let folder: string;
let server: RunningServer | undefined;
const peers: LoginSocket[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mangrove-logins-'));
});
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  await server?.stop();
  server = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function serve(name: string): Promise<RunningServer> {
  const file = join(folder, name);
  writeFileSync(file, `${CONFIGS.get(name) ?? ''}\nlogs: { level: error }\n`);
  server = await startServer(loadConfig({ file, env: { PORT: '0' } }));
  return server;
}

async function wamp(headers: Readonly<Record<string, string>> = {}): Promise<LoginSocket> {
  const peer = await LoginSocket.connect(server?.wsUrl ?? '', 'wamp.2.json', headers);
  peers.push(peer);
  return peer;
}

/** Begins a WAMP login; the extra of its CHALLENGE. */
async function challenge(peer: LoginSocket, details: object): Promise<Record<string, unknown>> {
  const [code, , extra] = await peer.askWamp([1, 'realm1', { roles: { caller: {} }, ...details }]);
  expect(code).toBe(4);
  return extra as Record<string, unknown>;
}

function stomp(login: string, passcode: string): Promise<string> {
  return loginOverStomp(server?.wsUrl ?? '', login, passcode);
}

describe('the principals of docs/authentication.md', () => {
  it('log in with a ticket, over both protocols', async () => {
    await serve('principals.yaml');
    expect(await stomp('alice', SECRET)).toContain('\nuser-name:alice\n');
    const peer = await wamp();
    expect(await challenge(peer, { authmethods: ['ticket'], authid: 'alice' })).toEqual({});
    expect((await peer.askWamp([5, SECRET, {}]))[2]).toMatchObject({ authid: 'alice', authrole: 'backend' });
  });

  it('log in with wampcra', async () => {
    await serve('principals.yaml');
    const peer = await wamp();
    const extra = await challenge(peer, { authmethods: ['wampcra'], authid: 'alice' });
    const key = pbkdf2Sync(SECRET, String(extra['salt']), 10_000, 32, 'sha256').toString('base64');
    const signature = createHmac('sha256', key).update(String(extra['challenge'])).digest('base64');
    const [code, session, details] = await peer.askWamp([5, signature, {}]);
    expect([code, details]).toEqual([2, expect.objectContaining({ authid: 'alice', authmethod: 'wampcra' })]);
    expect(JSON.parse(String(extra['challenge']))).toMatchObject({ session, authrole: 'backend' });
  });

  it('log in with wamp-scram', async () => {
    await serve('principals.yaml');
    const peer = await wamp();
    const extra = await challenge(peer, {
      authmethods: ['wamp-scram'],
      authid: 'bob',
      authextra: { nonce: 'egVDf3DMJh0=' },
    });
    const hmac = (key: Uint8Array, text: string) => createHmac('sha256', key).update(text).digest();
    const { nonce, salt, iterations } = extra as Record<string, string>;
    const salted = pbkdf2Sync(SECRET, Buffer.from(salt ?? '', 'base64'), Number(iterations), 32, 'sha256');
    const message = `n=bob,r=egVDf3DMJh0=,r=${nonce},s=${salt},i=${iterations},c=biws,r=${nonce}`;
    const clientKey = hmac(salted, 'Client Key');
    const signature = hmac(createHash('sha256').update(clientKey).digest(), message);
    const proof = Buffer.from(clientKey.map((octet, at) => octet ^ (signature[at] ?? 0))).toString('base64');
    expect((await peer.askWamp([5, proof, { nonce }]))[2]).toMatchObject({
      authid: 'bob',
      authrole: 'user',
      authextra: { verifier: `v=${hmac(hmac(salted, 'Server Key'), message).toString('base64')}` },
    });
  });

  it('log in with cryptosign', async () => {
    await serve('principals.yaml');
    const peer = await wamp();
    const pubkey = '844eb91fd40ca2a8c0cacd6023fab658b9947044acd71c2a4e301d587b522826';
    const seed = '6ba4c62bc85e67734c285558496fb1561dec37fbe03852040e17cc7e3197d175';
    const extra = await challenge(peer, { authmethods: ['cryptosign'], authextra: { pubkey } });
    const drawn = Buffer.from(String(extra['challenge']), 'hex');
    const der = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex');
    const signature = sign(null, drawn, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
    expect((await peer.askWamp([5, Buffer.concat([signature, drawn]).toString('hex'), {}]))[2]).toMatchObject(
      {
        authid: 'carla',
        authrole: 'sensor',
      },
    );
  });

  it('A5: are not guessed: after five failures the right secret does not help either, over both protocols', async () => {
    await serve('principals.yaml');
    for (let at = 0; at < 5; at += 1) expect(await stomp('alice', `guess ${at}`)).toMatch(/^ERROR\n/);
    expect(await stomp('alice', SECRET)).toMatch(/^ERROR\nmessage:authentication failed\n/);
    const peer = await wamp();
    const hello = { roles: { caller: {} }, authmethods: ['ticket'], authid: 'alice' };
    expect(await peer.askWamp([1, 'realm1', hello])).toEqual([
      3,
      { message: 'The login was refused.' },
      'wamp.error.authentication_failed',
    ]);
  });
});

describe('the tokens of docs/authentication.md', () => {
  const token = (claims: object = {}): Promise<string> =>
    new SignJWT({ sub: 'dora', role: 'shop', realm: 'realm1', iss: 'shop', aud: 'mangrove', ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1 minute')
      .sign(Buffer.from('an example, replace it by 32 random bytes'));
  const dora = { authid: 'dora', authrole: 'shop', authmethod: 'jwt' };

  it('let in over STOMP, over WAMP, and with the HTTP request', async () => {
    await serve('tokens.yaml');
    const jwt = await token();
    expect(await stomp('', jwt)).toContain('\nuser-name:dora\n');
    const asked = await wamp();
    await challenge(asked, { authmethods: ['jwt'] });
    expect((await asked.askWamp([5, jwt, {}]))[2]).toMatchObject(dora);
    const bearer = await wamp({ authorization: `Bearer ${jwt}` });
    expect((await bearer.askWamp([1, 'realm1', { roles: { caller: {} } }]))[2]).toMatchObject(dora);
  });

  it('let nobody in for another realm, or with another end of the token', async () => {
    await serve('tokens.yaml');
    expect(await stomp('', await token({ realm: 'realm2' }))).toMatch(/^ERROR\n/);
    const bearer = await wamp({ authorization: `Bearer ${await token()}x` });
    expect((await bearer.askWamp([1, 'realm1', { roles: { caller: {} } }])).slice(0, 3)).toEqual([
      3,
      { message: 'The login was refused.' },
      'wamp.error.authentication_denied',
    ]);
  });
});

describe('the procedure of docs/authentication.md', () => {
  it('decides about logins over both protocols, once somebody who may has registered it', async () => {
    const { wsUrl } = await serve('dynamic.yaml');
    expect(await stomp('erna', SECRET)).toMatch(/^ERROR\nmessage:authentication failed\n/);
    const directory = new WebSocket(wsUrl, ['wamp.2.json']);
    await once(directory, 'open');
    const ask = async (message: unknown): Promise<unknown[]> => {
      const answered = once(directory, 'message');
      directory.send(JSON.stringify(message));
      return JSON.parse(String((await answered)[0])) as unknown[];
    };
    const hello = { roles: { callee: {} }, authmethods: ['wampcra'], authid: 'directory' };
    const [, , extra] = (await ask([1, 'realm1', hello])) as [number, string, Record<string, string>];
    const key = pbkdf2Sync(SECRET, String(extra['salt']), 10_000, 32, 'sha256').toString('base64');
    await ask([5, createHmac('sha256', key).update(String(extra['challenge'])).digest('base64'), {}]);
    expect((await ask([64, 1, {}, 'com.example.authenticate']))[0]).toBe(65);
    directory.on('message', (data: Buffer) => {
      const [, request, , , [, authid, { ticket }]] = JSON.parse(data.toString()) as Invoked;
      const answer = authid === 'erna' && ticket === SECRET ? { role: 'directory' } : null;
      directory.send(JSON.stringify([70, request, {}, [answer]]));
    });
    expect(await stomp('erna', SECRET)).toContain('\nuser-name:erna\n');
    expect(await stomp('erna', 'guess')).toMatch(/^ERROR\nmessage:authentication failed\n/);
    expect(await loginOverWamp(wsUrl, 'erna', SECRET)).toMatchObject({
      authid: 'erna',
      authrole: 'directory',
    });
    directory.terminate();
  });
});

type Invoked = [number, number, number, object, [string, string, { readonly ticket: string }]];

describe('the certificates of docs/authentication.md', () => {
  it('are a configuration that starts, and let nobody in without one', async () => {
    await serve('certificates.yaml');
    expect(await stomp('device7', 'x')).toMatch(/^ERROR\n/);
    expect((await (await wamp()).askWamp([1, 'realm1', { roles: { caller: {} } }]))[2]).toBe(
      'wamp.error.authentication_required',
    );
  });
});

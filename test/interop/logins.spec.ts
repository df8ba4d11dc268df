import autobahn from 'autobahn';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sign as cryptosignSigner } from 'wampy/cryptosign.js';
import { sign as wampcraSigner } from 'wampy/wampcra.js';
import { cryptosignKeyOf } from '../../src/auth/index.js';
import { chain, cryptosign, ticket, wampcra } from '../../src/router/index.js';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import type { Credentials, LoginEnd } from './login-clients.js';
import { loginWithAutobahn, loginWithWampy } from './login-clients.js';
import { provideWebSocket } from './web-socket.js';

provideWebSocket();

/** scrypt of "sesame", at a cost that a test can pay. */
const TICKET = '$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$K7PYNFseA0uC8OQHCv4FP6vWo6X4uSnHP49xTCLsCs8';
/** "L3L1YUE8Txlw" */
const WAMPCRA = '$wampcra$i=1000,l=32$salt123$qzcdsr9uu/L5hnss3kjNTRe490ETgA70ZBaB5rvnJ5Y=';

/** The first keys of RFC 8032. */
const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';

const answerCra =
  (secret: string): Credentials['answer'] =>
  ({ challenge, salt, iterations, keylen }) => {
    const key = salt === undefined ? secret : autobahn.auth_cra.derive_key(secret, salt, iterations, keylen);
    return autobahn.auth_cra.sign(key, challenge);
  };

const clients: [string, (url: string, credentials: Credentials) => Promise<LoginEnd>][] = [
  ['AutobahnJS', loginWithAutobahn],
  ['wampy', loginWithWampy],
];

describe.each(clients)('%s logs in', (client, login) => {
  let server: TestServer;
  beforeEach(async () => {
    const authenticator = chain([
      ticket({ principals: [{ authid: 'tina', ticket: TICKET }] }),
      wampcra({
        principals: [
          { authid: 'peter', role: 'frontend', wampcra: WAMPCRA },
          { authid: 'oldie', wampcra: { secret: 'L3L1YUE8Txlw' } },
        ],
      }),
      cryptosign({ principals: [{ authid: 'carla', role: 'backend', keys: [KEY] }] }),
    ]);
    server = await startTestServer({ authenticator });
  });
  afterEach(() => server.stop());

  it('with a ticket', async () => {
    const tina = { authid: 'tina', method: 'ticket' };
    expect(await login(server.url, { ...tina, answer: () => 'sesame' })).toMatchObject({
      authid: 'tina',
      authrole: 'user',
      authmethod: 'ticket',
      authprovider: 'static',
    });
    expect(await login(server.url, { ...tina, answer: () => 'open' })).toContain('authentication_denied');
  });

  it('with wampcra, salted and not', async () => {
    const sign = client === 'wampy' ? wampySigner : answerCra;
    for (const authid of ['peter', 'oldie']) {
      const credentials = { authid, method: 'wampcra' };
      expect(await login(server.url, { ...credentials, answer: sign('L3L1YUE8Txlw') })).toMatchObject({
        authid,
        authrole: authid === 'peter' ? 'frontend' : 'user',
        authmethod: 'wampcra',
      });
      expect(await login(server.url, { ...credentials, answer: sign('guess') })).toContain(
        'authentication_denied',
      );
    }
  });

  it('with cryptosign', async () => {
    const sign = client === 'wampy' ? wampyCryptosigner : answerCryptosign;
    const carla = { authid: 'carla', method: 'cryptosign', extra: { pubkey: KEY, channel_binding: null } };
    expect(await login(server.url, { ...carla, answer: sign(SEED) })).toMatchObject({
      authid: 'carla',
      authrole: 'backend',
      authmethod: 'cryptosign',
    });
    const other = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb';
    expect(await login(server.url, { ...carla, answer: sign(other) })).toContain('authentication_denied');
  });

  it('A1: is challenged by a name that nobody has, and denied like with a wrong secret', async () => {
    for (const method of ['ticket', 'wampcra']) {
      const credentials = { authid: 'mallory', method, answer: answerCra('guess') };
      const end = await login(
        server.url,
        method === 'ticket' ? { ...credentials, answer: () => 'x' } : credentials,
      );
      expect(end).toContain('authentication_denied');
    }
  });
});

/** wampy's own way to sign. */
function wampySigner(secret: string): Credentials['answer'] {
  return (extra) => wampcraSigner(secret)('wampcra', { challenge: '', ...extra });
}

/** AutobahnJS's way to sign with a key. */
function answerCryptosign(seed: string): Credentials['answer'] {
  // As NaCl keeps it: the seed, and the public key behind it.
  const secretKey = new Uint8Array(Buffer.from(seed + String(cryptosignKeyOf(seed)), 'hex'));
  return (extra) => autobahn.auth_cryptosign.sign_challenge({ secretKey }, extra);
}

/** wampy's. */
function wampyCryptosigner(seed: string): Credentials['answer'] {
  return (extra) => cryptosignSigner(seed)('cryptosign', { challenge: '', ...extra }) as string;
}

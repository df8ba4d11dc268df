import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SecureVersion } from 'node:tls';
import { Authority, CertificateFolder } from '../support/certificates.js';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { LOGINS, SCRAM_LOGIN, loginAuthenticator } from './login-expectations.js';
import { runPython } from './python.js';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ authenticator: loginAuthenticator() });
});

afterAll(() => server.stop());

async function login(serializer: string, method: string, name: string, secret: string): Promise<unknown> {
  const { stdout } = await runPython('wamp_login.py', [server.url, serializer, method, name, secret]);
  return JSON.parse(stdout);
}

/** Of a pair of keys it wants the seed alone. */
const secretOf = (method: string, secret: string): string =>
  method === 'cryptosign' ? secret.slice(0, 64) : secret;

describe.each(['json', 'msgpack', 'cbor'])('Debian’s autobahn over wamp.2.%s logs in', (serializer) => {
  it('as nobody', async () => {
    const nobody = { authmethod: 'anonymous', authrole: 'anonymous' };
    expect(await login(serializer, 'anonymous', '', '')).toMatchObject(nobody);
  });

  it.each([...LOGINS, SCRAM_LOGIN])('with $method, as $authid', async (row) => {
    const { method, authid, secret = '', wrong, authrole } = row;
    expect(await login(serializer, method, authid, secretOf(method, secret))).toEqual({
      authid,
      authrole,
      authmethod: method,
      authprovider: 'static',
    });
    expect(await login(serializer, method, authid, secretOf(method, wrong))).toEqual({
      refused: 'wamp.error.authentication_denied',
    });
  });
});

describe.each<[SecureVersion, string, unknown]>([
  ['TLSv1.2', 'lets it in', { authid: 'carla', authmethod: 'cryptosign' }],
  // Its `tls-unique` is not defined there, and it signs with it though CHALLENGE names no binding.
  ['TLSv1.3', 'refuses it', { refused: 'wamp.error.authentication_denied' }],
])('Debian’s autobahn that binds cryptosign to %s by tls-unique', (version, what, end) => {
  const files = new CertificateFolder();
  const authority = new Authority();
  const ca = files.write('ca.pem', authority.cert);
  const versions = { minVersion: version, maxVersion: version };
  const secure = createServer({ ...authority.issue({ names: ['localhost'] }), ...versions });

  beforeAll(async () => {
    server.router.attach(secure);
    await new Promise<void>((listening) => secure.listen(0, '127.0.0.1', listening));
  });

  afterAll(async () => {
    secure.closeAllConnections();
    await new Promise((closed) => secure.close(closed));
    files.remove();
  });

  it.each(['json', 'cbor'])(`${what} (%s)`, async (serializer) => {
    const { secret = '', authid } = LOGINS.find(({ method }) => method === 'cryptosign')!;
    const url = `wss://localhost:${(secure.address() as AddressInfo).port}${server.router.path}`;
    const args = [url, serializer, 'cryptosign', authid, secretOf('cryptosign', secret), ca, 'tls-unique'];
    const { stdout } = await runPython('wamp_login.py', args);
    expect(JSON.parse(stdout)).toMatchObject(end as object);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import type { Make } from './features/client.js';
import { SERIALIZERS } from './features/client.js';
import { login } from './login-clients.js';
import { LOGINS, loginAuthenticator } from './login-expectations.js';
import { provideWebSocket } from './web-socket.js';

provideWebSocket();

const clients: [string, Make][] = [
  ['AutobahnJS', 'autobahn'],
  ['wampy', 'wampy'],
];
const rows = SERIALIZERS.flatMap((serializer) =>
  clients.map(([client, make]) => [client, serializer, make] as const),
);

describe.each(rows)('%s over wamp.2.%s logs in', (_client, serializer, make) => {
  let server: TestServer;

  beforeEach(async () => {
    server = await startTestServer({ authenticator: loginAuthenticator() });
  });
  afterEach(() => server.stop());

  it.each([{}, { method: 'anonymous' }])('as nobody: %j', async (credentials) => {
    expect(await login(make, server.url, serializer, credentials)).toMatchObject({
      authrole: 'anonymous',
      authmethod: 'anonymous',
    });
  });

  it.each(LOGINS)('with $method, as $authid', async ({ wrong, authrole, ...credentials }) => {
    const { authid, method: authmethod } = credentials;
    expect(await login(make, server.url, serializer, credentials)).toMatchObject({
      authid,
      authrole,
      authmethod,
      authprovider: 'static',
    });
    expect(await login(make, server.url, serializer, { ...credentials, secret: wrong })).toContain(
      'authentication_denied',
    );
  });

  it('A1: is challenged by a name that nobody has, and denied like with a wrong secret', async () => {
    for (const method of ['ticket', 'wampcra']) {
      const credentials = { authid: 'mallory', method, secret: 'guess' };
      expect(await login(make, server.url, serializer, credentials)).toContain('authentication_denied');
    }
  });
});

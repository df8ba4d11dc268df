import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RequestListener } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { bundlePage } from './browser/bundle.js';
import { launchChromium, openPage, serveOn, serving } from './browser/chromium.js';
import type { Make } from './features/client.js';
import { SERIALIZERS } from './features/client.js';
import type { Credentials, LoginEnd } from './login-clients.js';
import { LOGINS, loginAuthenticator } from './login-expectations.js';

let browser: Browser | undefined;
let serve: RequestListener;
let server: TestServer;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  serve = serving(await bundlePage());
  browser = await launchChromium();
}, 60_000);

afterAll(async () => {
  await browser?.close();
});

beforeEach(async () => {
  server = await startTestServer({ authenticator: loginAuthenticator() });
  serveOn(server, serve);
  ({ page, complaints } = await openPage(browser!));
  await page.goto(`http://127.0.0.1:${server.port}/`);
});

afterEach(async () => {
  await page?.close();
  await server.stop();
  expect(complaints).toEqual([]);
});

function login(make: Make, serializer: string, credentials: Credentials): Promise<LoginEnd> {
  const args = [make, server.url, serializer, credentials].map((arg) => JSON.stringify(arg));
  return page.evaluate(`page.login(${args.join(', ')})`);
}

describe.each<[string, Make]>([
  ['AutobahnJS', 'autobahn'],
  ['wampy', 'wampy'],
])('%s in Chromium', (_client, make) => {
  describe.each(SERIALIZERS)('over wamp.2.%s logs in', (serializer) => {
    it('as nobody', async () => {
      const nobody = { authrole: 'anonymous', authmethod: 'anonymous' };
      expect(await login(make, serializer, {})).toMatchObject(nobody);
      expect(await login(make, serializer, { method: 'anonymous' })).toMatchObject(nobody);
    });

    it.each(LOGINS)('with $method, as $authid', async ({ wrong, authrole, ...credentials }) => {
      const { authid, method: authmethod } = credentials;
      const welcome = { authid, authrole, authmethod, authprovider: 'static' };
      expect(await login(make, serializer, credentials)).toMatchObject(welcome);
      expect(await login(make, serializer, { ...credentials, secret: wrong })).toContain(
        'authentication_denied',
      );
    });
  });
});

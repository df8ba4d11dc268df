import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { bundlePage } from './browser/bundle.js';
import { launchChromium, openPage, serving } from './browser/chromium.js';
import type { Make } from './features/client.js';
import { SERIALIZERS } from './features/client.js';
import { OPTIONS, rowsOf } from './features/expectations.js';

/** AutobahnJS answers a GOODBYE of the router's after it has closed the socket. */
const HARMLESS = 'WebSocket is already in CLOSING or CLOSED state.';

let browser: Browser | undefined;
let pages: Server;
let origin: string;
let page: Page;
let complaints: string[];
let server: TestServer;

beforeAll(async () => {
  pages = createServer(serving(await bundlePage()));
  await new Promise<void>((listening) => pages.listen(0, '127.0.0.1', listening));
  origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
  browser = await launchChromium();
}, 60_000);

afterAll(async () => {
  await browser?.close();
  pages.closeAllConnections();
  await new Promise((closed) => pages.close(closed));
});

beforeEach(async () => {
  server = await startTestServer({ ...OPTIONS, origins: [origin] });
  ({ page, complaints } = await openPage(browser!));
  await page.goto(origin);
});

afterEach(async () => {
  await page?.close();
  await server.stop();
  expect(complaints.filter((complaint) => complaint !== HARMLESS)).toEqual([]);
});

/** Has a client go through what it can; what it saw, and what it should have seen. */
async function go(
  url: string,
  make: Make,
  serializer: string,
  by: 'long-poll' | 'streams' = 'streams',
): Promise<readonly [unknown, unknown]> {
  const expected = Object.fromEntries(rowsOf(make, by));
  const args = [url, make, serializer, Object.keys(expected)].map((arg) => JSON.stringify(arg));
  return [await page.evaluate(`page.go(${args.join(', ')})`), expected];
}

describe.each<Make>(['autobahn', 'wampy'])('%s from npm, in Chromium', (make) => {
  it.each(SERIALIZERS)('over wamp.2.%s, has all that it has in Node', async (serializer) => {
    const [saw, expected] = await go(server.url, make, serializer);
    expect(saw).toEqual(expected);
  });
});

describe('autobahn from npm, in Chromium', () => {
  it('over long-poll, has all that it has in Node', async () => {
    const { url } = await server.router.listen({ kind: 'longpoll', port: 0 });
    const [saw, expected] = await go(url, 'autobahn', 'json', 'long-poll');
    expect(saw).toEqual(expected);
  });
});

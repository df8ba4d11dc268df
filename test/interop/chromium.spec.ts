import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { AutobahnClient } from './autobahn-client.js';
import { bundlePage } from './browser/bundle.js';
import { launchChromium, openPage, serveOn, serving } from './browser/chromium.js';
import type { Meeting } from './browser/page.js';
import { ANYBODY, EXPECTED, HISTORY } from './queue-expectations.js';
import { StompClient } from './stompjs-client.js';
import { provideWebSocket } from './web-socket.js';

provideWebSocket();

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
  server = await startTestServer();
  serveOn(server, serve);
  ({ page, complaints } = await openPage(browser!));
});

afterEach(async () => {
  await page?.close();
  await server.stop();
});

describe('in Chromium', () => {
  it.each(['json', 'cbor', 'msgpack'] as const)(
    'stompjs and AutobahnJS over %s hear and call each other',
    async (serializer) => {
      await page.goto(`http://127.0.0.1:${server.port}/`);
      const call = `page.meet(${JSON.stringify(server.url)}, '${serializer}')`;
      const meeting = (await page.evaluate(call)) as Meeting;
      expect(meeting).toEqual({
        protocols: ['v12.stomp', `wamp.2.${serializer}`],
        heardByWamp: { text: 'żółw 𝄞', list: [1, -0.5, null] },
        heardByStomp: '["from WAMP",2]',
        octets: [0, 0x80, 0xff],
        resultForStomp: '9',
        resultForWamp: 'QUIET',
        violations: [],
      });
      expect(complaints).toEqual([]);
    },
  );

  it('a page is heard by clients outside of it', async () => {
    const wamp = await AutobahnClient.join(server.url, 'msgpack');
    const stomp = await StompClient.connect(server.url);
    try {
      const events = await wamp.listen('com.example.page');
      const { messages } = await stomp.listen('/topic/com.example.page');
      await page.goto(`http://127.0.0.1:${server.port}/`);
      await page.evaluate(`page.meet(${JSON.stringify(server.url)}, 'cbor')`);
      expect((await events.take()).args).toEqual([{ text: 'żółw 𝄞', list: [1, -0.5, null] }]);
      expect((await messages.take()).headers['content-type']).toBe('application/json');
    } finally {
      await Promise.all([wamp.leave(), stomp.leave()]);
    }
    expect(complaints).toEqual([]);
  });

  describe.each(['current', '6'])('stompjs (%s)', (version) => {
    it.each(Object.entries(EXPECTED))('works with queues: %s', async (name, expected) => {
      const queues = await startTestServer({ authenticator: ANYBODY, history: HISTORY });
      serveOn(queues, serve);
      try {
        await page.goto(`http://127.0.0.1:${queues.port}/`);
        const call = `page.work(${JSON.stringify(queues.url)}, '${version}', '${name}')`;
        expect(await page.evaluate(call)).toEqual(expected);
        await page.goto('about:blank');
      } finally {
        await queues.stop();
      }
      expect(complaints).toEqual([]);
    });
  });

  describe('a page of another origin', () => {
    const other = createServer((request, response) => serve(request, response));
    let origin: string;

    beforeAll(async () => {
      await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
      origin = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    });

    afterAll(async () => {
      other.closeAllConnections();
      await new Promise((closed) => other.close(closed));
    });

    it('H1: cannot connect', async () => {
      await page.goto(origin);
      expect(await page.evaluate(`page.tryToConnect(${JSON.stringify(server.url)})`)).toBe(1006);
      expect(complaints.join('\n')).toMatch(/403/);
      expect(server.router.stats.realms['realm1']?.sessions).toBe(0);
    });

    it('H1: can connect if that origin is listed', async () => {
      const open = await startTestServer({ origins: [origin] });
      await page.goto(origin);
      expect(await page.evaluate(`page.tryToConnect(${JSON.stringify(open.url)})`)).toBe('connected');
      await page.goto('about:blank');
      await open.stop();
    });
  });
});

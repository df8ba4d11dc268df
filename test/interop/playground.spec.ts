import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { hashTicket } from '../../src/auth/index.js';
import { launchChromium } from './browser/chromium.js';
import { openPage, openTab, startPlayground } from './playground-page.js';
import type { PlaygroundServer, Tab } from './playground-page.js';

// A browser on a busy machine takes its time.
jest.setTimeout(60_000);

const PICTURE = fileURLToPath(new URL('../../docs/images/playground.png', import.meta.url));
const PICTURE_IS_ASKED_FOR = process.env['MANGROVE_PICTURE'] !== undefined;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser | undefined;
let server: PlaygroundServer | undefined;
let contexts: BrowserContext[];

beforeAll(async () => {
  server = await startPlayground(PICTURE_IS_ASKED_FOR ? 8080 : 0);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

beforeEach(() => {
  contexts = [];
});

afterEach(async () => {
  for (const context of contexts) await context.close();
});

async function newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser!.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  contexts.push(context);
  return context;
}

function url(): string {
  if (server === undefined) throw new Error('The server did not start.');
  return server.url;
}

async function openTwoTabs(): Promise<[Tab, Tab]> {
  const context = await newContext();
  return [await openTab(context, url()), await openTab(context, url())];
}

/** Something in every part of the page. */
async function fill({ stomp, wamp }: Tab): Promise<void> {
  await wamp.offer('add');
  await stomp.offer('slow');
  await wamp.call('com.example.fail', '[]');
  await wamp.calls.getByText(/^✗ wamp\.error\.no_such_procedure/).waitFor();
}

describe('the playground', () => {
  it('has a STOMP and a WAMP client that hear each other, in two tabs', async () => {
    const [left, right] = await openTwoTabs();
    await left.stomp.say('from the left by STOMP');
    await right.wamp.say('from the right by WAMP');
    for (const { stomp, wamp } of [left, right]) {
      for (const client of [stomp, wamp]) {
        await client.hears('from the left by STOMP');
        await client.hears('from the right by WAMP');
      }
    }
    expect(await left.stomp.chat.locator('.own').allInnerTexts()).toEqual([
      expect.stringMatching(/^from the left by STOMP\s+you, /),
    ]);
    await right.wamp.chat.locator('.own', { hasText: 'from the right by WAMP' }).waitFor();
    expect([...left.complaints, ...right.complaints]).toEqual([]);
  });

  it('calls from either side what the other offers, in two tabs', async () => {
    const [left, right] = await openTwoTabs();
    await left.wamp.offer('add');
    await right.stomp.offer('echo');
    await right.stomp.call('com.example.add', '[2, 3.5]');
    await right.stomp.shows('add(2, 3.5)', '= 5.5');
    await left.wamp.call('com.example.echo', '[{"a": [1, null]}, "ż"]');
    await left.wamp.shows('echo(', '= [{ "a": [1, null] }, "ż"]');
    await left.stomp.call('com.example.add', '["2"]');
    await left.stomp.shows('add("2")', '✗ wamp.error.invalid_argument: add takes numbers');
    expect([...left.complaints, ...right.complaints]).toEqual([]);
  });

  it.each([
    ['STOMP', 'WAMP'],
    ['WAMP', 'STOMP'],
  ] as const)('shows progress of what %s offers to %s, which can cancel it', async (callee, caller) => {
    const tab = await openTab(await newContext(), url());
    const clients = { STOMP: tab.stomp, WAMP: tab.wamp };
    await clients[callee].offer('slow');
    await clients[caller].call('com.example.slow', '[50]');
    await clients[caller].calls.getByText('2 of 50').waitFor();
    await tab.page.getByRole('button', { name: 'Cancel slow' }).click();
    await clients[caller].calls.getByText(/^✗ wamp\.error\.canceled/).waitFor();
    await clients[caller].call('com.example.slow', '[1]');
    await clients[caller].shows('slow(1)', '= "took 1 steps"');
    expect(tab.complaints).toEqual([]);
  });

  it('shows the frames of both: STOMP with its NUL, WAMP by its names', async () => {
    const { page, stomp, wamp, complaints } = await openTab(await newContext(), url());
    await stomp.say('what goes over the wire');
    await wamp.hears('what goes over the wire');
    await stomp.logs('CONNECT', 'accept-version:1.2');
    await stomp.logs('SEND', 'destination:/topic/com.example.chat');
    await stomp.logs('MESSAGE', 'what goes over the wire␀');
    await wamp.logs('WELCOME', '"realm": "realm1"');
    await wamp.logs('EVENT', '["what goes over the wire"]');

    await page.getByRole('button', { name: 'Pause the WAMP log' }).click();
    await page.getByRole('button', { name: 'Clear the WAMP log' }).click();
    await stomp.say('while it is paused');
    await page.getByText('Resume (1 new)').click();
    await wamp.logs('EVENT', '["while it is paused"]');
    expect(await wamp.frames.getByRole('article').count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  it.each(['msgpack', 'cbor'])('speaks WAMP in %s, too', async (serializer) => {
    const { page, stomp, wamp, complaints } = await openTab(await newContext(), url());
    await page.getByLabel('WAMP serializer').selectOption(serializer);
    await wamp.state.getByText(`Connected as wamp.2.${serializer}`).waitFor();
    await wamp.say('in octets');
    await stomp.hears('in octets');
    await wamp.logs('PUBLISH', 'bytes');
    await wamp.offer('add');
    await stomp.call('com.example.add', '[20, 22]');
    await stomp.shows('add(20, 22)', '= 42');
    expect(complaints).toEqual([]);
  });

  it.each(['1.1', '1.0'])('speaks STOMP %s, too', async (version) => {
    const { page, stomp, wamp, complaints } = await openTab(await newContext(), url());
    await page.getByLabel('STOMP version').selectOption(version);
    await stomp.state.getByText(`Connected as v${version.replace('.', '')}.stomp`).waitFor();
    await stomp.say('in an older tongue');
    await wamp.hears('in an older tongue');
    expect(complaints).toEqual([]);
  });

  it('renders markup as text', async () => {
    const { page, stomp, wamp, complaints } = await openTab(await newContext(), url());
    const markup = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
    await stomp.say(markup);
    await wamp.hears(markup);
    await wamp.call(`com.example.${markup.replaceAll(' ', '')}`, JSON.stringify([markup]));
    await wamp.calls.locator('.call.failed').waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('survives that a procedure is taken: STOMP is refused, comes back and says so', async () => {
    const [left, right] = await openTwoTabs();
    await left.wamp.offer('echo');
    await right.stomp.chip('echo').click();
    await right.stomp.frames.getByText('com.example.echo was refused').waitFor();
    await right.stomp.isConnected(true);
    expect(await right.stomp.chip('echo').getAttribute('aria-pressed')).toBe('false');
    await right.wamp.chip('echo').click();
    await right.wamp.frames.getByText('com.example.echo was refused').waitFor();
    // Within one page a procedure moves from one client to the other.
    await left.stomp.offer('echo');
    expect(await left.wamp.chip('echo').getAttribute('aria-pressed')).toBe('false');
    expect([...left.complaints, ...right.complaints]).toEqual([]);
  });

  it('comes back by itself after the server was restarted, says so, and offers again', async () => {
    const { stomp, wamp, complaints } = await openTab(await newContext(), url());
    const port = Number(new URL(url()).port);
    await wamp.offer('add');
    await stomp.offer('echo');
    await server?.stop();
    await stomp.state.getByText('Connection lost, trying again…').waitFor();
    await wamp.state.getByText('Connection lost, trying again…').waitFor();
    server = await startPlayground(port);
    await Promise.all([stomp.isConnected(true), wamp.isConnected(true)]);
    await Promise.all([stomp.isOffering('echo'), wamp.isOffering('add')]);
    await stomp.frames.getByText(/^connected again after/).waitFor();
    await stomp.say('back again');
    await wamp.hears('back again');
    await stomp.call('com.example.add', '[1, 1]');
    await stomp.shows('add(1, 1)', '= 2');
    // The browser itself reports each attempt to reach a server that is not there.
    expect(complaints.filter((text) => !/WebSocket connection to .* failed/.test(text))).toEqual([]);
  });

  it('disconnects and connects when told to', async () => {
    const { page, stomp, wamp, complaints } = await openTab(await newContext(), url());
    for (const client of [stomp, wamp]) {
      await page.getByRole('button', { name: `Disconnect the ${client.name} client` }).click();
      await client.state.getByText('Not connected').waitFor();
      await page.getByRole('button', { name: `Connect the ${client.name} client` }).click();
      await client.isConnected();
    }
    await wamp.say('here again');
    await stomp.hears('here again');
    expect(complaints).toEqual([]);
  });

  it('logs both clients in where nobody may come in without, and says who was refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mangrove-playground-'));
    const config = join(folder, 'mangrove.yaml');
    const ticket = await hashTicket('open sesame');
    writeFileSync(config, `authentication: { principals: [{ authid: alice, ticket: "${ticket}" }] }`);
    const strict = await startPlayground(0, config);
    try {
      const { page, stomp, wamp, complaints } = await openPage(await newContext(), strict.url);
      await page.getByLabel('Name').fill('alice');
      await page.getByLabel('Ticket').fill('guessed');
      await page.getByRole('button', { name: 'Enter with both' }).click();
      for (const client of [stomp, wamp]) await client.state.getByText(/^Refused: \S/).waitFor();
      await page.getByLabel('Ticket').fill('open sesame');
      await page.getByRole('button', { name: 'Enter with both' }).click();
      await Promise.all([stomp.isConnected(), wamp.isConnected()]);
      await stomp.say('alice is here');
      await wamp.hears('alice is here');
      await stomp.logs('CONNECT', 'passcode:••••••');
      await wamp.logs('AUTHENTICATE', '••••••');
      expect(await page.content()).not.toContain('open sesame');
      expect(complaints).toEqual([]);
    } finally {
      await strict.stop();
      rmSync(folder, { recursive: true });
    }
  });

  it('says what to try, until that is put away', async () => {
    const { page } = await openTab(await newContext(), url());
    expect(await page.locator('.hint').count()).toBe(2);
    await page.getByRole('button', { name: 'Put the STOMP hint away' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Put the WAMP hint away' }).waitFor();
    expect(await page.locator('.hint').count()).toBe(1);
  });

  it('can be used by keyboard alone, and shows where the focus is', async () => {
    const { page, stomp, wamp } = await openTab(await newContext(), url());
    const focused = 'document.activeElement.getAttribute("aria-label")';
    const tabTo = async (label: string) => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate(focused)) === label) break;
      }
      expect(await page.evaluate(focused)).toBe(label);
      expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    };
    await tabTo('Say something as the STOMP client');
    await page.keyboard.type('typed');
    await page.keyboard.press('Enter');
    await wamp.hears('typed');
    await tabTo('Arguments of the STOMP call, a JSON array');
    await page.keyboard.press('Enter');
    await stomp.calls.getByText(/no_such_procedure/).waitFor();
  });

  it('remembers the colours that were chosen', async () => {
    const { page } = await openTab(await newContext({ colorScheme: 'light' }), url());
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await background();
    await page.getByRole('radio', { name: 'dark' }).check();
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.reload();
    expect(await background()).toBe(dark);
  });

  it.each([390, 720, 1024, 1360, 1440])('fits %i pixels without scrolling sideways', async (width) => {
    const tab = await openTab(await newContext({ viewport: { width, height: 844 } }), url());
    await fill(tab);
    await tab.stomp.say('x'.repeat(300));
    await tab.wamp.hears('x'.repeat(300));
    expect(await tab.page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    // Nothing sticks out of the client that it belongs to, either.
    const sticking = `[...document.querySelectorAll('.client')].flatMap((client) => {
      const { left, right } = client.getBoundingClientRect();
      return [...client.querySelectorAll('button, input, select, h2, h3, p')]
        .filter((each) => !each.closest('.unseen'))
        .filter((each) => each.getBoundingClientRect().left < left || each.getBoundingClientRect().right > right)
        .map((each) => each.outerHTML);
    })`;
    expect(await tab.page.evaluate(sticking)).toEqual([]);
  });

  it.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 390],
    ['dark', 390],
  ] as const)('is accessible: axe finds nothing, %s, %i pixels', async (colorScheme, width) => {
    const context = await newContext({ colorScheme, viewport: { width, height: 900 } });
    const tab = await openTab(context, url());
    await fill(tab);
    expect(await violationsOf(tab.page)).toEqual([]);
  });

  it('is the picture of the README', async () => {
    const context = await newContext({ colorScheme: 'light', deviceScaleFactor: 1.5 });
    const tab = await openTab(context, url());
    await converse(tab);
    const picture = await tab.page.screenshot();
    expect(picture.subarray(1, 4).toString()).toBe('PNG');
    if (PICTURE_IS_ASKED_FOR || !existsSync(PICTURE)) {
      mkdirSync(dirname(PICTURE), { recursive: true });
      await tab.page.screenshot({ path: PICTURE });
    }
  });
});

/** What axe-core finds that is more than a trifle. */
async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = (await page.evaluate('axe.run()')) as {
    violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return found.violations
    .filter(({ impact }) => impact !== 'minor')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
}

/** A conversation worth a picture. */
async function converse({ page, stomp, wamp }: Tab): Promise<void> {
  await stomp.offer('slow');
  await wamp.offer('add');
  await stomp.call('com.example.add', '[2, 3]');
  await stomp.shows('add(2, 3)', '= 5');
  await wamp.call('com.example.slow', '[3]');
  await wamp.shows('slow(3)', '= "took 3 steps"');
  await stomp.say('Hello! I left as a SEND.');
  await wamp.hears('Hello! I left as a SEND.');
  await wamp.say('And I heard an EVENT. My PUBLISH becomes your MESSAGE.');
  await stomp.hears('And I heard an EVENT. My PUBLISH becomes your MESSAGE.');
  await wamp.logs('PUBLISHED', '17');
  await page.mouse.move(0, 0);
}

import type { RequestListener, Server } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';

/** Debian's own Chromium; what it would like to tell its maker is switched off. */
const LAUNCH = {
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

/** Starts it. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch(LAUNCH);
}

/** A page, and what it has complained of. */
export interface OpenPage {
  readonly page: Page;
  /** What it threw, and what it logged as a warning or an error. */
  readonly complaints: string[];
}

/** Opens an empty page. */
export async function openPage(browser: Browser): Promise<OpenPage> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  return { page, complaints };
}

/** Serves the page on the endpoint's own server, so on its own origin. */
export function serveOn({ server }: { readonly server: Server }, serve: RequestListener): void {
  server.removeAllListeners('request');
  server.on('request', serve);
}

/** Serves a page and its script. */
export function serving(script: string): RequestListener {
  return (request, response) => {
    if (request.url === '/page.js') {
      response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' }).end(script);
    } else if (request.url === '/') {
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
        .end(
          '<!doctype html><title>Mangrove</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
        );
    } else {
      response.writeHead(404).end();
    }
  };
}

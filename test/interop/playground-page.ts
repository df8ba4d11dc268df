import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { built } from '../e2e/built.js';

/** How long the page may take for anything, in ms; only a failing test waits so long. */
const PATIENCE_MS = 8000;

/** A server process that serves the playground. */
export interface PlaygroundServer {
  readonly url: string;
  /** Ends it as Ctrl-C does. */
  stop(): Promise<void>;
}

/** Starts the built server; port 0 takes a free one. */
export async function startPlayground(port = 0, config?: string): Promise<PlaygroundServer> {
  const args = [built('main.js'), 'serve', ...(config === undefined ? [] : ['--config', config])];
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'] ?? '', PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await announced(child);
  return {
    url,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGINT');
      await exited;
    },
  };
}

async function announced(child: ChildProcess): Promise<string> {
  let written = '';
  for await (const chunk of child.stdout ?? []) {
    written += String(chunk);
    if (!written.includes('logins')) continue;
    // Read on, or the server would be stopped by a full pipe.
    child.stdout?.resume();
    const url = /playground +(http:\S+)\n/.exec(written)?.[1];
    if (url !== undefined) return url;
    child.kill();
    break;
  }
  throw new Error(`The server did not say where the playground is: ${written}`);
}

/** One client of the page. */
export class ClientOnPage {
  readonly state: Locator;
  readonly chat: Locator;
  readonly calls: Locator;
  readonly frames: Locator;

  constructor(
    readonly page: Page,
    readonly name: 'STOMP' | 'WAMP',
  ) {
    this.state = page.getByRole('status', { name: `${name} connection` });
    this.chat = page.getByRole('log', { name: `${name} messages` });
    this.calls = page.getByRole('log', { name: `${name} calls` });
    this.frames = page.getByRole('log', { name: `${name} frames` });
  }

  async isConnected(again = false): Promise<void> {
    await this.state.getByText(again ? /^Connected again/ : /^Connected/).waitFor();
  }

  async say(text: string): Promise<void> {
    await this.page.getByLabel(`Say something as the ${this.name} client`).fill(text);
    await this.page
      .getByRole('region', { name: `${this.name} chat` })
      .getByRole('button')
      .click();
  }

  async hears(text: string): Promise<void> {
    await this.chat.getByText(text, { exact: true }).waitFor();
  }

  chip(procedure: string): Locator {
    const group = this.page.getByRole('group', { name: `Procedures that the ${this.name} client offers` });
    return group.getByRole('button', { name: procedure });
  }

  /** Offers a demo procedure, and waits until it is registered. */
  async offer(procedure: string): Promise<void> {
    await this.chip(procedure).click();
    await this.isOffering(procedure);
  }

  async isOffering(procedure: string): Promise<void> {
    await this.page.locator(`.${this.name.toLowerCase()} .chip.registered`, { hasText: procedure }).waitFor();
  }

  async call(uri: string, args: string): Promise<void> {
    await this.page.getByLabel(`Procedure that the ${this.name} client calls`).fill(uri);
    await this.page.getByLabel(`Arguments of the ${this.name} call`).fill(args);
    await this.page
      .getByRole('region', { name: `${this.name} procedures` })
      .getByRole('button', { name: 'Call', exact: true })
      .click();
  }

  /** Waits for a call that is shown so, such as `add(2, 3)= 5`. */
  async shows(call: string, outcome: string): Promise<void> {
    await this.calls.locator('.call', { hasText: call }).getByText(outcome, { exact: true }).waitFor();
  }

  /** Waits for a frame of that name that holds the text. */
  async logs(title: string, text: string): Promise<void> {
    await this.frames.locator('article', { hasText: title }).filter({ hasText: text }).first().waitFor();
  }
}

/** A tab with the page, and what it complained about. */
export interface Tab {
  readonly page: Page;
  readonly stomp: ClientOnPage;
  readonly wamp: ClientOnPage;
  /** Errors and warnings of the console, uncaught errors, violations of the policy, dialogs, requests elsewhere. */
  readonly complaints: string[];
}

/** Opens the page in a new tab; both clients are connected. */
export async function openTab(context: BrowserContext, url: string): Promise<Tab> {
  const tab = await openPage(context, url);
  await Promise.all([tab.stomp.isConnected(), tab.wamp.isConnected()]);
  return tab;
}

/** Opens the page in a new tab. */
export async function openPage(context: BrowserContext, url: string): Promise<Tab> {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`uncaught: ${String(error)}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (new URL(request.url()).host !== new URL(url).host) complaints.push(`elsewhere: ${request.url()}`);
  });
  await page.addInitScript(`
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error('violates ' + violatedDirective + ': ' + blockedURI));`);
  await page.goto(url);
  return {
    page,
    stomp: new ClientOnPage(page, 'STOMP'),
    wamp: new ClientOnPage(page, 'WAMP'),
    complaints,
  };
}

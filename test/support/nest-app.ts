import { expect } from '@jest/globals';
import { Module } from '@nestjs/common';
import type { INestApplication, Provider, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { MANGROVE_ROUTER, MangroveModule } from '../../src/nest/index.js';
import type { MangroveModuleOptions } from '../../src/nest/index.js';
import type { Router } from '../../src/router/index.js';
import { PlainStomp, PlainWamp } from './plain-clients.js';
import { eventually } from './test-server.js';
import { NOTHING_HELD } from './nothing-held.js';

/** The HTTP platforms of Nest. */
export const PLATFORMS = ['express', 'fastify'] as const;

/** How an application is started. */
export interface NestAppOptions {
  readonly platform?: (typeof PLATFORMS)[number];
  /** Called before it listens: global pipes, adapters. */
  readonly configure?: (app: INestApplication) => void;
}

/** A Nest application that listens on a free loopback port. */
export interface NestApp {
  readonly app: INestApplication;
  /** `127.0.0.1:port` */
  readonly authority: string;
  /** The endpoint of the module without a name. */
  readonly url: string;
  /** Closes it, and checks that nothing is left of the routers. */
  close(): Promise<void>;
}

/** Starts an application. */
export async function startNestApp(root: Type, options: NestAppOptions = {}): Promise<NestApp> {
  const quiet = { logger: false, abortOnError: false } as const;
  const app =
    options.platform === 'fastify'
      ? await NestFactory.create(root, new FastifyAdapter(), quiet)
      : await NestFactory.create(root, quiet);
  options.configure?.(app);
  try {
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  const authority = (await app.getUrl()).replace('http://', '');
  let closed: Promise<void> | undefined;
  return { app, authority, url: `ws://${authority}/ws`, close: () => (closed ??= close(app)) };
}

async function close(app: INestApplication): Promise<void> {
  const routers = app.get<unknown, Router>(MANGROVE_ROUTER, { strict: false, each: true });
  await app.close();
  for (const router of routers) {
    // A socket that was refused is watched until it is gone.
    await eventually(() => router.stats.timers === 0);
    const { stats, realms } = router;
    const empty = Object.fromEntries(realms.map((name) => [name, NOTHING_HELD]));
    expect(stats).toEqual({ connections: 0, timers: 0, realms: empty });
  }
}

/** What an application is made of. */
export interface NestParts extends NestAppOptions {
  readonly providers?: Provider[];
  readonly controllers?: Type[];
  /** Of the module. */
  readonly options?: MangroveModuleOptions;
}

/** Applications and clients of one test; `end` ends them all. */
export class NestTestBed {
  readonly #apps: NestApp[] = [];
  readonly #clients: (PlainStomp | PlainWamp)[] = [];

  /** Starts an application with a module without a name. */
  async start({ providers = [], controllers = [], options = {}, ...how }: NestParts): Promise<NestApp> {
    @Module({ imports: [MangroveModule.forRoot({ drainMs: 500, ...options })], providers, controllers })
    class Root {}
    const app = await startNestApp(Root, how);
    this.#apps.push(app);
    return app;
  }

  /** A WAMP client that takes progressive results and can cancel. */
  async wamp(app: NestApp): Promise<PlainWamp> {
    const features = { progressive_call_results: true, call_canceling: true };
    const client = await PlainWamp.connect(app.url, 'json', features);
    this.#clients.push(client);
    return client;
  }

  async stomp(app: NestApp): Promise<PlainStomp> {
    const client = await PlainStomp.connect(app.url);
    this.#clients.push(client);
    return client;
  }

  async end(): Promise<void> {
    for (const client of this.#clients.splice(0)) await client.close();
    for (const app of this.#apps.splice(0)) await app.close();
  }
}

/** CALL; the answer as {@link nextAnswer} gives it. */
export async function call(client: PlainWamp, procedure: string, ...payload: unknown[]): Promise<unknown[]> {
  client.send([48, client.request(), {}, procedure, ...payload]);
  return nextAnswer(client);
}

/** The next answer to a call, without its request id: `['result', …]` or `['error', uri, …]`. */
export async function nextAnswer(client: PlainWamp): Promise<unknown[]> {
  const message = await client.next();
  if (message[0] === 50) return ['result', ...message.slice(3)];
  if (message[0] === 8) return ['error', ...message.slice(4)];
  throw new Error(`unexpected ${JSON.stringify(message)}`);
}

import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import type { Router, RouterOptions } from '../../src/router/index.js';
import { createRouter } from '../../src/router/index.js';
import { NOTHING_HELD } from './nothing-held.js';

/** A router on a server of its own, on a free loopback port. */
export interface TestServer {
  readonly router: Router;
  readonly server: Server;
  readonly port: number;
  readonly url: string;
  /** What was reported as a defect: must stay empty. */
  readonly defects: unknown[];
  /** Waits until nothing is left, checks that, and stops. The end of every end-to-end test. */
  stop(): Promise<void>;
}

/** Starts a router as `createRouter` makes it. */
export async function startTestServer(options: RouterOptions = {}): Promise<TestServer> {
  const defects: unknown[] = [];
  const instrumentation = {
    count() {},
    event() {},
    defect: (where: string, error: unknown) => void defects.push({ where, error }),
    ...options.instrumentation,
  };
  const router = createRouter({ ...options, instrumentation });
  const server = createServer((_request, response) => response.writeHead(404).end());
  router.attach(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return { router, server, port, url: `ws://127.0.0.1:${port}${router.path}`, defects, stop };

  async function stop(): Promise<void> {
    const realms = Object.fromEntries(router.realms.map((name) => [name, NOTHING_HELD]));
    const nothing = { connections: 0, timers: 0, realms };
    // A session hears of its end in the turn after the socket's.
    await eventually(() => isIdle(router.stats), 3000);
    const { stats } = router;
    await router.close();
    await new Promise<void>((closed) => {
      server.closeAllConnections();
      server.close(() => closed());
    });
    expect(defects).toEqual([]);
    expect(stats).toEqual(nothing);
  }
}

/** Whether nobody is attached, and nothing is held but queues. */
function isIdle({ connections, timers, realms }: Router['stats']): boolean {
  const held = Object.values(realms).map(({ queues: _queues, ...others }) => Object.values(others));
  return [connections, timers, ...held.flat()].every((count) => count === 0);
}

/** Waits until a condition holds, or the time is over; the caller's expectation tells which. */
export async function eventually(condition: () => boolean, withinMs = 2000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition() && performance.now() < deadline) await new Promise((go) => setTimeout(go, 5));
}

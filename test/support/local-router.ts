import { expect } from '@jest/globals';
import type { LocalClient, Router, RouterOptions } from '../../src/router/index.js';
import { MangroveError, createRouter } from '../../src/router/index.js';
import { NOTHING_HELD } from './nothing-held.js';

/** A router without a server, and a client of this process. */
export interface LocalRouter {
  readonly router: Router;
  readonly client: LocalClient;
  /** What was reported as a defect; what a test expects there it takes. */
  readonly defects: unknown[];
  /** Closes the router and checks that nothing is left, and that nothing else was reported. */
  stop(): Promise<void>;
}

/** Starts a router as `createRouter` makes it, with a client that says nothing about itself. */
export function startLocalRouter(options: RouterOptions = {}): LocalRouter {
  const defects: unknown[] = [];
  const instrumentation = {
    count() {},
    event() {},
    defect: (_where: string, error: unknown) => void defects.push(error),
  };
  const router = createRouter({ instrumentation, ...options });
  return { router, client: router.connect(), defects, stop };

  async function stop(): Promise<void> {
    await router.close();
    expect(router.stats).toEqual({ connections: 0, timers: 0, realms: { realm1: NOTHING_HELD } });
    expect(defects).toEqual([]);
  }
}

/** Lets one turn of the event loop go by. */
export function turn(): Promise<void> {
  return new Promise((go) => setImmediate(go));
}

/** The error that a promise is rejected with, as [uri, args, kwargs]. */
export async function refusal(promise: Promise<unknown>): Promise<readonly unknown[]> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof MangroveError) return [error.uri, error.args, error.kwargs];
    throw error;
  }
  throw new Error('it was not rejected');
}

/** The URI of the error that a promise is rejected with. */
export async function uriOf(promise: Promise<unknown>): Promise<unknown> {
  const [uri] = await refusal(promise);
  return uri;
}

import type { Challenge, LoginAttempt, Verdict } from '../../src/broker/index.js';
import type { TestServices } from '../../src/testing/index.js';
import { testServices } from '../../src/testing/index.js';
import type { Authenticator } from '../../src/broker/index.js';

/** What somebody at 127.0.0.1 says about itself; nothing, if nothing is given. */
export function attempt(given: Partial<LoginAttempt> = {}): LoginAttempt {
  return {
    realm: 'realm1',
    methods: [],
    authid: undefined,
    secret: undefined,
    remoteAddress: '127.0.0.1',
    ...given,
  };
}

/** The challenge of a verdict that must be one. */
export async function challengeOf(verdict: Verdict | Promise<Verdict>): Promise<Challenge> {
  const settled = await verdict;
  if (settled.kind !== 'challenged') throw new Error(`expected a challenge, got ${JSON.stringify(settled)}`);
  return settled.challenge;
}

/** Services whose logins are decided by the authenticator. */
export function servicesWith(authenticator: Authenticator): TestServices {
  return testServices({ authenticator });
}

/** Lets what needs a turn of the event loop, or a thread of the pool, be done: until the condition holds, 2 s at most. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 2000;
  while (!condition() && performance.now() < deadline) await new Promise((go) => setImmediate(go));
}

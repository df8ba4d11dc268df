import { describe, expect, it } from '@jest/globals';
import type { Session } from '../subprotocols/index.js';
import { ManualClock } from '../testing/index.js';
import { drain } from './drain.js';

describe('drain', () => {
  it('B14: says good-bye to the others when a session throws, and ends', async () => {
    const clock = new ManualClock();
    const open = new Set<Session>();
    const failures: unknown[] = [];
    const session = (closing: () => void): void => {
      const made: Session = {
        receive() {},
        drained() {},
        closed() {},
        closing: () => {
          open.delete(made);
          closing();
        },
      };
      open.add(made);
    };
    session(() => {
      throw new Error('a bug');
    });
    session(() => {});
    const failed = (error: unknown): void => void failures.push(error);
    const drained = drain({ clock, openWork: () => 0, sessions: () => [...open], failed }, 1000);
    // Twice the drain's time, in steps: it looks again between them.
    for (let i = 0; i < 100; i += 1) {
      clock.advance(20);
      await new Promise((later) => setImmediate(later));
    }
    expect([open.size, failures]).toEqual([0, [new Error('a bug')]]);
    await drained;
  });
});

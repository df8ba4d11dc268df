import type { Clock } from '../lib/index.js';
import type { Session } from '../subprotocols/index.js';

/** What a drain works on. */
export interface Drained {
  readonly clock: Clock;
  /** Calls that wait for their answer, and messages of queues that wait for their acknowledgement. */
  readonly openWork: () => number;
  /** Sessions that are connected. */
  readonly sessions: () => readonly Session[];
  /** A session threw, though it must not; the others still say good-bye. */
  readonly failed: (error: unknown) => void;
}

/** How often the drain looks whether it is done, in ms. */
const LOOK_MS = 20;
/** How much of the time that is left is spent waiting for work in progress. */
const WORK_SHARE = 0.5;
/** Good-byes are spread by up to so much per session, in ms, so that clients do not come back all at once. */
const SPREAD_PER_SESSION_MS = 2;

/**
 * Ends conversations in order: lets calls in progress be answered and messages be acknowledged, then has each session say good-bye in its own words,
 * spread with jitter, then waits until they are gone. Returns at the deadline at the latest, whatever is left.
 */
export async function drain(parts: Drained, withinMs: number): Promise<void> {
  const { clock } = parts;
  const start = clock.now();
  const deadline = start + withinMs;
  await until(clock, start + withinMs * WORK_SHARE, () => parts.openWork() === 0);
  const sessions = parts.sessions();
  const left = deadline - clock.now();
  const spread = Math.min(left * WORK_SHARE, sessions.length * SPREAD_PER_SESSION_MS);
  for (const session of sessions) {
    clock.schedule(Math.random() * spread, () => {
      try {
        session.closing(deadline);
      } catch (error) {
        parts.failed(error);
      }
    });
  }
  await until(clock, deadline, () => parts.sessions().length === 0);
}

async function until(clock: Clock, deadline: number, done: () => boolean): Promise<void> {
  while (!done() && clock.now() < deadline) await new Promise<void>((go) => clock.schedule(LOOK_MS, go));
}

import { expect } from '@jest/globals';

/** What a realm holds when nobody is attached. Queues stay, with their messages. */
export const NOTHING_HELD: Readonly<Record<string, unknown>> = {
  sessions: 0,
  subscriptions: 0,
  interests: 0,
  registrations: 0,
  calls: 0,
  consumers: 0,
  deliveries: 0,
  queues: expect.any(Number),
};

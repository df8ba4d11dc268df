import { expect } from '@jest/globals';
import type { QueueRule } from '../../src/broker/index.js';
import type { RecordingEndpoint } from '../../src/testing/index.js';
import { consume, send, takeBodies } from './queue-bed.js';
import { RealmBed } from './realm-bed.js';

/** The realm of the test that runs, three endpoints of it, and what its broker reported. Made anew by `begin`. */
export let bed: RealmBed;
export let sender: RecordingEndpoint;
export let one: RecordingEndpoint;
export let two: RecordingEndpoint;
/** Names of events, each with its queue and its reason. */
export let events: string[];

/** Begins with these policies of queues; with `made`, in a realm that was made elsewhere. */
export function begin(queues: readonly QueueRule[] = [], made?: RealmBed): void {
  events = [];
  const instrumentation = {
    count() {},
    event: (name: string, fields: Readonly<Record<string, unknown>>) =>
      void events.push([name, fields['queue'], fields['reason']].filter(Boolean).join(' ')),
    defect: (where: string, error: unknown) => void events.push(`${where} ${String(error)}`),
  };
  bed = made ?? new RealmBed({ queues, instrumentation });
  [sender, one, two] = [bed.endpoint(), bed.endpoint(), bed.endpoint()];
}

/** Ends the realm; nothing may be left, and nothing may have thrown. */
export function end(): void {
  bed.end();
  expect(bed.defects).toEqual([]);
}

/** Sends bodies to a queue, in order. */
export function sendAll(queue: string, ...bodies: readonly string[]): void {
  for (const body of bodies) send(sender, queue, body);
}

/** What waits in a queue. */
export function waiting(queue: string): string[] {
  const who = bed.endpoint();
  consume(who, queue, { browse: true });
  return takeBodies(who);
}

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { consume, release, send, settle } from '../../../test/support/queue-bed.js';
import { RealmBed, exact, publish } from '../../../test/support/realm-bed.js';
import type { RecordingEndpoint } from '../../testing/index.js';
import type { DeadLetterTarget, QueueArguments } from '../index.js';
import { Payload } from '../index.js';

let bed: RealmBed;
let sender: RecordingEndpoint;
let one: RecordingEndpoint;
let dropped: string[];

beforeEach(() => {
  dropped = [];
  const instrumentation = {
    count() {},
    event: (name: string, { queue, reason }: Readonly<Record<string, unknown>>) => {
      if (name === 'queue_message_dropped') dropped.push(`${String(queue)} ${String(reason)}`);
    },
    defect: (where: string, error: unknown) => void dropped.push(`${where} ${String(error)}`),
  };
  bed = new RealmBed({ instrumentation });
  [sender, one] = [bed.endpoint(), bed.endpoint()];
});

afterEach(() => bed.end());

function toQueue(name: string): DeadLetterTarget {
  return { kind: 'queue', name };
}

/** Consumes queues that give their messages up at once, each to the next one. */
function ring(...queues: readonly string[]): void {
  for (const [at, queue] of queues.entries()) {
    const next = queues[(at + 1) % queues.length]!;
    consume(one, queue, { arguments: { messageTtlMs: 0, deadLetter: toQueue(next) } });
  }
}

function deathsOf(who: RecordingEndpoint): (string | undefined)[] {
  return who.deliveries.map(({ death }) => death && `${death.reason} in ${death.queue}`);
}

describe('a dead letter that comes back to where it died', () => {
  it('B10: is dropped, if it has expired and its queue is its own grave', () => {
    ring('a');
    send(sender, 'a', 'x');
    expect(dropped).toEqual(['a expired']);
  });

  it('B10: is dropped, if it has expired in each queue of a ring', () => {
    ring('a', 'b');
    for (const consumer of one.attachment.consumers.values()) release(one, consumer);
    send(sender, 'a', 'x');
    bed.services.clock.advance(1000);
    expect(dropped).toEqual(['b expired']);
  });

  it('B10: goes no faster than the clock round a ring that begins elsewhere', () => {
    ring('a', 'b', 'c');
    consume(one, 'start', { arguments: { messageTtlMs: 0, deadLetter: toQueue('a') } });
    send(sender, 'start', 'x');
    expect(deathsOf(one)).toEqual(['expired in start']);
    settle(one, 'ack', one.deliveries);
  });

  it('comes back, if somebody has rejected it on the way: to be tried again later', () => {
    consume(one, 'work', { arguments: { deadLetter: toQueue('later') } });
    const waiting: QueueArguments = { messageTtlMs: 1000, deadLetter: toQueue('work') };
    consume(sender, 'later', { arguments: waiting });
    release(sender, sender.attachment.consumers.get('later')!);
    send(sender, 'work', 'x');
    for (let lap = 1; lap <= 3; lap += 1) {
      settle(one, 'reject', [one.deliveries.at(-1)!]);
      bed.services.clock.advance(1500);
      expect(one.deliveries).toHaveLength(lap + 1);
    }
    expect([deathsOf(one).at(-1), dropped]).toEqual(['expired in later', []]);
    settle(one, 'ack', [one.deliveries.at(-1)!]);
  });

  it('B10: is dropped, if it was published to the durable subscription that had no room for it', () => {
    const binding = exact('t');
    const bounds: QueueArguments = { maxMessages: 1, deadLetter: { kind: 'topic', topic: 't' } };
    consume(one, 'd', { binding, arguments: bounds });
    release(one, one.attachment.consumers.get('d')!);
    for (const body of ['1', '2', '3'])
      publish(sender, 't', true, { payload: Payload.ofBody(Buffer.from(body), 'text/plain') });
    expect(sender.take()).toEqual(['answered published', 'answered published', 'answered published']);
    consume(one, 'd', { binding, arguments: bounds });
    expect(one.deliveries).toHaveLength(1);
    expect(dropped).toEqual(['#durable 6 tester d maxlen', '#durable 6 tester d maxlen']);
    settle(one, 'ack', one.deliveries);
    release(one, one.attachment.consumers.get('d')!, true);
  });

  it('B10: says in a durable subscription why and where it died', () => {
    consume(one, 'd', { binding: exact('deaths') });
    consume(sender, 'jobs', { arguments: { deadLetter: { kind: 'topic', topic: 'deaths' } } });
    send(sender, 'jobs', 'x');
    settle(sender, 'reject', sender.deliveries);
    expect(deathsOf(one)).toEqual(['rejected in jobs']);
    settle(one, 'ack', one.deliveries);
    release(one, one.attachment.consumers.get('d')!, true);
  });
});

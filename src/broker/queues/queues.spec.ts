import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { consume, message, release, send, settle, takeBodies } from '../../../test/support/queue-bed.js';
import { RealmBed } from '../../../test/support/realm-bed.js';
import { memoryStore } from '../../engines/memory/index.js';
import type { Delivery } from '../index.js';
import type { RecordingEndpoint } from '../../testing/index.js';

let bed: RealmBed;
let sender: RecordingEndpoint;
let one: RecordingEndpoint;
let two: RecordingEndpoint;

function begin(made = new RealmBed()): void {
  bed = made;
  [sender, one, two] = [bed.endpoint(), bed.endpoint(), bed.endpoint()];
}

beforeEach(() => begin());

afterEach(() => {
  bed.end();
  expect(bed.defects).toEqual([]);
});

function sendAll(queue: string, ...bodies: readonly string[]): void {
  for (const body of bodies) send(sender, queue, body);
}

function last(who: RecordingEndpoint): Delivery {
  return who.deliveries.at(-1)!;
}

describe('a queue', () => {
  it('gives a message to one consumer, which was answered before', () => {
    send(sender, 'jobs', 'x');
    expect(sender.take()).toEqual(['answered enqueued']);
    consume(one, 'jobs');
    const [delivery] = one.deliveries;
    expect(delivery).toMatchObject({ attempt: 1, redelivered: false, settled: false, death: undefined });
    settle(one, 'ack', [delivery!], true);
    expect(one.take()).toEqual(['answered consuming', 'consumed jobs x', 'answered settled']);
    expect(delivery!.settled).toBe(true);
    expect(bed.broker.stats).toMatchObject({ consumers: 1, deliveries: 0, queues: 1 });
  });

  it('tells a success only if that is wanted', () => {
    void sender.attachment.enqueue({}, message('jobs', 'x'));
    consume(one, 'jobs');
    settle(one, 'ack', one.deliveries);
    expect([sender.take(), one.take()]).toEqual([[], ['answered consuming', 'consumed jobs x']]);
  });

  it('gives messages in the order in which they came, a part in each run', () => {
    const bodies = Array.from({ length: 1000 }, (_, i) => `${i}`);
    sendAll('jobs', ...bodies);
    consume(one, 'jobs', { settling: 'auto' });
    const first = takeBodies(one);
    expect(first.length).toBeLessThan(1000);
    bed.services.clock.flush();
    expect([...first, ...takeBodies(one)]).toEqual(bodies);
  });

  it('gives messages of a higher priority first, and those without one as of 4', () => {
    send(sender, 'jobs', 'low', { priority: 0 });
    send(sender, 'jobs', 'middle');
    send(sender, 'jobs', 'four', { priority: 4 });
    send(sender, 'jobs', 'high', { priority: 9 });
    send(sender, 'jobs', 'beyond', { priority: 12 });
    consume(one, 'jobs', { settling: 'auto' });
    expect(takeBodies(one)).toEqual(['high', 'beyond', 'middle', 'four', 'low']);
  });

  it('serves a message of a higher priority first that came while others were read ahead', () => {
    sendAll('jobs', 'a', 'b', 'c');
    consume(one, 'jobs', { credit: 1 });
    send(sender, 'jobs', 'urgent', { priority: 9 });
    settle(one, 'ack', [last(one)]);
    settle(one, 'ack', [last(one)]);
    expect(takeBodies(one)).toEqual(['a', 'urgent', 'b']);
  });

  it('B11: serves its consumers in turn', () => {
    for (const who of [one, two]) consume(who, 'jobs', { settling: 'auto' });
    sendAll('jobs', '0', '1', '2', '3', '4');
    expect([one, two].map(takeBodies)).toEqual([
      ['0', '2', '4'],
      ['1', '3'],
    ]);
  });

  it('B11: gives what one consumer has no credit for to the others', () => {
    consume(one, 'jobs', { credit: 1 });
    consume(two, 'jobs', { credit: 3 });
    sendAll('jobs', '0', '1', '2', '3', '4');
    expect([one, two].map(takeBodies)).toEqual([['0'], ['1', '2', '3']]);
  });

  it('gives no more than the credit, 256 if nothing is said, and goes on when something is settled', () => {
    sendAll('jobs', ...Array.from({ length: 300 }, (_, i) => `${i}`));
    consume(one, 'jobs');
    bed.services.clock.flush();
    expect(one.deliveries).toHaveLength(256);
    settle(one, 'ack', one.deliveries.slice(0, 10));
    expect(one.deliveries).toHaveLength(266);
  });

  it('serves consumers of a higher priority first, as long as they have credit', () => {
    consume(one, 'jobs', { priority: 1 });
    consume(two, 'jobs', { priority: 5, credit: 2 });
    sendAll('jobs', '0', '1', '2');
    expect([one, two].map(takeBodies)).toEqual([['2'], ['0', '1']]);
  });

  it('gives nothing to an endpoint that takes no more, until it does', () => {
    one.room = 2;
    consume(one, 'jobs', { settling: 'auto' });
    sendAll('jobs', '0', '1', '2', '3', '4');
    expect(takeBodies(one)).toEqual(['0', '1']);
    one.room = 1;
    one.attachment.resume();
    expect(takeBodies(one)).toEqual(['2']);
    one.room = 10;
    one.attachment.resume();
    expect(takeBodies(one)).toEqual(['3', '4']);
  });

  it('keeps nothing of a message that a consumer settles by itself', () => {
    consume(one, 'jobs', { settling: 'auto' });
    send(sender, 'jobs', 'x');
    expect(last(one).settled).toBe(true);
    one.attachment.detach();
    consume(two, 'jobs');
    expect(takeBodies(two)).toEqual([]);
  });

  it('is forgotten when it holds nothing and nobody consumes it', () => {
    consume(one, 'jobs');
    send(sender, 'jobs', 'x');
    expect(bed.broker.stats.queues).toBe(1);
    settle(one, 'ack', one.deliveries);
    release(one, one.consumer('jobs'));
    expect(bed.broker.stats.queues).toBe(0);
  });

  it('B14: costs its consumers nothing when one of them throws; it keeps what that one was given', () => {
    consume(one, 'jobs', { settling: 'auto' });
    consume(two, 'jobs', { settling: 'auto' });
    one.react = (told) => {
      if (told.kind === 'consumed') throw new Error('broken');
    };
    sendAll('jobs', '0', '1');
    expect(takeBodies(two)).toEqual(['0', '1']);
    expect(bed.defects.splice(0)).toEqual(['endpoint.consume']);
    expect(one.attachment.detached).toBe(true);
  });

  it('B15: lets a consumer settle and end itself while it is given a message', () => {
    consume(one, 'jobs');
    one.react = (told) => {
      if (told.kind !== 'consumed') return;
      settle(one, 'ack', [told.delivery]);
      release(one, told.delivery.consumer);
    };
    sendAll('jobs', '0', '1');
    consume(two, 'jobs');
    expect([takeBodies(one), takeBodies(two)]).toEqual([['0'], ['1']]);
  });

  it('refuses what is no name of a queue, and the commands of one who has left do nothing', () => {
    send(sender, '#durable x', 'x');
    send(sender, '', 'x');
    consume(one, '#durable x');
    expect([...sender.take(), ...one.take()]).toEqual(Array(3).fill('answered refused invalid_address'));
    one.attachment.detach();
    send(one, 'jobs', 'x');
    consume(one, 'jobs');
    expect(one.take()).toEqual([]);
    expect(bed.broker.stats.queues).toBe(0);
  });

  it('is refused where there is no store, with what anybody would do with it', () => {
    begin(new RealmBed({ stores: {} }));
    send(sender, 'jobs', 'x');
    consume(sender, 'jobs');
    settle(sender, 'ack', []);
    void sender.attachment.examine({}, { kind: 'enqueue', command: message('jobs', 'x') });
    expect(sender.take()).toEqual(Array(4).fill('answered refused unavailable'));
  });
});

describe('what is given back', () => {
  it('stands in its place again, and says so, when its consumer is lost', () => {
    sendAll('jobs', '0', '1', '2');
    consume(one, 'jobs', { credit: 2 });
    one.attachment.detach();
    consume(two, 'jobs');
    expect(takeBodies(two)).toEqual(['0 again', '1 again', '2']);
    expect(two.attachment.consumers.size).toBe(1);
  });

  it('is counted after a loss and a requeue, not after a release', () => {
    send(sender, 'jobs', 'x');
    consume(one, 'jobs');
    release(one, one.consumer('jobs'));
    consume(one, 'jobs');
    expect(last(one)).toMatchObject({ attempt: 1, redelivered: true });
    settle(one, 'requeue', [last(one)]);
    expect(last(one)).toMatchObject({ attempt: 2, redelivered: true });
    one.attachment.detach();
    consume(two, 'jobs');
    expect(last(two)).toMatchObject({ attempt: 3, redelivered: true });
  });

  it('goes before what came later, whoever gave it back', () => {
    sendAll('jobs', '0', '1', '2', '3');
    consume(one, 'jobs', { credit: 3 });
    const [zero, , second] = one.deliveries;
    settle(one, 'requeue', [zero!, second!]);
    consume(two, 'jobs', { settling: 'auto' });
    expect([takeBodies(one), takeBodies(two)]).toEqual([['0', '1', '2', '0 again', '2 again'], ['3']]);
  });

  it('is passed over in silence when it was settled before, and refused when it is another’s', () => {
    send(sender, 'jobs', 'x');
    consume(one, 'jobs');
    const delivery = last(one);
    settle(one, 'ack', [delivery], true);
    settle(one, 'requeue', [delivery], true);
    settle(two, 'ack', [delivery], true);
    expect(one.take().slice(2)).toEqual(['answered settled', 'answered settled']);
    expect(two.take()).toEqual(['answered refused no_such_consumer']);
  });

  it('B10: comes a little later to one that was not able to take it, and ever later', () => {
    send(sender, 'jobs', 'x');
    consume(one, 'jobs');
    for (const pauseMs of [100, 200, 400]) {
      settle(one, 'release', [last(one)]);
      bed.services.clock.advance(pauseMs - 1);
      const before = one.deliveries.length;
      bed.services.clock.advance(101);
      expect([pauseMs, one.deliveries.length - before]).toEqual([pauseMs, 1]);
    }
    settle(one, 'ack', [last(one)]);
    send(sender, 'jobs', 'y');
    settle(one, 'release', [last(one)]);
    bed.services.clock.advance(200);
    expect(last(one).attempt).toBe(1);
    expect(takeBodies(one).slice(-2)).toEqual(['y', 'y again']);
  });

  it('B10: goes to others while its consumer pauses', () => {
    send(sender, 'jobs', 'x');
    consume(one, 'jobs');
    consume(two, 'jobs');
    settle(one, 'release', [last(one)]);
    expect(takeBodies(two)).toEqual(['x again']);
  });

  it('B10: slows a consumer down that gives everything back', () => {
    send(sender, 'jobs', 'x');
    consume(one, 'jobs');
    one.react = (told) => {
      if (told.kind === 'consumed') settle(one, 'requeue', [told.delivery]);
    };
    settle(one, 'requeue', [last(one)]);
    expect(one.deliveries).toHaveLength(11);
    bed.services.clock.advance(250);
    expect(one.deliveries.length).toBeLessThan(14);
  });

  it('B10: dies after twenty deliveries to consumers that were lost at once', () => {
    send(sender, 'jobs', 'poison');
    let lost = 0;
    for (; lost < 30; lost += 1) {
      const worker = bed.endpoint();
      consume(worker, 'jobs');
      if (worker.deliveries.length === 0) break;
      worker.attachment.detach();
    }
    expect(lost).toBe(20);
    consume(two, 'jobs.dead');
    expect(last(two).death).toMatchObject({ reason: 'delivery-limit', queue: 'jobs', deliveries: 20 });
  });
});

describe('stopping', () => {
  it('hands nothing out any more; what was given may still be settled', () => {
    sendAll('jobs', '0', '1');
    consume(one, 'jobs', { credit: 1 });
    bed.broker.drain();
    settle(one, 'ack', [last(one)], true);
    send(sender, 'jobs', '2');
    expect(one.take()).toEqual(['answered consuming', 'consumed jobs 0', 'answered settled']);
    expect(sender.take().at(-1)).toBe('answered enqueued');
  });

  it('does not count what goes back because all have to leave: no message dies of restarts', () => {
    const stores = memoryStore();
    for (let restart = 0; restart < 25; restart += 1) {
      bed.end();
      bed = new RealmBed({ stores });
      [sender, one] = [bed.endpoint(), bed.endpoint()];
      if (restart === 0) sendAll('jobs', 'x');
      consume(one, 'jobs');
      expect(last(one)).toMatchObject({ attempt: 1, redelivered: restart > 0 });
      bed.broker.drain();
    }
  });
});

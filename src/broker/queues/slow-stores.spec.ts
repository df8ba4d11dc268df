import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { consume, release, send, settle, takeBodies } from '../../../test/support/queue-bed.js';
import { RealmBed, publish } from '../../../test/support/realm-bed.js';
import { SlowQueueStore, turns } from '../../../test/support/slow-queue-store.js';
import { memoryStore } from '../../engines/memory/index.js';
import type { RecordingEndpoint } from '../../testing/index.js';
import type { Delivery } from '../index.js';
import { StoreError } from '../index.js';

let store: SlowQueueStore;
let bed: RealmBed;
let sender: RecordingEndpoint;
let one: RecordingEndpoint;
let two: RecordingEndpoint;
let events: string[];

beforeEach(() => {
  events = [];
  store = new SlowQueueStore();
  const instrumentation = {
    count() {},
    event: (name: string, { reason }: Readonly<Record<string, unknown>>) =>
      void events.push(`${name} ${String(reason)}`),
    defect: (where: string, error: unknown) => void events.push(`${where} ${String(error)}`),
  };
  bed = new RealmBed({ stores: { ...memoryStore(), queues: store }, instrumentation });
  [sender, one, two] = [bed.endpoint(), bed.endpoint(), bed.endpoint()];
});

afterEach(async () => {
  store.refusing = undefined;
  bed.end();
  await store.confirm();
});

function last(who: RecordingEndpoint): Delivery {
  return who.deliveries.at(-1)!;
}

describe('a queue in a store that takes its time', () => {
  it('D2: confirms a message when it is safe, and shows it to nobody before', async () => {
    consume(one, 'jobs');
    send(sender, 'jobs', 'x');
    await turns();
    expect([sender.take(), takeBodies(one)]).toEqual([[], []]);
    await store.confirm();
    expect([sender.take(), takeBodies(one)]).toEqual([['answered enqueued'], ['x']]);
  });

  it('confirms at once what need not be safe, and stores it in the same order', async () => {
    send(sender, 'jobs', '0');
    send(sender, 'jobs', '1', { persistent: false });
    expect(sender.take()).toEqual(['answered enqueued']);
    consume(one, 'jobs', { settling: 'auto' });
    await store.confirm();
    expect(takeBodies(one)).toEqual(['0', '1']);
  });

  it('reads one part of a queue at a time, and hands it out in order', async () => {
    for (let i = 0; i < 100; i += 1) send(sender, 'jobs', `${i}`);
    await store.confirm();
    consume(one, 'jobs', { credit: 40 });
    await turns();
    expect(one.deliveries).toHaveLength(40);
    expect(store.leases).toBe(2);
    one.attachment.detach();
    consume(two, 'jobs', { settling: 'auto' });
    await store.confirm();
    const bodies = Array.from({ length: 100 }, (_, i) => (i < 40 ? `${i} again` : `${i}`));
    expect(takeBodies(two)).toEqual(bodies);
  });

  it('gives back at once, and does not lose the count, though that is not safe yet', async () => {
    send(sender, 'jobs', 'x');
    await store.confirm();
    consume(one, 'jobs');
    await turns();
    for (const attempt of [2, 3]) {
      settle(one, 'requeue', [last(one)]);
      expect(last(one)).toMatchObject({ attempt, redelivered: true });
    }
    expect(store.waiting).toBe(2);
  });

  it('tells a settlement when it is safe, if that is wanted', async () => {
    send(sender, 'jobs', 'x');
    await store.confirm();
    consume(one, 'jobs');
    await turns();
    settle(one, 'ack', [last(one)], true);
    expect(one.take()).toEqual(['answered consuming', 'consumed jobs x']);
    await store.confirm();
    expect(one.take()).toEqual(['answered settled']);
  });

  it('is found by a consumer that chooses, which takes only what it wants', async () => {
    for (let i = 0; i < 50; i += 1) send(sender, 'jobs', `${i}`);
    await store.confirm();
    consume(one, 'jobs', { filter: { accepts: ({ payload }) => textOf(payload).endsWith('7') } });
    await store.confirm();
    expect(takeBodies(one)).toEqual(['7', '17', '27', '37', '47']);
    consume(two, 'jobs', { settling: 'auto' });
    await store.confirm();
    expect(takeBodies(two)).toHaveLength(45);
  });

  it('does not show to one who comes what another has taken meanwhile', async () => {
    send(sender, 'jobs', 'x');
    await store.confirm();
    consume(one, 'jobs', { filter: { accepts: () => true } });
    consume(two, 'jobs');
    await turns();
    expect([takeBodies(one).length + takeBodies(two).length]).toEqual([1]);
  });

  it('D2: tells one who looks that it cannot be read, and the look is over', async () => {
    send(sender, 'jobs', 'x');
    await store.confirm();
    store.unreadable = new StoreError('failed', 'as the test says');
    consume(one, 'jobs', { browse: true });
    expect(one.take()).toEqual(['answered consuming', 'revoked consumer']);
    expect(one.attachment.consumers.size).toBe(0);
    store.unreadable = undefined;
    consume(one, 'jobs', { browse: true });
    expect(one.take()).toEqual(['answered consuming', 'consumed jobs x', 'exhausted jobs']);
  });

  it('skips no message that could not be read when one who chooses wanted it', async () => {
    for (const body of ['0', '1']) send(sender, 'jobs', body);
    await store.confirm();
    const failure = new StoreError('failed', 'as the test says');
    const lease = jest.spyOn(store, 'lease').mockRejectedValueOnce(failure);
    consume(one, 'jobs', { filter: { accepts: ({ payload }) => textOf(payload) === '0' } });
    await turns();
    expect([takeBodies(one), lease.mock.calls.length]).toEqual([[], 1]);
    bed.services.clock.advance(1100);
    await turns();
    expect(takeBodies(one)).toEqual(['0']);
  });

  it('gives to others what one who chooses could not have, though it was passed over meanwhile', async () => {
    for (const body of ['0', '1', '2']) send(sender, 'jobs', body);
    await store.confirm();
    let fail = (_error: Error): void => {};
    const held = new Promise<never>((_resolve, reject) => (fail = reject));
    jest.spyOn(store, 'lease').mockReturnValueOnce(held);
    consume(one, 'jobs', { filter: { accepts: ({ payload }) => textOf(payload) === '1' } });
    consume(two, 'jobs');
    await turns();
    expect(takeBodies(two)).toEqual(['0', '2']);
    fail(new StoreError('failed', 'as the test says'));
    await turns();
    expect(takeBodies(two)).toEqual(['1']);
  });

  it('is read on where it was when a search fails in the middle of a read', async () => {
    for (let i = 0; i < 40; i += 1) send(sender, 'jobs', `${i}`);
    await store.confirm();
    const lease = jest.spyOn(store, 'lease').mockRejectedValueOnce(new StoreError('failed', 'once'));
    consume(one, 'jobs', { filter: { accepts: ({ payload }) => textOf(payload) === '20' } });
    consume(two, 'jobs', { settling: 'auto' });
    await turns();
    expect(takeBodies(two).toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 40 }, (_, i) => `${i}`),
    );
    // No read was begun while another was under way.
    expect(lease.mock.calls.length).toBeLessThan(6);
  });

  it('is read in parts of one MiB, whoever reads, and wholly', async () => {
    const large = 'x'.repeat(400 * 1024);
    for (let i = 0; i < 9; i += 1) send(sender, 'jobs', `${large}${i}`);
    await store.confirm();
    const lease = jest.spyOn(store, 'lease');
    consume(one, 'jobs', { browse: true });
    expect(takeBodies(one).map((body) => body.at(-1))).toEqual([...'012345678']);
    consume(one, 'jobs', { filter: { accepts: ({ payload }) => textOf(payload).endsWith('8') } });
    await turns();
    expect(takeBodies(one).map((body) => body.at(-1))).toEqual(['8']);
    consume(two, 'jobs');
    await turns();
    expect(takeBodies(two).map((body) => body.at(-1))).toEqual([...'01234567']);
    expect(lease.mock.calls.length).toBeGreaterThan(3);
  });

  it('is made known before its consumer is told', async () => {
    consume(one, 'jobs', { arguments: { maxMessages: 5 } });
    send(sender, 'jobs', 'x');
    await turns();
    expect(one.take()).toEqual([]);
    await store.confirm();
    expect(one.take()).toEqual(['answered consuming', 'consumed jobs x']);
  });

  it('is not there if it could not be made known', async () => {
    consume(one, 'jobs', { arguments: { maxMessages: 5 } });
    await store.refuse('failed');
    expect(one.take()).toEqual(['answered refused unavailable']);
    expect(bed.broker.stats).toMatchObject({ consumers: 0, queues: 0 });
  });

  it('may be left while it is made known', async () => {
    consume(one, 'jobs', { arguments: { maxMessages: 5 } });
    one.attachment.detach();
    await store.confirm();
    expect(bed.broker.stats).toMatchObject({ consumers: 0, queues: 1 });
  });
});

describe('many messages that come back', () => {
  it('are read again in their order and counted, for all kinds of consumers, and not all kept in memory', async () => {
    const bodies = Array.from({ length: 4000 }, (_, i) => `${i}`);
    for (const body of bodies) send(sender, 'jobs', body);
    await store.confirm();
    consume(one, 'jobs', { credit: 4000 });
    await rest();
    expect(one.deliveries).toHaveLength(4000);
    one.attachment.detach();
    await store.confirm();
    consume(two, 'jobs', {
      credit: 400,
      filter: { accepts: ({ payload }) => textOf(payload).endsWith('7') },
    });
    await rest();
    expect(takeBodies(two)).toEqual(
      bodies.filter((body) => body.endsWith('7')).map((body) => `${body} again`),
    );
    const leasesBefore = store.leases;
    const three = bed.endpoint();
    consume(three, 'jobs', { credit: 4000 });
    await rest();
    expect(store.leases - leasesBefore).toBeGreaterThan(50);
    expect(three.deliveries.every(({ attempt }) => attempt === 2)).toBe(true);
    expect(takeBodies(three)).toEqual(
      bodies.filter((body) => !body.endsWith('7')).map((body) => `${body} again`),
    );
  });

  async function rest(): Promise<void> {
    for (let turn = 0; turn < 40; turn += 1) {
      bed.services.clock.flush();
      await store.confirm();
    }
  }
});

describe('a store that throws', () => {
  it('B14: is reported; everybody is answered, and it goes on when the store does', async () => {
    for (const method of ['commit', 'lease', 'browse', 'due', 'nextDue'] as const) {
      let throws = false;
      const broken = throwing(store, method, () => throws);
      const other = new RealmBed({
        stores: { ...memoryStore(), queues: broken },
        queues: [{ match: 'q', maxMessages: 2, overflow: 'drop-head' }],
      });
      const [who, reader, chooser] = [other.endpoint(), other.endpoint(), other.endpoint()];
      throws = true;
      const expiresAt = other.services.clock.wallTime() + 100;
      for (const body of ['0', '1', '2']) send(who, 'q', body, { expiresAt });
      await store.confirm();
      consume(reader, 'q');
      consume(chooser, 'q', { filter: { accepts: () => true } });
      await store.confirm();
      other.services.clock.advance(3000);
      await store.confirm();
      throws = false;
      send(who, 'after', 'x');
      consume(reader, 'after');
      await store.confirm();
      expect([method, who.take().length, takeBodies(reader).at(-1)]).toEqual([method, 4, 'x']);
      other.services.clock.advance(5000);
      await store.confirm();
      other.end();
      await store.confirm();
    }
  });
});

/** The store, one method of which throws while the test says so. */
function throwing(whole: SlowQueueStore, method: string, throws: () => boolean): SlowQueueStore {
  return new Proxy(whole, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: readonly never[]): unknown => {
        if (name === method && throws()) throw new Error('broken');
        return Reflect.apply(value, target, args);
      };
    },
  });
}

describe('a store that refuses', () => {
  it('D4: refuses senders while it is full; consumers drain it, and then it goes on', async () => {
    send(sender, 'jobs', 'x');
    await store.confirm();
    store.refusing = 'full';
    send(sender, 'jobs', 'y');
    await turns();
    expect(sender.take()).toEqual(['answered enqueued', 'answered refused unavailable']);
    consume(one, 'jobs');
    await turns();
    settle(one, 'ack', [last(one)], true);
    await store.confirm();
    expect(one.take().at(-1)).toBe('answered settled');
    store.refusing = undefined;
    send(sender, 'jobs', 'z');
    await store.confirm();
    expect(takeBodies(one)).toEqual(['z']);
  });

  it('leaves no trace of a message that it has not taken', async () => {
    store.refusing = 'full';
    send(sender, 'jobs', 'x');
    await turns();
    expect(bed.broker.stats.queues).toBe(0);
  });

  it('keeps a message that is to die until there is room for the dead letter', async () => {
    send(sender, 'jobs', 'x');
    await store.confirm();
    consume(one, 'jobs');
    await turns();
    store.refusing = 'full';
    settle(one, 'reject', [last(one)], true);
    await turns();
    expect(one.take().at(-1)).toBe('answered refused unavailable');
    store.refusing = undefined;
    bed.services.clock.advance(300);
    await store.confirm();
    expect(last(one)).toMatchObject({ redelivered: true, attempt: 2 });
    settle(one, 'reject', [last(one)]);
    consume(two, 'jobs.dead');
    await store.confirm();
    expect(takeBodies(two)).toEqual(['x']);
  });

  it.each(['full', 'failed'] as const)(
    'D4: is not asked again at once to take what has expired, when it is %s',
    async (code) => {
      send(sender, 'jobs', 'x', { expiresAt: bed.services.clock.wallTime() + 1000 });
      send(sender, 'jobs', 'y');
      await store.confirm();
      consume(one, 'jobs', { credit: 1 });
      await store.confirm();
      store.refusing = code;
      bed.services.clock.advance(1500);
      const commits = jest.spyOn(store, 'commit');
      settle(one, 'requeue', [last(one)]);
      for (let i = 0; i < 20; i += 1) await turns();
      expect([takeBodies(one), commits.mock.calls.length < 10]).toEqual([['x', 'y'], true]);
      store.refusing = undefined;
      for (let i = 0; i < 3; i += 1) {
        await store.confirm();
        bed.services.clock.advance(40_000);
      }
      await store.confirm();
      consume(two, 'jobs.dead', { settling: 'auto' });
      await store.confirm();
      expect(takeBodies(two)).toEqual(['x']);
    },
  );

  it('tells that a message is lost that had been confirmed, as its sender wished, before it was safe', async () => {
    send(sender, 'jobs', 'x', { persistent: false });
    await store.refuse('full');
    expect(sender.take()).toEqual(['answered enqueued']);
    expect(events).toEqual(['queue_message_dropped unavailable']);
  });

  it('D3: is reported when it has failed; from then on senders are refused', async () => {
    store.refusing = 'failed';
    store.watcher!.failed('the disk is gone');
    send(sender, 'jobs', 'x');
    await turns();
    expect(events).toEqual(['store_failed the disk is gone']);
    expect(sender.take()).toEqual(['answered refused unavailable']);
  });

  it('refuses an event for a durable subscription only after the others have it', async () => {
    void one.attachment.consume(
      {},
      { key: 'd', queue: 'd', binding: { match: 'exact', text: 'a' }, settling: 'explicit' },
    );
    await store.confirm();
    void two.attachment.subscribe({}, { key: 'a', pattern: { match: 'exact', text: 'a' } });
    publish(sender, 'a', true);
    expect(two.take()).toEqual(['answered subscribed', 'delivered a']);
    await store.refuse('full');
    expect(sender.take()).toEqual(['answered refused unavailable']);
    release(one, one.attachment.consumers.get('d')!, true);
    await store.confirm();
    expect(bed.broker.stats.queues).toBe(0);
  });
});

function textOf(payload: Delivery['publication']['payload']): string {
  return Buffer.from(payload.body().bytes).toString();
}

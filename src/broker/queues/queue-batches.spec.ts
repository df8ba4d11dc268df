import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  commit,
  consume,
  put,
  release,
  send,
  settle,
  settlement,
  takeBodies,
} from '../../../test/support/queue-bed.js';
import { RealmBed, subscribe } from '../../../test/support/realm-bed.js';
import { SlowQueueStore, turns } from '../../../test/support/slow-queue-store.js';
import { MemoryQueueStore, MemoryRetainedStore, memoryStore } from '../../engines/memory/index.js';
import type { RecordingEndpoint } from '../../testing/index.js';
import type { BatchItem, Delivery } from '../index.js';
import { Payload, StoreError } from '../index.js';

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

function event(topic: string): BatchItem {
  return { kind: 'publish', command: { topic, payload: Payload.empty } };
}

function retained(topic: string): BatchItem {
  return {
    kind: 'publish',
    command: { topic, payload: Payload.ofBody(Buffer.from('x')), retain: true },
  };
}

function last(who: RecordingEndpoint): Delivery {
  return who.deliveries.at(-1)!;
}

describe('a batch', () => {
  it('is answered, then published, then handed out, in its order', () => {
    const told: string[] = [];
    subscribe(one, 'a');
    subscribe(one, 'b');
    consume(one, 'jobs');
    one.take();
    for (const who of [sender, one]) who.react = (what) => void told.push(what.kind);
    void commit(one, put('jobs', '1'), event('b'), put('jobs', '2'), event('a'));
    expect(one.take()).toEqual([
      'answered committed',
      'delivered b',
      'delivered a',
      'consumed jobs 1',
      'consumed jobs 2',
    ]);
  });

  it('is refused whole, and nobody hears of it, if what it retains finds no room', () => {
    begin(new RealmBed({ stores: { ...memoryStore(), retained: new MemoryRetainedStore({ events: 1 }) } }));
    subscribe(one, 'a');
    subscribe(one, 'b');
    consume(one, 'jobs');
    send(sender, 'jobs', 'mine');
    const mine = last(one);
    one.take();
    void commit(one, retained('a'), put('jobs', 'x'), settlement(mine), retained('b'));
    expect(one.take()).toEqual(['answered refused limit_exceeded']);
    settle(one, 'ack', [mine], true);
    expect(one.take()).toEqual(['answered settled']);
    void commit(one, retained('a'), put('jobs', 'y'), retained('a'));
    expect(one.take()).toEqual(['answered committed', 'delivered a', 'delivered a', 'consumed jobs y']);
  });

  it('keeps the room for what it retains from others while it is being made', async () => {
    const store = new SlowQueueStore();
    const kept = new MemoryRetainedStore({ events: 1 });
    begin(new RealmBed({ stores: { ...memoryStore(), queues: store, retained: kept } }));
    void commit(one, put('jobs', 'x'), retained('a'));
    void commit(two, put('jobs', 'y'), retained('b'));
    const payload = Payload.ofBody(Buffer.from('late'));
    void sender.attachment.publish({}, { topic: 'c', payload, retain: true }, true);
    expect([two.take(), sender.take()]).toEqual([
      ['answered refused limit_exceeded'],
      ['answered refused limit_exceeded'],
    ]);
    await store.confirm();
    expect(one.take()).toEqual(['answered committed']);
    expect(bed.broker.stats.queues).toBe(1);
    consume(two, 'jobs', { settling: 'auto' });
    await store.confirm();
    expect(takeBodies(two)).toEqual(['x']);
  });

  it('gives the room back that it has kept if it is refused', async () => {
    const store = new SlowQueueStore();
    const kept = new MemoryRetainedStore({ events: 1 });
    begin(new RealmBed({ stores: { ...memoryStore(), queues: store, retained: kept } }));
    void commit(one, put('jobs', 'x'), retained('a'));
    await turns();
    await store.refuse('full');
    void commit(two, retained('b'));
    expect([one.take(), two.take()]).toEqual([['answered refused unavailable'], ['answered committed']]);
  });

  it('is refused whole if the history of one of its topics is known to take nothing', () => {
    const stores = memoryStore();
    const refused = new StoreError('failed', 'as the test says');
    Object.assign(stores.history, { refusalOf: () => refused });
    begin(new RealmBed({ stores, history: [{ match: 'h' }] }));
    subscribe(one, 'h');
    one.take();
    void commit(one, put('jobs', 'x'), event('h'));
    void commit(one, put('jobs', 'y'), event('other'));
    expect(one.take()).toEqual(['answered refused unavailable', 'answered committed']);
    consume(two, 'jobs', { settling: 'auto' });
    expect(takeBodies(two)).toEqual(['y']);
  });

  it('settles with what it sends', () => {
    send(sender, 'jobs', 'x');
    consume(one, 'jobs');
    void commit(one, settlement(last(one)), put('done', 'y'));
    one.attachment.detach();
    consume(two, 'done');
    consume(two, 'jobs');
    expect(takeBodies(two)).toEqual(['y']);
  });

  it('gives back, and gives up, with what it sends', () => {
    for (const body of ['0', '1', '2']) send(sender, 'jobs', body);
    consume(one, 'jobs');
    const [zero, first, second] = one.deliveries;
    void commit(
      one,
      settlement(zero!, 'reject'),
      settlement(first!, 'requeue'),
      settlement(second!, 'release'),
    );
    consume(two, 'jobs.dead');
    expect(last(two).death).toMatchObject({ reason: 'rejected', deliveries: 1 });
    expect(takeBodies(two)).toEqual(['0']);
    bed.services.clock.advance(300);
    expect(takeBodies(one).slice(3)).toEqual(['1 again', '2 again']);
    expect(one.attachment.consumers.get('jobs')!.unsettled.size).toBe(2);
  });

  it('does nothing at all if one item cannot be done', () => {
    begin(new RealmBed({ queues: [{ match: 'small', maxMessages: 1 }] }));
    send(sender, 'jobs', 'x');
    subscribe(two, 'a');
    two.take();
    consume(one, 'jobs');
    const delivery = last(one);
    one.take();
    void commit(one, event('a'), settlement(delivery), put('small', '1'), put('small', '2'));
    void commit(one, event('wamp.x'), put('small', '1'));
    void commit(one, put('#x', '1'), put('small', '1'));
    expect(one.take()).toEqual([
      'answered refused queue_full',
      'answered refused reserved_address',
      'answered refused invalid_address',
    ]);
    expect(two.take()).toEqual([]);
    // What was reserved is free again, and the delivery is as it was.
    expect(bed.broker.stats).toMatchObject({ deliveries: 1, queues: 1 });
    send(sender, 'small', '3');
    settle(one, 'ack', [delivery], true);
    expect(one.take()).toEqual(['answered settled']);
    expect(sender.take().at(-1)).toBe('answered enqueued');
  });

  it('may use the room that it makes itself', () => {
    begin(new RealmBed({ queues: [{ match: '#', maxMessages: 1 }] }));
    send(sender, 'jobs', 'x');
    consume(one, 'jobs');
    void commit(one, settlement(last(one)), put('jobs', 'y'));
    expect(one.take()).toEqual([
      'answered consuming',
      'consumed jobs x',
      'answered committed',
      'consumed jobs y',
    ]);
  });

  it('is refused if a delivery was settled, taken back, or never given', () => {
    for (const body of ['0', '1']) send(sender, 'jobs', body);
    consume(one, 'jobs', { credit: 1 });
    const settled = last(one);
    settle(one, 'ack', [settled]);
    const lost = last(one);
    consume(two, 'other');
    send(sender, 'other', 'x');
    release(one, one.attachment.consumers.get('jobs')!);
    one.take();
    for (const delivery of [settled, lost, last(two)])
      void commit(one, put('jobs', 'y'), settlement(delivery));
    expect(one.take()).toEqual(Array(3).fill('answered refused no_such_consumer'));
  });

  it('passes a second settlement of the same delivery over', () => {
    send(sender, 'jobs', 'x');
    consume(one, 'jobs');
    void commit(one, settlement(last(one)), settlement(last(one), 'requeue'));
    expect(one.take().at(-1)).toBe('answered committed');
    expect(bed.broker.stats.deliveries).toBe(0);
  });

  it('is refused where there is no store, if it has anything but events', () => {
    begin(new RealmBed({ stores: {} }));
    subscribe(one, 'a');
    void commit(one, event('a'));
    void commit(one, event('a'), put('jobs', 'x'));
    expect(one.take()).toEqual([
      'answered subscribed',
      'answered committed',
      'delivered a',
      'answered refused unavailable',
    ]);
  });
});

describe('a batch for a store that takes its time', () => {
  let store: SlowQueueStore;

  beforeEach(() => {
    store = new SlowQueueStore();
    const stores = { ...memoryStore(), queues: store };
    const queues = [{ match: 'fleeting.#', durable: false }];
    begin(new RealmBed({ stores, queues, transientQueues: new MemoryQueueStore() }));
  });

  it('is seen only when it is safe, all at once, and holds its sender back until then', async () => {
    subscribe(two, 'a');
    consume(two, 'jobs');
    consume(two, 'fleeting.x');
    await store.confirm();
    two.take();
    let over = false;
    const pending = commit(one, put('fleeting.x', '1'), event('a'), put('jobs', '2'));
    void pending!.then(() => (over = true));
    await turns();
    expect([one.take(), two.take(), over]).toEqual([[], [], false]);
    await store.confirm();
    expect([one.take(), over]).toEqual([['answered committed'], true]);
    expect(two.take()).toEqual(['delivered a', 'consumed fleeting.x 1', 'consumed jobs 2']);
  });

  it('keeps the order of a queue in memory, though others came while it waited', async () => {
    const pending = commit(one, put('fleeting.x', 'late'), put('jobs', 'x'));
    send(sender, 'fleeting.x', 'early');
    consume(two, 'fleeting.x');
    await store.confirm();
    await pending;
    expect(takeBodies(two)).toEqual(['early', 'late']);
  });

  it('D1: puts nothing under a name that is in use again, after its queue was deleted meanwhile', async () => {
    const fleeting = { settling: 'auto', arguments: { autoDelete: true } } as const;
    consume(two, 'fleeting.x', fleeting);
    const pending = commit(one, put('fleeting.x', 'late'), put('jobs', 'x'));
    two.attachment.release({}, two.consumer('fleeting.x'));
    two.take();
    consume(two, 'fleeting.x', { ...fleeting, settling: 'explicit', credit: 1 });
    for (const body of ['1', '2', '3']) send(sender, 'fleeting.x', body);
    await store.confirm();
    await pending;
    for (let given = 0; given < 3; given += 1) {
      const delivery = two.deliveries.at(-1)!;
      two.attachment.settle({}, [{ delivery, verdict: 'ack' }]);
    }
    expect(takeBodies(two)).toEqual(['1', '2', '3']);
    expect(bed.broker.stats.deliveries).toBe(0);
  });

  it('takes nothing back when its sender leaves, and gives nobody what it settles', async () => {
    send(sender, 'jobs', 'x');
    await store.confirm();
    consume(one, 'jobs');
    await store.confirm();
    void commit(one, settlement(last(one)), put('jobs', 'y'));
    one.attachment.detach();
    consume(two, 'jobs');
    await store.confirm();
    expect(takeBodies(two)).toEqual(['y']);
  });

  it('leaves everything as it was when the store refuses', async () => {
    send(sender, 'jobs', 'x');
    await store.confirm();
    consume(one, 'jobs');
    await store.confirm();
    void commit(one, settlement(last(one)), put('jobs', 'y'), put('fleeting.x', 'z'));
    await store.refuse('full');
    expect(one.take().at(-1)).toBe('answered refused unavailable');
    expect(bed.broker.stats).toMatchObject({ deliveries: 1 });
    settle(one, 'ack', one.deliveries);
    consume(two, 'fleeting.x');
    consume(two, 'jobs');
    await store.confirm();
    expect(takeBodies(two)).toEqual([]);
    settle(one, 'ack', [...one.attachment.consumers.get('jobs')!.unsettled]);
    await store.confirm();
  });

  it('gives back what it would have settled when its sender has left before the store refused', async () => {
    send(sender, 'jobs', 'x');
    await store.confirm();
    consume(one, 'jobs');
    await store.confirm();
    void commit(one, settlement(last(one)), put('jobs', 'y'));
    one.attachment.detach();
    await store.refuse('full');
    consume(two, 'jobs');
    await store.confirm();
    expect(last(two).attempt).toBe(2);
    expect(takeBodies(two)).toEqual(['x again']);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commit, consume, message, put, send, takeBodies } from '../../../test/support/queue-bed.js';
import { RealmBed } from '../../../test/support/realm-bed.js';
import { SlowQueueStore, turns } from '../../../test/support/slow-queue-store.js';
import { memoryStore } from '../../engines/memory/index.js';
import { RecordingEndpoint } from '../../testing/index.js';

let bed: RealmBed;
let sender: RecordingEndpoint;

function begin(made = new RealmBed()): void {
  bed = made;
  sender = bed.endpoint();
}

beforeEach(() => begin());

afterEach(() => {
  bed.end();
  expect(bed.defects).toEqual([]);
});

function number(sequence: number, queue = 'jobs', who = sender): void {
  void send(who, queue, `${sequence}`, { producer: { id: 'p', sequence } });
}

/** What is in a queue; it is shown, not taken. */
function stored(queue = 'jobs'): string[] {
  const who = bed.endpoint();
  consume(who, queue, { browse: true });
  return takeBodies(who);
}

describe('a message with a number of its producer', () => {
  it('D14: is stored once, however often it is sent, and answered each time', () => {
    for (const sequence of [1, 2, 2, 1, 3]) number(sequence);
    expect(sender.take()).toEqual(Array(5).fill('answered enqueued'));
    expect(stored()).toEqual(['1', '2', '3']);
  });

  it('D14: is forgotten by each store that has heard of its producer, when there are too many', async () => {
    const [kept, fleeting] = [new SlowQueueStore(), memoryStore().queues];
    bed.end();
    const queues = [{ match: 'fleeting', durable: false }];
    const stores = { ...memoryStore(), queues: kept };
    begin(new RealmBed({ stores, transientQueues: fleeting, queues, brokerLimits: { producers: 3 } }));
    for (let id = 0; id < 20; id += 1) {
      const producer = { id: `${id}`, sequence: 1 };
      send(sender, id % 2 === 0 ? 'jobs' : 'fleeting', 'x', { producer });
      await kept.confirm();
    }
    const names = [...kept.list('realm1'), ...fleeting.list('realm1')].map(({ queue }) => queue.queue);
    expect(names.filter((name) => name.startsWith('#producer '))).toHaveLength(3);
  });

  it('D14: is known for all sessions of its principal, and for no other', () => {
    number(1);
    const again = bed.endpoint();
    number(1, 'jobs', again);
    const eve = new RecordingEndpoint(bed.broker, undefined, { authid: 'eve' });
    number(1, 'jobs', eve);
    eve.attachment.detach();
    expect(stored()).toEqual(['1', '1']);
  });

  it('D14: is stored though it is late, if it was left out', () => {
    for (const sequence of [1, 4, 2, 4, 2]) number(sequence);
    expect(stored()).toEqual(['1', '4', '2']);
  });

  it('D14: is stored when it is sent again after it was refused', () => {
    begin(new RealmBed({ queues: [{ match: 'small', maxMessages: 1 }] }));
    for (const sequence of [1, 2]) number(sequence, 'small');
    number(3);
    number(2);
    expect(sender.take()).toEqual([
      'answered enqueued',
      'answered refused queue_full',
      'answered enqueued',
      'answered enqueued',
    ]);
    expect(stored()).toEqual(['3', '2']);
  });

  it('D14: is not stored by a batch that is sent again; one that is refused has stored nothing', () => {
    begin(new RealmBed({ queues: [{ match: 'small', maxMessages: 1 }] }));
    const numbered = (queue: string, sequence: number) =>
      put(queue, `${sequence}`, { producer: { id: 'p', sequence } });
    void commit(sender, numbered('jobs', 1), numbered('small', 2), numbered('small', 3));
    for (let again = 0; again < 2; again += 1) void commit(sender, numbered('jobs', 1), numbered('small', 2));
    expect(sender.take()).toEqual([
      'answered refused queue_full',
      'answered committed',
      'answered committed',
    ]);
    expect([stored(), stored('small')]).toEqual([['1'], ['2']]);
  });

  it('D14: is known after a restart, of so many producers', () => {
    const stores = memoryStore();
    const brokerLimits = { producers: 2 };
    begin(new RealmBed({ stores, brokerLimits }));
    for (const id of ['a', 'b', 'c']) void send(sender, 'jobs', id, { producer: { id, sequence: 1 } });
    begin(new RealmBed({ stores, brokerLimits }));
    for (const id of ['c', 'b', 'a']) void send(sender, 'jobs', id, { producer: { id, sequence: 1 } });
    expect(stored()).toEqual(['a', 'b', 'c', 'a']);
    expect(bed.broker.stats.queues).toBe(1);
  });

  it('D14: is answered when the first of its kind is safe', async () => {
    const store = new SlowQueueStore();
    begin(new RealmBed({ stores: { ...memoryStore(), queues: store } }));
    number(1);
    number(1);
    void commit(sender, {
      kind: 'enqueue',
      command: message('jobs', '1', { producer: { id: 'p', sequence: 1 } }),
    });
    await turns();
    expect(sender.take()).toEqual(['answered refused unavailable']);
    await store.confirm();
    expect(sender.take()).toEqual(['answered enqueued', 'answered enqueued']);
    expect(stored()).toEqual(['1']);
  });

  it('D14: is known as refused, in the store too, before its sender hears of it', async () => {
    const store = new SlowQueueStore();
    begin(new RealmBed({ stores: { ...memoryStore(), queues: store } }));
    number(1);
    await store.confirm();
    number(2);
    number(2);
    await store.refuse('full');
    number(3);
    expect(sender.take()).toEqual(['answered enqueued']);
    await store.confirm();
    expect(sender.take()).toEqual([
      'answered refused unavailable',
      'answered refused unavailable',
      'answered enqueued',
    ]);
    begin(new RealmBed({ stores: { ...memoryStore(), queues: store } }));
    number(2);
    number(3);
    await store.confirm();
    expect(stored()).toEqual(['1', '3', '2']);
  });
});

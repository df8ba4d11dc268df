import { afterEach, describe, expect, it } from '@jest/globals';
import { consume, message, send, settle, takeBodies } from '../../../test/support/queue-bed.js';
import { RealmBed, publish } from '../../../test/support/realm-bed.js';
import { MemoryQueueStore } from '../../engines/memory/index.js';
import type { RecordingEndpoint } from '../../testing/index.js';
import type { QueueRecord, QueueRule, RecordQuery } from '../index.js';

/** A store that counts the records that it was asked to show. */
class CountingStore extends MemoryQueueStore {
  shown = 0;

  override browse(query: RecordQuery): readonly QueueRecord[] {
    const found = super.browse(query);
    this.shown += found.length;
    return found;
  }
}

let store: CountingStore;
let bed: RealmBed;
let sender: RecordingEndpoint;

function begin(rule: Omit<QueueRule, 'match' | 'overflow'>): void {
  store = new CountingStore();
  const queues: QueueRule[] = [{ match: 'jobs', overflow: 'drop-head', ...rule }];
  bed = new RealmBed({ transientQueues: store, stores: { queues: store }, queues });
  sender = bed.endpoint();
}

afterEach(() => bed.end());

describe('a queue that drops its oldest', () => {
  it.each([{ kind: 'none' }, { kind: 'queue', name: 'grave' }] as const)(
    'B9: makes room for a big message by as many steps as there are small ones, dead letters: %j',
    (deadLetter) => {
      begin({ maxBytes: 3000, deadLetter });
      for (let i = 0; i < 3000; i += 1) send(sender, 'jobs', 'x');
      sender.take();
      store.shown = 0;
      send(sender, 'jobs', 'y'.repeat(3000));
      expect(sender.take()).toEqual(['answered enqueued']);
      expect(store.shown).toBeLessThan(2 * 3000);
      consume(sender, 'jobs', { settling: 'auto' });
      expect(takeBodies(sender)).toEqual(['y'.repeat(3000)]);
    },
  );

  it('B9: does not look again and again at what those who choose have yet to settle', () => {
    begin({ maxMessages: 600, deadLetter: { kind: 'none' } });
    const chooser = bed.endpoint();
    for (let i = 0; i < 600; i += 1) send(sender, 'jobs', `${i}`);
    const filter = { accepts: () => true };
    consume(chooser, 'jobs', { filter, credit: 500 });
    bed.services.clock.flush();
    expect(chooser.deliveries).toHaveLength(500);
    send(sender, 'jobs', 'first');
    store.shown = 0;
    for (let i = 0; i < 50; i += 1) send(sender, 'jobs', 'next');
    expect(store.shown).toBeLessThan(50 * 64);
    settle(chooser, 'ack', chooser.deliveries);
  });

  it('drops what came back though others choose, the oldest first', () => {
    begin({ maxMessages: 3, deadLetter: { kind: 'none' } });
    const chooser = bed.endpoint();
    for (const body of ['1', '2', '3']) send(sender, 'jobs', body);
    consume(chooser, 'jobs', { filter: { accepts: () => true }, credit: 2 });
    const [first] = chooser.deliveries;
    send(sender, 'jobs', '4');
    chooser.attachment.release({}, first!.consumer);
    send(sender, 'jobs', '5');
    consume(sender, 'jobs', { settling: 'auto' });
    expect(takeBodies(sender)).toEqual(['2 again', '4', '5']);
  });

  it('B9: drops at last what waits for its time, so that nobody can fill it for ever', () => {
    begin({ maxMessages: 2, deadLetter: { kind: 'none' } });
    const deliverAt = bed.services.clock.wallTime() + 100_000;
    for (const body of ['1', '2']) send(sender, 'jobs', body, { deliverAt });
    send(sender, 'jobs', '3');
    send(sender, 'jobs', '4');
    expect(sender.take()).toEqual(Array(4).fill('answered enqueued'));
    consume(sender, 'jobs', { settling: 'auto' });
    expect(takeBodies(sender)).toEqual(['4']);
  });

  it('leaves what waits for its time where it is if it could not be dropped', () => {
    begin({ maxMessages: 2, maxBytes: 100, deadLetter: { kind: 'none' } });
    const deliverAt = bed.services.clock.wallTime() + 1000;
    send(sender, 'jobs', 'later', { deliverAt });
    const items = ['1', '2', '3'].map(
      (body) => ({ kind: 'enqueue', command: message('jobs', body) }) as const,
    );
    void sender.attachment.commit({}, items);
    consume(sender, 'jobs', { settling: 'auto' });
    expect(takeBodies(sender)).toEqual([]);
    bed.services.clock.advance(2000);
    expect(takeBodies(sender)).toEqual(['later']);
  });
});

describe('a durable subscription', () => {
  it('B18: counts the lists of an audience too, which may be longer than the event', () => {
    begin({});
    const names = Array.from({ length: 1000 }, (_, at) => `user-${at}`);
    const audience = { exclude: { authids: new Set(names) } };
    const binding = { match: 'exact', text: 'news' } as const;
    const more = { key: 'news', queue: 'mine', settling: 'explicit', credit: 1 } as const;
    void sender.attachment.consume({}, { ...more, binding, arguments: { maxBytes: 200_000 } });
    for (let sent = 0; sent < 10; sent += 1) publish(sender, 'news', false, { audience });
    sender.take();
    expect(store.list('realm1')).toMatchObject([{ messages: 2 }]);
  });
});

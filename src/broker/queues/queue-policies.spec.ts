import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { consume, release, send, settle, takeBodies } from '../../../test/support/queue-bed.js';
import { RealmBed, subscribe } from '../../../test/support/realm-bed.js';
import { memoryStore } from '../../engines/memory/index.js';
import { Payload } from '../index.js';
import {
  bed,
  begin,
  end,
  events,
  one,
  sendAll,
  sender,
  two,
  waiting,
} from '../../../test/support/policy-bed.js';

beforeEach(() => begin());

afterEach(end);

describe('the policy of a queue', () => {
  it('is the first rule that matches, and what the consumer asks for that makes the queue', () => {
    begin([
      { match: 'orders.*.fast', maxMessages: 1 },
      { match: 'orders.#', maxMessages: 2 },
    ]);
    for (const queue of ['orders.a.fast', 'orders.a.b.c', 'orders', 'others']) {
      sendAll(queue, '0', '1', '2');
    }
    expect(sender.take().map((told) => told.endsWith('enqueued'))).toEqual([
      true,
      false,
      false,
      true,
      true,
      false,
      true,
      true,
      false,
      true,
      true,
      true,
    ]);
    consume(one, 'orders.mine', { arguments: { maxMessages: 3 } });
    sendAll('orders.mine', '0', '1', '2', '3');
    expect(sender.take().filter((told) => told.endsWith('enqueued'))).toHaveLength(3);
  });

  it('is for a queue of dead letters only if the rule ends in .dead too', () => {
    begin([
      { match: 'orders.#', messageTtlMs: 1000, deadLetter: { kind: 'queue', name: 'orders.all.dead' } },
      { match: '#.dead', maxMessages: 2, overflow: 'reject-publish' },
    ]);
    sendAll('orders.a', '0', '1');
    bed.services.clock.advance(2000);
    expect(waiting('orders.all.dead')).toEqual(['0', '1']);
    bed.services.clock.advance(10_000);
    expect([waiting('orders.a'), waiting('orders.all.dead')]).toEqual([[], ['0', '1']]);
    sender.take();
    sendAll('orders.all.dead', '2');
    expect(sender.take()).toEqual(['answered refused queue_full']);
  });

  it('may be asked for again as it is, and not otherwise', () => {
    const wishes = { maxMessages: 5, deadLetter: { kind: 'queue', name: 'x' } } as const;
    consume(one, 'jobs', { arguments: wishes });
    consume(two, 'jobs', { arguments: { deadLetter: { name: 'x', kind: 'queue' } } });
    consume(sender, 'jobs', { arguments: { maxMessages: 6 } });
    expect([...one.take(), ...two.take(), ...sender.take()]).toEqual([
      'answered consuming',
      'answered consuming',
      'answered refused queue_mismatch',
    ]);
    consume(sender, 'jobs', { arguments: {} });
    expect(sender.take()).toEqual(['answered consuming']);
  });

  it('is not for clients to choose where the rule says so', () => {
    begin([{ match: 'jobs', clientArguments: false, maxMessages: 7 }]);
    consume(one, 'jobs', { arguments: { maxMessages: 7 } });
    consume(two, 'jobs');
    expect([...one.take(), ...two.take()]).toEqual(['answered refused queue_mismatch', 'answered consuming']);
  });

  it('B9: gives a client no more room than the limits, or the rule', () => {
    begin([{ match: 'large', maxMessages: 200_000, maxBytes: 200_000_000 }]);
    consume(one, 'a', { arguments: { maxMessages: 100_001 } });
    consume(one, 'b', { arguments: { maxBytes: 67_108_865, durable: false } });
    consume(one, 'c', { binding: { match: 'exact', text: 't' }, arguments: { maxMessages: 100_001 } });
    consume(one, 'large', { arguments: { maxMessages: 200_001 } });
    expect(one.take()).toEqual(Array(4).fill('answered refused limit_exceeded'));
    consume(one, 'a', { arguments: { maxMessages: 100_000, maxBytes: 67_108_864 } });
    consume(one, 'large', { arguments: { maxMessages: 200_000, maxBytes: 200_000_000 } });
    expect(one.take()).toEqual(['answered consuming', 'answered consuming']);
  });

  it('stays with a queue that somebody asked for, and is read again with it', () => {
    const stores = memoryStore();
    begin([], new RealmBed({ stores }));
    consume(one, 'jobs', { arguments: { maxMessages: 2 } });
    one.attachment.detach();
    expect(bed.broker.stats.queues).toBe(1);
    begin([], new RealmBed({ stores }));
    consume(one, 'jobs', { arguments: { maxMessages: 3 } });
    sendAll('jobs', '0', '1', '2');
    expect(one.take()).toEqual(['answered refused queue_mismatch']);
    expect(sender.take().at(-1)).toBe('answered refused queue_full');
  });

  it('bounds how many queues there are', () => {
    begin([], new RealmBed({ brokerLimits: { queues: 2 } }));
    sendAll('a', '0');
    consume(one, 'b');
    sendAll('c', '0');
    consume(one, 'd');
    expect(sender.take()).toEqual(['answered enqueued', 'answered refused limit_exceeded']);
    expect(one.take()).toEqual(['answered consuming', 'answered refused limit_exceeded']);
    release(one, one.attachment.consumers.get('b')!);
    sendAll('c', '0');
    expect(sender.take()).toEqual(['answered enqueued']);
  });
});

describe('a full queue', () => {
  it('B9: refuses what comes, and never drops it in silence; what is not settled counts', () => {
    begin([{ match: '#', maxMessages: 2 }]);
    consume(one, 'jobs', { credit: 1 });
    sendAll('jobs', '0', '1', '2');
    expect(sender.take()).toEqual(['answered enqueued', 'answered enqueued', 'answered refused queue_full']);
    settle(one, 'ack', one.deliveries);
    sendAll('jobs', '3');
    expect(sender.take()).toEqual(['answered enqueued']);
  });

  it('B9: counts the bytes of payloads and headers', () => {
    begin([{ match: '#', maxBytes: 10 }]);
    send(sender, 'jobs', '12345');
    send(sender, 'jobs', '12', { headers: new Map([['a', 'bcd']]) });
    send(sender, 'jobs', '123');
    send(sender, 'jobs', '12345678901');
    expect(sender.take().map((told) => told.replace('answered ', ''))).toEqual([
      'enqueued',
      'refused queue_full',
      'enqueued',
      'refused queue_full',
    ]);
  });

  it('B9: lets its oldest message of the lowest priority go, if it is to, and says where', () => {
    begin([{ match: 'jobs', maxMessages: 2, overflow: 'drop-head' }]);
    send(sender, 'jobs', 'urgent', { priority: 9 });
    sendAll('jobs', '0', '1', '2');
    expect(waiting('jobs')).toEqual(['urgent', '2']);
    consume(one, 'jobs.dead');
    expect(takeBodies(one)).toEqual(['0', '1']);
    expect(one.attachment.consumers.size).toBe(1);
  });

  it('refuses also if it drops its oldest, when all that it holds is with consumers', () => {
    begin([{ match: 'jobs', maxMessages: 1, overflow: 'drop-head' }]);
    consume(one, 'jobs');
    sendAll('jobs', '0', '1');
    expect(sender.take()).toEqual(['answered enqueued', 'answered refused queue_full']);
  });

  it('is examined for a message that could never fit', () => {
    begin([{ match: '#', maxBytes: 3 }]);
    const command = { queue: 'jobs', payload: payloadOf('1234') };
    void sender.attachment.examine({}, { kind: 'enqueue', command });
    void sender.attachment.examine(
      {},
      { kind: 'enqueue', command: { ...command, payload: payloadOf('123') } },
    );
    expect(sender.take()).toEqual(['answered refused queue_full']);
  });
});

describe('dead letters', () => {
  it('B10: go to the queue <name>.dead with why, where, how often and when', () => {
    const at = bed.services.clock.wallTime();
    send(sender, 'jobs', 'x', { headers: new Map([['a', 'b']]), priority: 7, expiresAt: at + 50_000 });
    consume(one, 'jobs');
    settle(one, 'requeue', [one.deliveries[0]!]);
    settle(one, 'reject', [one.deliveries[1]!]);
    consume(two, 'jobs.dead');
    const [delivery] = two.deliveries;
    expect(delivery!.death).toEqual({
      reason: 'rejected',
      queue: 'jobs',
      deliveries: 2,
      at,
      first: undefined,
    });
    expect(delivery).toMatchObject({ attempt: 1, redelivered: false });
    const { topic, headers, expiresAt } = delivery!.publication;
    expect([topic, [...headers!], expiresAt]).toEqual(['jobs.dead', [['a', 'b']], undefined]);
  });

  it('remember where and why they died first', () => {
    begin([
      { match: 'jobs', deadLetter: { kind: 'queue', name: 'retry' } },
      { match: 'retry', deadLetter: { kind: 'queue', name: 'grave' } },
    ]);
    send(sender, 'jobs', 'x');
    for (const queue of ['jobs', 'retry']) {
      consume(one, queue);
      settle(one, 'reject', [one.deliveries.at(-1)!]);
    }
    consume(two, 'grave');
    expect(two.deliveries[0]!.death).toMatchObject({
      reason: 'rejected',
      queue: 'retry',
      first: { reason: 'rejected', queue: 'jobs' },
    });
  });

  it('are published, if they go to a topic', () => {
    begin([{ match: 'jobs', deadLetter: { kind: 'topic', topic: 'deaths' } }]);
    subscribe(two, 'deaths');
    send(sender, 'jobs', 'x');
    consume(one, 'jobs');
    settle(one, 'reject', one.deliveries);
    expect(two.take()).toEqual(['answered subscribed', 'delivered deaths']);
  });

  it('B10: of a queue of dead letters, or of one that has nowhere for them, are dropped and counted', () => {
    begin([{ match: 'jobs', deadLetter: { kind: 'none' } }]);
    for (const queue of ['jobs', 'x.dead']) {
      send(sender, queue, 'x');
      consume(one, queue);
      settle(one, 'reject', [one.deliveries.at(-1)!]);
    }
    expect(events).toEqual(['queue_message_dropped jobs rejected', 'queue_message_dropped x.dead rejected']);
    expect(bed.broker.stats).toMatchObject({ queues: 2, deliveries: 0 });
  });

  it('B10: fill their queue and then push the oldest out', () => {
    begin([{ match: '*.dead', maxMessages: 2 }]);
    sendAll('jobs', '0', '1', '2');
    consume(one, 'jobs');
    settle(one, 'reject', one.deliveries);
    expect(waiting('jobs.dead')).toEqual(['1', '2']);
    expect(events).toEqual(['queue_message_dropped jobs.dead maxlen']);
  });

  it('go round in a ring of full queues for a bounded time', () => {
    begin([
      { match: 'a', maxMessages: 1, overflow: 'drop-head', deadLetter: { kind: 'queue', name: 'b' } },
      { match: 'b', maxMessages: 1, overflow: 'drop-head', deadLetter: { kind: 'queue', name: 'a' } },
    ]);
    sendAll('a', '0', '1', '2', '3');
    expect(waiting('a').length + waiting('b').length).toBe(2);
  });
});

function payloadOf(body: string): Payload {
  return Payload.ofBody(Buffer.from(body));
}

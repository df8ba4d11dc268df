import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { consume, release, send, settle, takeBodies } from '../../../test/support/queue-bed.js';
import { RealmBed } from '../../../test/support/realm-bed.js';
import { memoryStore } from '../../engines/memory/index.js';
import { bed, begin, end, one, sendAll, sender, two, waiting } from '../../../test/support/policy-bed.js';

beforeEach(() => begin());

afterEach(end);

describe('time', () => {
  it('B9: ends what has expired, whether or not somebody consumes', () => {
    const now = bed.services.clock.wallTime();
    send(sender, 'jobs', 'short', { expiresAt: now + 1000 });
    send(sender, 'jobs', 'long', { expiresAt: now + 5000 });
    send(sender, 'jobs', 'ever');
    bed.services.clock.advance(1500);
    expect([waiting('jobs'), waiting('jobs.dead')]).toEqual([['long', 'ever'], ['short']]);
    bed.services.clock.advance(4000);
    expect([waiting('jobs'), waiting('jobs.dead')]).toEqual([['ever'], ['short', 'long']]);
  });

  it('never hands out what has expired', () => {
    send(sender, 'jobs', 'x', { expiresAt: bed.services.clock.wallTime() + 10 });
    bed.services.clock.advanceWithin(20);
    consume(one, 'jobs');
    expect(takeBodies(one)).toEqual([]);
    expect(waiting('jobs.dead')).toEqual(['x']);
  });

  it('lets a consumer settle in peace what expires meanwhile, and ends it when it comes back', () => {
    send(sender, 'jobs', 'x', { expiresAt: bed.services.clock.wallTime() + 1000 });
    consume(one, 'jobs');
    bed.services.clock.advance(10_000);
    expect(waiting('jobs.dead')).toEqual([]);
    one.attachment.detach();
    bed.services.clock.advance(60_000);
    expect([waiting('jobs'), waiting('jobs.dead')]).toEqual([[], ['x']]);
  });

  it('is bounded by the policy: the shorter of both counts', () => {
    begin([{ match: 'jobs', messageTtlMs: 1000 }]);
    send(sender, 'jobs', 'a');
    send(sender, 'jobs', 'b', { expiresAt: bed.services.clock.wallTime() + 500_000 });
    send(sender, 'jobs', 'c', { expiresAt: bed.services.clock.wallTime() + 100 });
    bed.services.clock.advance(300);
    expect(waiting('jobs.dead')).toEqual(['c']);
    bed.services.clock.advance(1000);
    expect(waiting('jobs.dead')).toEqual(['c', 'a', 'b']);
  });

  it('ends any number of messages, some in each run', () => {
    begin([{ match: 'jobs', messageTtlMs: 1000, deadLetter: { kind: 'none' } }]);
    sendAll('jobs', ...Array.from({ length: 1000 }, (_, i) => `${i}`));
    bed.services.clock.advance(1200);
    expect(bed.broker.stats.queues).toBe(0);
  });

  it('ends large messages, a few in each run, without waiting in between', () => {
    begin([{ match: 'jobs', messageTtlMs: 1000, deadLetter: { kind: 'none' } }]);
    sendAll('jobs', ...Array.from({ length: 12 }, () => 'x'.repeat(400 * 1024)));
    bed.services.clock.advance(1200);
    expect(bed.broker.stats.queues).toBe(0);
  });

  it('holds back what is to be delivered later, in its priority, then after what is there', () => {
    const now = bed.services.clock.wallTime();
    send(sender, 'jobs', 'later', { deliverAt: now + 2000 });
    send(sender, 'jobs', 'sooner', { deliverAt: now + 1000, priority: 9 });
    send(sender, 'jobs', 'past', { deliverAt: now - 1 });
    consume(one, 'jobs', { credit: 1 });
    expect(takeBodies(one)).toEqual(['past']);
    expect(waiting('jobs')).toEqual([]);
    send(sender, 'jobs', 'now');
    bed.services.clock.advance(1200);
    expect(waiting('jobs')).toEqual(['sooner', 'now']);
    bed.services.clock.advance(1000);
    expect(waiting('jobs')).toEqual(['sooner', 'now', 'later']);
  });

  it('gives up what expires before it is to be delivered', () => {
    const now = bed.services.clock.wallTime();
    send(sender, 'jobs', 'x', { deliverAt: now + 5000, expiresAt: now + 1000 });
    bed.services.clock.advance(1200);
    expect(waiting('jobs.dead')).toEqual(['x']);
  });

  it('goes on after a restart', () => {
    const stores = memoryStore();
    begin([], new RealmBed({ stores }));
    send(sender, 'jobs', 'x', { expiresAt: bed.services.clock.wallTime() + 1000 });
    begin([], new RealmBed({ stores }));
    bed.services.clock.advance(1500);
    expect(waiting('jobs.dead')).toEqual(['x']);
  });
});

describe('a wall clock that is set', () => {
  const DAY = 86_400_000;

  it('D13: forward: ends what has expired by it within a minute', () => {
    send(sender, 'jobs', 'x', { expiresAt: bed.services.clock.wallTime() + DAY });
    bed.services.clock.stepWallTime(DAY);
    bed.services.clock.advance(61_000);
    expect(waiting('jobs.dead')).toEqual(['x']);
  });

  it('D13: back: keeps nobody waiting, and no queue that nobody uses', () => {
    consume(one, 'jobs');
    send(sender, 'jobs', 'x');
    settle(one, 'release', one.deliveries);
    consume(two, 'idle', { arguments: { expiresMs: 5000 } });
    two.attachment.detach();
    bed.services.clock.stepWallTime(-DAY);
    bed.services.clock.advance(5200);
    expect(takeBodies(one)).toEqual(['x', 'x again']);
    expect(bed.broker.stats.queues).toBe(1);
  });
});

describe('the end of a queue', () => {
  it('comes with its last consumer, messages and all, if that is its policy', () => {
    const wishes = { arguments: { autoDelete: true } };
    consume(one, 'jobs', { ...wishes, credit: 1 });
    consume(two, 'jobs', { ...wishes, credit: 1 });
    sendAll('jobs', '0', '1', '2');
    one.attachment.detach();
    expect(bed.broker.stats.queues).toBe(1);
    release(two, two.attachment.consumers.get('jobs')!);
    expect(bed.broker.stats).toMatchObject({ queues: 0, deliveries: 0 });
    consume(two, 'jobs');
    expect(takeBodies(two)).toEqual(['1']);
  });

  it('comes when nobody has consumed it for so long; a consumer keeps it', () => {
    consume(one, 'jobs', { arguments: { expiresMs: 5000 } });
    bed.services.clock.advance(60_000);
    release(one, one.attachment.consumers.get('jobs')!);
    sendAll('jobs', 'x');
    bed.services.clock.advance(4000);
    consume(one, 'jobs', { credit: 1 });
    bed.services.clock.advance(60_000);
    release(one, one.attachment.consumers.get('jobs')!);
    bed.services.clock.advance(4900);
    expect(bed.broker.stats.queues).toBe(1);
    bed.services.clock.advance(300);
    expect(bed.broker.stats.queues).toBe(0);
    expect(waiting('jobs')).toEqual([]);
  });

  it('comes after a restart too', () => {
    const stores = memoryStore();
    begin([], new RealmBed({ stores, queues: [{ match: '#', expiresMs: 5000 }] }));
    sendAll('jobs', 'x');
    begin([], new RealmBed({ stores, queues: [{ match: '#', expiresMs: 5000 }] }));
    bed.services.clock.advance(5200);
    expect(bed.broker.stats.queues).toBe(0);
  });
});

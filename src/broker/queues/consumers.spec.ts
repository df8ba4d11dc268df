import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { consume, release, send, settle, takeBodies } from '../../../test/support/queue-bed.js';
import { RealmBed } from '../../../test/support/realm-bed.js';
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

describe('who may consume', () => {
  it('is one alone if it wants to be, whoever comes first', () => {
    consume(one, 'jobs', { exclusive: true });
    consume(two, 'jobs');
    consume(two, 'other');
    consume(one, 'other', { exclusive: true });
    expect(one.take()).toEqual(['answered consuming', 'answered refused queue_in_use']);
    expect(two.take()).toEqual(['answered refused queue_in_use', 'answered consuming']);
    release(one, one.attachment.consumers.get('jobs')!);
    consume(two, 'jobs', { exclusive: true });
    expect(two.take()).toEqual(['answered consuming']);
  });

  it('is asked of the authorizer: `consume` and `publish` on queue.<name>', () => {
    const asked: string[] = [];
    begin(
      new RealmBed({
        authorizer: {
          decide: (_principal, action, { match, text }) => {
            asked.push(`${action} ${match} ${text}`);
            return { allow: action === 'publish' };
          },
        },
      }),
    );
    send(sender, 'a.b', 'x');
    consume(one, 'a.b');
    consume(one, 'a.b', { browse: true });
    expect(asked).toEqual(['publish exact queue.a.b', 'consume exact queue.a.b', 'consume exact queue.a.b']);
    expect(one.take()).toEqual(Array(2).fill('answered refused not_authorized'));
  });

  it('must be allowed to send there if it names where dead letters go', () => {
    begin(
      new RealmBed({
        authorizer: { decide: (_principal, action) => ({ allow: action === 'consume' }) },
      }),
    );
    consume(one, 'jobs', { arguments: { deadLetter: { kind: 'queue', name: 'secret' } } });
    expect(one.take()).toEqual(['answered refused not_authorized']);
  });

  it('is refused a key that it has in use, and more than its limit of subscriptions', () => {
    begin(new RealmBed({ brokerLimits: { subscriptions: 2 } }));
    consume(one, 'a');
    consume(one, 'a');
    void one.attachment.subscribe({}, { key: 't', pattern: { match: 'exact', text: 't' } });
    consume(one, 'b');
    void one.attachment.subscribe({}, { key: 'u', pattern: { match: 'exact', text: 'u' } });
    expect(one.take()).toEqual([
      'answered consuming',
      'answered refused queue_in_use',
      'answered subscribed',
      'answered refused limit_exceeded',
      'answered refused limit_exceeded',
    ]);
  });

  it('is the first of the highest priority where one is to be active, and the next when it leaves', () => {
    const single = { arguments: { singleActive: true } };
    const three = bed.endpoint();
    consume(one, 'jobs', single);
    consume(two, 'jobs', single);
    consume(three, 'jobs', single);
    sendAll('jobs', '0', '1');
    one.attachment.detach();
    expect([two, three].map(takeBodies)).toEqual([['0 again', '1 again'], []]);
    // One of a higher priority waits until the one before has settled what it has.
    const four = bed.endpoint();
    consume(four, 'jobs', { ...single, priority: 3 });
    send(sender, 'jobs', '2');
    expect([two, three, four].map(takeBodies)).toEqual([[], [], []]);
    for (const delivery of Array.from(two.attachment.consumers.get('jobs')!.unsettled))
      settle(two, 'ack', [delivery]);
    expect([two, three, four].map(takeBodies)).toEqual([[], [], ['2']]);
  });
});

describe('browsing', () => {
  it('shows what waits, in order, takes nothing, and ends', () => {
    sendAll('jobs', '0', '1', '2');
    consume(one, 'jobs', { credit: 1 });
    send(sender, 'jobs', 'first', { priority: 9 });
    consume(two, 'jobs', { browse: true });
    expect(two.deliveries.every(({ settled }) => settled)).toBe(true);
    expect(two.take()).toEqual([
      'answered consuming',
      'consumed jobs first',
      'consumed jobs 1',
      'consumed jobs 2',
      'exhausted jobs',
    ]);
    expect(bed.broker.stats).toMatchObject({ consumers: 1, deliveries: 1 });
    one.attachment.detach();
    consume(two, 'jobs', { settling: 'auto' });
    expect(takeBodies(two)).toEqual(['first', '0 again', '1', '2']);
  });

  it('makes no queue, and shows nothing of one that is not there', () => {
    consume(one, 'jobs', { browse: true });
    expect(one.take()).toEqual(['answered consuming', 'exhausted jobs']);
    expect(bed.broker.stats.queues).toBe(0);
  });

  it('goes no faster than its endpoint, shows only what was there when it began, and may be ended', () => {
    sendAll('jobs', '0', '1', '2', '3');
    one.room = 2;
    two.room = 1;
    consume(one, 'jobs', { browse: true });
    consume(two, 'jobs', { browse: true });
    expect([takeBodies(one), takeBodies(two)]).toEqual([['0', '1'], ['0']]);
    send(sender, 'jobs', '4');
    one.room = 10;
    one.attachment.resume();
    expect(one.take()).toEqual(['consumed jobs 2', 'consumed jobs 3', 'exhausted jobs']);
    release(two, two.attachment.consumers.get('jobs')!);
    two.attachment.resume();
    expect(two.take()).toEqual(['answered released']);
  });

  it('shows a long queue in parts, and only what the filter accepts', () => {
    sendAll('jobs', ...Array.from({ length: 600 }, (_, i) => `${i}`));
    consume(one, 'jobs', { browse: true, filter: { accepts: ({ payload }) => text(payload) >= '590' } });
    expect(one.deliveries.length).toBeLessThan(100);
    bed.services.clock.flush();
    expect(one.take().at(-1)).toBe('exhausted jobs');
  });
});

describe('a consumer that chooses', () => {
  const odd = {
    accepts: ({ payload }: { payload: Delivery['publication']['payload'] }) =>
      Number(text(payload)) % 2 === 1,
  };

  it('gets what it wants in order; the rest stays for others, also when it came before', () => {
    sendAll('jobs', '0', '1', '2', '3');
    consume(one, 'jobs', { filter: odd });
    sendAll('jobs', '4', '5');
    consume(two, 'jobs');
    expect([takeBodies(one), takeBodies(two)]).toEqual([
      ['1', '3', '5'],
      ['0', '2', '4'],
    ]);
  });

  it('finds what it wants behind any number of others, in several turns', () => {
    sendAll('jobs', ...Array.from({ length: 3000 }, () => '2'), '3');
    consume(one, 'jobs', { filter: odd });
    expect(takeBodies(one)).toEqual([]);
    bed.services.clock.flush();
    expect(takeBodies(one)).toEqual(['3']);
  });

  it('gets again what was given back, from itself or another, in its place', () => {
    sendAll('jobs', '1', '2', '3', '5');
    consume(two, 'jobs', { credit: 1 });
    consume(one, 'jobs', { filter: odd });
    expect(takeBodies(one)).toEqual(['3', '5']);
    two.attachment.detach();
    expect(takeBodies(one)).toEqual(['1 again']);
    settle(one, 'requeue', [...one.attachment.consumers.get('jobs')!.unsettled]);
    expect(takeBodies(one)).toEqual(['1 again', '3 again', '5 again']);
  });

  it('gets nothing of what its own session has sent, if it does not want that', () => {
    consume(one, 'jobs', { noLocal: true });
    send(one, 'jobs', 'own');
    send(sender, 'jobs', 'other');
    expect(takeBodies(one)).toEqual(['other']);
    consume(two, 'jobs');
    expect(takeBodies(two)).toEqual(['own']);
  });

  it('takes its turn with the others', () => {
    consume(one, 'jobs', { filter: { accepts: () => true } });
    consume(two, 'jobs');
    sendAll('jobs', '0', '1', '2', '3');
    expect([takeBodies(one), takeBodies(two)].map((bodies) => bodies.length)).toEqual([2, 2]);
  });
});

function text(payload: Delivery['publication']['payload']): string {
  return Buffer.from(payload.body().bytes).toString();
}

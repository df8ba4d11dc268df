import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
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
import { RealmBed } from '../../../test/support/realm-bed.js';
import type { Delivery, SettlementVerdict } from '../index.js';
import type { RecordingEndpoint } from '../../testing/index.js';

let bed: RealmBed;
let sender: RecordingEndpoint;
let one: RecordingEndpoint;
let two: RecordingEndpoint;

function begin(brokerLimits: { readonly unsettled?: number; readonly unsettledBytes?: number }): void {
  bed = new RealmBed({ brokerLimits, queues: [{ match: '#', maxDeliveries: 1000 }] });
  [sender, one, two] = [bed.endpoint(), bed.endpoint(), bed.endpoint()];
}

beforeEach(() => begin({ unsettled: 3 }));

afterEach(() => {
  bed.end();
  expect(bed.defects).toEqual([]);
});

function sendAll(queue: string, ...bodies: readonly string[]): void {
  for (const body of bodies) void send(sender, queue, body);
}

/** The delivery of that body, as it was told. */
function given(who: RecordingEndpoint, body: string): Delivery {
  const found = who.deliveries.findLast(
    ({ publication }) => Buffer.from(publication.payload.body().bytes).toString() === body,
  );
  if (found === undefined) throw new Error(`${body} was not given`);
  return found;
}

describe('what a session may have unsettled', () => {
  it('S17: is bounded over all its consumers, and others are served', () => {
    for (const queue of ['a', 'b']) void consume(one, queue, { credit: 10 });
    sendAll('a', 'a1', 'a2');
    sendAll('b', 'b1', 'b2', 'b3');
    expect(takeBodies(one)).toEqual(['a1', 'a2', 'b1']);
    void consume(two, 'b', { credit: 1 });
    expect(takeBodies(two)).toEqual(['b2']);
  });

  it('goes on when something is settled, with the consumer that has waited longest', () => {
    for (const queue of ['a', 'b', 'c']) void consume(one, queue, { credit: 10 });
    sendAll('a', 'a1', 'a2', 'a3', 'a4', 'a5');
    sendAll('b', 'b1', 'b2');
    sendAll('c', 'c1');
    const order: string[] = [];
    for (const body of ['a1', 'a2', 'a3', 'a4', 'b1']) {
      settle(one, 'ack', [given(one, body)]);
      order.push(one.deliveries.map(({ consumer }) => consumer.queue).join(''));
    }
    expect(order).toEqual(['aaaa', 'aaaab', 'aaaabc', 'aaaabca', 'aaaabcab']);
  });

  it.each(['ack', 'requeue', 'release', 'reject'] as const)('is less after %s', (verdict) => {
    void consume(one, 'a', { credit: 10 });
    void consume(one, 'b', { credit: 10 });
    sendAll('a', 'a1', 'a2', 'a3');
    sendAll('b', 'b1');
    for (const body of ['a1', 'a2']) settle(one, verdict, [given(one, body)]);
    expect(takeBodies(one)).toContain('b1');
  });

  it('is less after a batch, and not after one that is refused', () => {
    void consume(one, 'a', { credit: 10 });
    void consume(one, 'b', { credit: 10 });
    sendAll('a', 'a1', 'a2', 'a3');
    sendAll('b', 'b1', 'b2');
    const first = given(one, 'a1');
    void commit(one, settlement(first), settlement({ ...first }));
    expect(one.deliveries.length).toBe(3);
    void commit(one, settlement(first), put('c', 'x'));
    expect(takeBodies(one)).toEqual(['a1', 'a2', 'a3', 'b1']);
  });

  it('is less after a consumer has ended', () => {
    void consume(one, 'a', { credit: 10 });
    void consume(one, 'b', { credit: 10 });
    sendAll('a', 'a1', 'a2', 'a3');
    sendAll('b', 'b1', 'b2');
    release(one, one.attachment.consumers.get('a')!);
    expect(takeBodies(one)).toEqual(['a1', 'a2', 'a3', 'b1', 'b2']);
  });

  it('does not count for those who settle by themselves, nor hold them up', () => {
    void consume(one, 'a', { credit: 10 });
    void consume(one, 'b', { settling: 'auto' });
    sendAll('b', 'b1', 'b2', 'b3', 'b4');
    sendAll('a', 'a1', 'a2', 'a3', 'a4');
    sendAll('b', 'b5');
    expect(takeBodies(one)).toEqual(['b1', 'b2', 'b3', 'b4', 'a1', 'a2', 'a3', 'b5']);
  });

  it('S17: is bounded in bytes too; the message that exceeds them is the last one', () => {
    begin({ unsettledBytes: 10 });
    void consume(one, 'a', { credit: 10 });
    sendAll('a', '1234', '12345', '1234567890123', 'x');
    expect(takeBodies(one)).toEqual(['1234', '12345', '1234567890123']);
  });

  it('lets a message of any size through, alone', () => {
    begin({ unsettledBytes: 10 });
    void consume(one, 'a', { credit: 10 });
    sendAll('a', '12345678901234567890', 'y');
    const [large] = one.deliveries;
    expect(one.deliveries.length).toBe(1);
    settle(one, 'ack', [large!]);
    expect(takeBodies(one)).toEqual(['12345678901234567890', 'y']);
  });

  it('is counted each time it is reached', () => {
    const counted: string[] = [];
    const count = (name: string): void => void counted.push(name);
    bed.end();
    bed = new RealmBed({
      brokerLimits: { unsettled: 2 },
      instrumentation: { count, event() {}, defect() {} },
    });
    [sender, one] = [bed.endpoint(), bed.endpoint()];
    void consume(one, 'a');
    sendAll('a', '1', '2', '3');
    settle(one, 'ack', [given(one, '1')]);
    expect(counted).toEqual(['queue_sessions_full', 'queue_sessions_full']);
  });

  it('leaves nobody waiting for ever, whatever is settled how', () => {
    const verdict = fc.constantFrom<SettlementVerdict[]>('ack', 'ack', 'requeue', 'release');
    const steps = fc.array(fc.record({ who: fc.nat(1), at: fc.nat(5), verdict }), { maxLength: 60 });
    const queues = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 25 });
    fc.assert(
      fc.property(queues, steps, (sent, settled) => {
        begin({ unsettled: 3 });
        const held = new Map([one, two].map((who) => [who, [] as Delivery[]]));
        const given = new Set<Delivery>();
        const look = (): void => {
          for (const [who, list] of held) {
            for (const delivery of who.deliveries)
              if (!given.has(delivery)) {
                given.add(delivery);
                list.push(delivery);
              }
            expect(list.length).toBeLessThanOrEqual(3);
          }
        };
        let left = sent.length;
        const done = (who: RecordingEndpoint, delivery: Delivery, how: SettlementVerdict): void => {
          held.get(who)!.splice(held.get(who)!.indexOf(delivery), 1);
          if (how === 'ack') left -= 1;
          settle(who, how, [delivery]);
          bed.services.clock.advance(6000);
          look();
        };
        for (const who of [one, two]) for (const queue of 'abc') void consume(who, queue, { credit: 2 });
        for (const [index, queue] of sent.entries()) void send(sender, queue, `${index}`);
        look();
        for (const { who, at, verdict: how } of settled) {
          const endpoint = [one, two][who]!;
          const delivery = held.get(endpoint)![at];
          if (delivery !== undefined) done(endpoint, delivery, how);
        }
        for (let more = true; more;) {
          more = false;
          for (const [who, list] of held) {
            const [delivery] = list;
            if (delivery === undefined) continue;
            more = true;
            done(who, delivery, 'ack');
          }
        }
        expect(left).toBe(0);
        bed.end();
      }),
      { numRuns: 60 },
    );
  });
});

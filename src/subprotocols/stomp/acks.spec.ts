import { describe, expect, it } from '@jest/globals';
import type { Invocation, Delivery as QueueDelivery } from '../../broker/index.js';
import { Acks, Coverage, Pile } from './acks.js';

const LIMIT = 10;

describe('deliveries that wait for an ACK', () => {
  it('S17: are bounded for one subscription, the oldest are forgotten', () => {
    const acks = new Acks(7, LIMIT);
    const pile = new Pile('client-individual', 's');
    const ids = Array.from({ length: 3 * LIMIT }, () => acks.issue(1, pile).messageId);
    expect(acks.size).toBe(LIMIT);
    expect(ids.filter((id) => acks.find(id).kind === 'waiting')).toEqual(ids.slice(-LIMIT));
  });

  it('S17: are bounded for a session of many subscriptions, and what is forgotten is ignored, not foreign', () => {
    const acks = new Acks(7, LIMIT);
    const piles = Array.from({ length: 100 }, (_, i) => new Pile('client', String(i)));
    const ids = Array.from({ length: LIMIT }, () =>
      piles.map((pile) => acks.issue(1, pile).messageId),
    ).flat();
    expect(acks.size).toBe(16 * LIMIT);
    expect(piles.reduce((sum, pile) => sum + pile.deliveries.size, 0)).toBe(16 * LIMIT);
    expect([acks.find(ids[0]!).kind, acks.find(ids.at(-1)!).kind]).toEqual(['ignored', 'waiting']);
  });

  it('S17: a call that is open may be refused, however many messages came after it', () => {
    const acks = new Acks(7, LIMIT);
    const call = acks.issue('call', new Pile('auto', 'p'), {} as Invocation);
    const pile = new Pile('client', 's');
    for (let i = 0; i < 100 * LIMIT; i += 1) acks.issue(1, pile);
    expect(acks.find(call.messageId)).toEqual({ kind: 'waiting', delivery: call });
  });

  it('S17: a message of a queue is never forgotten: its credit bounds it', () => {
    const acks = new Acks(7, LIMIT);
    const queued = new Pile('client', 'q');
    const messages = Array.from({ length: 3 * LIMIT }, () => acks.issue(1, queued, {} as QueueDelivery));
    const pile = new Pile('client', 's');
    for (let i = 0; i < 100 * LIMIT; i += 1) acks.issue(2, pile);
    expect(queued.deliveries.size).toBe(3 * LIMIT);
    expect(acks.coveredBy(messages.at(-1)!)).toEqual(messages);
  });
});

describe('what the ACKs of a transaction cover', () => {
  it('STOMP-49: is each delivery once, by the first that names it', () => {
    const acks = new Acks(7, LIMIT);
    const [cumulative, single] = [new Pile('client', 'c'), new Pile('client-individual', 's')];
    const [a, b, c] = [1, 2, 3].map((id) => acks.issue(id, cumulative));
    const d = acks.issue(4, single);
    const coverage = new Coverage();
    expect([b!, a!, d, c!, d].map((named) => coverage.add(named))).toEqual([[a, b], [], [d], [c], []]);
  });
});

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ALL, heard, listen, promptBed, say } from '../../../test/support/past-bed.js';
import { RealmBed } from '../../../test/support/realm-bed.js';
import { MemoryRetainedStore } from '../../engines/memory/index.js';
import { Payload } from '../index.js';

let bed: RealmBed;

afterEach(() => bed.end());

/** Lets everybody have as many turns as they want, then looks. */
async function settle(look: () => void): Promise<void> {
  for (let turns = 0; turns < 50; turns += 1) {
    bed.services.clock.flush();
    await new Promise((go) => setImmediate(go));
  }
  look();
}

describe('retained events', () => {
  it('are told to those who ask for them, before what is live, the last of each topic', () => {
    bed = promptBed();
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    for (const text of ['b1', 'b2']) say(one, 'x.b', text, { retain: true });
    say(one, 'x.a', 'a1', { retain: true });
    say(one, 'x.a', 'not kept');
    listen(two, 'x.', { match: 'wildcard', retained: true });
    say(one, 'x.b', 'live', { retain: true });
    expect(heard(two)).toEqual(['subscribed', '*a1', '*b2', 'live']);
    listen(two, 'x.b');
    expect(heard(two)).toEqual(['subscribed']);
  });

  it('are cleared by an empty payload, which is an event like any other', () => {
    bed = promptBed();
    const one = bed.endpoint();
    listen(one, 'a');
    say(one, 'a', 'kept', { retain: true });
    say(one, 'a', '', { retain: true });
    listen(one, 'a', { key: 'later', retained: true });
    expect(heard(one)).toEqual(['subscribed', 'kept', '', 'subscribed']);
  });

  it('are as many as the limit says, whatever matches', () => {
    bed = promptBed({ brokerLimits: { retainedReplay: 150 } });
    const one = bed.endpoint();
    for (let at = 0; at < 400; at += 1) say(one, `t.${1000 + at}`, `${at}`, { retain: true });
    listen(one, 't', { match: 'prefix', retained: true });
    const told = heard(one);
    expect([told.length, told[1], told.at(-1)]).toEqual([151, '*0', '*149']);
  });

  it('B12: are looked for to the end where few are for the subscriber, and others have their turn meanwhile', async () => {
    bed = promptBed({ brokerLimits: { retainedReplay: 2 } });
    const one = bed.endpoint();
    const audience = { eligible: { authids: new Set(['bob']) } };
    for (let at = 1000; at < 3000; at += 1) say(one, `t.${at}`, 'for bob', { retain: true, audience });
    for (const topic of ['t.9', 'u.1', 'u.2']) say(one, topic, topic, { retain: true });
    const reads = jest.spyOn(MemoryRetainedStore.prototype, 'match');
    listen(one, '', { match: 'prefix', retained: true });
    const inOnePiece = reads.mock.calls.length;
    reads.mockRestore();
    expect([heard(one), inOnePiece <= 10]).toEqual([['subscribed'], true]);
    await settle(() => expect(heard(one)).toEqual(['*t.9', '*u.1']));
  });

  it('B12: give others their turn where nothing matches, once for all subscriptions of a session', async () => {
    bed = promptBed();
    const one = bed.endpoint();
    for (let at = 1000; at < 7000; at += 1) say(one, `t.${at}`, 'x', { retain: true });
    const reads = jest.spyOn(MemoryRetainedStore.prototype, 'match');
    for (const key of ['a', 'b', 'c']) listen(one, '...', { key, match: 'wildcard', retained: true });
    const inOnePiece = reads.mock.calls.length;
    reads.mockRestore();
    await settle(() => expect(heard(one)).toEqual(['subscribed', 'subscribed', 'subscribed']));
    // Two tiers, each in pages of 1024 topics.
    expect(inOnePiece).toBe(8);
  });

  it('B8: are refused beyond the limits of the store, told to nobody, and nothing is forgotten', () => {
    const stores = { retained: new MemoryRetainedStore({ events: 2 }) };
    bed = new RealmBed({ stores });
    const one = bed.endpoint();
    listen(one, '#', { match: 'multi' });
    const payload = Payload.ofBody(Buffer.from('x'));
    for (const topic of ['a', 'b', 'c', 'a'])
      void one.attachment.publish({}, { topic, payload, retain: true }, topic !== 'b');
    expect(heard(one)).toEqual([
      'subscribed',
      'published',
      'x',
      'x',
      'refused limit_exceeded',
      'published',
      'x',
    ]);
    // What is refused is told also to those who wanted no acknowledgement.
    void one.attachment.publish({}, { topic: 'd', payload, retain: true });
    expect(heard(one)).toEqual(['refused limit_exceeded']);
  });

  it('are not kept, and events all the same, where there is no store', () => {
    bed = new RealmBed({ stores: {} });
    const one = bed.endpoint();
    say(one, 'a', 'x', { retain: true });
    listen(one, 'a', { retained: true, replay: ALL });
    say(one, 'a', 'y', { retain: true });
    expect(heard(one)).toEqual(['subscribed recovered:false', 'y']);
  });

  it('have encodings of their own, for nobody else', () => {
    bed = promptBed();
    const one = bed.endpoint();
    say(one, 'a', 'x', { retain: true });
    const form = { ordinal: 1 };
    for (const key of ['k1', 'k2']) listen(one, 'a', { key, retained: true });
    const encoded = one.told.flatMap((told) =>
      told.kind === 'delivered' ? [told.publication.encodeOnce(form, () => told.key)] : [],
    );
    expect(encoded).toEqual(['k1', 'k2']);
  });
});

describe('what a subscriber may not or will not see', () => {
  const may = { key: 'k', retained: true, replay: ALL } as const;

  it('is left out live, retained and replayed: by session, authid and authrole', () => {
    bed = promptBed();
    const one = bed.endpoint();
    const { session } = one.attachment;
    listen(one, 'h.a');
    heard(one);
    const nobody = { authids: new Set<string>() };
    for (const audience of [
      { eligible: { sessions: new Set([session + 1]) } },
      { eligible: nobody },
      { eligible: { sessions: new Set([session]), authroles: new Set(['admin']) } },
      { exclude: { sessions: new Set([session]) } },
      { exclude: { authids: new Set(['tester', 'x']) } },
      { exclude: { authroles: new Set(['user']) } },
      { eligible: { authids: new Set(['tester']) }, exclude: { authroles: new Set(['user']) } },
    ]) {
      say(one, 'h.a', 'secret', { audience, retain: true });
      listen(one, 'h.a', may);
      one.attachment.unsubscribe({}, one.attachment.subscriptions.get('k'));
    }
    expect(new Set(heard(one))).toEqual(new Set(['subscribed recovered:true', 'unsubscribed']));
  });

  it('is let through where every list that is there names it', () => {
    bed = promptBed();
    const one = bed.endpoint();
    const { session } = one.attachment;
    const eligible = {
      sessions: new Set([session]),
      authids: new Set(['tester']),
      authroles: new Set(['user']),
    };
    say(one, 'x', 'mine', { audience: { eligible, exclude: { authids: new Set(['other']) } }, retain: true });
    listen(one, 'x', { retained: true });
    expect(heard(one)).toEqual(['subscribed', '*mine']);
  });

  it('is left out by no-local, by a filter, and by the publisher itself', () => {
    bed = promptBed();
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    say(one, 'h.a', 'own', { retain: true });
    say(two, 'h.b', 'wrong', { retain: true });
    say(two, 'h.c', 'right', { retain: true });
    say(one, 'h.d', 'unheard', { retain: true, excludePublisher: true });
    const filter = { accepts: ({ topic }: { topic: string }) => topic !== 'h.b' };
    listen(one, 'h', { ...may, match: 'prefix', noLocal: true, filter });
    expect(heard(one)).toEqual(['subscribed recovered:false', 'right']);
    say(one, 'h.a', 'own');
    say(two, 'h.b', 'wrong');
    say(two, 'h.c', 'live');
    expect(heard(one)).toEqual(['live']);
    listen(one, 'h.d', { key: 'd', retained: true, replay: ALL });
    expect(heard(one)).toEqual(['subscribed recovered:true']);
  });

  it('is what has expired: live, kept back, held, retained', () => {
    const retained = new MemoryRetainedStore();
    bed = promptBed({ stores: { retained } });
    const one = bed.endpoint();
    const { clock } = bed.services;
    listen(one, 'a');
    say(one, 'a', 'late', { expiresAt: clock.wallTime() });
    one.room = 1;
    for (const text of ['first', 'kept back']) say(one, 'a', text, { expiresAt: clock.wallTime() + 50 });
    say(one, 'a', 'patient', { retain: true, expiresAt: clock.wallTime() + 5000 });
    clock.advance(50);
    one.room = 100;
    one.attachment.resume();
    expect(heard(one)).toEqual(['subscribed', 'first', 'patient']);
    clock.advance(5000);
    listen(one, 'a', { key: 'later', retained: true });
    expect(heard(one)).toEqual(['subscribed']);
    expect(retained.size('realm1')).toBe(0);
  });
});

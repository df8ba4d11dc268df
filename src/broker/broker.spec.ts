import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RealmBed, exact, publish, subscribe } from '../../test/support/realm-bed.js';
import type { RecordingEndpoint } from '../testing/index.js';
import type { BatchItem } from './index.js';
import { Payload } from './index.js';

let bed: RealmBed;

beforeEach(() => {
  bed = new RealmBed();
});

afterEach(() => bed.end());

function event(topic: string): BatchItem {
  return { kind: 'publish', command: { topic, payload: Payload.empty } };
}

describe('an address', () => {
  it('P11: may have as many bytes of UTF-8 as the limit says, and no more', () => {
    bed = new RealmBed({ brokerLimits: { addressBytes: 64 } });
    const one = bed.endpoint();
    // Two bytes each.
    const accents = 'é'.repeat(31);
    for (const text of ['a'.repeat(64), 'a'.repeat(65), `${accents}aa`, `${accents}aaa`])
      subscribe(one, text);
    expect(one.take()).toEqual([
      'answered subscribed',
      'answered refused invalid_address',
      'answered subscribed',
      'answered refused invalid_address',
    ]);
  });
});

describe('topics', () => {
  it('answers before it delivers, and delivers one event per matching subscription', () => {
    const one = bed.endpoint();
    subscribe(one, 'a.b');
    one.attachment.subscribe({}, { key: 'p', pattern: { match: 'prefix', text: 'a' } });
    one.attachment.subscribe({}, { key: 'w', pattern: { match: 'wildcard', text: 'a.' } });
    publish(one, 'a.b', true);
    expect(one.take()).toEqual([
      'answered subscribed',
      'answered subscribed',
      'answered subscribed',
      'answered published',
      'delivered a.b',
      'delivered a.b',
      'delivered a.b',
    ]);
  });

  it('answers a key that is held as already subscribed, and delivers once', () => {
    const one = bed.endpoint();
    subscribe(one, 'a');
    subscribe(one, 'a');
    const answers = one.told.map((told) => (told.kind === 'answered' ? told.outcome : undefined));
    expect(answers.map((outcome) => (outcome?.kind === 'subscribed' ? outcome.already : undefined))).toEqual([
      false,
      true,
    ]);
    one.take();
    publish(one, 'a');
    expect(one.take()).toEqual(['delivered a']);
  });

  it('leaves the publisher out if it asked for that, and a no-local subscriber from its own events', () => {
    const one = bed.endpoint();
    const two = bed.endpoint();
    subscribe(one, 'a');
    two.attachment.subscribe({}, { key: 'a', pattern: exact('a'), noLocal: true });
    one.take();
    two.take();
    one.attachment.publish({}, { topic: 'a', payload: Payload.empty, excludePublisher: true });
    expect([one.take(), two.take()]).toEqual([[], ['delivered a']]);
    publish(two, 'a');
    expect([one.take(), two.take()]).toEqual([['delivered a'], []]);
  });

  it('tells who published only if the publisher discloses itself', () => {
    const one = bed.endpoint();
    subscribe(one, 'a');
    publish(one, 'a');
    one.attachment.publish({}, { topic: 'a', payload: Payload.empty, disclose: true });
    const publishers = one.told.flatMap((told) =>
      told.kind === 'delivered' ? [told.publication.publisher] : [],
    );
    expect(publishers).toEqual([
      undefined,
      { session: one.attachment.session, authid: 'tester', authrole: 'user' },
    ]);
  });

  it('P9: keeps wamp. for the router, and everything that only looks like it free', () => {
    const one = bed.endpoint();
    for (const topic of ['wamp', 'wamp.session.on_leave', 'wampum.x', 'Wamp.x', 'x.wamp'])
      publish(one, topic, true);
    expect(one.take()).toEqual([
      'answered refused reserved_address',
      'answered refused reserved_address',
      'answered published',
      'answered published',
      'answered published',
    ]);
  });

  it('refuses an unsubscribe of what another session holds', () => {
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    subscribe(one, 'a');
    two.attachment.unsubscribe({}, one.attachment.subscriptions.get('a'));
    two.attachment.unsubscribe({}, undefined);
    expect(two.take()).toEqual([
      'answered refused no_such_subscription',
      'answered refused no_such_subscription',
    ]);
    expect(bed.broker.stats.subscriptions).toBe(1);
  });

  it('delivers the publications of a commit contiguously, after its answer', () => {
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    subscribe(one, 'a');
    subscribe(one, 'b');
    one.take();
    one.react = (told) => {
      // Issued in the middle of the commit: must not come between its events.
      if (told.kind === 'delivered' && told.topic === 'a') publish(two, 'b');
    };
    one.attachment.commit({}, ['a', 'b', 'a'].map(event));
    expect(one.take()).toEqual([
      'answered committed',
      'delivered a',
      'delivered b',
      'delivered a',
      'delivered b',
      'delivered b',
    ]);
  });

  it('publishes nothing of a commit of which one part is refused', () => {
    const one = bed.endpoint();
    subscribe(one, 'a');
    one.take();
    one.attachment.commit({}, [event('a'), event('wamp.x')]);
    expect(one.take()).toEqual(['answered refused reserved_address']);
  });

  it('S15: holds a session to its limits, exactly', () => {
    bed = new RealmBed({ brokerLimits: { subscriptions: 3, patternSubscriptions: 1 } });
    const one = bed.endpoint();
    for (const text of ['a', 'b'])
      one.attachment.subscribe({}, { key: text, pattern: { match: 'prefix', text } });
    for (const topic of ['x', '__proto__', 'constructor']) subscribe(one, topic);
    expect(one.take()).toEqual([
      'answered subscribed',
      'answered refused limit_exceeded',
      'answered subscribed',
      'answered subscribed',
      'answered refused limit_exceeded',
    ]);
  });
});

describe('subscriptions with a filter', () => {
  it('S15 S20: count as those with a pattern do, because each publication has to be looked at', () => {
    bed = new RealmBed({ brokerLimits: { patternSubscriptions: 1 } });
    const one = bed.endpoint();
    const filter = { accepts: () => true };
    const ask = (text: string, more: object): void =>
      void one.attachment.subscribe({}, { key: text, pattern: { match: 'exact', text }, ...more });
    ask('a', { filter });
    ask('b', { filter });
    ask('c', { noLocal: true });
    one.attachment.unsubscribe({}, one.attachment.subscriptions.get('c'));
    one.attachment.unsubscribe({}, one.attachment.subscriptions.get('a'));
    ask('b', { filter });
    expect(one.take()).toEqual([
      'answered subscribed',
      'answered refused limit_exceeded',
      'answered subscribed',
      'answered unsubscribed',
      'answered unsubscribed',
      'answered subscribed',
    ]);
  });
});

describe('patterns', () => {
  const wide = (words: number): string =>
    Array.from({ length: words }, (_, i) => (i === 0 ? 'a' : '')).join('.');

  it('P11: may have 64 components, as addresses may', () => {
    const one = bed.endpoint();
    for (const match of ['wildcard', 'multi'] as const) {
      for (const words of [64, 65]) {
        const text = match === 'multi' ? `${wide(words - 1)}.#` : wide(words);
        one.attachment.subscribe({}, { key: `${match} ${words}`, pattern: { match, text } });
      }
    }
    one.attachment.register({}, { pattern: { match: 'wildcard', text: wide(65) } });
    for (const words of [64, 65]) publish(one, Array(words).fill('b').join('.'), true);
    expect(one.take()).toEqual([
      'answered subscribed',
      'answered refused invalid_address',
      'answered subscribed',
      'answered refused invalid_address',
      'answered refused invalid_address',
      'answered published',
      'answered refused invalid_address',
    ]);
  });

  it('P11: may have four # among their components', () => {
    const one = bed.endpoint();
    for (const text of ['#.a.#.a.#.a.#', '#.a.#.a.#.a.#.a.#'])
      one.attachment.subscribe({}, { key: text, pattern: { match: 'multi', text } });
    expect(one.take()).toEqual(['answered subscribed', 'answered refused invalid_address']);
  });

  it('P11: are bounded per session for registrations too, and what was withdrawn makes room', () => {
    bed = new RealmBed({ brokerLimits: { patternRegistrations: 2 } });
    const one = bed.endpoint();
    const register = (match: 'exact' | 'prefix' | 'wildcard', text: string) =>
      one.attachment.register({}, { pattern: { match, text } });
    register('prefix', 'a');
    register('wildcard', 'a..c');
    register('prefix', 'b');
    register('exact', 'c');
    for (const held of one.attachment.registrations) one.attachment.unregister({}, held);
    register('prefix', 'b');
    expect(one.take()).toEqual([
      'answered registered',
      'answered registered',
      'answered refused limit_exceeded',
      'answered registered',
      'answered unregistered',
      'answered unregistered',
      'answered unregistered',
      'answered registered',
    ]);
  });
});

describe('back-pressure', () => {
  it('keeps back what an endpoint does not take, in order over all subscriptions, and hands it over on resume', () => {
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    for (const topic of ['a', 'b', 'c']) subscribe(one, topic);
    one.take();
    one.room = 1;
    for (const topic of ['a', 'b', 'c', 'b', 'a']) publish(two, topic);
    expect(one.take()).toEqual(['delivered a']);
    one.room = 2;
    one.attachment.resume();
    expect(one.take()).toEqual(['delivered b', 'delivered c']);
    one.room = 10;
    one.attachment.resume();
    expect(one.take()).toEqual(['delivered b', 'delivered a']);
    publish(two, 'c');
    expect(one.take()).toEqual(['delivered c']);
  });

  it('discards what was kept back for a subscription that ends', () => {
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    subscribe(one, 'a');
    subscribe(one, 'b');
    one.room = 1;
    for (const topic of ['a', 'a', 'b']) publish(two, topic);
    one.attachment.unsubscribe({}, one.attachment.subscriptions.get('a'));
    one.take();
    one.room = 10;
    one.attachment.resume();
    expect(one.take()).toEqual(['delivered b']);
  });

  it('B1: evicts an endpoint that is too slow when its bound is passed, and only then', () => {
    bed = new RealmBed({ brokerLimits: { backlogMessages: 3 } });
    const [slow, other] = [bed.endpoint(), bed.endpoint()];
    subscribe(slow, 'a');
    subscribe(other, 'a');
    slow.take();
    other.take();
    slow.room = 1;
    for (let i = 0; i < 4; i += 1) publish(other, 'a');
    expect([slow.take(), slow.attachment.backlogSize]).toEqual([['delivered a'], 3]);
    publish(other, 'a');
    expect(slow.take()).toEqual(['evicted limit_exceeded']);
    expect(other.take()).toHaveLength(5);
    expect(bed.broker.stats.sessions).toBe(1);
  });

  it('B1: counts the payload bytes that it keeps back', () => {
    bed = new RealmBed({ brokerLimits: { backlogBytes: 100 } });
    const [slow, other] = [bed.endpoint(), bed.endpoint()];
    subscribe(slow, 'a');
    slow.take();
    slow.room = 1;
    const payload = Payload.ofBody(Buffer.alloc(50));
    for (let i = 0; i < 3; i += 1) other.attachment.publish({}, { topic: 'a', payload });
    expect([slow.take(), slow.attachment.backlogSize]).toEqual([['delivered a'], 2]);
    other.attachment.publish({}, { topic: 'a', payload });
    expect(slow.take()).toEqual(['evicted limit_exceeded']);
  });
});

describe('back-pressure by headers', () => {
  it('B1: counts the headers that it keeps back', () => {
    bed = new RealmBed({ brokerLimits: { backlogBytes: 100 } });
    const [slow, other] = [bed.endpoint(), bed.endpoint()];
    subscribe(slow, 'a');
    slow.take();
    slow.room = 1;
    const headers = new Map([['name', 'x'.repeat(46)]]);
    const command = { topic: 'a', payload: Payload.empty, headers };
    for (let i = 0; i < 3; i += 1) other.attachment.publish({}, command);
    expect([slow.take(), slow.attachment.backlogSize]).toEqual([['delivered a'], 2]);
    slow.room = 2;
    slow.attachment.resume();
    expect([slow.take().length, slow.attachment.backlogSize]).toEqual([2, 0]);
    for (let i = 0; i < 3; i += 1) other.attachment.publish({}, command);
    expect(slow.take()).toEqual(['evicted limit_exceeded']);
  });
});

describe('runs', () => {
  it('B15: lets a delivery unsubscribe itself, detach others and publish, without disturbing the fan-out', () => {
    const all = [bed.endpoint(), bed.endpoint(), bed.endpoint(), bed.endpoint()];
    for (const one of all) subscribe(one, 'a');
    for (const one of all) one.take();
    const [first, second, third] = all as [RecordingEndpoint, RecordingEndpoint, RecordingEndpoint];
    first.react = (told) => {
      if (told.kind !== 'delivered' || told.topic !== 'a') return;
      first.attachment.unsubscribe({}, first.attachment.subscriptions.get('a'));
      publish(second, 'a');
      third.attachment.detach();
    };
    publish(all[3]!, 'a');
    expect(first.take()).toEqual(['delivered a', 'answered unsubscribed']);
    expect(second.take()).toEqual(['delivered a', 'delivered a']);
    // It was detached while the event was being handed out.
    expect(third.take()).toEqual([]);
    expect(all[3]!.take()).toEqual(['delivered a', 'delivered a']);
  });

  it.each(['deliver', 'answer', 'invoke', 'interrupt', 'evict'] as const)(
    'B14: contains an endpoint that throws from %s: it is evicted, the others get what is theirs',
    (method) => {
      bed = new RealmBed({ brokerLimits: { backlogMessages: 0 } });
      const [bad, good] = [bed.endpoint(), bed.endpoint()];
      subscribe(bad, 'a');
      bad.attachment.register({}, { pattern: exact('p') });
      subscribe(good, 'a');
      good.take();
      bad[method] = () => {
        throw new Error('broken');
      };
      if (method === 'evict') bad.room = 1;
      publish(bad, 'a', true);
      publish(good, 'a');
      const request = {};
      good.attachment.call(request, { procedure: 'p', payload: Payload.empty });
      good.attachment.cancel(request, 'kill');
      expect(good.take().filter((text) => text === 'delivered a')).toHaveLength(2);
      expect(bed.defects).toEqual([`endpoint.${method}`]);
      expect(bad.attachment.detached).toBe(true);
      expect(bed.broker.stats.calls).toBe(0);
    },
  );
});

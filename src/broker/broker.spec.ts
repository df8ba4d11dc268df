import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestServices, TestServicesOptions } from '../testing/index.js';
import { RecordingEndpoint, testServices } from '../testing/index.js';
import type { Broker, Decision } from './index.js';
import { Payload } from './index.js';

let services: TestServices;
let broker: Broker;
let endpoints: RecordingEndpoint[];
let defects: string[];

function start(options: TestServicesOptions = {}): void {
  defects = [];
  services = testServices({
    instrumentation: { count() {}, event() {}, defect: (where) => void defects.push(where) },
    ...options,
  });
  broker = services.realms.find('realm1')!;
  endpoints = [];
}

function endpoint(
  ...rest: ConstructorParameters<typeof RecordingEndpoint> extends [Broker, ...infer R] ? R : never
) {
  const made = new RecordingEndpoint(broker, ...rest);
  endpoints.push(made);
  return made;
}

const exact = (text: string) => ({ match: 'exact', text }) as const;
const subscribe = (who: RecordingEndpoint, topic: string, key = topic) =>
  who.attachment.subscribe({}, { key, pattern: exact(topic) });
const publish = (who: RecordingEndpoint, topic: string, acknowledge = false) =>
  who.attachment.publish({}, { topic, payload: Payload.empty }, acknowledge);

beforeEach(() => start());

afterEach(() => {
  for (const made of endpoints) made.attachment.detach();
  services.clock.advance(700_000);
  expect(broker.stats).toEqual({ sessions: 0, subscriptions: 0, interests: 0, registrations: 0, calls: 0 });
  expect(services.clock.pending).toBe(0);
});

describe('topics', () => {
  it('answers before it delivers, and delivers one event per matching subscription', () => {
    const one = endpoint();
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
    const one = endpoint();
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
    const one = endpoint();
    const two = endpoint();
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
    const one = endpoint();
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
    const one = endpoint();
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
    const [one, two] = [endpoint(), endpoint()];
    subscribe(one, 'a');
    two.attachment.unsubscribe({}, one.attachment.subscriptions.get('a'));
    two.attachment.unsubscribe({}, undefined);
    expect(two.take()).toEqual([
      'answered refused no_such_subscription',
      'answered refused no_such_subscription',
    ]);
    expect(broker.stats.subscriptions).toBe(1);
  });

  it('delivers the publications of a commit contiguously, after its answer', () => {
    const [one, two] = [endpoint(), endpoint()];
    subscribe(one, 'a');
    subscribe(one, 'b');
    one.take();
    one.react = (told) => {
      // Issued in the middle of the commit: must not come between its events.
      if (told.kind === 'delivered' && told.topic === 'a') publish(two, 'b');
    };
    const commands = ['a', 'b', 'a'].map((topic) => ({ topic, payload: Payload.empty }));
    one.attachment.commit({}, commands);
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
    const one = endpoint();
    subscribe(one, 'a');
    one.take();
    one.attachment.commit({}, [
      { topic: 'a', payload: Payload.empty },
      { topic: 'wamp.x', payload: Payload.empty },
    ]);
    expect(one.take()).toEqual(['answered refused reserved_address']);
  });

  it('S15: holds a session to its limits, exactly', () => {
    start({ brokerLimits: { subscriptions: 3, patternSubscriptions: 1 } });
    const one = endpoint();
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

describe('back-pressure', () => {
  it('keeps back what an endpoint does not take, in order over all subscriptions, and hands it over on resume', () => {
    const [one, two] = [endpoint(), endpoint()];
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
    const [one, two] = [endpoint(), endpoint()];
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
    start({ brokerLimits: { backlogMessages: 3 } });
    const [slow, other] = [endpoint(), endpoint()];
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
    expect(broker.stats.sessions).toBe(1);
  });

  it('B1: counts the payload bytes that it keeps back', () => {
    start({ brokerLimits: { backlogBytes: 100 } });
    const [slow, other] = [endpoint(), endpoint()];
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

describe('runs', () => {
  it('B15: lets a delivery unsubscribe itself, detach others and publish, without disturbing the fan-out', () => {
    const all = [endpoint(), endpoint(), endpoint(), endpoint()];
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
      start({ brokerLimits: { backlogMessages: 0 } });
      const [bad, good] = [endpoint(), endpoint()];
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
      expect(defects).toEqual([`endpoint.${method}`]);
      expect(bad.attachment.detached).toBe(true);
      expect(broker.stats.calls).toBe(0);
    },
  );
});

describe('authorizer', () => {
  const decisions = new Map<string, Decision | Promise<Decision>>();
  const authorizer = {
    decide: (_principal: unknown, action: string, target: { text: string }): Decision | Promise<Decision> => {
      const decision = decisions.get(`${action} ${target.text}`);
      if (decision === undefined) throw new Error('no rule');
      return decision;
    },
  };

  beforeEach(() => {
    decisions.clear();
    start({ authorizer });
  });

  it('refuses each command that is not allowed', () => {
    const one = endpoint();
    for (const action of ['publish a', 'subscribe a', 'register a', 'call a'])
      decisions.set(action, { allow: false });
    publish(one, 'a');
    subscribe(one, 'a');
    one.attachment.register({}, { pattern: exact('a') });
    one.attachment.call({}, { procedure: 'a', payload: Payload.empty });
    expect(one.take()).toEqual(Array(4).fill('answered refused not_authorized'));
  });

  it('counts an authorizer that throws, rejects or answers nothing as a no', async () => {
    const one = endpoint();
    publish(one, 'unknown');
    decisions.set('publish a', Promise.reject(new Error('down')));
    await publish(one, 'a');
    decisions.set('publish b', undefined as never);
    decisions.set('publish c', Promise.resolve(undefined as never));
    await publish(one, 'c');
    expect(one.take()).toEqual([
      'answered refused authorization_failed',
      'answered refused authorization_failed',
      'answered refused not_authorized',
    ]);
  });

  it('waits for a promise, and drops the command of a session that has left meanwhile', async () => {
    const [one, two] = [endpoint(), endpoint()];
    decisions.set('subscribe a', { allow: true });
    subscribe(two, 'a');
    two.take();
    let decide = (_decision: Decision): void => {};
    decisions.set('publish a', new Promise<Decision>((resolve) => (decide = resolve)));
    const first = publish(one, 'a');
    expect(two.take()).toEqual([]);
    decide({ allow: true });
    await first;
    expect(two.take()).toEqual(['delivered a']);
    const second = publish(one, 'a');
    one.attachment.detach();
    await second;
    expect(two.take()).toEqual([]);
  });

  it('refuses a disclosure that is not allowed', () => {
    const one = endpoint();
    decisions.set('publish a', { allow: true, disclose: false });
    one.attachment.publish({}, { topic: 'a', payload: Payload.empty, disclose: true }, true);
    one.attachment.publish({}, { topic: 'a', payload: Payload.empty }, true);
    expect(one.take()).toEqual(['answered refused disclosure_refused', 'answered published']);
  });

  it('X6: is asked about the canonical pattern, whatever way it was spelled', () => {
    const one = endpoint();
    decisions.set('subscribe a..c', { allow: true });
    one.attachment.subscribe({}, { key: '1', pattern: { match: 'multi', text: 'a..c' } });
    one.attachment.subscribe({}, { key: '2', pattern: { match: 'wildcard', text: 'a..c' } });
    expect(one.take()).toEqual(['answered subscribed', 'answered subscribed']);
    expect(broker.stats.interests).toBe(1);
  });

  it('is not asked about reply addresses, which are rights by themselves', () => {
    const one = endpoint();
    subscribe(one, '#reply.secret');
    publish(one, '#reply.secret');
    expect(one.take()).toEqual(['answered subscribed', 'delivered #reply.secret']);
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { Peers } from '../../../test/support/wamp-peer.js';
import { Payload } from '../../broker/index.js';
import type { Broker } from '../../broker/index.js';
import { FakeLink, RecordingEndpoint, testServices } from '../../testing/index.js';
import { registerConsumer, subscribeConsumer } from './handlers/consume.js';
import { register } from './handlers/register.js';
import { subscribe } from './handlers/subscribe.js';
import { offeredBy } from './announcements.js';
import type { Hello } from './codec/index.js';
import { LiveSession } from './live-session.js';
import { FORMATS, Output } from './output.js';
import { profileOf } from './profile.js';

let peers = new Peers(testServices());

afterEach(() => {
  peers.end();
  peers = new Peers(testServices());
});

function broker(): Broker {
  return peers.services.brokers.get('realm1')!;
}

/** Bytes that are no CBOR: what no serializer can be given. */
const BROKEN = Payload.ofSlices('cbor', Buffer.from('81ff', 'hex'), undefined);

describe('X11: a payload that a receiver cannot be given', () => {
  it('arrives as an event that says so, and the session lives', () => {
    const subscriber = peers.join().send('[32,1,{},"com.a"]');
    subscriber.take();
    const publisher = new RecordingEndpoint(broker());
    publisher.attachment.publish({}, { topic: 'com.a', payload: BROKEN });
    expect(subscriber.takeParsed().map((event) => event.slice(3))).toEqual([
      [{ _payload_error: 'The payload cannot be written in this serializer.' }],
    ]);
    expect(subscriber.closedAs).toBeUndefined();
    publisher.attachment.detach();
  });

  it('is refused with payload_not_representable when it is a call', () => {
    const callee = peers.join().send('[64,1,{},"com.a"]');
    callee.take();
    const caller = new RecordingEndpoint(broker());
    caller.attachment.call({}, { procedure: 'com.a', payload: BROKEN });
    expect([callee.take(), caller.take()]).toEqual([[], ['answered refused payload_not_representable']]);
    caller.attachment.detach();
  });

  it('X11: is answered with invalid_argument when it is a result', () => {
    const callee = new RecordingEndpoint(broker());
    callee.attachment.register({}, { pattern: { match: 'exact', text: 'com.a' } });
    const caller = peers.join().send('[48,7,{},"com.a"]');
    callee.attachment.yield(callee.lastInvocation, { payload: BROKEN });
    expect(caller.takeParsed()[0]?.slice(0, 5)).toEqual([8, 48, 7, {}, 'wamp.error.invalid_argument']);
    callee.attachment.detach();
  });

  it('X11: ends the call when it is a progressive result: a stream never has a hole', () => {
    const callee = new RecordingEndpoint(broker());
    callee.attachment.register({}, { pattern: { match: 'exact', text: 'com.a' } });
    const caller = peers.join().send('[48,7,{"receive_progress":true},"com.a"]');
    callee.attachment.yield(callee.lastInvocation, { payload: Payload.empty }, true);
    callee.attachment.yield(callee.lastInvocation, { payload: BROKEN }, true);
    callee.attachment.yield(callee.lastInvocation, { payload: Payload.empty });
    expect(caller.takeParsed().map((message) => message.slice(0, 5))).toEqual([
      [50, 7, { progress: true }],
      [8, 48, 7, {}, 'wamp.error.invalid_argument'],
    ]);
    callee.attachment.detach();
  });

  it('goes back to its queue, counted, when it is a message, so that another may have it', () => {
    const worker = peers.join().send('[64,1,{},"queue.jobs"]');
    worker.take();
    const producer = new RecordingEndpoint(broker());
    producer.attachment.enqueue({}, { queue: 'jobs', payload: BROKEN });
    const dead = new RecordingEndpoint(broker());
    dead.attachment.consume({}, { key: 'd', queue: 'jobs.dead', settling: 'auto' });
    peers.services.clock.advance(120_000);
    expect([worker.take(), worker.closedAs]).toEqual([[], undefined]);
    expect(dead.told.map(({ kind }) => kind)).toEqual(['answered', 'consumed']);
    for (const endpoint of [producer, dead]) endpoint.attachment.detach();
  });

  it('arrives as an event that says so when it is a message of a subscriber', () => {
    const subscriber = peers.join().send('[32,1,{"_queue":true},"jobs"]');
    subscriber.take();
    const producer = new RecordingEndpoint(broker());
    producer.attachment.enqueue({}, { queue: 'jobs', payload: BROKEN });
    expect(subscriber.takeParsed().map((event) => event.slice(3))).toEqual([
      [{ _attempt: 1, _payload_error: 'The payload cannot be written in this serializer.' }],
    ]);
    producer.attachment.detach();
  });

  it('leaves an error with its URI alone', () => {
    const callee = new RecordingEndpoint(broker());
    callee.attachment.register({}, { pattern: { match: 'exact', text: 'com.a' } });
    const caller = peers.join().send('[48,7,{},"com.a"]');
    callee.attachment.fail(callee.lastInvocation, 'com.e', { payload: BROKEN });
    expect(caller.take()).toEqual(['[8,48,7,{},"com.e"]']);
    callee.attachment.detach();
  });
});

describe('a subscription, registration or consumer that is taken away', () => {
  const NOTHING_ASKED = {
    credit: undefined,
    priority: undefined,
    exclusive: undefined,
    fault: undefined,
  };

  function live(features: readonly string[]): { session: LiveSession; link: FakeLink } {
    const link = new FakeLink(peers.services.clock);
    const output = new Output(link, FORMATS['wamp.2.json']!);
    let id = 10;
    const host = {
      output,
      profile: profileOf('compatible'),
      offered: offeredBy(),
      violate: (): undefined => undefined,
      evicted: (): void => {},
      count: (): void => {},
      wallTime: (): number => 0,
      newId: (): number => (id += 1),
    };
    const roles = new Map([
      ['subscriber' as const, new Set(features)],
      ['callee' as const, new Set(features)],
    ]);
    const hello: Hello = {
      name: 'hello',
      realm: 'realm1',
      roles,
      authmethods: [],
      authid: undefined,
      agent: 'x',
    };
    const principal = { authid: 'a', authrole: 'b', authmethod: 'c', authprovider: 'd' };
    const session = new LiveSession(host, broker(), principal, hello);
    const source = { getRetained: false, place: undefined, queue: undefined, fault: undefined };
    subscribe(session, { name: 'subscribe', request: 1, match: undefined, topic: 'com.a', source });
    register(session, {
      name: 'register',
      request: 2,
      match: undefined,
      invoke: undefined,
      sharing: { concurrency: undefined, force: false, forwardTimeout: false, fault: undefined },
      discloseCaller: false,
      procedure: 'com.b',
      consumer: NOTHING_ASKED,
    });
    registerConsumer(session, 3, 'jobs', NOTHING_ASKED);
    subscribeConsumer(session, 4, 'jobs', NOTHING_ASKED);
    link.take();
    return { session, link };
  }

  it.each([
    [
      ['subscription_revocation', 'registration_revocation'],
      [
        '[35,0,{"subscription":1,"reason":"wamp.error.not_authorized"}]',
        '[67,0,{"registration":2,"reason":"wamp.error.not_authorized"}]',
        '[67,0,{"registration":11,"reason":"wamp.error.not_authorized"}]',
        '[35,0,{"subscription":12,"reason":"wamp.error.not_authorized"}]',
      ],
    ],
    [[], []],
  ])('is told to a client with the features %j', (features, expected) => {
    const { session, link } = live(features);
    const why = { code: 'not_authorized', reason: 'No more.' } as const;
    session.revoked(session.subscriptions.get(1)!, why);
    session.revoked(session.registrations.get(2)!, why);
    const consumers = [session.consumers.ofId('callee', 11), session.consumers.ofId('subscriber', 12)];
    for (const entry of consumers) session.revoked(entry!.consumer!, why);
    for (const entry of consumers) session.revoked(entry!.consumer!, why);
    expect(link.takeText()).toEqual(expected);
    expect([session.subscriptions.size, session.registrations.size]).toEqual([0, 0]);
    expect(session.consumers.find('callee', 'jobs')).toBeUndefined();
    session.attachment.detach();
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BEGINNING, MetaBed, call, eventsOf, listen } from '../../../../test/support/meta-bed.js';
import type { WampPeer } from '../../../../test/support/wamp-peer.js';

let bed: MetaBed;

beforeEach(() => void (bed = new MetaBed()));
afterEach(() => bed.end());

const PRINCIPAL = { authrole: 'user', authmethod: 'test', authprovider: 'static' };
const BEGINNING_MS = Date.parse(BEGINNING);

/** Subscribes, and takes the id. */
function subscribe(peer: WampPeer, topic: string, match = 'exact'): number {
  peer.take();
  peer.send(JSON.stringify([32, 1, { match }, topic]));
  const [answer] = peer.takeParsed();
  expect(answer?.[0]).toBe(33);
  return answer?.[2] as number;
}

/** The session ids in the order of joining. */
function sessions(peer: WampPeer): number[] {
  return (call(peer, 'wamp.session.list') as [number[]])[0];
}

const EVENTS = [
  'wamp.subscription.on_create',
  'wamp.subscription.on_subscribe',
  'wamp.subscription.on_unsubscribe',
  'wamp.subscription.on_delete',
];

describe('subscription meta events', () => {
  it('WAMP-124: tell of a subscription that is made, and then of its subscriber', () => {
    const watcher = listen(bed.join('admin'), ...EVENTS);
    const alice = bed.join('alice');
    const [, by] = sessions(watcher);

    const id = subscribe(alice, 'com.a', 'prefix');

    expect(eventsOf(watcher)).toEqual([
      [by, { id, created: BEGINNING, uri: 'com.a', match: 'prefix' }],
      [by, id],
    ]);
  });

  it('WAMP-124: tell of further subscribers, and of its end with the last', () => {
    const alice = bed.join('alice');
    const bob = bed.join('bob');
    const id = subscribe(alice, 'com.a');
    const watcher = listen(bed.join('admin'), ...EVENTS);
    const [first, second] = sessions(watcher);

    subscribe(bob, 'com.a');
    alice.send(`[34,2,${id}]`);
    bob.disconnect();

    expect(eventsOf(watcher)).toEqual([
      [second, id],
      [first, id],
      [second, id],
      [second, id],
    ]);
  });

  it('tell nothing of a subscription that is asked for again', () => {
    const alice = bed.join('alice');
    subscribe(alice, 'com.a');
    const watcher = listen(bed.join('admin'), ...EVENTS);

    subscribe(alice, 'com.a');

    expect(eventsOf(watcher)).toEqual([]);
  });

  it('come after SUBSCRIBED to the subscriber itself', () => {
    const alice = bed.join('alice').send('[32,1,{},"wamp.subscription.on_subscribe"]');

    const [subscribed, event] = alice.takeParsed();

    expect(subscribed?.[0]).toBe(33);
    expect(event?.slice(0, 2)).toEqual([36, subscribed?.[2]]);
    expect(event?.[4]).toEqual([sessions(alice)[0], subscribed?.[2]]);
  });

  it('WAMP-124: tell of a subscription that is taken away because the authorizer says no by now', () => {
    let allowed = true;
    const strict = new MetaBed({
      authorizer: { decide: (_by, _action, { text }) => ({ allow: allowed || text !== 'com.a' }) },
    });
    const alice = strict.join('alice');
    const id = subscribe(alice, 'com.a');
    const watcher = listen(strict.join('admin'), ...EVENTS);
    const [by] = sessions(watcher);

    allowed = false;
    strict.peers.services.brokers.get('realm1')?.reauthorize();

    expect(watcher.takeParsed().map(([, , , , args]) => args)).toEqual([
      [by, id],
      [by, id],
    ]);
    strict.end();
  });

  it('WAMP-124: tell of what a session held whose login has expired before they tell of the session', () => {
    const strict = new MetaBed({
      authenticator: {
        methods: ['test'],
        begin: ({ authid = '' }) => ({
          kind: 'accepted',
          principal: {
            ...PRINCIPAL,
            authid,
            ...(authid === 'alice' && { expiresAt: BEGINNING_MS + 60_000 }),
          },
        }),
      },
    });
    const watcher = strict.join('admin').send('[32,1,{"match":"prefix"},"wamp."]');
    subscribe(strict.join('alice'), 'com.a');
    watcher.take();

    strict.peers.services.clock.advance(80_000);

    expect(watcher.takeParsed().map(([, , , about]) => (about as { topic: string }).topic)).toEqual([
      'wamp.subscription.on_unsubscribe',
      'wamp.subscription.on_delete',
      'wamp.session.on_leave',
    ]);
    strict.end();
  });
});

describe('subscription meta procedures', () => {
  it('WAMP-125: list the ids by how they match', () => {
    const admin = bed.join('admin');
    expect(call(admin, 'wamp.subscription.list')).toEqual([{ exact: [], prefix: [], wildcard: [] }]);

    const exact = subscribe(admin, 'com.a');
    const prefix = subscribe(admin, 'com.', 'prefix');
    const wildcard = subscribe(admin, 'com..b', 'wildcard');

    expect(call(admin, 'wamp.subscription.list')).toEqual([
      { exact: [exact], prefix: [prefix], wildcard: [wildcard] },
    ]);
  });

  it('WAMP-126: look up the subscription of a pattern, and match a topic as a publication to it would', () => {
    const admin = bed.join('admin');
    const exact = subscribe(admin, 'com.a');
    const prefix = subscribe(admin, 'com.', 'prefix');

    expect(call(admin, 'wamp.subscription.lookup', ['com.a'])).toEqual([exact]);
    expect(call(admin, 'wamp.subscription.lookup', ['com.', { match: 'prefix' }])).toEqual([prefix]);
    expect(call(admin, 'wamp.subscription.lookup', ['com.'])).toEqual([null]);
    expect(call(admin, 'wamp.subscription.match', ['com.a'])).toEqual([[exact, prefix]]);
    expect(call(admin, 'wamp.subscription.match', ['org.a'])).toEqual([null]);
  });

  it('WAMP-127: show a subscription, its subscribers and their number', () => {
    const admin = bed.join('admin');
    const alice = bed.join('alice');
    const id = subscribe(admin, 'com.a');
    subscribe(alice, 'com.a');

    expect(call(admin, 'wamp.subscription.get', [id])).toEqual([
      { id, created: BEGINNING, uri: 'com.a', match: 'exact' },
    ]);
    expect(call(admin, 'wamp.subscription.list_subscribers', [id])).toEqual([sessions(admin)]);
    expect(call(admin, 'wamp.subscription.count_subscribers', [id])).toEqual([2]);
  });

  it.each(['get', 'list_subscribers', 'count_subscribers'])(
    'WAMP-127: %s says no_such_subscription',
    (name) => {
      const admin = bed.join('admin');

      expect(call(admin, `wamp.subscription.${name}`, [9999])).toBe('wamp.error.no_such_subscription');
      expect(call(admin, `wamp.subscription.${name}`, ['1'])).toBe('wamp.error.invalid_argument');
    },
  );
});

describe('subscriptions of STOMP', () => {
  it('WAMP-128: count each session once, however many subscriptions it has', () => {
    const admin = bed.join('admin');
    const id = subscribe(admin, 'com.a');
    const stomp = bed.connect('stefan');
    stomp.say('SUBSCRIBE\nid:0\ndestination:/topic/com.a\n\n\0');
    const watcher = listen(bed.join('alice'), ...EVENTS);
    stomp.say('SUBSCRIBE\nid:1\ndestination:/topic/com.a\n\n\0');
    stomp.say('UNSUBSCRIBE\nid:0\n\n\0');
    expect(eventsOf(watcher)).toEqual([]);

    const [first, second] = sessions(admin);
    expect(call(admin, 'wamp.subscription.list_subscribers', [id])).toEqual([[first, second]]);
    stomp.say('UNSUBSCRIBE\nid:1\n\n\0');
    expect(eventsOf(watcher)).toEqual([[second, id]]);
  });

  it('WAMP-129: with a pattern that WAMP has no word for are shown as multi', () => {
    const admin = bed.join('admin');
    const stomp = bed.connect('stefan');
    stomp.say('SUBSCRIBE\nid:0\ndestination:/topic/com.*.#\n\n\0');

    const [lists] = call(admin, 'wamp.subscription.list') as [{ multi: number[] }];
    const [id] = lists.multi;
    expect(lists).toEqual({ exact: [], prefix: [], wildcard: [], multi: [id] });
    expect(call(admin, 'wamp.subscription.get', [id])).toEqual([
      { id, created: BEGINNING, uri: 'com..#', match: 'multi' },
    ]);
    expect(call(admin, 'wamp.subscription.lookup', ['com..#', { match: 'multi' }])).toEqual([id]);
    expect(call(admin, 'wamp.subscription.match', ['com.a'])).toEqual([[id]]);
  });

  it('WAMP-129: with single wildcards alone are those of WAMP', () => {
    const admin = bed.join('admin');
    const id = subscribe(admin, 'com..b', 'wildcard');
    const stomp = bed.connect('stefan');
    stomp.say('SUBSCRIBE\nid:0\ndestination:/topic/com.*.b\n\n\0');

    expect(call(admin, 'wamp.subscription.count_subscribers', [id])).toEqual([2]);
  });

  it('X5: show no reply address of a client', () => {
    const admin = bed.join('admin');
    const stomp = bed.connect('stefan');
    const watcher = listen(bed.join('alice'), ...EVENTS);
    const before = call(admin, 'wamp.subscription.list');
    stomp.say('SUBSCRIBE\nid:0\ndestination:/temp-queue/answers\n\n\0');

    expect(call(admin, 'wamp.subscription.list')).toEqual(before);
    expect(eventsOf(watcher)).toEqual([]);
  });

  it('P18: show no topic of one user, to nobody', () => {
    const admin = bed.join('admin');
    const stomp = bed.connect('stefan');
    const watcher = listen(bed.join('alice'), ...EVENTS);
    const before = call(admin, 'wamp.subscription.list');
    stomp.say('SUBSCRIBE\nid:0\ndestination:/user/queue/mail\n\n\0');
    stomp.say('UNSUBSCRIBE\nid:0\n\n\0', 'SUBSCRIBE\nid:1\ndestination:/user/queue/mail\n\n\0');

    expect(call(admin, 'wamp.subscription.list')).toEqual(before);
    expect(call(admin, 'wamp.subscription.lookup', ['user.stefan.queue.mail'])).toEqual([null]);
    expect(call(admin, 'wamp.subscription.match', ['user.stefan.queue.mail'])).toEqual([null]);
    expect(eventsOf(watcher)).toEqual([]);
  });
});

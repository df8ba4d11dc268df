import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BEGINNING, MetaBed, call, eventsOf, listen } from '../../../../test/support/meta-bed.js';
import type { WampPeer } from '../../../../test/support/wamp-peer.js';

let bed: MetaBed;

beforeEach(() => void (bed = new MetaBed()));
afterEach(() => bed.end());

/** Registers, and takes the id. */
function register(peer: WampPeer, uri: string, options: object = {}): number {
  peer.take();
  peer.send(JSON.stringify([64, 1, options, uri]));
  const [answer] = peer.takeParsed();
  expect(answer?.[0]).toBe(65);
  return answer?.[2] as number;
}

/** The session ids in the order of joining. */
function sessions(peer: WampPeer): number[] {
  return (call(peer, 'wamp.session.list') as [number[]])[0];
}

const EVENTS = [
  'wamp.registration.on_create',
  'wamp.registration.on_register',
  'wamp.registration.on_unregister',
  'wamp.registration.on_delete',
];

describe('registration meta events', () => {
  it('WAMP-120: tell of a registration that is made, and then of its callee', () => {
    const watcher = listen(bed.join('admin'), ...EVENTS);
    const alice = bed.join('alice');
    const [, by] = sessions(watcher);

    const id = register(alice, 'com.p');

    expect(eventsOf(watcher)).toEqual([
      [by, { id, created: BEGINNING, uri: 'com.p', match: 'exact', invoke: 'single' }],
      [by, id],
    ]);
  });

  it('WAMP-120: tell of further callees without making it again, and of its end with the last', () => {
    const alice = bed.join('alice');
    const bob = bed.join('bob');
    const id = register(alice, 'com.', { match: 'prefix', invoke: 'roundrobin' });
    const watcher = listen(bed.join('admin'), ...EVENTS);
    const [first, second] = sessions(watcher);

    register(bob, 'com.', { match: 'prefix', invoke: 'roundrobin' });
    alice.send(`[66,2,${id}]`);
    bob.disconnect();

    expect(watcher.takeParsed().map(([, subscription, , , args]) => [subscription, args])).toEqual([
      [subscriptionOf('wamp.registration.on_register', watcher), [second, id]],
      [subscriptionOf('wamp.registration.on_unregister', watcher), [first, id]],
      [subscriptionOf('wamp.registration.on_unregister', watcher), [second, id]],
      [subscriptionOf('wamp.registration.on_delete', watcher), [second, id]],
    ]);
  });

  it('WAMP-120: tell of a registration that is taken over', () => {
    const alice = bed.join('alice');
    const other = bed.join('alice');
    const id = register(alice, 'com.p');
    const watcher = listen(bed.join('admin'), ...EVENTS);
    const [first, second] = sessions(watcher);

    const taken = register(other, 'com.p', { force_reregister: true });

    expect(eventsOf(watcher)).toEqual([
      [first, id],
      [first, id],
      [second, expect.objectContaining({ id: taken, uri: 'com.p' })],
      [second, taken],
    ]);
  });

  it('comes after REGISTERED to the callee itself', () => {
    const alice = listen(bed.join('alice'), ...EVENTS);

    alice.send('[64,9,{},"com.p"]');

    expect(alice.takeParsed().map(([code]) => code)).toEqual([65, 36, 36]);
  });
});

function subscriptionOf(topic: string, peer: WampPeer): unknown {
  return (call(peer, 'wamp.subscription.lookup', [topic]) as unknown[])[0];
}

describe('registration meta procedures', () => {
  it('WAMP-121: list the ids by how they match', () => {
    const admin = bed.join('admin');
    expect(call(admin, 'wamp.registration.list')).toEqual([{ exact: [], prefix: [], wildcard: [] }]);

    const exact = register(admin, 'com.p');
    const prefix = register(admin, 'com.', { match: 'prefix' });
    const wildcard = register(admin, 'com..q', { match: 'wildcard' });

    expect(call(admin, 'wamp.registration.list')).toEqual([
      { exact: [exact], prefix: [prefix], wildcard: [wildcard] },
    ]);
  });

  it('WAMP-122: look up the registration of a pattern', () => {
    const admin = bed.join('admin');
    const exact = register(admin, 'com.p');
    const prefix = register(admin, 'com.p', { match: 'prefix' });

    expect(call(admin, 'wamp.registration.lookup', ['com.p'])).toEqual([exact]);
    expect(call(admin, 'wamp.registration.lookup', ['com.p', {}])).toEqual([exact]);
    expect(call(admin, 'wamp.registration.lookup', ['com.p', { match: 'prefix' }])).toEqual([prefix]);
    expect(call(admin, 'wamp.registration.lookup', ['com.p', { match: 'wildcard' }])).toEqual([null]);
    expect(call(admin, 'wamp.registration.lookup', ['com.q'])).toEqual([null]);
  });

  it('WAMP-122: match a URI as a call of it would', () => {
    const admin = bed.join('admin');
    const exact = register(admin, 'com.p');
    const prefix = register(admin, 'com.', { match: 'prefix' });

    expect(call(admin, 'wamp.registration.match', ['com.p'])).toEqual([exact]);
    expect(call(admin, 'wamp.registration.match', ['com.q'])).toEqual([prefix]);
    expect(call(admin, 'wamp.registration.match', ['org.q'])).toEqual([null]);
  });

  it('show none of the procedures that the router answers itself', () => {
    const admin = bed.join('admin');
    register(admin, '', { match: 'prefix' });

    expect(call(admin, 'wamp.registration.match', ['wamp.session.count'])).toEqual([null]);
    expect(call(admin, 'wamp.registration.lookup', ['wamp.session.count'])).toEqual([null]);
  });

  it('WAMP-123: show a registration, its callees and their number', () => {
    const admin = bed.join('admin');
    const alice = bed.join('alice');
    const id = register(admin, 'com.p', { invoke: 'last' });
    register(alice, 'com.p', { invoke: 'last' });

    expect(call(admin, 'wamp.registration.get', [id])).toEqual([
      { id, created: BEGINNING, uri: 'com.p', match: 'exact', invoke: 'last' },
    ]);
    expect(call(admin, 'wamp.registration.list_callees', [id])).toEqual([sessions(admin)]);
    expect(call(admin, 'wamp.registration.count_callees', [id])).toEqual([2]);
  });

  it.each(['get', 'list_callees', 'count_callees'])('WAMP-123: %s says no_such_registration', (name) => {
    const admin = bed.join('admin');

    expect(call(admin, `wamp.registration.${name}`, [9999])).toBe('wamp.error.no_such_registration');
    expect(call(admin, `wamp.registration.${name}`, ['1'])).toBe('wamp.error.invalid_argument');
    expect(call(admin, `wamp.registration.${name}`)).toBe('wamp.error.invalid_argument');
  });

  it.each([[[]], [[5]], [['com.p', 5]], [['com.p', { match: 'regex' }]], [['com.p', { match: 5 }]]])(
    'lookup refuses the arguments %j',
    (args) => {
      const admin = bed.join('admin');

      expect(call(admin, 'wamp.registration.lookup', args)).toBe('wamp.error.invalid_argument');
      expect(call(admin, 'wamp.subscription.lookup', args)).toBe('wamp.error.invalid_argument');
    },
  );

  it('match refuses what is no text', () => {
    const admin = bed.join('admin');

    expect(call(admin, 'wamp.registration.match', [5])).toBe('wamp.error.invalid_argument');
    expect(call(admin, 'wamp.subscription.match', [])).toBe('wamp.error.invalid_argument');
  });

  it('WAMP-128: show procedures that clients of STOMP answer', () => {
    const admin = bed.join('admin');
    const stomp = bed.connect('stefan');
    stomp.say('SUBSCRIBE\nid:0\ndestination:/rpc/com.p\n\n\0');

    const [id] = call(admin, 'wamp.registration.lookup', ['com.p']) as [number];

    expect(call(admin, 'wamp.registration.list_callees', [id])).toEqual([[sessions(admin)[1]]]);
  });
});

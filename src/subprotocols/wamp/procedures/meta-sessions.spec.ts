import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BEGINNING, MetaBed, call, eventsOf, idOf, listen } from '../../../../test/support/meta-bed.js';

let bed: MetaBed;

beforeEach(() => void (bed = new MetaBed()));
afterEach(() => bed.end());

/** The details of a WAMP session on a link without a socket. */
function details(session: unknown, authid: string): object {
  return {
    session,
    authid,
    authrole: 'user',
    authmethod: 'test',
    authprovider: 'static',
    transport: { type: 'websocket', protocol: 'wamp.2.json', peer: '127.0.0.1', is_secure: false },
    _protocol: 'wamp',
    _since: BEGINNING,
    _agent: 'tester/1',
  };
}

describe('session meta events', () => {
  it('WAMP-111: tell of a session that joins, with its details', () => {
    const watcher = listen(bed.join('admin'), 'wamp.session.on_join');

    bed.join('alice');

    const [[joined]] = eventsOf(watcher) as [[{ session: number }]];
    expect(joined).toEqual(details(expect.any(Number), 'alice'));
    expect(joined.session).toBe(idOf('alice', watcher));
  });

  it('WAMP-112: tell of a session that leaves, with its id, authid and authrole', () => {
    const watcher = listen(bed.join('admin'), 'wamp.session.on_leave');
    const alice = bed.join('alice');
    const id = idOf('alice', watcher);

    alice.send('[6,{},"wamp.close.close_realm"]');

    expect(eventsOf(watcher)).toEqual([[id, 'alice', 'user']]);
  });

  it('WAMP-112: tell of a session whose connection breaks, once', () => {
    const watcher = listen(bed.join('admin'), 'wamp.session.on_leave');
    const alice = bed.join('alice');
    const id = idOf('alice', watcher);

    alice.disconnect();

    expect(eventsOf(watcher)).toEqual([[id, 'alice', 'user']]);
  });

  it('reach those who have subscribed by a prefix that begins with wamp, and nobody by another', () => {
    const watcher = bed.join('admin').send('[32,1,{"match":"prefix"},"wamp.session."]');
    const other = bed.join('bob').send('[32,1,{"match":"prefix"},""]', '[32,2,{"match":"wildcard"},".."]');
    watcher.take();
    other.take();

    bed.join('alice');

    const [event] = watcher.takeParsed();
    expect(event?.[3]).toEqual({ topic: 'wamp.session.on_join' });
    expect(other.take()).toEqual([]);
  });

  it('tell of what a session held before the session itself', () => {
    const watcher = bed.join('admin').send('[32,1,{"match":"prefix"},"wamp."]');
    const alice = bed.join('alice').send('[32,1,{},"com.a"]', '[64,2,{},"com.p"]');
    watcher.take();

    alice.disconnect();

    expect(watcher.takeParsed().map(([, , , about]) => (about as { topic: string }).topic)).toEqual([
      'wamp.subscription.on_unsubscribe',
      'wamp.subscription.on_delete',
      'wamp.registration.on_unregister',
      'wamp.registration.on_delete',
      'wamp.session.on_leave',
    ]);
  });

  it('P9 WAMP-02: may not be published by a client', () => {
    const watcher = listen(bed.join('admin'), 'wamp.session.on_join');

    const alice = bed.join('alice').send('[16,1,{"acknowledge":true},"wamp.session.on_join",[{}]]');
    eventsOf(watcher);

    expect(alice.takeParsed()[0]?.[4]).toBe('wamp.error.invalid_uri');
    expect(eventsOf(watcher)).toEqual([]);
  });
});

describe('wamp.session.count and wamp.session.list', () => {
  it('WAMP-113: count and list all sessions', () => {
    const admin = bed.join('admin');
    bed.join('alice');

    expect(call(admin, 'wamp.session.count')).toEqual([2]);
    const [ids] = call(admin, 'wamp.session.list') as [number[]];
    expect(ids).toEqual([idOf('admin', admin), idOf('alice', admin)]);
  });

  it('WAMP-113: count and list those with certain authroles', () => {
    const admin = bed.join('admin');
    bed.join('alice');
    bed.join('bob');

    expect(call(admin, 'wamp.session.count', [['user']])).toEqual([2]);
    expect(call(admin, 'wamp.session.count', [['user', 'admin']])).toEqual([3]);
    expect(call(admin, 'wamp.session.count', [[]])).toEqual([0]);
    expect(call(admin, 'wamp.session.count', [null])).toEqual([3]);
    expect(call(admin, 'wamp.session.list', [['admin']])).toEqual([[idOf('admin', admin)]]);
  });

  it.each([['user'], [5], [[1]], [{ user: true }]])('refuse %j as a filter', (filter) => {
    const admin = bed.join('admin');

    expect(call(admin, 'wamp.session.count', [filter])).toBe('wamp.error.invalid_argument');
    expect(call(admin, 'wamp.session.list', [filter])).toBe('wamp.error.invalid_argument');
  });
});

describe('wamp.session.get', () => {
  it('WAMP-114: shows a session', () => {
    const admin = bed.join('admin');
    bed.join('alice');
    const id = idOf('alice', admin);

    expect(call(admin, 'wamp.session.get', [id])).toEqual([details(id, 'alice')]);
  });

  it('takes an id as a float without a fraction', () => {
    const admin = bed.join('admin');
    const id = idOf('admin', admin);
    admin.send(`[48,1,{},"wamp.session.get",[${id}.0]]`);

    expect(admin.takeParsed()[0]?.[3]).toMatchObject([{ session: id }]);
  });

  it('WAMP-114: says no_such_session for an id that nobody has', () => {
    expect(call(bed.join('admin'), 'wamp.session.get', [9999])).toBe('wamp.error.no_such_session');
  });

  it.each([[[]], [['1001']], [[1.5]], [[true]], [[null]], [[{}]]])('refuses the arguments %j', (args) => {
    const admin = bed.join('admin');

    expect(call(admin, 'wamp.session.get', args)).toBe('wamp.error.invalid_argument');
    expect(call(admin, 'wamp.session.kill', args)).toBe('wamp.error.invalid_argument');
  });
});

describe('what is switched off', () => {
  it('is not there', () => {
    const off = new MetaBed({}, { features: { session_meta_api: false } });
    const admin = off.join('admin');

    expect(call(admin, 'wamp.session.count')).toBe('wamp.error.no_such_procedure');
    expect(call(admin, 'wamp.registration.list')).toEqual([{ exact: [], prefix: [], wildcard: [] }]);
    off.end();
  });
});

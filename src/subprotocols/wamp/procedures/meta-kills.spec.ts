import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MetaBed, call, eventsOf, idOf, listen } from '../../../../test/support/meta-bed.js';

let bed: MetaBed;

beforeEach(() => void (bed = new MetaBed()));
afterEach(() => bed.end());

describe('wamp.session.kill', () => {
  it('WAMP-115: ends a session with GOODBYE wamp.close.killed, and closes its connection', () => {
    const admin = bed.join('admin');
    const alice = bed.join('alice');

    expect(call(admin, 'wamp.session.kill', [idOf('alice', admin)])).toEqual([]);

    expect(alice.take()).toEqual(['[6,{},"wamp.close.killed"]']);
    expect(alice.closedAs).toBeUndefined();
    alice.send('[6,{},"wamp.close.goodbye_and_out"]');
    expect(alice.closedAs).toBe('policy');
    expect(call(admin, 'wamp.session.count')).toEqual([1]);
  });

  it('WAMP-115: closes the connection of a client that does not say GOODBYE within a second', () => {
    const admin = bed.join('admin');
    const alice = bed.join('alice');
    call(admin, 'wamp.session.kill', [idOf('alice', admin)]);

    bed.peers.services.clock.advance(1500);

    expect(alice.closedAs).toBe('policy');
  });

  it('WAMP-115: passes reason and message on', () => {
    const admin = bed.join('admin');
    const alice = bed.join('alice');

    call(admin, 'wamp.session.kill', [idOf('alice', admin)], {
      reason: 'com.example.abuse',
      message: 'Out.',
    });

    expect(alice.take()).toEqual(['[6,{"message":"Out."},"com.example.abuse"]']);
  });

  it('ignores what a killed client still sends', () => {
    const admin = bed.join('admin');
    const alice = bed.join('alice');
    call(admin, 'wamp.session.kill', [idOf('alice', admin)]);
    alice.take();

    alice.send('[32,1,{},"com.a"]', '[16,2,{"acknowledge":true},"com.a"]');

    expect(alice.take()).toEqual([]);
  });

  it.each([[''], ['two words'], [5], ['a#b'], ['.']])('WAMP-116: refuses the reason %j', (reason) => {
    const admin = bed.join('admin');
    bed.join('alice');
    const id = idOf('alice', admin);

    expect(call(admin, 'wamp.session.kill', [id], { reason })).toBe('wamp.error.invalid_uri');
    expect(call(admin, 'wamp.session.kill_by_authid', ['alice'], { reason })).toBe('wamp.error.invalid_uri');
    expect(call(admin, 'wamp.session.kill_by_authrole', ['user'], { reason })).toBe('wamp.error.invalid_uri');
    expect(call(admin, 'wamp.session.kill_all', [], { reason })).toBe('wamp.error.invalid_uri');
    expect(call(admin, 'wamp.session.count')).toEqual([2]);
  });

  it.each([[5], ['x'.repeat(1025)]])('refuses a message that is no short text', (message) => {
    const admin = bed.join('admin');
    bed.join('alice');

    const answer = call(admin, 'wamp.session.kill', [idOf('alice', admin)], { message });

    expect(answer).toBe('wamp.error.invalid_argument');
  });

  it('WAMP-117: says no_such_session for the own session, and for one that nobody has', () => {
    const admin = bed.join('admin');

    expect(call(admin, 'wamp.session.kill', [idOf('admin', admin)])).toBe('wamp.error.no_such_session');
    expect(call(admin, 'wamp.session.kill', [9999])).toBe('wamp.error.no_such_session');
    expect(admin.closedAs).toBeUndefined();
  });

  it('WAMP-117: ends a session that is killed twice at once only once', () => {
    const [admin, other] = [bed.join('admin'), bed.join('bob')];
    const alice = bed.join('alice');
    const id = idOf('alice', admin);
    const watcher = listen(bed.join('carol'), 'wamp.session.on_leave');

    expect(call(admin, 'wamp.session.kill', [id])).toEqual([]);
    expect(call(other, 'wamp.session.kill', [id])).toBe('wamp.error.no_such_session');

    expect(alice.take()).toEqual(['[6,{},"wamp.close.killed"]']);
    expect(eventsOf(watcher)).toEqual([[id, 'alice', 'user']]);
  });

  it('gives what waits for a killed callee its final answer', () => {
    const admin = bed.join('admin');
    const caller = bed.join('bob');
    const alice = bed.join('alice').send('[64,1,{},"com.p"]');
    caller.send('[48,1,{},"com.p"]');

    call(admin, 'wamp.session.kill', [idOf('alice', admin)]);

    expect(caller.takeParsed()[0]?.slice(0, 5)).toEqual([8, 48, 1, {}, 'wamp.error.canceled']);
    expect(alice.takeParsed().map(([code]) => code)).toEqual([65, 68, 6]);
  });
});

describe('wamp.session.kill_by_authid, kill_by_authrole and kill_all', () => {
  it('WAMP-118: kill_by_authid ends the sessions of an authid but the own, and answers with their ids', () => {
    const admin = bed.join('admin');
    const [one, two] = [bed.join('admin'), bed.join('admin')];
    const bob = bed.join('bob');
    const [[own, ...others]] = call(admin, 'wamp.session.list', [['admin']]) as [number[]];

    expect(call(admin, 'wamp.session.kill_by_authid', ['admin'])).toEqual([others]);

    expect([one.take(), two.take(), bob.take()]).toEqual([
      ['[6,{},"wamp.close.killed"]'],
      ['[6,{},"wamp.close.killed"]'],
      [],
    ]);
    expect(call(admin, 'wamp.session.list', [['admin']])).toEqual([[own]]);
  });

  it('WAMP-118: kill_by_authrole ends the sessions of a role but the own, and answers with their number', () => {
    const alice = bed.join('alice');
    const [bob, carol] = [bed.join('bob'), bed.join('carol')];
    const admin = bed.join('admin');

    expect(call(alice, 'wamp.session.kill_by_authrole', ['user'], { message: 'Out.' })).toEqual([2]);

    expect([bob.take(), carol.take(), admin.take()]).toEqual([
      ['[6,{"message":"Out."},"wamp.close.killed"]'],
      ['[6,{"message":"Out."},"wamp.close.killed"]'],
      [],
    ]);
  });

  it('WAMP-119: kill_all ends all sessions but the own, without meta events, and answers with their number', () => {
    const admin = bed.join('admin');
    const [alice, bob] = [bed.join('alice'), bed.join('bob')];
    bob.send('[32,1,{},"com.a"]', '[64,2,{},"com.p"]');
    admin.send('[32,1,{"match":"prefix"},"wamp."]').take();

    admin.send('[48,2,{},"wamp.session.kill_all",[],{"reason":"com.example.night"}]');

    expect(admin.take()).toEqual(['[50,2,{},[2]]']);
    expect(alice.take()).toEqual(['[6,{},"com.example.night"]']);
    expect(bob.takeParsed().at(-1)).toEqual([6, {}, 'com.example.night']);
  });

  it.each([
    ['wamp.session.kill_all', [], 0],
    ['wamp.session.kill_by_authid', ['alice'], 1],
  ] as const)('WAMP-119: %s sends testaments, or does not', (procedure, args, sent) => {
    const admin = listen(bed.join('admin'), 'com.will');
    const alice = bed.join('alice');
    expect(call(alice, 'wamp.session.add_testament', ['com.will', ['bye'], {}])).toEqual([]);

    admin.send(JSON.stringify([48, 2, {}, procedure, args]));

    expect(eventsOf(admin)).toEqual(Array.from({ length: sent }, () => ['bye']));
  });

  it('spare clients of this process, which kill ends if it is asked for one', () => {
    const admin = bed.join('admin');
    const principal = { authid: 'app', authrole: 'app', authmethod: 'local', authprovider: 'embedder' };
    const told: unknown[] = [];
    const endpoint = { features: {}, evict: (why: unknown) => told.push(why) };
    const broker = bed.peers.services.brokers.get('realm1');
    const app = broker?.attach(endpoint as never, principal);

    expect(call(admin, 'wamp.session.kill_by_authid', ['app'])).toEqual([[]]);
    expect(call(admin, 'wamp.session.kill_by_authrole', ['app'])).toEqual([0]);
    expect(call(admin, 'wamp.session.kill_all')).toEqual([0]);
    expect(call(admin, 'wamp.session.kill', [app?.session])).toEqual([]);

    expect(told).toEqual([{ code: 'killed', reason: '', uri: 'wamp.close.killed' }]);
  });

  it.each([[[]], [[5]], [[null]], [[['user']]]])('refuse the arguments %j', (args) => {
    const admin = bed.join('admin');

    expect(call(admin, 'wamp.session.kill_by_authid', args)).toBe('wamp.error.invalid_argument');
    expect(call(admin, 'wamp.session.kill_by_authrole', args)).toBe('wamp.error.invalid_argument');
  });
});

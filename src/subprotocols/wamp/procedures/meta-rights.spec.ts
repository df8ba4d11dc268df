import { afterEach, describe, expect, it } from '@jest/globals';
import { MetaBed, call, eventsOf } from '../../../../test/support/meta-bed.js';
import { defaultRights } from '../../../auth/index.js';
import type { Action, Authorizer } from '../../../broker/index.js';

let bed: MetaBed;

afterEach(() => bed.end());

const READING = [
  ['wamp.session.count', []],
  ['wamp.session.list', []],
  ['wamp.session.get', [1001]],
  ['wamp.registration.list', []],
  ['wamp.registration.lookup', ['com.p']],
  ['wamp.registration.match', ['com.p']],
  ['wamp.registration.get', [1]],
  ['wamp.registration.list_callees', [1]],
  ['wamp.registration.count_callees', [1]],
  ['wamp.subscription.list', []],
  ['wamp.subscription.lookup', ['com.a']],
  ['wamp.subscription.match', ['com.a']],
  ['wamp.subscription.get', [1]],
  ['wamp.subscription.list_subscribers', [1]],
  ['wamp.subscription.count_subscribers', [1]],
] as const;

const KILLS = [
  ['wamp.session.kill', [1001]],
  ['wamp.session.kill_by_authid', ['alice']],
  ['wamp.session.kill_by_authrole', ['user']],
  ['wamp.session.kill_all', []],
] as const;

const EVENTS = [
  'wamp.session.on_join',
  'wamp.session.on_leave',
  'wamp.registration.on_create',
  'wamp.registration.on_register',
  'wamp.registration.on_unregister',
  'wamp.registration.on_delete',
  'wamp.subscription.on_create',
  'wamp.subscription.on_subscribe',
  'wamp.subscription.on_unsubscribe',
  'wamp.subscription.on_delete',
];

/** A bed in which whoever connects says nothing of who it is. */
function anonymousBed(authorizer: Authorizer): MetaBed {
  const principal = {
    authid: 'anonymous',
    authrole: 'anonymous',
    authmethod: 'anonymous',
    authprovider: 'static',
  };
  return new MetaBed({
    authorizer,
    authenticator: { methods: ['anonymous'], begin: () => ({ kind: 'accepted', principal }) },
  });
}

describe('the meta API under the default rights', () => {
  it.each([...READING, ...KILLS])('P18: refuses %s to clients without a login', (procedure, args) => {
    bed = anonymousBed(defaultRights());

    expect(call(bed.join('x'), procedure, args)).toBe('wamp.error.not_authorized');
  });

  it.each(EVENTS)('P18: refuses %s to clients without a login', (topic) => {
    bed = anonymousBed(defaultRights());

    const peer = bed.join('x').send(`[32,1,{},"${topic}"]`, '[32,2,{"match":"prefix"},"wamp."]');

    expect(peer.takeParsed().map(([code, , , , error]) => [code, error])).toEqual([
      [8, 'wamp.error.not_authorized'],
      [8, 'wamp.error.not_authorized'],
    ]);
  });

  it('P18: tells clients without a login nothing under patterns that they may have', () => {
    bed = anonymousBed(defaultRights());
    const peer = bed.join('x').send('[32,1,{"match":"prefix"},""]', '[32,2,{"match":"wildcard"},".."]');
    expect(peer.takeParsed().map(([code]) => code)).toEqual([33, 33]);

    bed.join('y').disconnect();

    expect(eventsOf(peer)).toEqual([]);
  });

  it('P18: shows clients that have logged in what there is, and lets them kill nobody', () => {
    bed = new MetaBed({ authorizer: defaultRights() });
    const alice = bed.join('alice');

    for (const [procedure, args] of READING)
      expect(call(alice, procedure, args)).not.toBe('wamp.error.not_authorized');
    for (const [procedure, args] of KILLS)
      expect(call(alice, procedure, args)).toBe('wamp.error.not_authorized');
  });
});

describe('the meta API under an authorizer', () => {
  it.each(KILLS)('P18: never lets a client without a login call %s, whatever it says', (procedure, args) => {
    bed = anonymousBed({ decide: () => ({ allow: true }) });

    expect(call(bed.join('x'), procedure, args)).toBe('wamp.error.not_authorized');
  });

  it('P18: asks it for every call and subscription', () => {
    const asked: [Action, string][] = [];
    bed = new MetaBed({
      authorizer: {
        decide: (_by, action, { text }) => {
          asked.push([action, text]);
          return { allow: false };
        },
      },
    });
    const alice = bed.join('alice').send('[32,1,{},"wamp.session.on_join"]');

    expect(alice.takeParsed()[0]?.[4]).toBe('wamp.error.not_authorized');
    expect(call(alice, 'wamp.session.count')).toBe('wamp.error.not_authorized');

    expect(asked).toEqual([
      ['subscribe', 'wamp.session.on_join'],
      ['call', 'wamp.session.count'],
    ]);
  });

  it('P17: gives nothing for a session id that is known but to those who have the right', () => {
    bed = new MetaBed({
      authorizer: {
        decide: ({ authrole }, _action, { text }) => ({ allow: authrole === 'admin' || text === 'com.a' }),
      },
    });
    const admin = bed.join('admin');
    const alice = bed.join('alice');
    const [[known]] = call(admin, 'wamp.session.list') as [number[]];

    expect(call(alice, 'wamp.session.kill', [known])).toBe('wamp.error.not_authorized');
    expect(call(alice, 'wamp.session.get', [known])).toBe('wamp.error.not_authorized');
    expect(admin.closedAs).toBeUndefined();
  });
});

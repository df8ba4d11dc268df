import { describe, expect, it } from '@jest/globals';
import type { Action, Decision, Pattern, Principal } from '../broker/index.js';
import { defaultRights } from './default-rights.js';

const SOMEBODY: Principal = {
  authid: 'alice',
  authrole: 'user',
  authmethod: 'ticket',
  authprovider: 'static',
};
const NOBODY: Principal = {
  authid: 'anonymous',
  authrole: 'anonymous',
  authmethod: 'anonymous',
  authprovider: 'static',
};
const PROCESS: Principal = {
  authid: 'local',
  authrole: 'local',
  authmethod: 'local',
  authprovider: 'embedder',
};

function allows(who: Principal, action: Action, target: string, metaForAnonymous = false): boolean {
  const [, match = 'exact', text = target] = /^(prefix|wildcard|multi) (.*)$/.exec(target) ?? [];
  const pattern = { match: match as Pattern['match'], text };
  return (defaultRights({ metaForAnonymous }).decide(who, action, pattern, 'realm1') as Decision).allow;
}

const READING = [
  'wamp.session.count',
  'wamp.session.list',
  'wamp.session.get',
  'wamp.registration.list',
  'wamp.registration.lookup',
  'wamp.registration.match',
  'wamp.registration.get',
  'wamp.registration.list_callees',
  'wamp.registration.count_callees',
  'wamp.subscription.list',
  'wamp.subscription.lookup',
  'wamp.subscription.match',
  'wamp.subscription.get',
  'wamp.subscription.list_subscribers',
  'wamp.subscription.count_subscribers',
];
const OWN = [
  'wamp.session.renew',
  'wamp.session.add_testament',
  'wamp.session.flush_testaments',
  'wamp.subscription.get_events',
];
const ENDING = [
  'wamp.session.kill',
  'wamp.session.kill_by_authid',
  'wamp.session.kill_by_authrole',
  'wamp.session.kill_all',
  'wamp.registration.remove_callee',
  'wamp.subscription.remove_subscriber',
];

describe('the rights of a router without rules', () => {
  it('are all, outside of what is the router’s', () => {
    for (const who of [SOMEBODY, NOBODY, PROCESS]) {
      for (const target of ['a', 'wampum.x', 'prefix ', 'prefix wam', 'multi #', 'queue.jobs'])
        expect(allows(who, 'subscribe', target)).toBe(true);
      expect(allows(who, 'register', 'prefix ')).toBe(true);
    }
  });

  it.each(READING)(
    'P18: let whoever has logged in call %s, and clients without a login only where that is said',
    (uri) => {
      expect(allows(SOMEBODY, 'call', uri)).toBe(true);
      expect(allows(NOBODY, 'call', uri)).toBe(false);
      expect(allows(NOBODY, 'call', uri, true)).toBe(true);
    },
  );

  it.each(OWN)('let everybody call %s', (uri) => {
    expect([SOMEBODY, NOBODY, PROCESS].map((who) => allows(who, 'call', uri))).toEqual([true, true, true]);
  });

  it.each(ENDING)('P18: let only code of this process call %s', (uri) => {
    expect([SOMEBODY, NOBODY, PROCESS].map((who) => allows(who, 'call', uri, true))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it.each(['wamp.session.on_join', 'prefix wamp', 'prefix wamp.', 'wildcard wamp..on_join', 'multi wamp.#'])(
    'P18: let clients without a login subscribe to %s only where that is said',
    (target) => {
      expect([
        allows(SOMEBODY, 'subscribe', target),
        allows(NOBODY, 'subscribe', target),
        allows(NOBODY, 'subscribe', target, true),
      ]).toEqual([true, false, true]);
    },
  );

  it('P9: are none to publish or register what is the router’s', () => {
    for (const who of [SOMEBODY, NOBODY]) {
      expect(allows(who, 'publish', 'wamp.session.on_leave', true)).toBe(false);
      expect(allows(who, 'register', 'wamp.session.kill', true)).toBe(false);
    }
  });
});

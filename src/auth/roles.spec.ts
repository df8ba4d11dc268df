import { describe, expect, it } from '@jest/globals';
import { ALICE, ask, patternOf, shop } from '../../test/support/role-bed.js';
import type { Action, Decision, Pattern, Principal } from '../broker/index.js';
import type { AccessRule } from './access-rule.js';
import { routerPrincipal } from './insiders.js';
import type { RolesOptions } from './roles.js';
import { roles } from './roles.js';

describe('roles', () => {
  it('allow what a rule allows, and nothing else', () => {
    const options = shop({ match: 'orders.*', allow: ['publish'] });
    expect(ask(options, 'publish', 'orders.new').allow).toBe(true);
    for (const [action, target] of [
      ['publish', 'orders'],
      ['publish', 'orders.new.x'],
      ['publish', 'xorders.new'],
      ['subscribe', 'orders.new'],
      ['call', 'orders.new'],
    ] as const)
      expect(ask(options, action, target).allow).toBe(false);
  });

  it('give a role without an entry what everyone has, and no more', () => {
    const options = {
      ...shop({ match: '#', allow: ['publish'] }),
      everyone: [{ match: 'news.#', allow: ['subscribe'] }],
    } as const;
    const other = { authrole: 'Shop' };
    expect(ask(options, 'publish', 'a', other).allow).toBe(false);
    expect(ask(options, 'subscribe', 'news', other).allow).toBe(true);
    expect(ask(options, 'subscribe', 'news').allow).toBe(true);
    expect(ask({}, 'publish', 'a').allow).toBe(false);
  });

  it('let deny win over every allow, wherever it stands', () => {
    const [allow, deny] = [
      { match: '#', allow: ['publish', 'call'] },
      { match: 'orders.secret.#', deny: ['publish'] },
    ] as const;
    for (const options of [shop(allow, deny), shop(deny, allow), { ...shop(allow), everyone: [deny] }]) {
      expect(ask(options, 'publish', 'orders.secret').allow).toBe(false);
      expect(ask(options, 'publish', 'orders.secret.x').allow).toBe(false);
      expect(ask(options, 'call', 'orders.secret').allow).toBe(true);
      expect(ask(options, 'publish', 'orders.open').allow).toBe(true);
    }
  });

  it('read rules in the notation of WAMP', () => {
    const wildcard = shop({ match: 'a..c', kind: 'wildcard', allow: ['call'] });
    expect(ask(wildcard, 'call', 'a.b.c').allow).toBe(true);
    expect(ask(wildcard, 'call', 'a.c').allow).toBe(false);
    const prefix = shop({ match: 'a.b', kind: 'prefix', allow: ['call'] });
    expect(ask(prefix, 'call', 'a.bc.d').allow).toBe(true);
    expect(ask(prefix, 'call', 'a.c').allow).toBe(false);
    const exact = shop({ match: 'a.b', kind: 'exact', allow: ['call'] });
    expect(ask(exact, 'call', 'a.b').allow).toBe(true);
    expect(ask(exact, 'call', 'a.bc').allow).toBe(false);
  });

  it('show who asks only where a rule says disclose', () => {
    const options = shop(
      { match: '#', allow: ['publish', 'call'] },
      { match: 'a.#', allow: ['disclose'] },
      { match: 'a.secret', deny: ['disclose'] },
    );
    expect(ask(options, 'publish', 'a.b')).toEqual({ allow: true, disclose: true });
    expect(ask(options, 'call', 'b')).toEqual({ allow: true, disclose: false });
    expect(ask(options, 'call', 'a.secret')).toEqual({ allow: true, disclose: false });
  });

  it('tell the lowest trust level of the rules that allow', () => {
    const options = shop(
      { match: '#', allow: ['call'], trustlevel: 5 },
      { match: 'pay.#', allow: ['call'], trustlevel: 1 },
      { match: 'pay.#', allow: ['publish'] },
    );
    expect(roles(options).trustlevels).toBe(true);
    expect(ask(options, 'call', 'pay.all').trustlevel).toBe(1);
    expect(ask(options, 'call', 'other').trustlevel).toBe(5);
    expect(ask(options, 'publish', 'pay.all').trustlevel).toBeUndefined();
    expect(roles(shop({ match: '#', allow: ['call'] })).trustlevels).toBe(false);
  });

  it('P10: need a right of its own to take a procedure over', () => {
    const options = shop(
      { match: 'a.#', allow: ['register'] },
      { match: 'a.mine.#', allow: ['takeover'] },
      { match: 'b', allow: ['takeover'] },
    );
    expect(ask(options, 'register', 'a.x')).toEqual({ allow: true, disclose: false, takeover: false });
    expect(ask(options, 'register', 'a.mine.x')).toEqual({ allow: true, disclose: false, takeover: true });
    expect(ask(options, 'register', 'prefix a.').takeover).toBe(false);
    expect(ask(options, 'register', 'prefix a.mine.').takeover).toBe(true);
    expect(ask(options, 'register', 'b').allow).toBe(false);
  });

  it('P10: need a rule of its own to register a pattern that is as wide as everything', () => {
    const wide = shop({ match: '#', allow: ['register'] });
    expect(ask(wide, 'register', 'com.app.add').allow).toBe(true);
    for (const pattern of ['prefix ', 'prefix com.', 'prefix com.app.', 'wildcard .app', 'wildcard com.'])
      expect([pattern, ask(wide, 'register', pattern).allow]).toEqual([pattern, false]);
    const begun = shop({ match: 'com.app.#', allow: ['register'] });
    expect(ask(begun, 'register', 'prefix com.app.').allow).toBe(true);
    expect(ask(begun, 'register', 'prefix com.').allow).toBe(false);
    expect(ask(begun, 'register', 'prefix com.app').allow).toBe(false);
    const own = shop({ match: '', kind: 'prefix', allow: ['register'] });
    expect(ask(own, 'register', 'prefix ').allow).toBe(true);
    expect(ask(own, 'register', 'prefix com.').allow).toBe(false);
  });

  it('P9 P18: are about the router’s own addresses only if they begin with its word', () => {
    const wide = shop(
      { match: '#', allow: ['call', 'subscribe'] },
      { match: '', kind: 'prefix', allow: ['call', 'subscribe'] },
      { match: '*.session.kill', allow: ['call', 'subscribe'] },
      { match: 'wam', kind: 'prefix', allow: ['call', 'subscribe'] },
    );
    expect(ask(wide, 'call', 'wamp.session.kill').allow).toBe(false);
    expect(ask(wide, 'call', 'wamp.session.list').allow).toBe(false);
    expect(ask(wide, 'subscribe', 'wamp.session.on_join').allow).toBe(false);
    expect(ask(wide, 'subscribe', 'prefix wamp.').allow).toBe(false);
    expect(ask(wide, 'subscribe', 'prefix wamp').allow).toBe(false);
    expect(ask(wide, 'subscribe', 'prefix wampum').allow).toBe(true);
    expect(ask(wide, 'call', 'wampum.x').allow).toBe(true);
    expect(ask(wide, 'call', 'Wamp.x').allow).toBe(true);
    const named = shop({ match: 'wamp.session.*', allow: ['call', 'subscribe'] });
    expect(ask(named, 'call', 'wamp.session.list').allow).toBe(true);
    expect(ask(named, 'subscribe', 'wildcard wamp.session.').allow).toBe(true);
  });

  it('leave everybody what is about the own session, unless it is denied', () => {
    for (const procedure of [
      'wamp.session.renew',
      'wamp.session.add_testament',
      'wamp.session.flush_testaments',
      'wamp.subscription.get_events',
    ])
      expect(ask({}, 'call', procedure).allow).toBe(true);
    const denying = shop({ match: '#', deny: ['call'] });
    expect(ask(denying, 'call', 'wamp.session.add_testament').allow).toBe(false);
    expect(ask(denying, 'call', 'wamp.session.renew').allow).toBe(true);
  });

  it('are about topics of users only if they begin with that word', () => {
    const wide = shop({ match: '#', allow: ['publish', 'call'] });
    expect(ask(wide, 'publish', 'user.bob.queue.x').allow).toBe(false);
    expect(ask(wide, 'publish', 'user.bob').allow).toBe(true);
    expect(ask(wide, 'call', 'user.bob.queue.x').allow).toBe(true);
    const named = shop({ match: 'user.*.queue.#', allow: ['publish'] });
    expect(ask(named, 'publish', 'user.bob.queue.x').allow).toBe(true);
    expect(ask(named, 'publish', 'user.bob.topic.x').allow).toBe(false);
  });

  it('refuse a rule that makes no sense, by name', () => {
    const faulty = [
      [{ match: 'orders.ord*', allow: ['publish'] }, /The match of the rule "orders\.ord\*" is wrong/],
      [{ match: '', allow: ['publish'] }, /match/],
      [{ match: 'a..b', allow: ['publish'] }, /match/],
      [{ match: 'a b', allow: ['publish'] }, /match/],
      [{ match: 'a.{user}', allow: ['publish'] }, /only \{authid\}, \{authrole\} and \{realm\}/],
      [{ match: 'a.x{authid}', allow: ['publish'] }, /match/],
      [{ match: 'a.*', kind: 'wildcard', allow: ['publish'] }, /no `\*` and `#` with `kind`/],
      [{ match: 'a', allow: [] }, /at least one right/],
      [{ match: 'a', allow: ['publish'], deny: ['publish'] }, /The deny/],
      [{ match: 'a', allow: ['register'], trustlevel: 1 }, /The trustlevel/],
      [{ match: Array(30).fill('a').join('.'), allow: ['publish'] }, /at most 29 words/],
    ] as const;
    for (const [rule, message] of faulty) expect(() => roles(shop(rule as AccessRule))).toThrow(message);
  });
});

describe('limits of a role', () => {
  it('A12: holds in the realms that it names', () => {
    const options: RolesOptions = {
      roles: [
        { role: 'shop', realms: ['north'], rules: [{ match: 'a', allow: ['publish'] }] },
        { role: 'shop', realms: ['south'], rules: [{ match: 'b', allow: ['publish'] }] },
        { role: 'shop', rules: [{ match: 'c', allow: ['publish'] }] },
      ],
    };
    const table = roles(options);
    const allowed = (realm: string): string[] =>
      ['a', 'b', 'c'].filter(
        (text) => (table.decide(ALICE, 'publish', { match: 'exact', text }, realm) as Decision).allow,
      );
    expect(allowed('north')).toEqual(['a', 'c']);
    expect(allowed('south')).toEqual(['b', 'c']);
    expect(allowed('north.south')).toEqual(['c']);
  });

  it('X9: holds for the ways to log in that it names, so that a token’s role is no better than its issuer', () => {
    const options: RolesOptions = {
      roles: [{ role: 'shop', methods: ['ticket', 'tls'], rules: [{ match: '#', allow: ['publish'] }] }],
    };
    expect(ask(options, 'publish', 'a').allow).toBe(true);
    expect(ask(options, 'publish', 'a', { authmethod: 'jwt' }).allow).toBe(false);
    expect(ask(options, 'publish', 'a', { authmethod: 'anonymous' }).allow).toBe(false);
  });
});

describe('subscriptions to patterns', () => {
  const rules: AccessRule[] = [
    { match: 'orders.#', allow: ['subscribe'] },
    { match: 'orders.secret.#', deny: ['subscribe'] },
    { match: 'news.*', allow: ['subscribe'] },
  ];

  it('A10: are refused unless one rule contains them and none denies any of it', () => {
    const options = shop(...rules);
    for (const [pattern, allowed] of [
      ['wildcard news.', true],
      ['wildcard orders.', false],
      ['multi orders.open.#', true],
      ['prefix orders.open', true],
      ['prefix orders.s', false],
      ['prefix news.', false],
      ['multi #', false],
      ['prefix ', false],
      ['wildcard .', false],
    ] as const)
      expect([pattern, ask(options, 'subscribe', pattern).allow]).toEqual([pattern, allowed]);
  });

  it('A10: are filtered, where the rules say so and allow any of it', () => {
    const options: RolesOptions = { ...shop(...rules), patterns: 'filtered' };
    expect(ask(options, 'subscribe', 'multi #')).toEqual({ allow: true, filtered: true });
    expect(ask(options, 'subscribe', 'prefix orders.s')).toEqual({ allow: true, filtered: true });
    expect(ask(options, 'subscribe', 'wildcard news.')).toEqual({ allow: true, disclose: false });
    expect(ask(options, 'subscribe', 'prefix mails.').allow).toBe(false);
    expect(ask(options, 'subscribe', 'prefix wamp.').allow).toBe(false);
  });

  it('A10: are not to be had at all, where the rules say so', () => {
    const options: RolesOptions = { ...shop(...rules), patterns: 'refused' };
    expect(ask(options, 'subscribe', 'wildcard news.').allow).toBe(false);
    expect(ask(options, 'subscribe', 'news.a').allow).toBe(true);
  });
});

describe('who is not asked for a role', () => {
  it('is code of this process, as long as its role has no entry', () => {
    const local = { authmethod: 'local', authprovider: 'embedder', authrole: 'local' };
    expect(ask(shop(), 'publish', 'a', local)).toEqual({ allow: true, disclose: true, takeover: true });
    expect(ask({ roles: [{ role: 'local', rules: [] }] }, 'publish', 'a', local).allow).toBe(false);
    expect(ask(shop(), 'publish', 'a', { ...local, authrole: 'application' }).allow).toBe(true);
    // What it does for somebody whose role is not known is not on its own behalf.
    expect(ask(shop(), 'publish', 'a', { ...local, authrole: 'visitor' }).allow).toBe(false);
    expect(ask(shop(), 'publish', 'a', { ...local, authmethod: 'jwt' }).allow).toBe(false);
    expect(ask(shop(), 'publish', 'a', { ...local, authprovider: 'static' }).allow).toBe(false);
  });

  it('is the router itself, when it calls', () => {
    const decide = (action: Action): unknown =>
      roles(shop()).decide(routerPrincipal('authenticator'), action, patternOf('a'), 'realm1');
    expect(decide('call')).toMatchObject({ allow: true });
    expect(decide('subscribe')).toMatchObject({ allow: false });
  });

  it('X9: is not the router who only has its name, role and method', () => {
    expect(ask(shop(), 'call', 'a', routerPrincipal('authenticator')).allow).toBe(false);
  });
});

describe('other rules', () => {
  it('A9: are in force at once, and what is held is asked about again', () => {
    const table = roles(shop({ match: 'a', allow: ['publish'] }));
    let changes = 0;
    table.start?.({ call: () => Promise.reject(new Error('unused')), changed: () => void (changes += 1) });
    const allows = (text: string): boolean =>
      (table.decide(ALICE, 'publish', { match: 'exact', text }, 'realm1') as Decision).allow;
    expect([allows('a'), allows('b')]).toEqual([true, false]);
    table.replace(shop({ match: 'b', allow: ['publish'] }));
    expect([allows('a'), allows('b'), changes]).toEqual([false, true, 1]);
    expect(() => table.replace(shop({ match: 'b', allow: [] }))).toThrow();
    expect([allows('a'), allows('b'), changes]).toEqual([false, true, 1]);
  });
});

describe('whoever is deferred to', () => {
  it('is asked only where the rules say nothing', () => {
    const asked: string[] = [];
    const defer = {
      decide: (_who: Principal, action: Action, { text }: Pattern): Decision => {
        asked.push(`${action} ${text}`);
        return { allow: text === 'c' };
      },
    };
    const options = {
      ...shop({ match: 'a', allow: ['publish'] }, { match: 'b', deny: ['publish'] }),
      defer,
    } as const;
    expect(['a', 'b', 'c', 'd'].map((text) => ask(options, 'publish', text).allow)).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(asked).toEqual(['publish c', 'publish d']);
  });

  it('may allow a pattern as a whole that would be filtered, but none of which anything is denied', async () => {
    const defer = {
      decide: async (_who: Principal, _action: Action, { text }: Pattern): Promise<Decision> => ({
        allow: text === 'a.',
      }),
    };
    const options: RolesOptions = {
      ...shop({ match: '#.x', allow: ['subscribe'] }, { match: 'b.secret', deny: ['subscribe'] }),
      patterns: 'filtered',
      defer,
    };
    expect(await ask(options, 'subscribe', 'prefix a.')).toEqual({ allow: true });
    expect(await ask(options, 'subscribe', 'prefix c.')).toEqual({ allow: true, filtered: true });
    expect(await ask(options, 'subscribe', 'prefix b.')).toEqual({ allow: true, filtered: true });
  });
});

describe('guarded procedures', () => {
  const open = [{ match: 'com.#', allow: ['register', 'call', 'takeover'] }] as const;
  const guarded = ['com.example.authenticate'];
  const options: RolesOptions = {
    guarded,
    everyone: open,
    roles: [
      { role: 'shop', rules: [] },
      { role: 'directory', rules: [{ match: 'com.example.authenticate', allow: ['register'] }] },
      { role: 'broad', rules: [{ match: 'com.example.authenticate', kind: 'prefix', allow: ['register'] }] },
    ],
  };

  it('P10: are registered by those whom a rule names for them alone', () => {
    const directory = { authrole: 'directory' };
    expect(ask(options, 'register', 'com.example.authenticate', directory).allow).toBe(true);
    for (const authrole of ['shop', 'broad', 'unknown'])
      expect(ask(options, 'register', 'com.example.authenticate', { authrole }).allow).toBe(false);
    expect(ask(options, 'register', 'com.example.other').allow).toBe(true);
  });

  it('P10: are reached by no pattern', () => {
    for (const target of [
      'prefix com.',
      'prefix com.example.authenti',
      'wildcard com..authenticate',
      'multi com.#',
    ])
      for (const authrole of ['shop', 'broad', 'directory'])
        expect([target, ask(options, 'register', target, { authrole }).allow]).toEqual([target, false]);
    expect(ask(options, 'register', 'prefix com.other.').allow).toBe(true);
  });

  it('A5: are called by nobody but the router and this process: who may ask, may guess secrets', () => {
    expect(ask(options, 'call', 'com.example.authenticate').allow).toBe(false);
    expect(ask(options, 'call', 'com.example.authenticate', { authrole: 'directory' }).allow).toBe(false);
    expect(ask(options, 'call', 'com.example.other').allow).toBe(true);
    const [router, target] = [routerPrincipal('authenticator'), patternOf('com.example.authenticate')];
    expect(roles(options).decide(router, 'call', target, 'realm1')).toMatchObject({ allow: true });
  });

  it('stay guarded whatever rules replace the old ones, and whoever is deferred to', () => {
    const authorizer = roles({ ...options, defer: { decide: () => ({ allow: true }) } });
    authorizer.replace({ everyone: open });
    const target = { match: 'exact', text: 'com.example.authenticate' } as const;
    for (const action of ['register', 'call'] as const)
      expect(authorizer.decide(ALICE, action, target, 'realm1')).toEqual({ allow: false });
  });

  it('are denied by a rule that denies them', () => {
    const directory = { authrole: 'directory' };
    const denied = { ...options, everyone: [{ match: 'com.example.#', deny: ['register'] }] } as const;
    expect(ask(denied, 'register', 'com.example.authenticate', directory).allow).toBe(false);
  });
});

describe('rules about destinations', () => {
  it.each(['/topic/orders', '/queue/jobs', '/rpc/a', '/user/queue/a'])('are refused: %s', (match) => {
    expect(() => roles(shop({ match, deny: ['publish'] }))).toThrow(/addresses, no destinations/);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Action, AuthorizerHost, Decision, Pattern, Principal } from '../broker/index.js';
import type { AuthorizationAnswer } from './authorizer-answer.js';
import { readAnswer } from './authorizer-answer.js';
import type { AuthorizationRequest, DynamicAuthorizerOptions } from './dynamic-authorizer.js';
import { dynamicAuthorizer } from './dynamic-authorizer.js';
import { routerPrincipal } from './insiders.js';
import { roles } from './roles.js';

const ALICE: Principal = { authid: 'alice', authrole: 'shop', authmethod: 'ticket', authprovider: 'static' };
const EMBEDDER: Principal = {
  authid: 'local',
  authrole: 'local',
  authmethod: 'local',
  authprovider: 'embedder',
};
const ROUTER = routerPrincipal('authorizer');

/** An authorizer whose answers are given by hand, each once. */
class Bed {
  readonly asked: AuthorizationRequest[] = [];
  readonly changed: (((principal: Principal) => boolean) | undefined)[] = [];
  readonly called: unknown[] = [];
  now = 0;
  readonly #open: { answer: (given: AuthorizationAnswer) => void; fail: (error: Error) => void }[] = [];
  readonly authorizer;

  constructor(options: Partial<DynamicAuthorizerOptions> = {}) {
    this.authorizer = dynamicAuthorizer({
      authorize: (request) => {
        this.asked.push(request);
        return this.#later();
      },
      clock: { now: () => this.now },
      ...options,
    });
    const host: AuthorizerHost = {
      call: (...given) => {
        this.called.push(given);
        return this.#later();
      },
      changed: (affects) => void this.changed.push(affects as never),
    };
    this.authorizer.start?.(host);
  }

  decide(
    text = 'a',
    who: Partial<Principal> = {},
    action: Action = 'publish',
    match: Pattern['match'] = 'exact',
  ) {
    const decision = this.authorizer.decide({ ...ALICE, ...who }, action, { match, text }, 'realm1');
    // Who asks a router handles it; some of these tests do so later.
    if (decision instanceof Promise) decision.catch(() => {});
    return decision;
  }

  answer(given: unknown): void {
    this.#open.shift()!.answer(given as AuthorizationAnswer);
  }

  fail(): void {
    this.#open.shift()!.fail(new Error('down'));
  }

  #later(): Promise<AuthorizationAnswer> {
    return new Promise((answer, fail) => this.#open.push({ answer, fail }));
  }
}

/** What was awaited goes on. */
const turn = (): Promise<void> => new Promise((go) => setImmediate(go));

describe('a function that decides', () => {
  it('is told who wants to do what, and where', async () => {
    const bed = new Bed();
    const decision = bed.decide('a.', {}, 'subscribe', 'prefix');
    expect(bed.asked).toEqual([
      { realm: 'realm1', principal: ALICE, action: 'subscribe', uri: 'a.', match: 'prefix' },
    ]);
    bed.answer({ allow: true, disclose: true });
    expect(await decision).toEqual({ allow: true, disclose: true });
  });

  it('that answers at once is answered for at once, and asked each time', () => {
    let asked = 0;
    const authorizer = dynamicAuthorizer({ authorize: ({ uri }) => (asked++, uri === 'a') });
    const decide = (text: string): unknown =>
      authorizer.decide(ALICE, 'publish', { match: 'exact', text }, 'realm1');
    expect([decide('a'), decide('a'), decide('b')]).toEqual([
      { allow: true, disclose: false },
      { allow: true, disclose: false },
      { allow: false, disclose: false },
    ]);
    expect(asked).toBe(3);
  });

  it('is asked again only when its answer has aged', async () => {
    const bed = new Bed({ cacheMs: 100 });
    const first = bed.decide();
    bed.answer(true);
    await first;
    expect(bed.decide()).toEqual({ allow: true, disclose: false });
    bed.now = 99;
    expect(bed.decide()).toEqual({ allow: true, disclose: false });
    bed.now = 100;
    expect(bed.decide()).toBeInstanceOf(Promise);
    expect(bed.asked).toHaveLength(2);
    bed.answer(false);
  });

  it.each([
    [false, 0],
    [0, 0],
    [50, 50],
    [true, 10_000],
  ])('says with cache %p that its answer is good for %i ms', async (cache, ms) => {
    const bed = new Bed();
    const first = bed.decide();
    bed.answer({ allow: true, cache });
    await first;
    bed.now = ms - 1;
    if (ms > 0) expect(bed.decide()).not.toBeInstanceOf(Promise);
    bed.now = ms;
    expect(bed.decide()).toBeInstanceOf(Promise);
    bed.answer(true);
  });

  it('X9: is asked apart for everything by which two askers differ', async () => {
    const bed = new Bed();
    const others: Partial<Principal>[] = [
      {},
      { authid: 'bob' },
      { authrole: 'x' },
      { authmethod: 'jwt' },
      { authprovider: 'dynamic' },
    ];
    for (const who of others) {
      const decision = bed.decide('a', who);
      bed.answer(true);
      await decision;
    }
    bed.decide('a', {}, 'subscribe');
    bed.decide('a', {}, 'subscribe', 'prefix');
    bed.decide('b');
    void bed.authorizer.decide(ALICE, 'publish', { match: 'exact', text: 'a' }, 'realm2');
    expect(bed.asked).toHaveLength(others.length + 4);
    for (let open = 0; open < 4; open += 1) bed.answer(true);
  });

  it('is asked once for what many ask at once', async () => {
    const bed = new Bed();
    const all = Array.from({ length: 50 }, () => bed.decide());
    expect(bed.asked).toHaveLength(1);
    bed.answer(true);
    expect(new Set(await Promise.all(all))).toEqual(new Set([{ allow: true, disclose: false }]));
  });

  it('is asked so many questions at once, and lets so many wait; the rest is refused', async () => {
    const bed = new Bed({ concurrency: 2, queue: 1 });
    const all = ['a', 'b', 'c', 'd'].map((text) => bed.decide(text));
    await expect(all[3]).rejects.toThrow('Too many questions');
    expect(bed.asked.map(({ uri }) => uri)).toEqual(['a', 'b']);
    bed.answer(true);
    await all[0];
    await turn();
    expect(bed.asked.map(({ uri }) => uri)).toEqual(['a', 'b', 'c']);
    bed.answer(false);
    bed.answer(true);
    expect(await Promise.all(all.slice(0, 3))).toEqual([
      { allow: true, disclose: false },
      { allow: false, disclose: false },
      { allow: true, disclose: false },
    ]);
  });

  it('keeps so many answers, and forgets the one that was used longest ago', async () => {
    const bed = new Bed({ cacheEntries: 2 });
    for (const text of ['a', 'b']) {
      const decision = bed.decide(text);
      bed.answer(true);
      await decision;
    }
    void bed.decide('a');
    const third = bed.decide('c');
    bed.answer(true);
    await third;
    expect(bed.decide('a')).not.toBeInstanceOf(Promise);
    expect(bed.decide('c')).not.toBeInstanceOf(Promise);
    expect(bed.decide('b')).toBeInstanceOf(Promise);
    bed.answer(true);
  });

  it('A14: is a failure when it throws, rejects, answers nonsense, or not in time', async () => {
    const broken = dynamicAuthorizer({
      authorize: () => {
        throw new Error('down');
      },
    });
    expect(() => broken.decide(ALICE, 'publish', { match: 'exact', text: 'a' }, 'realm1')).toThrow('down');
    const bed = new Bed({ timeoutMs: 20 });
    const [rejected, nonsense, late] = ['a', 'b', 'c'].map((text) => bed.decide(text));
    bed.fail();
    await expect(rejected).rejects.toThrow('down');
    bed.answer(undefined);
    await expect(nonsense).rejects.toThrow('makes no sense');
    await expect(late).rejects.toMatchObject({ reason: 'late' });
    // A failure is no answer: nothing is remembered.
    expect(bed.decide('a')).toBeInstanceOf(Promise);
  });
});

describe('an answer', () => {
  it.each([[undefined], [null], ['yes'], [1], [[]], [{}], [{ allow: 'true' }], [{ allow: 1 }]])(
    'A14: that is %j gives nobody anything',
    (answer) => expect(() => readAnswer(answer)).toThrow('makes no sense'),
  );

  it.each([
    [{ disclose: 1 }],
    [{ takeover: 'x' }],
    [{ trustlevel: -1 }],
    [{ trustlevel: 1.5 }],
    [{ cache: -1 }],
  ])('A14: with %j gives nobody anything', (more) =>
    expect(() => readAnswer({ allow: true, ...more })).toThrow('makes no sense'),
  );

  it('is read whole', () => {
    const given = { allow: true, disclose: true, takeover: true, filtered: true, trustlevel: 3, cache: 7 };
    expect(readAnswer(given)).toEqual({
      decision: { allow: true, disclose: true, takeover: true, filtered: true, trustlevel: 3 },
      cache: 7,
    });
  });
});

describe('an invalidation', () => {
  it('A9: makes the answers about one name worthless, and has asked again about what is held', async () => {
    const bed = new Bed();
    for (const authid of ['alice', 'bob']) {
      const decision = bed.decide('a', { authid });
      bed.answer(true);
      await decision;
    }
    bed.authorizer.invalidate('alice');
    expect(bed.decide('a', { authid: 'bob' })).not.toBeInstanceOf(Promise);
    expect(bed.decide('a')).toBeInstanceOf(Promise);
    bed.answer(false);
    const [affects] = bed.changed;
    expect([affects!(ALICE), affects!({ ...ALICE, authid: 'bob' })]).toEqual([true, false]);
    bed.authorizer.invalidate();
    expect(bed.changed[1]).toBeUndefined();
    expect(bed.decide('a', { authid: 'bob' })).toBeInstanceOf(Promise);
    bed.answer(false);
  });

  it('A9: outruns an answer that is on its way', async () => {
    const bed = new Bed();
    const decision = bed.decide();
    bed.authorizer.invalidate('alice');
    bed.answer(true);
    await turn();
    expect(bed.asked).toHaveLength(2);
    bed.answer(false);
    expect(await decision).toEqual({ allow: false, disclose: false });
    expect(bed.decide()).toEqual({ allow: false, disclose: false });
  });

  it('A9: about one name costs no other name its answer', async () => {
    const bed = new Bed();
    const decision = bed.decide();
    for (let time = 0; time < 10; time += 1) bed.authorizer.invalidate('bob');
    bed.answer(true);
    expect(await decision).toEqual({ allow: true, disclose: false });
    expect(bed.asked).toHaveLength(1);
  });

  it('A9: that never ends ends the question', async () => {
    const bed = new Bed();
    const decision = bed.decide();
    for (let time = 0; time < 3; time += 1) {
      bed.authorizer.invalidate();
      bed.answer(true);
      await turn();
    }
    await expect(decision).rejects.toThrow('invalidated');
  });
});

describe('a procedure that decides', () => {
  const options = { authorize: 'com.app.authorize', registrars: ['guard'] };

  it('is called as Crossbar.io calls it', async () => {
    const bed = new Bed(options);
    const decision = bed.decide('orders.', {}, 'subscribe', 'prefix');
    expect(bed.called).toEqual([
      [
        'realm1',
        'com.app.authorize',
        [
          {
            realm: 'realm1',
            authid: 'alice',
            authrole: 'shop',
            authmethod: 'ticket',
            authprovider: 'static',
          },
          'orders.',
          'subscribe',
          { match: 'prefix' },
        ],
        4000,
      ],
    ]);
    bed.answer({ allow: true });
    expect(await decision).toEqual({ allow: true, disclose: false });
  });

  it('P10: is registered by nobody but the roles that are named, by a pattern neither', () => {
    const bed = new Bed(options);
    const targets: Pattern[] = [
      { match: 'exact', text: 'com.app.authorize' },
      { match: 'prefix', text: '' },
      { match: 'prefix', text: 'com.app.auth' },
      { match: 'wildcard', text: 'com..authorize' },
    ];
    for (const target of targets) {
      const may = (who: Principal): unknown =>
        (bed.authorizer.decide(who, 'register', target, 'realm1') as Decision).allow;
      expect([target, may(ALICE), may({ ...ALICE, authrole: 'guard' }), may(EMBEDDER)]).toEqual([
        target,
        false,
        true,
        true,
      ]);
    }
    expect(bed.called).toEqual([]);
    expect(bed.decide('com.app.other', {}, 'register')).toBeInstanceOf(Promise);
    bed.answer(true);
  });

  it('X9: is registered by a role only after the ways to log in that are named', () => {
    const bed = new Bed({ ...options, registrars: ['guard', { role: 'shop', methods: ['tls', 'jwt'] }] });
    const target = { match: 'exact', text: 'com.app.authorize' } as const;
    const may = (who: Partial<Principal>): unknown =>
      (bed.authorizer.decide({ ...ALICE, ...who }, 'register', target, 'realm1') as Decision).allow;
    expect([may({}), may({ authmethod: 'tls' }), may({ authmethod: 'jwt' })]).toEqual([false, true, true]);
    expect([may({ authrole: 'guard' }), may({ authrole: 'other', authmethod: 'tls' })]).toEqual([
      true,
      false,
    ]);
    // The others of that role are asked about like everybody.
    expect(bed.decide('audit', { authmethod: 'tls' })).toEqual({ allow: false });
    expect(bed.decide('audit')).toBeInstanceOf(Promise);
    bed.answer(true);
  });

  it.each([
    [{ uri: 'wamp.error.no_such_procedure' }, 'wamp.error.no_such_procedure'],
    [{ uri: 'wamp.error.timeout' }, 'wamp.error.timeout'],
    [{ uri: 'com.example.down' }, 'error'],
    [{ uri: `wamp.error.${'x'.repeat(100)}` }, 'error'],
    [{}, 'error'],
  ])('A14: that fails with %j is unavailable, for the reason %s', async (fields, reason) => {
    const authorizer = dynamicAuthorizer(options);
    const call = (): Promise<unknown> => Promise.reject(Object.assign(new Error('no'), fields));
    authorizer.start?.({ call, changed() {} });
    const decision = authorizer.decide(ALICE, 'publish', { match: 'exact', text: 'a' }, 'realm1');
    await expect(decision).rejects.toMatchObject({ name: 'AuthorizerUnavailable', reason });
  });

  it('is not asked what those may do who register it: the answer would stand behind the question', () => {
    const bed = new Bed({ authorize: 'com.example.authorize', registrars: ['guard'] });
    expect(bed.decide('audit', { authrole: 'guard' })).toEqual({ allow: false });
    expect(bed.called).toEqual([]);
    const table = roles({
      roles: [{ role: 'guard', rules: [{ match: 'audit', allow: ['publish'] }] }],
      defer: bed.authorizer,
    });
    const guard = { ...ALICE, authrole: 'guard' };
    expect(table.decide(guard, 'publish', { match: 'exact', text: 'audit' }, 'realm1')).toEqual({
      allow: true,
      disclose: false,
    });
  });

  it('is called by nobody but the router', () => {
    const bed = new Bed(options);
    expect(bed.decide('com.app.authorize', { authrole: 'guard' }, 'call')).toEqual({ allow: false });
    const target = { match: 'exact', text: 'com.app.authorize' } as const;
    expect(bed.authorizer.decide(ROUTER, 'call', target, 'realm1')).toEqual({ allow: true });
  });

  it('A14 X9: is not called by who only has the name, the role and the method of the router', () => {
    const bed = new Bed(options);
    const target = { match: 'exact', text: 'com.app.authorize' } as const;
    expect(bed.authorizer.decide({ ...ROUTER }, 'call', target, 'realm1')).toEqual({ allow: false });
  });

  it('P10: is guarded before any rule allows anything', () => {
    const table = roles({
      roles: [{ role: 'shop', rules: [{ match: '#', allow: ['register', 'call', 'takeover'] }] }],
      defer: dynamicAuthorizer(options),
    });
    const decide = (action: Action, text: string): unknown =>
      (table.decide(ALICE, action, { match: 'exact', text }, 'realm1') as Decision).allow;
    expect([decide('register', 'com.app.authorize'), decide('call', 'com.app.authorize')]).toEqual([
      false,
      false,
    ]);
    expect(decide('register', 'com.app.other')).toBe(true);
  });
});

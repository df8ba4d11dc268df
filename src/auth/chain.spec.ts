import { describe, expect, it } from '@jest/globals';
import type { Authenticator, LoginAttempt, Verdict } from '../broker/index.js';
import { attempt, challengeOf } from '../../test/support/logins.js';
import { anonymous, chain } from './index.js';

/** Refuses in its own words, so that a test sees who was asked. */
const strict: Authenticator = {
  methods: ['ticket'],
  begin: ({ authid }) => ({
    kind: 'refused',
    code: authid === undefined ? 'no_matching_method' : 'authentication_failed',
  }),
};

const asked = { kind: 'refused', code: 'authentication_failed' };
const welcome = { kind: 'accepted', principal: { authid: 'anonymous', authrole: 'anonymous' } };

describe('chain', () => {
  const both = chain([strict, anonymous()]);

  it('offers the methods of all, in their order', () => {
    expect(both.methods).toEqual(['ticket', 'anonymous']);
  });

  it('lets a client in that names no method and no secret, if anonymous is offered', () => {
    expect(both.begin(attempt({}))).toMatchObject(welcome);
    expect(chain([strict]).begin(attempt({}))).toEqual({ kind: 'refused', code: 'authentication_required' });
  });

  it('never makes a wrong secret anonymous', () => {
    expect(both.begin(attempt({ authid: 'alice', secret: 'wrong' }))).toEqual(asked);
    expect(both.begin(attempt({ authid: 'alice', secret: 'wrong', methods: ['anonymous'] }))).toEqual(asked);
    expect(both.begin(attempt({ secret: 'wrong' }))).toEqual(denied);
  });

  it('ignores a secret when nobody checks one', () => {
    expect(chain([anonymous()]).begin(attempt({ authid: 'guest', secret: 'guest' }))).toMatchObject(welcome);
  });

  it('takes empty login and passcode headers for none', () => {
    expect(both.begin(attempt({ authid: '', secret: '' }))).toMatchObject(welcome);
  });

  it("WAMP-163: takes the first method in the client's order that is offered", () => {
    expect(both.begin(attempt({ authid: 'a', methods: ['wampcra', 'ticket', 'anonymous'] }))).toEqual(asked);
    expect(both.begin(attempt({ authid: 'a', methods: ['anonymous', 'ticket'] }))).toMatchObject(welcome);
  });

  it('passes over a method that the client lacks something for', () => {
    expect(both.begin(attempt({ methods: ['ticket', 'anonymous'] }))).toMatchObject(welcome);
    expect(both.begin(attempt({ methods: ['ticket'] }))).toEqual({
      kind: 'refused',
      code: 'no_matching_method',
    });
  });

  it('WAMP-163: refuses methods that nobody offers', () => {
    expect(both.begin(attempt({ authid: 'a', methods: ['cryptosign'] }))).toEqual({
      kind: 'refused',
      code: 'no_matching_method',
    });
  });
});

/** Accepts one secret of one shape, and says who it is. */
function keeper(name: string, shape: RegExp, ...methods: string[]): Authenticator {
  const principal = { authid: name, authrole: 'user', authmethod: name, authprovider: 'test' };
  return {
    methods,
    recognises: (secret) => shape.test(secret),
    begin: ({ secret }): Verdict =>
      secret === undefined
        ? { kind: 'refused', code: 'no_matching_method' }
        : secret.endsWith('right')
          ? { kind: 'accepted', principal }
          : { kind: 'refused', code: 'authentication_denied' },
  };
}

/** Knows who it is by a header. */
function doorman(name: string, header: string): Authenticator {
  const principal = { authid: name, authrole: 'user', authmethod: name, authprovider: 'test' };
  const identify = ({ http }: LoginAttempt): Verdict | undefined => {
    const value = http?.headers[header];
    if (value === undefined) return undefined;
    return value === 'right'
      ? { kind: 'accepted', principal }
      : { kind: 'refused', code: 'authentication_denied' };
  };
  return {
    methods: [name],
    recognises: () => false,
    identify,
    begin: (asked) => identify(asked) ?? { kind: 'refused', code: 'no_matching_method' },
  };
}

const denied = { kind: 'refused', code: 'authentication_denied' };
const unmatched = { kind: 'refused', code: 'no_matching_method' };
const by = (authid: string) => ({ kind: 'accepted', principal: { authid } });

describe('chain, with several that check secrets', () => {
  const both = chain([keeper('token', /^t/, 'ticket', 'token'), keeper('word', /^w/, 'ticket'), anonymous()]);

  it('gives a secret to the one that recognises it', () => {
    expect(both.begin(attempt({ authid: 'a', secret: 't-right' }))).toMatchObject(by('token'));
    expect(both.begin(attempt({ authid: 'a', secret: 'w-right' }))).toMatchObject(by('word'));
    expect(both.begin(attempt({ authid: 'a', secret: 'w-wrong' }))).toEqual(denied);
  });

  it('gives it rather to one that knows the shape than to one that takes any', () => {
    const mixed = chain([strict, keeper('token', /^t/, 'ticket')]);
    expect(mixed.begin(attempt({ authid: 'a', secret: 't-right' }))).toMatchObject(by('token'));
    expect(mixed.begin(attempt({ authid: 'a', secret: 'w-right' }))).toEqual(asked);
  });

  it('refuses a secret that nobody recognises, and never lets it in as anonymous', () => {
    expect(both.begin(attempt({ authid: 'a', secret: 'x-right' }))).toEqual(denied);
    expect(both.recognises?.('x')).toBe(false);
    expect(both.recognises?.('w')).toBe(true);
  });

  it('asks one question for all, and gives the answer to the one that recognises it', async () => {
    for (const [answer, verdict] of [
      ['t-right', by('token')],
      ['w-right', by('word')],
      ['w-wrong', denied],
      ['x-right', denied],
    ] as const) {
      const challenge = await challengeOf(both.begin(attempt({ methods: ['ticket'] })));
      expect([challenge.method, challenge.extra]).toEqual(['ticket', {}]);
      expect(await challenge.answer(answer)).toMatchObject(verdict);
      expect(await challenge.answer('t-right')).toEqual(denied);
    }
  });
});

describe('chain, with identities of the HTTP request', () => {
  const all = chain([doorman('badge', 'x-badge'), doorman('cloak', 'x-cloak'), strict, anonymous()]);
  const http = (headers: Record<string, string>) => ({ http: { headers } });

  it('takes the first that is there for a client that names no method', () => {
    expect(all.begin(attempt(http({ 'x-cloak': 'right' })))).toMatchObject(by('cloak'));
    expect(all.begin(attempt(http({ 'x-cloak': 'right', 'x-badge': 'right' })))).toMatchObject(by('badge'));
    expect(all.begin(attempt())).toMatchObject(welcome);
  });

  it('never makes a wrong one anonymous, or another one', () => {
    expect(all.begin(attempt(http({ 'x-badge': 'wrong', 'x-cloak': 'right' })))).toEqual(denied);
  });

  it('follows the client that names its methods, whatever the request says', () => {
    const asking = (...methods: string[]) =>
      all.begin(attempt({ ...http({ 'x-badge': 'right' }), methods, authid: 'a' }));
    expect(asking('ticket', 'badge')).toEqual(asked);
    expect(asking('anonymous', 'badge')).toMatchObject(welcome);
    expect(asking('cloak', 'badge')).toMatchObject(by('badge'));
    expect(asking('cloak')).toEqual(unmatched);
  });

  it('goes on after a method that passes later, and asks each method once', async () => {
    const seen: (readonly string[])[] = [];
    const slow: Authenticator = {
      methods: ['slow'],
      begin: ({ methods }) => {
        seen.push(methods);
        return Promise.resolve({ kind: 'refused', code: 'no_matching_method' });
      },
    };
    const late = chain([slow, anonymous()]);
    const methods = ['slow', 'slow', 'none', 'slow', 'anonymous'];
    expect(await late.begin(attempt({ methods }))).toMatchObject(welcome);
    expect(await late.begin(attempt({ methods: ['slow'] }))).toEqual(unmatched);
    expect(seen).toEqual([['slow'], ['slow']]);
  });

  it('tells all of them when the router starts', () => {
    const started: unknown[] = [];
    const host = { call: () => Promise.resolve() };
    const one: Authenticator = { ...strict, start: (given) => started.push(given) };
    chain([one, anonymous(), one]).start?.(host);
    expect(started).toEqual([host, host]);
  });
});

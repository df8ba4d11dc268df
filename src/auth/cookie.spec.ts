import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { attempt } from '../../test/support/logins.js';
import { firstAnswer } from '../../test/support/login-socket.js';
import { startTestServer } from '../../test/support/test-server.js';
import type { TestServer } from '../../test/support/test-server.js';
import { anonymous, chain, cookieSessions } from './index.js';
import type { CookieOptions } from './index.js';

const ORIGIN = 'https://app.example.com';
const SECRET = 'a secret of at least thirty-two bytes';
const alice = { authid: 'alice', authrole: 'member' };
const NOW = Date.UTC(2026, 0, 1);

function jar(options: Partial<CookieOptions> = {}) {
  const sessions = cookieSessions({ secret: SECRET, origins: [ORIGIN], wallTime: () => NOW, ...options });
  const ask = (cookie: string | undefined, origin: string | undefined = ORIGIN) =>
    sessions.authenticator.identify?.(attempt({ http: { headers: { origin, cookie } } }));
  return { sessions, ask };
}

const valueOf = (setCookie: string): string => setCookie.split(';')[0] ?? '';
const accepted = {
  kind: 'accepted',
  principal: {
    authid: 'alice',
    authrole: 'member',
    authmethod: 'cookie',
    authprovider: 'dynamic',
    expiresAt: NOW + 8 * 3_600_000,
  },
};

describe('cookieSessions', () => {
  it('A21: issues a cookie that says nothing, and that no script and no other site can use', () => {
    const cookie = jar().sessions.issue(alice);
    expect(cookie).toMatch(
      /^__Host-mangrove=[\w-]{32}\.[\w-]{43}; Max-Age=28800; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
    const plain = jar({ secure: false, sameSite: 'Lax', maxAgeMs: 1000 }).sessions.issue(alice);
    expect(plain).toMatch(/^mangrove=[^;]+; Max-Age=1; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  it('knows who it was issued for, among other cookies too', () => {
    const { sessions, ask } = jar();
    const value = valueOf(sessions.issue(alice));
    expect(ask(value)).toEqual(accepted);
    expect(ask(`a=b; ${value}; c=d`)).toEqual(accepted);
    expect(sessions.authenticator.begin(attempt())).toEqual({ kind: 'refused', code: 'no_matching_method' });
  });

  it.each([
    ['another origin', (value: string) => [value, 'https://evil.example.com']],
    ['a look-alike', (value: string) => [value, 'https://app.example.com.evil.org']],
    ['no origin', (value: string) => [value, undefined]],
    [
      'a changed id',
      (value: string) => [value.replace(/=(.)/, (_all, first) => (first === '_' ? '=-' : '=_')), ORIGIN],
    ],
    ['a changed signature', (value: string) => [value.replace(/.$/, '!'), ORIGIN]],
    ['no signature', (value: string) => [value.split('.')[0], ORIGIN]],
    ['something behind it', (value: string) => [`${value}.x`, ORIGIN]],
    ['the cookie twice', (value: string) => [`${value}; ${value}`, ORIGIN]],
    ['another name', (value: string) => [value.replace('mangrove', 'm'), ORIGIN]],
    ['nothing', () => ['', ORIGIN]],
    ['no cookie', () => [undefined, ORIGIN]],
  ])('A21 H3: passes over it with %s', (_what, change) => {
    const { sessions, ask } = jar();
    const [cookie, origin] = change(valueOf(sessions.issue(alice)));
    const headers = { ...(origin !== undefined && { origin }), ...(cookie !== undefined && { cookie }) };
    expect(sessions.authenticator.identify?.(attempt({ http: { headers } }))).toBeUndefined();
    expect(ask(valueOf(sessions.issue(alice)))).toEqual(accepted);
  });

  it('is over at its end, and at the end of what it was issued for', () => {
    let now = NOW;
    const { sessions, ask } = jar({ wallTime: () => now });
    const long = valueOf(sessions.issue(alice));
    const short = valueOf(sessions.issue({ ...alice, expiresAt: NOW + 1000 }));
    expect(ask(short)).toMatchObject({ principal: { expiresAt: NOW + 1000 } });
    now += 1000;
    expect([ask(short), ask(long)?.constructor]).toEqual([undefined, Object]);
    now += 8 * 3_600_000;
    expect(ask(long)).toBeUndefined();
  });

  it('is over when it is revoked', () => {
    const { sessions, ask } = jar();
    const value = valueOf(sessions.issue(alice));
    expect(sessions.revoke(`x=y; ${value}`)).toBe(
      '__Host-mangrove=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure',
    );
    expect(ask(value)).toBeUndefined();
    expect(sessions.revoke(undefined)).toContain('Max-Age=0');
  });

  it('is not good for another jar, and bounded in number', () => {
    const { sessions, ask } = jar({ capacity: 2 });
    const [one, two, three] = [1, 2, 3].map(() => valueOf(sessions.issue(alice)));
    expect([ask(one), ask(two), ask(three)].map((verdict) => verdict === undefined)).toEqual([
      true,
      false,
      false,
    ]);
    expect(jar().ask(two)).toBeUndefined();
  });

  it('A21: bounds the cookies of one name, so that nobody can push out the others', () => {
    const { sessions, ask } = jar({ capacityPerName: 2 });
    const bob = valueOf(sessions.issue({ authid: 'bob', authrole: 'member' }));
    const all = [1, 2, 3].map(() => valueOf(sessions.issue(alice)));
    expect([bob, ...all].map((value) => ask(value) !== undefined)).toEqual([true, false, true, true]);
    sessions.revoke(all[2]);
    sessions.issue(alice);
    expect(ask(all[1])).toEqual(accepted);
  });

  it('A21 A12: is good for the realm only that it was issued for', () => {
    const { sessions } = jar();
    const cookie = valueOf(sessions.issue({ ...alice, realm: 'realm2' }));
    const http = { headers: { origin: ORIGIN, cookie } };
    const inRealm = (realm: string) => sessions.authenticator.identify?.(attempt({ realm, http }));
    expect([inRealm('realm1'), inRealm('realm2')]).toEqual([undefined, accepted]);
  });

  it('tells whose cookie was revoked or had to make room: the very principal of its sessions', () => {
    const told: unknown[] = [];
    const { sessions, ask } = jar({ capacity: 1, ended: (principal) => void told.push(principal) });
    const first = valueOf(sessions.issue(alice));
    const verdict = ask(first);
    const second = valueOf(sessions.issue({ authid: 'bob', authrole: 'member' }));
    expect(told).toHaveLength(1);
    expect(told[0]).toBe(verdict !== undefined && 'principal' in verdict && verdict.principal);
    sessions.revoke(second);
    sessions.revoke(second);
    expect(told.slice(1)).toEqual([{ ...accepted.principal, authid: 'bob' }]);
  });

  it('H3: does not start without origins, with a short secret or a name that no cookie can have', () => {
    expect(() => jar({ origins: [] })).toThrow('Cookies need a list of origins.');
    expect(() => jar({ secret: 'short' })).toThrow('fewer than 32 bytes');
    expect(() => jar({ name: 'a b' })).toThrow('name of a cookie');
    expect(() => jar({ name: '__Host-x', secure: false })).toThrow('has to be secure');
  });
});

describe('a web page with a cookie', () => {
  const { sessions } = jar({ wallTime: Date.now });
  let server: TestServer;
  beforeEach(async () => {
    const authenticator = chain([sessions.authenticator, anonymous()]);
    server = await startTestServer({ authenticator, origins: [ORIGIN] });
  });
  afterEach(() => server.stop());

  const HELLO = '[1,"realm1",{"roles":{"caller":{}}}]';

  it('is logged in over both protocols without a word', async () => {
    const headers = { origin: ORIGIN, cookie: valueOf(sessions.issue(alice)) };
    expect(await firstAnswer(server.url, 'wamp.2.json', HELLO, headers)).toMatch(
      /^\[2,\d+,\{"realm":"realm1","authid":"alice","authrole":"member","authmethod":"cookie","authprovider":"dynamic",/,
    );
    const connect = 'CONNECT\naccept-version:1.2\n\n\0';
    expect(await firstAnswer(server.url, 'v12.stomp', connect, headers)).toContain('\nuser-name:alice\n');
  });

  it('is anonymous with a cookie that is none', async () => {
    const headers = { origin: ORIGIN, cookie: '__Host-mangrove=x.y' };
    const answer = await firstAnswer(server.url, 'wamp.2.json', HELLO, headers);
    expect(answer).toContain('"authid":"anonymous"');
  });
});

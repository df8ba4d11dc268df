import { describe, expect, it } from '@jest/globals';
import { attempt, challengeOf } from '../../test/support/logins.js';
import type { Authenticator, LoginAttempt, Verdict } from '../broker/index.js';
import { ManualClock } from '../testing/index.js';
import { limitAttempts } from './index.js';
import type { AttemptLimits } from './index.js';

const denied: Verdict = { kind: 'refused', code: 'authentication_denied' };
const undecided: Verdict = { kind: 'refused', code: 'authentication_failed' };

/** Accepts the secret "right", and counts how often it was asked. */
function door(limits: AttemptLimits = {}) {
  let asked = 0;
  const check = (authid: string, secret: string): Verdict => {
    asked += 1;
    if (secret !== 'right') return denied;
    return {
      kind: 'accepted',
      principal: { authid, authrole: 'user', authmethod: 'x', authprovider: 'test' },
    };
  };
  const inner: Authenticator = {
    methods: ['x'],
    recognises: (secret) => secret !== '',
    start: () => void (asked += 100),
    begin: ({ authid = '', secret }) =>
      secret === undefined
        ? {
            kind: 'challenged',
            challenge: {
              method: 'x',
              extra: {},
              answer: (response) => Promise.resolve(check(authid, response)),
            },
          }
        : check(authid, secret),
    identify: ({ http }) => (http === undefined ? undefined : Promise.resolve(check('', 'wrong'))),
  };
  const clock = new ManualClock();
  const limited = limitAttempts(inner, { clock, ...limits });
  const login = (secret: string, given: Partial<LoginAttempt> = {}) =>
    limited.begin(attempt({ authid: 'alice', secret, ...given }));
  return { clock, limited, login, asked: () => asked };
}

describe('limitAttempts', () => {
  it('A5: lets an address wait after five failures with one name, without a look at the secret', () => {
    const { login, asked } = door();
    for (let at = 0; at < 5; at += 1) expect(login('wrong')).toEqual(denied);
    expect([login('wrong'), login('right')]).toEqual([undecided, undecided]);
    expect(asked()).toBe(5);
  });

  it('A5: never locks out the name itself, nor the other names of the address', () => {
    const { login } = door();
    for (let at = 0; at < 9; at += 1) login('wrong');
    expect(login('right', { remoteAddress: '192.0.2.1' })).toMatchObject({ kind: 'accepted' });
    expect(login('right', { authid: 'bob' })).toMatchObject({ kind: 'accepted' });
  });

  it('doubles the wait with each failure, up to the longest', () => {
    const { login, clock } = door({ longestDelayMs: 4000 });
    for (let at = 0; at < 5; at += 1) login('wrong');
    for (const wait of [1000, 2000, 4000, 4000]) {
      clock.advance(wait - 1);
      expect(login('right')).toEqual(undecided);
      clock.advance(1);
      expect(login('wrong')).toEqual(denied);
    }
  });

  it('forgets the failures of a name that gets it right, and those that are old', () => {
    const { login, clock } = door();
    for (let round = 0; round < 3; round += 1) {
      for (let at = 0; at < 4; at += 1) expect(login('wrong')).toEqual(denied);
      expect(login('right')).toMatchObject({ kind: 'accepted' });
    }
    for (let at = 0; at < 4; at += 1) login('wrong');
    clock.advance(600_001);
    for (let at = 0; at < 4; at += 1) expect(login('wrong')).toEqual(denied);
  });

  it('A5: lets an address wait that fails with many names', () => {
    const { login, clock } = door({ failuresPerAddress: 10 });
    for (let at = 0; at < 10; at += 1) expect(login('wrong', { authid: `name${at}` })).toEqual(denied);
    expect(login('right', { authid: 'other' })).toEqual(undecided);
    expect(login('right', { authid: 'other', remoteAddress: '192.0.2.1' })).toMatchObject({
      kind: 'accepted',
    });
    clock.advance(60_000);
    expect(login('right', { authid: 'other' })).toMatchObject({ kind: 'accepted' });
  });

  it.each([
    ['2001:db8::1', '2001:db8::ffff:1:2:3', true],
    ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
    ['fe80::1%eth0', 'fe80::2', true],
    ['::1', '::2', true],
  ])('A5: takes %s and %s for one address: %s', (one, other, same) => {
    const { login } = door();
    for (let at = 0; at < 5; at += 1) login('wrong', { remoteAddress: one });
    const verdict = login('right', { remoteAddress: other });
    expect(verdict).toEqual(same ? undecided : expect.objectContaining({ kind: 'accepted' }));
  });

  it('A5: counts the answers to challenges, and looks again when they come', async () => {
    const { limited, asked } = door();
    const challenges = await Promise.all(
      Array.from({ length: 7 }, () => challengeOf(limited.begin(attempt({ authid: 'alice' })))),
    );
    const verdicts: Verdict[] = [];
    for (const { answer } of challenges) verdicts.push(await answer('wrong'));
    expect(verdicts).toEqual([denied, denied, denied, denied, denied, undecided, undecided]);
    expect([limited.begin(attempt({ authid: 'alice' })), asked()]).toEqual([undecided, 5]);
  });

  it('counts identities of the HTTP request too, and hands the rest on', async () => {
    const { limited, asked } = door({ failuresPerName: 1 });
    expect(limited.identify?.(attempt())).toBeUndefined();
    expect(await limited.identify?.(attempt({ http: { headers: {} } }))).toEqual(denied);
    expect(limited.begin(attempt({ secret: 'right' }))).toEqual(undecided);
    expect([limited.methods, limited.recognises?.(''), limited.recognises?.('x')]).toEqual([
      ['x'],
      false,
      true,
    ]);
    limited.start?.({ call: () => Promise.resolve() });
    expect(asked()).toBe(101);
  });

  it('remembers a bounded number of addresses and names', () => {
    const { login } = door({ remembered: 4, failuresPerName: 1 });
    login('wrong');
    expect(login('right')).toEqual(undecided);
    for (let at = 0; at < 4; at += 1) login('wrong', { remoteAddress: `192.0.2.${at}` });
    expect(login('right')).toMatchObject({ kind: 'accepted' });
  });
});

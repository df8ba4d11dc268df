import { describe, expect, it } from '@jest/globals';
import { attempt } from '../../test/support/logins.js';
import type { Verdict } from '../broker/index.js';
import { hashTicket, parseTicketHash, ticket } from './index.js';

/** scrypt of "sesame" with the salt "saltsaltsaltsalt" at a cost that a test can pay many times. */
const CHEAP = '$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$K7PYNFseA0uC8OQHCv4FP6vWo6X4uSnHP49xTCLsCs8';

const accepted: Verdict = {
  kind: 'accepted',
  principal: { authid: 'alice', authrole: 'backend', authmethod: 'ticket', authprovider: 'static' },
};
const denied: Verdict = { kind: 'refused', code: 'authentication_denied' };
const failed: Verdict = { kind: 'refused', code: 'authentication_failed' };
const alice = { authid: 'alice', role: 'backend', ticket: CHEAP };

describe('ticket', () => {
  it('accepts a name and its secret sent at once, again and again', async () => {
    const authenticator = ticket({ principals: [alice] });
    for (let i = 0; i < 3; i += 1) {
      await expect(authenticator.begin(attempt({ authid: 'alice', secret: 'sesame' }))).resolves.toEqual(
        accepted,
      );
    }
  });

  it('A1 A20: gives a wrong secret and an unknown name the same answer', async () => {
    const authenticator = ticket({ principals: [alice] });
    await expect(authenticator.begin(attempt({ authid: 'alice', secret: 'Sesame' }))).resolves.toEqual(
      denied,
    );
    await expect(authenticator.begin(attempt({ authid: 'mallory', secret: 'sesame' }))).resolves.toEqual(
      denied,
    );
  });

  it('refuses a wrong secret after the right one was proved', async () => {
    const authenticator = ticket({ principals: [alice] });
    await authenticator.begin(attempt({ authid: 'alice', secret: 'sesame' }));
    await expect(authenticator.begin(attempt({ authid: 'alice', secret: 'sesame2' }))).resolves.toEqual(
      denied,
    );
  });

  it('challenges a client that offers the method, known or not, and takes one answer', async () => {
    const authenticator = ticket({ principals: [alice] });
    for (const [authid, verdict] of [
      ['alice', accepted],
      ['mallory', denied],
    ] as const) {
      const begun = await authenticator.begin(attempt({ authid, methods: ['ticket'] }));
      if (begun.kind !== 'challenged') throw new Error(`expected a challenge, got ${begun.kind}`);
      expect([begun.challenge.method, begun.challenge.extra]).toEqual(['ticket', {}]);
      await expect(begun.challenge.answer('sesame')).resolves.toEqual(verdict);
      expect(await begun.challenge.answer('sesame')).toEqual(denied);
    }
  });

  it('A4: turns away what exceeds the queue, and goes on serving afterwards', async () => {
    const authenticator = ticket({ principals: [alice], concurrency: 1, queue: 1 });
    const verdicts = await Promise.all(
      Array.from({ length: 4 }, () => authenticator.begin(attempt({ authid: 'alice', secret: 'sesame' }))),
    );
    expect(verdicts).toEqual([accepted, accepted, failed, failed]);
    expect(await authenticator.begin(attempt({ authid: 'alice', secret: 'sesame' }))).toEqual(accepted);
  });

  it('gives the role "user" to whom none was given', async () => {
    const authenticator = ticket({ principals: [{ authid: 'bob', ticket: CHEAP }] });
    expect(await authenticator.begin(attempt({ authid: 'bob', secret: 'sesame' }))).toMatchObject({
      principal: { authid: 'bob', authrole: 'user' },
    });
  });

  it('does not start with a hash that cannot be read, or a name given twice', () => {
    expect(() => ticket({ principals: [{ authid: 'alice', ticket: 'sesame' }] })).toThrow(
      'The ticket hash of "alice" cannot be read.',
    );
    expect(() => ticket({ principals: [alice, alice] })).toThrow('The principal "alice" is given twice.');
  });
});

describe('hashTicket', () => {
  it('makes a hash that the authenticator accepts, different each time', async () => {
    const [one, two] = await Promise.all([hashTicket('sesame'), hashTicket('sesame')]);
    expect(one).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(two).not.toBe(one);
    const authenticator = ticket({ principals: [{ authid: 'alice', ticket: one }] });
    expect(await authenticator.begin(attempt({ authid: 'alice', secret: 'sesame' }))).toMatchObject({
      kind: 'accepted',
    });
  });
});

describe('parseTicketHash', () => {
  it.each([
    ['sesame'],
    [''],
    [CHEAP.replace('scrypt', 'argon2id')],
    [CHEAP.replace('ln=10', 'ln=21')],
    [CHEAP.replace('ln=10', 'ln=9')],
    [CHEAP.replace('r=8', 'r=0')],
    [CHEAP.replace('p=1', 'p=17')],
    [CHEAP.replace('ln=10,r=8', 'ln=20,r=32')],
    [CHEAP.slice(0, -1)],
    [`${CHEAP}\n`],
  ])('refuses %j', (text) => {
    expect(parseTicketHash(text)).toBeUndefined();
  });
});

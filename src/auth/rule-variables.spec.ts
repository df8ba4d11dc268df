import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ask, shop } from '../../test/support/role-bed.js';
import { roles } from './roles.js';

describe('variables in rules', () => {
  const own = shop(
    { match: 'inbox.{authid}.#', allow: ['subscribe'] },
    { match: '{authid}.out', allow: ['publish'] },
    { match: 'roles.{authrole}', allow: ['subscribe'] },
    { match: 'of.{realm}.', kind: 'prefix', allow: ['subscribe'] },
  );

  it('stand for whoever asks', () => {
    expect(ask(own, 'subscribe', 'inbox.alice.x').allow).toBe(true);
    expect(ask(own, 'subscribe', 'multi inbox.alice.#').allow).toBe(true);
    expect(ask(own, 'subscribe', 'inbox.bob.x').allow).toBe(false);
    expect(ask(own, 'publish', 'alice.out').allow).toBe(true);
    expect(ask(own, 'subscribe', 'roles.shop').allow).toBe(true);
    expect(ask(own, 'subscribe', 'of.realm1.a').allow).toBe(true);
    expect(ask(own, 'subscribe', 'of.realm2.a').allow).toBe(false);
  });

  it.each([
    '#',
    '*',
    '',
    'a.b',
    '.*',
    'a.#',
    'bob.#',
    '+',
    'b/c',
    'b c',
    'b%2Ec',
    '{authid}',
    'b\n',
    'bob\u0000',
  ])('A11: match nothing for the name %j, unless it is one plain word', (authid) => {
    const isPlain = authid === '+';
    for (const target of [
      'inbox.bob.x',
      'inbox.a.b',
      'multi inbox.#',
      'prefix inbox.',
      'inbox..x',
      'wildcard inbox..',
    ])
      expect([target, ask(own, 'subscribe', target, { authid }).allow]).toEqual([target, false]);
    expect(ask(own, 'subscribe', `inbox.${authid}.x`, { authid }).allow).toBe(isPlain);
  });

  it('A11: never give more than the own branch, whatever the name', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'b', '.', '*', '#', '/', '%') }),
        (authid) => {
          const options = shop({ match: 'in.{authid}.#', allow: ['subscribe'] });
          for (const word of ['a', 'b', 'ab', '*', '#']) {
            const allowed = ask(options, 'subscribe', `in.${word}.x`, { authid }).allow;
            expect(allowed && word !== authid).toBe(false);
          }
          expect(ask(options, 'subscribe', 'prefix in.', { authid }).allow).toBe(false);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('A11: are not what gives a rule the meaning of its first word', () => {
    const options = shop({ match: '{authid}.#', allow: ['call', 'publish', 'consume'] });
    expect(ask(options, 'call', 'wamp.session.kill', { authid: 'wamp' }).allow).toBe(false);
    expect(ask(options, 'publish', 'user.bob.queue.x', { authid: 'user' }).allow).toBe(false);
    expect(ask(options, 'consume', 'queue.jobs', { authid: 'queue' }).allow).toBe(false);
  });

  describe('of a rule that denies', () => {
    const voting = shop(
      { match: 'votes.#', allow: ['publish'] },
      { match: 'votes.{authid}', deny: ['publish'] },
      { match: 'votes.of.{authid}.', kind: 'prefix', deny: ['publish'] },
    );

    it('deny one branch to each', () => {
      expect(ask(voting, 'publish', 'votes.alice').allow).toBe(false);
      expect(ask(voting, 'publish', 'votes.bob').allow).toBe(true);
      expect(ask(voting, 'publish', 'votes.of.alice.x').allow).toBe(false);
      expect(ask(voting, 'publish', 'votes.of.bob.x').allow).toBe(true);
    });

    it.each(['a/b', 'a%b', 'a*b', '#', 'a.b', '', '{', 'a\ud800'])(
      'A11: deny everybody’s branch to the name %j, which is no plain word: nobody escapes by a name',
      (authid) => {
        for (const target of [`votes.${authid}`, 'votes.bob', 'votes.a.b', 'votes.of.bob.x', 'votes'])
          expect([target, ask(voting, 'publish', target, { authid }).allow]).toEqual([target, false]);
      },
    );

    it('X9: deny nothing to clients without a login: nobody has vouched for their name', () => {
      const who = { authmethod: 'anonymous', authid: 'alice' };
      expect(ask(voting, 'publish', 'votes.alice', who).allow).toBe(true);
    });

    it('give nothing by a rule that allows something, too', () => {
      const both = shop(
        { match: 'in.{authid}', allow: ['publish'], deny: ['call'] },
        { match: '#', allow: ['call'] },
      );
      expect(ask(both, 'publish', 'in.a/b', { authid: 'a/b' }).allow).toBe(false);
      expect(ask(both, 'call', 'in.a/b', { authid: 'a/b' }).allow).toBe(false);
      expect(ask(both, 'call', 'out', { authid: 'a/b' }).allow).toBe(true);
    });
  });

  it('A11: are whole words, of a prefix too', () => {
    expect(() => roles(shop({ match: 'a.{authid}', kind: 'prefix', allow: ['publish'] }))).toThrow(
      /a prefix in which a dot follows the variable/,
    );
  });

  it('X9: stand for nobody without a login, whatever name such clients have', () => {
    const who = { authmethod: 'anonymous', authid: 'alice' };
    expect(ask(own, 'subscribe', 'inbox.alice.x', who).allow).toBe(false);
    expect(ask(own, 'subscribe', 'roles.shop', who).allow).toBe(true);
  });
});

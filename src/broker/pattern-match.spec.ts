import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MatchPolicy, Pattern } from './index.js';
import { canonicalPattern, literalPrefix, matcherOf, rulePattern } from './index.js';
import { coverOf } from './pattern-match.js';
import { TopicIndex } from './topic-index.js';

const word = fc.constantFrom('a', 'b', 'ab');
const address = fc
  .array(word, { minLength: 1, maxLength: 5 })
  .map((words) => words.join('.'))
  .chain((text) =>
    fc.constantFrom(
      text,
      `#${text}`,
      `user.${text.split('.')[0]}.queue.${text}`,
      `wamp.${text}`,
      `wampum.${text}`,
    ),
  );
const pattern: fc.Arbitrary<Pattern> = fc.oneof(
  fc.record({ match: fc.constantFrom<MatchPolicy>('exact', 'prefix'), text: address }),
  fc.record({
    match: fc.constant<MatchPolicy>('prefix'),
    text: fc.constantFrom('', 'w', 'wam', 'wamp', 'wamp.'),
  }),
  fc
    .array(fc.constantFrom('a', 'b', 'ab', 'wamp', '', '#'), { minLength: 1, maxLength: 5 })
    .map((words) => ({ match: 'multi' as const, text: words.join('.') })),
  fc
    .array(fc.constantFrom('a', 'b', 'ab', 'wamp', ''), { minLength: 1, maxLength: 5 })
    .map((words) => ({ match: 'wildcard' as const, text: words.join('.') })),
);
const rule = fc
  .array(fc.constantFrom('a', 'b', 'ab', 'wamp', '*', '#'), { minLength: 1, maxLength: 4 })
  .map((words) => words.join('.'));

describe('a matcher', () => {
  it('says the same as the index of subscriptions, and every match begins with the literal part', () => {
    fc.assert(
      fc.property(pattern, fc.array(address, { minLength: 5, maxLength: 20 }), (asked, addresses) => {
        const index = new TopicIndex<string>();
        index.set(canonicalPattern(asked), 'it');
        const matches = matcherOf(asked);
        for (const text of addresses) {
          let found = false;
          index.matchAll(text, () => (found = true));
          expect([text, matches(text)]).toEqual([text, found]);
          if (found) expect(text.startsWith(literalPrefix(asked))).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['orders', 'orders', true],
    ['orders', 'orders.x', false],
    ['orders.*', 'orders.x', true],
    ['orders.*', 'orders', false],
    ['orders.*', 'orders.x.y', false],
    ['orders.#', 'orders', true],
    ['orders.#', 'orders.x.y', true],
    ['orders.#', 'ordersx', false],
    ['#', 'anything.at.all', true],
    ['*.dead', 'orders.dead', true],
    ['#.#.#.a', 'b.b.b.b.b.b.b.b', false],
    ['#', 'user.bob.queue.x', false],
    ['user.bob.queue.x', 'user.bob.queue.x', true],
    ['#', 'wamp.session.on_join', false],
    ['*.session.#', 'wamp.session.on_join', false],
    ['#.on_join', 'wamp.session.on_join', false],
    ['wamp.#', 'wamp.session.on_join', true],
    ['wamp.*.on_join', 'wamp.session.on_join', true],
    ['#', 'wamp', false],
    ['#', 'wampum.x', true],
  ])('reads the rule %s: whether it means %s is %s', (text, topic, expected) => {
    expect(matcherOf(rulePattern(text))(topic)).toBe(expected);
  });
});

describe('what a rule covers', () => {
  it('is matched by it, whatever address it is', () => {
    fc.assert(
      fc.property(rule, pattern, fc.array(address, { maxLength: 20 }), (text, asked, addresses) => {
        const expected = rulePattern(text);
        fc.pre(coverOf(expected)(canonicalPattern(asked)));
        const matches = matcherOf(asked);
        for (const topic of addresses) if (matches(topic)) expect(matcherOf(expected)(topic)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, MatchPolicy, string, boolean]>([
    ['a.#', 'exact', 'a.b', true],
    ['a.#', 'multi', 'a.#', true],
    ['a.#', 'multi', 'a.b.#', true],
    ['a.#', 'wildcard', 'a.', true],
    ['a.*', 'wildcard', 'a.', true],
    ['a.*', 'multi', 'a.#', false],
    ['a.b', 'wildcard', 'a.', false],
    ['a.#', 'prefix', 'a.', true],
    ['a.#', 'prefix', 'a', false],
    ['#', 'prefix', '', true],
    ['#', 'multi', '#', true],
    ['a', 'multi', '#', false],
    ['#', 'prefix', 'wamp.session.', false],
    ['#', 'exact', 'wamp.session.on_join', false],
    ['#', 'prefix', 'wam', true],
    ['wamp.#', 'multi', 'wamp.#', true],
  ])('of %s: whether it covers the %s pattern "%s" is %s', (text, match, asked, expected) => {
    expect(coverOf(rulePattern(text))({ match, text: asked })).toBe(expected);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { AccessRule, Decision, Pattern, Principal } from '../../src/router/index.js';
import { roles } from '../../src/router/index.js';
import type { OracleRule } from './rights-oracle.js';
import { Oracle, rules, subscriptions } from './rights-oracle.js';

/** How many steps patterns and rules have at most; `npm run test:rights` takes 4. */
const DEPTH = Number(process.env['MANGROVE_RIGHTS_DEPTH'] ?? 3);
const WORDS = ['a', 'b', 'wamp'];
/** Also a word that nobody names. */
const UNIVERSE = [...WORDS, 'z'];
/** Words that begin like others. */
const LONGER = ['ax', 'bx', 'wampx', 'wamx'];
/** Two patterns of so many words, and `#` in both, may have nothing shorter in common. */
const LONGEST = 2 * (DEPTH - 1);
const MINUTES_5 = 300_000;

const WHO: Principal = { authid: 'u', authrole: 'r', authmethod: 'ticket', authprovider: 'static' };

const PATTERNS = subscriptions(WORDS, DEPTH);
const RULES = rules(WORDS, DEPTH);

function asker(given: readonly AccessRule[]): (pattern: Pattern) => boolean {
  const authorizer = roles({ roles: [{ role: 'r', rules: given }] });
  return (pattern) => (authorizer.decide(WHO, 'subscribe', pattern, 'realm1') as Decision).allow;
}

/** Compares all verdicts with the oracle's; returns those that differ, as texts. */
function compare(
  rulesFor: (rule: OracleRule) => readonly AccessRule[],
  expected: (rule: OracleRule) => (seen: bigint) => boolean,
): { readonly leaks: string[]; readonly refusals: string[]; readonly compared: number } {
  const oracle = new Oracle(UNIVERSE, LONGER, LONGEST);
  const seen = PATTERNS.map((pattern) => oracle.seen(pattern));
  const [leaks, refusals]: [string[], string[]] = [[], []];
  for (const rule of RULES) {
    const allows = asker(rulesFor(rule));
    const shouldAllow = expected(rule);
    for (const [at, pattern] of PATTERNS.entries()) {
      const allowed = allows(pattern);
      if (allowed === shouldAllow(seen[at]!)) continue;
      (allowed ? leaks : refusals).push(`${JSON.stringify(rule)} ${pattern.match} ${pattern.text}`);
    }
  }
  return { leaks, refusals, compared: RULES.length * PATTERNS.length };
}

describe('the rights of subscriptions, all patterns against all rules', () => {
  it(
    'A10 Z1: allow exactly the patterns that one rule contains',
    () => {
      const oracle = new Oracle(UNIVERSE, LONGER, LONGEST);
      const { leaks, refusals, compared } = compare(
        (rule) => [{ ...rule, allow: ['subscribe'] }],
        (rule) => {
          const outside = ~oracle.allowed(rule);
          return (seen) => (seen & outside) === 0n;
        },
      );
      expect({ leaks, refusals }).toEqual({ leaks: [], refusals: [] });
      expect(compared).toBeGreaterThan(DEPTH === 4 ? 500_000 : 20_000);
    },
    MINUTES_5,
  );

  it(
    'A10 Z1: allow exactly the patterns of which no rule denies any topic',
    () => {
      const oracle = new Oracle(UNIVERSE, LONGER, LONGEST);
      const [all, own] = [oracle.allowed({ match: '#' }), oracle.allowed({ match: 'wamp.#' })];
      const { leaks, refusals } = compare(
        (rule) => [
          { match: '#', allow: ['subscribe'] },
          { match: 'wamp.#', allow: ['subscribe'] },
          { ...rule, deny: ['subscribe'] },
        ],
        (rule) => {
          const denied = oracle.denied(rule);
          return (seen) => (seen & denied) === 0n && ((seen & ~all) === 0n || (seen & ~own) === 0n);
        },
      );
      expect({ leaks, refusals }).toEqual({ leaks: [], refusals: [] });
    },
    MINUTES_5,
  );

  it('P10 Z1: let register exactly the patterns that one rule contains, and that it begins, or is', () => {
    const oracle = new Oracle(UNIVERSE, LONGER, 4);
    const targets = subscriptions(WORDS, 3).filter(
      ({ match, text }) => match !== 'multi' && !/^wamp(?:\.|$)/.test(text),
    );
    const wrong: string[] = [];
    for (const rule of rules(WORDS, 3)) {
      const authorizer = roles({ roles: [{ role: 'r', rules: [{ ...rule, allow: ['register'] }] }] });
      const outside = ~oracle.allowed(rule);
      const begins = rule.match !== '' && !/^[*#]/.test(rule.match);
      for (const target of targets) {
        const { match, text } = target;
        const isOwn =
          rule.kind === 'prefix'
            ? match === 'prefix' && text === rule.match
            : text === rule.match.replaceAll('*', '');
        const expected = (oracle.seen(target) & outside) === 0n && (begins || isOwn || match === 'exact');
        const decision = authorizer.decide(WHO, 'register', target, 'realm1') as Decision;
        if (decision.allow !== expected) wrong.push(`${JSON.stringify(rule)} ${match} ${text}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('A10: never reach the topics of users by a rule that does not name them', () => {
    const words = ['user', 'queue', 'a'];
    const oracle = new Oracle([...words, 'z'], [], 5);
    const leaks: string[] = [];
    for (const rule of rules(words, 3)) {
      const allows = asker([{ ...rule, allow: ['subscribe'] }]);
      const outside = ~oracle.allowed(rule);
      for (const pattern of subscriptions(words, 3)) {
        if (allows(pattern) && (oracle.seen(pattern) & outside) !== 0n)
          leaks.push(`${JSON.stringify(rule)} ${pattern.match} ${pattern.text}`);
      }
    }
    expect(leaks).toEqual([]);
  });
});

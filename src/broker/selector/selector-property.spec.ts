import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Payload } from '../payload.js';
import { Publication } from '../publication.js';
import { parseSelector } from './index.js';

/** The reference: SQL-92's tables written down, over strings, with nothing shared with the code under test. */
type Truth = 'T' | 'F' | 'U';
type Headers = Readonly<Record<string, string>>;
interface Expression {
  readonly text: string;
  readonly truth: (headers: Headers) => Truth;
}
interface Term {
  readonly text: string;
  readonly value: (headers: Headers) => string | number | null;
}

const and: Record<Truth, Record<Truth, Truth>> = {
  T: { T: 'T', F: 'F', U: 'U' },
  F: { T: 'F', F: 'F', U: 'F' },
  U: { T: 'U', F: 'F', U: 'U' },
};
const or: Record<Truth, Record<Truth, Truth>> = {
  T: { T: 'T', F: 'T', U: 'T' },
  F: { T: 'T', F: 'F', U: 'U' },
  U: { T: 'T', F: 'U', U: 'U' },
};
const not: Record<Truth, Truth> = { T: 'F', F: 'T', U: 'U' };

const truthOf = (value: boolean): Truth => (value ? 'T' : 'F');
const toNumber = (value: string | number): number =>
  typeof value === 'number' ? value : value.trim() === '' ? NaN : Number(value);

function compare(comparison: string, left: string | number | null, right: string | number | null): Truth {
  if (left === null || right === null) return 'U';
  if ((comparison === '=' || comparison === '<>') && typeof left === 'string' && typeof right === 'string') {
    return truthOf((left === right) === (comparison === '='));
  }
  const [a, b] = [toNumber(left), toNumber(right)];
  if (Number.isNaN(a) || Number.isNaN(b)) return 'F';
  const holds = { '=': a === b, '<>': a !== b, '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b }[
    comparison
  ];
  return truthOf(holds === true);
}

/** LIKE by trying everything. */
function like(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern[0] === '%') {
    return like(pattern.slice(1), text) || (text !== '' && like(pattern, text.slice(1)));
  }
  return (
    text !== '' && (pattern[0] === '_' || pattern[0] === text[0]) && like(pattern.slice(1), text.slice(1))
  );
}

const NAMES = ['a', 'b', 'c', 'd'] as const;
const VALUES = ['0', '1', '2', '-1', '1.5', 'x', 'xy', 'yx', ''] as const;
const headersArbitrary: fc.Arbitrary<Headers> = fc
  .dictionary(fc.constantFrom(...NAMES), fc.constantFrom(...VALUES))
  .map((headers) => Object.assign({}, headers));

const nameTerm: fc.Arbitrary<Term> = fc
  .constantFrom(...NAMES)
  .map((name) => ({ text: name, value: (headers) => headers[name] ?? null }));
const numberTerm: fc.Arbitrary<Term> = fc
  .constantFrom(0, 1, 2, 1.5)
  .map((value) => ({ text: String(value), value: () => value }));
const textTerm: fc.Arbitrary<Term> = fc
  .constantFrom('x', 'xy', '1', "o'k")
  .map((value) => ({ text: `'${value.replaceAll("'", "''")}'`, value: () => value }));

const sumTerm: fc.Arbitrary<Term> = fc
  .tuple(fc.oneof(nameTerm, numberTerm), fc.constantFrom('+', '-', '*', '/'), fc.oneof(nameTerm, numberTerm))
  .map(([left, operator, right]) => ({
    text: `(${left.text} ${operator} ${right.text})`,
    value: (headers) => {
      const [a, b] = [left.value(headers), right.value(headers)].map((v) => (v === null ? NaN : toNumber(v)));
      const result = { '+': a! + b!, '-': a! - b!, '*': a! * b!, '/': a! / b! }[operator] ?? NaN;
      return Number.isFinite(result) ? result : null;
    },
  }));
const numericTerm = fc.oneof(nameTerm, numberTerm, sumTerm);

const comparison: fc.Arbitrary<Expression> = fc
  .oneof(
    fc.tuple(fc.constantFrom('=', '<>'), fc.oneof(numericTerm, textTerm), fc.oneof(numericTerm, textTerm)),
    fc.tuple(fc.constantFrom('<', '<=', '>', '>='), numericTerm, numericTerm),
  )
  .map(([sign, left, right]) => ({
    text: `${left.text} ${sign} ${right.text}`,
    truth: (headers) => compare(sign, left.value(headers), right.value(headers)),
  }));
const between: fc.Arbitrary<Expression> = fc
  .tuple(fc.boolean(), numericTerm, numericTerm, numericTerm)
  .map(([negated, of, low, high]) => ({
    text: `${of.text} ${negated ? 'NOT ' : ''}BETWEEN ${low.text} AND ${high.text}`,
    truth: (headers) => {
      const value = of.value(headers);
      const inside = and[compare('>=', value, low.value(headers))][compare('<=', value, high.value(headers))];
      return negated ? not[inside] : inside;
    },
  }));
const inList: fc.Arbitrary<Expression> = fc
  .tuple(fc.boolean(), nameTerm, fc.array(fc.oneof(textTerm, numberTerm), { minLength: 1, maxLength: 3 }))
  .map(([negated, of, list]) => ({
    text: `${of.text} ${negated ? 'NOT ' : ''}IN (${list.map(({ text }) => text).join(', ')})`,
    truth: (headers) => {
      const inside = list
        .map((one) => compare('=', of.value(headers), one.value(headers)))
        .reduce((one, other) => or[one][other]);
      return negated ? not[inside] : inside;
    },
  }));
const likeTest: fc.Arbitrary<Expression> = fc
  .tuple(fc.boolean(), nameTerm, fc.string({ unit: fc.constantFrom('x', 'y', '%', '_', '1'), maxLength: 5 }))
  .map(([negated, of, pattern]) => ({
    text: `${of.text} ${negated ? 'not ' : ''}like '${pattern}'`,
    truth: (headers) => {
      const value = of.value(headers);
      if (value === null) return 'U';
      return truthOf(like(pattern, String(value)) !== negated);
    },
  }));
const nullTest: fc.Arbitrary<Expression> = fc.tuple(fc.boolean(), nameTerm).map(([negated, of]) => ({
  text: `${of.text} IS ${negated ? 'NOT ' : ''}NULL`,
  truth: (headers) => truthOf((of.value(headers) === null) !== negated),
}));

const expression: fc.Arbitrary<Expression> = fc.letrec<{ whole: Expression }>((tie) => ({
  whole: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(comparison, between, inList, likeTest, nullTest),
    tie('whole').map((of) => ({
      text: `NOT (${of.text})`,
      truth: (headers: Headers) => not[of.truth(headers)],
    })),
    fc.tuple(tie('whole'), tie('whole')).map(([one, other]) => ({
      text: `(${one.text}) AND (${other.text})`,
      truth: (headers: Headers) => and[one.truth(headers)][other.truth(headers)],
    })),
    fc.tuple(tie('whole'), tie('whole')).map(([one, other]) => ({
      text: `(${one.text}) OR (${other.text})`,
      truth: (headers: Headers) => or[one.truth(headers)][other.truth(headers)],
    })),
  ),
})).whole;

const principal = { authid: 'a', authrole: 'b', authmethod: 'c', authprovider: 'd' };
const origin = { protocol: 'stomp', session: 1, principal };

function publicationOf(headers: Headers): Publication {
  const content = { topic: 't', payload: Payload.empty, headers: new Map(Object.entries(headers)) };
  return new Publication(1, content, undefined, origin, 0);
}

const WORDS =
  `a 1 'x' "q-r" ( ) = <> NOT AND OR LIKE IN IS NULL , - + / * BETWEEN ESCAPE TRUE ' " . \0 \u{1f600} \ud800`.split(
    ' ',
  );

describe('selectors', () => {
  it('mean what the tables of three-valued logic say', () => {
    const chosen = fc.property(
      expression,
      fc.array(headersArbitrary, { maxLength: 5 }),
      ({ text, truth }, all) => {
        const selector = parseSelector(text);
        if ('fault' in selector) {
          // Some are larger than a selector may be.
          expect(selector.fault).toContain('A selector may have 100 nodes');
          return;
        }
        for (const headers of all) {
          const accepted = selector.filter.accepts(publicationOf(headers));
          expect([text, headers, accepted]).toEqual([text, headers, truth(headers) === 'T']);
        }
      },
    );
    fc.assert(chosen, { numRuns: 200 });
  });

  it('LIKE finds what trying everything finds', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '%', '_'), maxLength: 8 });
    const chosen = fc.property(pattern, text, (written, value) => {
      const selector = parseSelector(`a LIKE '${written}'`);
      const accepted = 'filter' in selector && selector.filter.accepts(publicationOf({ a: value }));
      expect([written, value, accepted]).toEqual([written, value, like(written, value)]);
    });
    fc.assert(chosen, { numRuns: 200 });
  });

  it('S20: whatever is written is a selector or a fault, and never an exception', () => {
    const word = fc.constantFrom(...WORDS);
    const text = fc.oneof(
      fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')),
      fc.string(),
    );
    const chosen = fc.property(text, headersArbitrary, (written, headers) => {
      const selector = parseSelector(written);
      if ('filter' in selector)
        expect(typeof selector.filter.accepts(publicationOf(headers))).toBe('boolean');
      else expect(selector.fault).toMatch(/\(character \d+\)$/);
    });
    fc.assert(chosen, { numRuns: 200 });
  });
});

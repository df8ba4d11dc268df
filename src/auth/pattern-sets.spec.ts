import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Pattern } from '../broker/index.js';
import { contains, overlaps, stepsOf, takes } from './pattern-sets.js';

const words = fc
  .array(fc.constantFrom('a', 'b', 'ab', ''), { minLength: 1, maxLength: 5 })
  .map((all) => all.join('.'));
const rule: fc.Arbitrary<Pattern> = fc.record({
  match: fc.constantFrom('exact', 'prefix', 'wildcard', 'multi'),
  text: fc
    .array(fc.constantFrom('a', 'b', 'ab', '', '#'), { minLength: 1, maxLength: 6 })
    .map((all) => all.join('.')),
});

describe('an address', () => {
  it('A10: matches a rule exactly if the rule contains it, and touches it', () => {
    fc.assert(
      fc.property(rule, words, (pattern, text) => {
        const [steps, address] = [stepsOf(pattern), stepsOf({ match: 'exact', text })];
        const isTaken = takes(steps, text.split('.'));
        expect([contains(steps, address), overlaps(steps, address)]).toEqual([isTaken, isTaken]);
      }),
      { numRuns: 1000 },
    );
  });
});

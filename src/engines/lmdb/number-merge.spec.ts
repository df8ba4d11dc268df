import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { NumberSource } from './number-merge.js';
import { merged } from './number-merge.js';

/** A source of these numbers, and how often it was read. */
function source(numbers: readonly number[], descending: boolean): NumberSource & { reads: number } {
  const inOrder = [...numbers].sort((a, b) => (descending ? b - a : a - b));
  return {
    bound: descending ? 1000 : 0,
    reads: 0,
    next(from) {
      this.reads += 1;
      return inOrder.find((number) => (descending ? number <= from : number >= from));
    },
  };
}

describe('numbers of several sources', () => {
  it('come in order, whichever direction', () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(999), { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (numbers, count, descending) => {
          const sources = Array.from({ length: count }, (_, at) =>
            source(
              numbers.filter((number) => number % count === at),
              descending,
            ),
          );
          const expected = [...numbers].sort((a, b) => (descending ? b - a : a - b));
          expect([...merged(sources, descending)]).toEqual(expected);
        },
      ),
    ));

  it('are read only as far as they are taken', () => {
    const quiet = { ...source([600], false), bound: 500 };
    const busy = source([1, 2, 3, 4, 5], false);
    const numbers = merged([busy, quiet], false);
    expect([numbers.next().value, numbers.next().value]).toEqual([1, 2]);
    expect([busy.reads, quiet.reads]).toEqual([2, 0]);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SortedTexts } from './sorted-texts.js';

describe('sorted texts', () => {
  it('are what a sorted list of them would be, from any place on', () => {
    const text = fc.integer({ min: 0, max: 3000 }).map((number) => `t${number}`);
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 500, maxLength: 3000, size: 'max' }),
        fc.array(text, { maxLength: 2000, size: 'max' }),
        text,
        (added, deleted, first) => {
          const texts = new SortedTexts();
          const model = new Set(added);
          for (const one of model) texts.add(one);
          for (const one of deleted) {
            texts.delete(one);
            model.delete(one);
          }
          const found: string[] = [];
          texts.from(first, (one) => found.push(one) > 0);
          expect(found).toEqual([...model].toSorted().filter((one) => one >= first));
        },
      ),
      { numRuns: 30 },
    );
  });
});

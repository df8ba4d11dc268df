import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decimal } from './index.js';

describe('decimal', () => {
  it.each([
    [0, '0'],
    [7, '7'],
    [999_999_999_999, '999999999999'],
    [1_000_000_000_000, '1000000000000'],
    [1_000_000_010_000, '1000000010000'],
    [9_007_199_254_740_991, '9007199254740991'],
    [9_007_199_254_740_992, '9007199254740992'],
  ])('writes %d', (id, text) => {
    expect(decimal(id)).toBe(text);
  });

  it('writes every id as String does', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (id) => {
        expect(decimal(id)).toBe(String(id));
      }),
      { numRuns: 200 },
    );
  });
});

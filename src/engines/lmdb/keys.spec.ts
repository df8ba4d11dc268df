import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dueKey, dueOf, numberKey, numberOf, placeKey, placeOf } from './keys.js';

const id = fc.integer({ min: 0, max: 0xffff_ffff });
const place = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe('the keys of the LMDB engine', () => {
  it('are in the order of what they say', () => {
    fc.assert(
      fc.property(id, place, id, place, (owner, at, other, otherAt) => {
        const shouldBe = Math.sign(owner - other) || Math.sign(at - otherAt);
        expect(placeKey(owner, at).compare(placeKey(other, otherAt))).toBe(shouldBe);
      }),
    );
  });

  it('say what they were made of', () => {
    fc.assert(
      fc.property(id, place, id, place, (owner, at, queue, position) => {
        expect(numberOf(numberKey(owner))).toBe(owner);
        expect(placeOf(placeKey(owner, at))).toEqual({ owner, place: at });
        expect(dueOf(dueKey(owner, at, queue, position))).toEqual({ at, queue, position });
      }),
    );
  });

  it('are these bytes, which are part of the format', () => {
    expect(placeKey(1, 5 * 2 ** 48 + 3).toString('hex')).toBe('0000000105000000000003');
    expect(dueKey(1, 1_700_000_000_000, 2, 3).toString('hex')).toBe(
      '0000000100018bcfe568000000000200000000000003',
    );
  });
});

import { isUtf8 } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CLOSE_CODES, closeText } from './close-codes.js';

describe('the close codes', () => {
  it('W10: are those of the table', () => {
    expect(CLOSE_CODES).toEqual({
      normal: 1000,
      going_away: 1001,
      protocol_error: 1002,
      invalid_data: 1007,
      policy: 1008,
      too_big: 1009,
      internal: 1011,
      overloaded: 1013,
    });
  });
});

describe('closeText', () => {
  it('W10: leaves 123 bytes alone and cuts what is longer', () => {
    expect(closeText('x'.repeat(123))).toBe('x'.repeat(123));
    expect(closeText('x'.repeat(124))).toBe('x'.repeat(123));
  });

  it('W10: cuts between characters', () => {
    expect(closeText(`${'x'.repeat(122)}é`)).toBe('x'.repeat(122));
    expect(closeText(`${'x'.repeat(121)}😀`)).toBe('x'.repeat(121));
    expect(closeText('€'.repeat(50))).toBe('€'.repeat(41));
  });

  it('W10 W17: is at most 123 bytes of valid UTF-8, and a beginning of the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const cut = closeText(text);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(123);
        expect(isUtf8(Buffer.from(cut))).toBe(true);
        expect(text.startsWith(cut)).toBe(true);
      }),
    );
  });
});

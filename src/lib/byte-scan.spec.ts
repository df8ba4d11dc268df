import { isUtf8 as nodeIsUtf8 } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isUtf8 } from './index.js';

describe('isUtf8', () => {
  it('agrees with the platform on random octets', () => {
    const octets = fc.array(
      fc.oneof(
        fc.integer({ min: 0, max: 255 }),
        fc.constantFrom(0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0x80, 0xbf),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(octets, (list) => {
        const bytes = Uint8Array.from(list);
        expect(isUtf8(bytes)).toBe(nodeIsUtf8(bytes));
      }),
      { numRuns: 5000 },
    );
  });

  it('agrees with the platform on every sequence of two octets, and on all text', () => {
    for (let pair = 0; pair < 65_536; pair += 1) {
      const bytes = Uint8Array.of(pair >> 8, pair & 255);
      if (isUtf8(bytes) !== nodeIsUtf8(bytes)) throw new Error(`differs at ${pair.toString(16)}`);
    }
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => isUtf8(Buffer.from(text))));
  });

  it('does not look beyond the given end', () => {
    expect(isUtf8(Buffer.from('aé'), 0, 2)).toBe(false);
    expect(isUtf8(Buffer.from('aé'), 0, 3)).toBe(true);
  });
});

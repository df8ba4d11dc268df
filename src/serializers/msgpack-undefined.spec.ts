import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { withoutUndefined } from './msgpack-undefined.js';

function replaced(hex: string): string | undefined {
  const bytes = withoutUndefined(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  return bytes && Buffer.from(bytes).toString('hex');
}

describe('undefined as msgpackr writes it', () => {
  it.each([
    ['d4 00 00', 'c0'],
    ['93 d4 00 00 01 d4 00 00', '93c001c0'],
    ['81 a1 61 d4 00 00', '81a161c0'],
    // The same octets inside text and bytes are text and bytes.
    ['93 a3 d4 00 00 c4 03 d4 00 00 d4 00 00', '93a3d40000c403d40000c0'],
    ['92 cd d4 00 d4 00 00', '92cdd400c0'],
  ])('%s becomes nil: %s', (given, expected) => {
    expect(replaced(given)).toBe(expected);
  });

  it.each([
    '93 01 02 c0',
    '',
    'd4 00 01',
    'd4 01 00',
    'd4 00',
    '92 d4 00 00 d5 00 00 00',
    '92 d4 00 00 da 00',
  ])('%s is not touched', (given) => {
    expect(replaced(given)).toBeUndefined();
  });

  it('never throws, whatever the octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const result = withoutUndefined(bytes);
        return result === undefined || result.length < bytes.length;
      }),
    );
  });
});

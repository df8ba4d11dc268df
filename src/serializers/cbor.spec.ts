import { describe, expect, it } from '@jest/globals';
import { decode as decodeElsewhere, encode as encodeElsewhere } from 'cborg';
import fc from 'fast-check';
import type { ScanLimits } from './index.js';
import { cbor, SerializerError } from './index.js';

const LIMITS: ScanLimits = { maxDepth: 64, maxItems: 100_000, maxString: 1 << 20 };

const hex = (octets: string): Uint8Array => Buffer.from(octets.replaceAll(' ', ''), 'hex');

function scanned(bytes: Uint8Array, limits = LIMITS): string {
  try {
    cbor.scan(bytes, limits);
    return 'accepted';
  } catch (error) {
    if (error instanceof SerializerError) return error.code;
    throw error;
  }
}

/** What the other implementation can say: no −0, no leading U+FEFF. */
const shared = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom<unknown>(null, true, false, 2n ** 64n - 1n, -(2n ** 64n), 2n ** 53n),
    fc.integer(),
    fc.maxSafeInteger(),
    fc
      .double()
      .filter(
        (number) => !Object.is(number, -0) && !(Number.isInteger(number) && Math.abs(number) >= 2 ** 53),
      ),
    fc.string({ unit: 'binary', maxLength: 300 }).filter((text) => text[0] !== '\ufeff'),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('any'), { maxLength: 20 }),
    fc.dictionary(fc.string({ maxLength: 6 }), tie('any'), { maxKeys: 20, noNullPrototype: true }),
  ),
})).any;

describe('cbor', () => {
  it('reads what another implementation writes, and is read by it', () => {
    fc.assert(
      fc.property(shared, (value) => {
        const bytes = encodeElsewhere(value);
        cbor.scan(bytes, LIMITS);
        expect(cbor.decode(bytes)).toEqual(value);
        expect(decodeElsewhere(cbor.encode(value))).toEqual(value);
      }),
      { numRuns: 150 },
    );
  });

  it('writes integers, text and byte strings in the bytes that another implementation writes', () => {
    const item = fc.oneof(
      fc.maxSafeInteger(),
      fc.bigInt(-(2n ** 64n), 2n ** 64n - 1n),
      fc.string(),
      fc.uint8Array(),
    );
    fc.assert(
      fc.property(fc.array(item, { maxLength: 30 }), (value) => {
        expect(cbor.encode(value)).toEqual(Uint8Array.from(encodeElsewhere(value)));
      }),
      { numRuns: 100 },
    );
  });

  it('C12: refuses as malformed only what another implementation refuses', () => {
    const octets = fc.array(
      fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0x81, 0x9f, 0xbf, 0xff, 0x5f, 0x41, 0x7f, 0x61, 0, 1)),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(octets, (list) => {
        const bytes = Uint8Array.from(list);
        const code = scanned(bytes);
        if (code === 'malformed' || code === 'trailing_bytes') {
          expect(() => decodeElsewhere(bytes, { useMaps: true })).toThrow();
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each<readonly [string, unknown]>([
    ['00', 0],
    ['17', 23],
    ['18 18', 24],
    ['18 00', 0],
    ['19 0100', 256],
    ['1a 00010000', 65536],
    ['1b 001fffffffffffff', 9007199254740991],
    ['1b 0020000000000000', 9007199254740992n],
    ['1b ffffffffffffffff', 18446744073709551615n],
    ['20', -1],
    ['38 18', -25],
    ['3b 001ffffffffffffe', -9007199254740991],
    ['3b 001fffffffffffff', -9007199254740992n],
    ['3b ffffffffffffffff', -18446744073709551616n],
    ['f4', false],
    ['f5', true],
    ['f6', null],
    ['f7', null],
    ['f9 3c00', 1],
    ['f9 8000', -0],
    ['f9 0001', 5.960464477539063e-8],
    ['f9 03ff', 0.00006097555160522461],
    ['f9 7bff', 65504],
    ['f9 fc00', -Infinity],
    ['f9 7e00', NaN],
    ['fa 47c35000', 100000],
    ['fb 3ff199999999999a', 1.1],
    ['fb 8000000000000000', -0],
    ['60', ''],
    ['64 efbbbf61', '\ufeffa'],
    ['78 01 61', 'a'],
    ['5b 0000000000000001 80', Uint8Array.of(0x80)],
    ['80', []],
    ['98 01 01', [1]],
    ['a1 6161 f7', { a: null }],
    ['b8 01 6161 01', { a: 1 }],
  ])('C9: decodes %s', (octets, expected) => {
    cbor.scan(hex(octets), LIMITS);
    expect(cbor.decode(hex(octets))).toEqual(expected);
  });

  it.each<readonly [unknown, string]>([
    [23, '17'],
    [24, '1818'],
    [256, '190100'],
    [65536, '1a00010000'],
    [4294967296, '1b0000000100000000'],
    [-1, '20'],
    [-24, '37'],
    [-25, '3818'],
    [-4294967297, '3b0000000100000000'],
    [-9007199254740991, '3b001ffffffffffffe'],
    [9007199254740993n, '1b0020000000000001'],
    [-18446744073709551616n, '3bffffffffffffffff'],
    [18446744073709551616n, 'fb43f0000000000000'],
    [-0, 'fb8000000000000000'],
    [1.5, 'fb3ff8000000000000'],
    [undefined, 'f6'],
    [{ a: undefined, b: 1 }, 'a1616201'],
    [Buffer.from([1]), '4101'],
  ])('C9: encodes %p in its shortest form, %s', (value, expected) => {
    expect(Buffer.from(cbor.encode(value)).toString('hex')).toBe(expected);
  });

  it.each<readonly [string, unknown]>([
    ['9f ff', []],
    ['9f 01 9f 02 ff 82 03 9f ff ff', [1, [2], [3, []]]],
    ['bf ff', {}],
    ['bf 6161 01 6162 bf 6163 02 ff ff', { a: 1, b: { c: 2 } }],
    ['a1 6161 9f 01 ff', { a: [1] }],
    ['7f ff', ''],
    ['7f 6161 60 6162 ff', 'ab'],
    ['5f 41 01 40 42 0203 ff', Uint8Array.of(1, 2, 3)],
    ['82 5f ff 7f 6161 ff', [new Uint8Array(), 'a']],
    ['a1 7f 6161 6162 ff 01', { ab: 1 }],
  ])('C6: decodes the indefinite forms in %s', (octets, expected) => {
    cbor.scan(hex(octets), LIMITS);
    expect(cbor.decode(hex(octets))).toEqual(expected);
  });

  it.each([
    ['9f', 'unterminated array'],
    ['9f 01', 'unterminated array'],
    ['bf 6161 01', 'unterminated map'],
    ['7f 6161', 'unterminated text'],
    ['5f', 'unterminated bytes'],
    ['7f 41 01 ff', 'bytes in text'],
    ['5f 6161 ff', 'text in bytes'],
    ['7f 7f 6161 ff ff', 'indefinite chunk'],
    ['5f 01 ff', 'number as chunk'],
    ['ff', 'break alone'],
    ['81 ff', 'break in a definite array'],
    ['a1 6161 ff', 'break in a definite map'],
    ['bf 6161 ff', 'break between key and value'],
    ['9f 81 ff ff', 'break in an inner definite array'],
    ['1f', 'indefinite integer'],
    ['3f', 'indefinite negative integer'],
    ['1c', 'reserved information'],
    ['5e', 'reserved information'],
    ['fc', 'reserved information'],
  ])('C6 C12: refuses %s (%s)', (octets) => {
    expect(scanned(hex(octets))).toBe('malformed');
    expect(() => cbor.decode(hex(octets))).toThrow(SerializerError);
  });

  it('C6: bounds the sum of the chunks of a string, its level and its count', () => {
    const bytes = hex('9f 7f 6161 626263 ff ff');
    expect(scanned(bytes, { maxDepth: 1, maxItems: 2, maxString: 3 })).toBe('accepted');
    expect(scanned(bytes, { maxDepth: 1, maxItems: 2, maxString: 2 })).toBe('string_too_long');
    expect(scanned(bytes, { maxDepth: 1, maxItems: 1, maxString: 3 })).toBe('too_many_items');
    expect(scanned(bytes, { maxDepth: 0, maxItems: 2, maxString: 3 })).toBe('too_deep');
  });

  it.each(['9f', 'bf 6161'])('C1: refuses 1 000 000 open-ended levels of %s', (octets) => {
    const level = hex(octets);
    const bytes = Buffer.alloc(level.length * 1_000_000, level);
    expect(scanned(bytes)).toBe('too_deep');
    expect(() => cbor.decode(bytes)).toThrow('nested too deeply');
  });

  it('tells where the elements of an open-ended array are', () => {
    expect(cbor.scanArray(hex('9f 01 9f ff 7f 6161 ff a0 ff'), LIMITS)).toEqual([1, 2, 2, 4, 4, 8, 8, 9]);
  });

  it.each([
    '9b ffffffffffffffff',
    'bb ffffffffffffffff',
    '7b ffffffffffffffff',
    '5b ffffffffffffffff',
    '9a 00000003 01 02',
    'a2 6161 01 6162',
    '62 61',
  ])('C3: refuses %s, which declares more than there is, at once', (octets) => {
    expect(scanned(hex(octets))).toBe('malformed');
    expect(() => cbor.decode(hex(octets))).toThrow('item not complete');
  });

  it('C4: refuses a bignum of 1 MiB at once', () => {
    const bignum = Buffer.concat([hex('c2 5a 00100000'), Buffer.alloc(1 << 20, 0xff)]);
    const begin = performance.now();
    expect(scanned(bignum)).toBe('unsupported');
    expect(() => cbor.decode(bignum)).toThrow('a tag');
    expect(performance.now() - begin).toBeLessThan(1000);
  });

  it.each([
    'c0 60',
    'c1 00',
    'c2 4101',
    'c3 4101',
    'd8 1c 80',
    'd8 1d 00',
    'd8 23 60',
    'd8 40 00',
    'd8 40 6161',
    'd8 40 81 4101',
    'd8 40 d8 40 4101',
    'd9 0040 4101',
    'd8 44 4101',
    'd8 40',
    'da 0000d9f7 00',
    '81 d9d9f7 00',
    'd9d9f7 d9d9f7 00',
  ])('C5: refuses the tag in %s', (octets) => {
    expect(scanned(hex(octets))).toBe('unsupported');
    expect(() => cbor.decode(hex(octets))).toThrow('a tag');
  });

  it('C5: reads the tag "uint8 array" in front of a byte string as the byte string alone', () => {
    const list = hex('83 d840 42 00ff a1 6161 d840 5f 41 01 41 02 ff d840 40');
    cbor.scan(list, LIMITS);
    expect(cbor.decode(list)).toEqual([Uint8Array.of(0, 0xff), { a: Uint8Array.of(1, 2) }, Uint8Array.of()]);
    expect(cbor.scanArray(list, LIMITS)).toEqual([1, 6, 6, 17, 17, 20]);
    expect(cbor.decode(list, 1, 6)).toEqual(Uint8Array.of(0, 0xff));
    const key = hex('a1 d840 4100 00');
    cbor.scan(key, LIMITS);
    expect([cbor.isMap(key), Object.keys(cbor.decode(key) as object)]).toEqual([false, ['\0AA==']]);
    expect(scanned(hex('81 d840 42 00'))).toBe('malformed');
    expect(() => cbor.decode(hex('81 d840 42 00'))).toThrow('item not complete');
  });

  it('C5: skips "self-described CBOR" in front of a whole item', () => {
    const list = hex('d9d9f7 82 01 a1 6161 02');
    cbor.scan(list, LIMITS);
    expect(cbor.decode(list)).toEqual([1, { a: 2 }]);
    expect(cbor.scanArray(list, LIMITS)).toEqual([4, 5, 5, 9]);
    expect(cbor.isArray(list)).toBe(true);
    expect(cbor.isMap(hex('d9d9f7 a1 6161 02'))).toBe(true);
    expect(scanned(hex('d9d9f7'))).toBe('malformed');
  });

  it.each(['e0', 'f3', 'f8 ff', 'f8 14', 'f8 20'])('C5: refuses the simple value %s', (octets) => {
    expect(scanned(hex(octets))).toBe('unsupported');
    expect(() => cbor.decode(hex(octets))).toThrow('a simple value');
  });

  it.each(['61 ff', '62 c080', '63 eda080', 'a1 61 80 01', '7f 61 c3 61 a9 ff'])(
    'C10: refuses the invalid UTF-8 in %s',
    (octets) => {
      expect(scanned(hex(octets))).toBe('invalid_utf8');
      expect(() => cbor.decode(hex(octets))).toThrow('invalid UTF-8');
    },
  );

  it('C11: turns scalar keys into text at decode, and says that they are not text', () => {
    const bytes = hex('a6 01 00 20 00 f6 00 f5 00 4100 00 6161 00');
    cbor.scan(bytes, LIMITS);
    expect(Object.keys(cbor.decode(bytes) as object)).toEqual(['1', '-1', 'null', 'true', '\0AA==', 'a']);
    expect(cbor.isMap(bytes)).toBe(false);
  });

  it.each(['a1 80 00', 'bf a0 00 ff', 'a1 9f ff 00'])('C11: refuses the container as key in %s', (octets) => {
    expect(scanned(hex(octets))).toBe('unsupported');
    expect(() => cbor.decode(hex(octets))).toThrow('a container as key');
  });

  it('C11: looks at the keys of the outermost map only when asked whether it is one', () => {
    expect(cbor.isMap(hex('a1 6161 a1 01 01'))).toBe(true);
    expect(cbor.isMap(hex('bf 6161 01 01 01 ff'))).toBe(false);
    expect(cbor.isMap(hex('bf 7f 6161 ff 9f 01 ff ff'))).toBe(true);
  });
});

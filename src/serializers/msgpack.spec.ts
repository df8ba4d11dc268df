import { decode as decodeElsewhere, encode as encodeElsewhere } from '@msgpack/msgpack';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ScanLimits } from './index.js';
import { msgpack, SerializerError } from './index.js';

const LIMITS: ScanLimits = { maxDepth: 64, maxItems: 100_000, maxString: 1 << 20 };

const hex = (octets: string): Uint8Array => Buffer.from(octets.replaceAll(' ', ''), 'hex');

function scanned(bytes: Uint8Array): string {
  try {
    msgpack.scan(bytes, LIMITS);
    return 'accepted';
  } catch (error) {
    if (error instanceof SerializerError) return error.code;
    throw error;
  }
}

/** What the other implementation can say: no bigint, no −0, no `__proto__`. */
const shared = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom<unknown>(null, true, false, 2 ** 53, -(2 ** 63)),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double().filter((number) => !Object.is(number, -0)),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('any'), { maxLength: 20 }),
    fc.dictionary(fc.string({ maxLength: 6 }), tie('any'), { maxKeys: 20, noNullPrototype: true }),
  ),
})).any;

describe('msgpack', () => {
  it('writes the bytes that the reference implementation writes', () => {
    fc.assert(
      fc.property(shared, (value) => {
        expect(msgpack.encode(value)).toEqual(Uint8Array.from(encodeElsewhere(value)));
      }),
      { numRuns: 200 },
    );
  });

  it('reads what the reference implementation writes, and is read by it', () => {
    fc.assert(
      fc.property(shared, (value) => {
        const bytes = encodeElsewhere(value);
        msgpack.scan(bytes, LIMITS);
        expect(msgpack.decode(bytes)).toEqual(value);
        expect(decodeElsewhere(msgpack.encode(value))).toEqual(value);
      }),
      { numRuns: 100 },
    );
  });

  it('C12: refuses as malformed only what the reference implementation refuses', () => {
    const octets = fc.array(
      fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0x81, 0x92, 0xa1, 0x61, 0xc4, 0xdc, 0, 1)),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(octets, (list) => {
        const bytes = Uint8Array.from(list);
        const code = scanned(bytes);
        if (code === 'malformed' || code === 'trailing_bytes') {
          expect(() => decodeElsewhere(bytes)).toThrow();
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each<readonly [string, unknown]>([
    ['00', 0],
    ['7f', 127],
    ['e0', -32],
    ['ff', -1],
    ['c0', null],
    ['c2', false],
    ['c3', true],
    ['cc ff', 255],
    ['cd ffff', 65535],
    ['ce ffffffff', 4294967295],
    ['cf 001fffffffffffff', 9007199254740991],
    ['cf 0020000000000000', 9007199254740992n],
    ['cf ffffffffffffffff', 18446744073709551615n],
    ['cf 0000000000000001', 1],
    ['d0 80', -128],
    ['d1 8000', -32768],
    ['d2 80000000', -2147483648],
    ['d3 ffe0000000000001', -9007199254740991],
    ['d3 ffe0000000000000', -9007199254740992n],
    ['d3 8000000000000000', -9223372036854775808n],
    ['d3 7fffffffffffffff', 9223372036854775807n],
    ['d3 ffffffffffffffff', -1],
    ['ca 3fc00000', 1.5],
    ['ca 80000000', -0],
    ['cb 3ff0000000000000', 1],
    ['cb 8000000000000000', -0],
    ['cb 7ff8000000000000', NaN],
    ['a0', ''],
    ['a161', 'a'],
    ['d9 01 61', 'a'],
    ['da 0001 61', 'a'],
    ['db 00000001 61', 'a'],
    ['a6 efbbbf 616263', '\ufeffabc'],
    ['c4 01 80', Uint8Array.of(0x80)],
    ['c5 0001 80', Uint8Array.of(0x80)],
    ['c6 00000001 80', Uint8Array.of(0x80)],
    ['90', []],
    ['91 01', [1]],
    ['dc 0001 01', [1]],
    ['dd 00000001 01', [1]],
    ['80', {}],
    ['81 a161 01', { a: 1 }],
    ['de 0001 a161 01', { a: 1 }],
    ['df 00000001 a161 01', { a: 1 }],
  ])('C9: decodes %s', (octets, expected) => {
    msgpack.scan(hex(octets), LIMITS);
    expect(msgpack.decode(hex(octets))).toEqual(expected);
  });

  it.each<readonly [unknown, string]>([
    [127, '7f'],
    [128, 'cc80'],
    [255, 'ccff'],
    [256, 'cd0100'],
    [65536, 'ce00010000'],
    [4294967296, 'cf0000000100000000'],
    [9007199254740991, 'cf001fffffffffffff'],
    [-32, 'e0'],
    [-33, 'd0df'],
    [-129, 'd1ff7f'],
    [-32769, 'd2ffff7fff'],
    [-2147483649, 'd3ffffffff7fffffff'],
    [-9007199254740991, 'd3ffe0000000000001'],
    [5n, '05'],
    [9007199254740993n, 'cf0020000000000001'],
    [18446744073709551615n, 'cfffffffffffffffff'],
    [-9223372036854775808n, 'd38000000000000000'],
    [18446744073709551616n, 'cb43f0000000000000'],
    [-9223372036854775809n, 'cbc3e0000000000000'],
    [-0, 'cb8000000000000000'],
    [9007199254740992, 'cb4340000000000000'],
    [1.5, 'cb3ff8000000000000'],
    [undefined, 'c0'],
    [{ a: undefined, b: 1 }, '81a16201'],
  ])('C9: encodes %p in its shortest form, %s', (value, expected) => {
    expect(Buffer.from(msgpack.encode(value)).toString('hex')).toBe(expected);
  });

  it.each([
    ['dd ffffffff', 'array'],
    ['df ffffffff', 'map'],
    ['db ffffffff', 'string'],
    ['c6 ffffffff', 'byte string'],
    ['dc 0003 01 02', 'array one longer than the rest'],
    ['de 0002 a161 01 a162', 'map one longer than the rest'],
    ['d9 02 61', 'string one longer than the rest'],
  ])('C3: refuses %s, the declared length of the %s, at once', (octets) => {
    expect(scanned(hex(octets))).toBe('malformed');
    expect(() => msgpack.decode(hex(octets))).toThrow('item not complete');
  });

  it.each([
    'd4 01 00',
    'd5 01 0000',
    'd6 ff 00000000',
    'd7 ff 0000000000000000',
    'd8 01 00000000000000000000000000000000',
    'c7 00 01',
    'c8 0000 01',
    'c9 00000000 01',
  ])('C5: refuses the extension %s, timestamps too', (octets) => {
    expect(scanned(hex(octets))).toBe('unsupported');
    expect(() => msgpack.decode(hex(octets))).toThrow('an extension type');
  });

  it('refuses the byte that the specification never uses', () => {
    expect(scanned(hex('c1'))).toBe('malformed');
    expect(() => msgpack.decode(hex('c1'))).toThrow('byte 0xc1');
  });

  it.each(['a1 ff', 'a2 c080', 'a3 eda080', '81 a1 80 01', 'd9 04 f4908080'])(
    'C10: refuses the invalid UTF-8 in %s',
    (octets) => {
      expect(scanned(hex(octets))).toBe('invalid_utf8');
      expect(() => msgpack.decode(hex(octets))).toThrow('invalid UTF-8');
    },
  );

  it('C11: turns scalar keys into text at decode, and says that they are not text', () => {
    const bytes = hex('87 01 00 c0 00 c3 00 cb3ff8000000000000 00 c40100 00 cfffffffffffffffff 00 a161 00');
    msgpack.scan(bytes, LIMITS);
    expect(Object.keys(msgpack.decode(bytes) as object)).toEqual([
      '1',
      'null',
      'true',
      '1.5',
      '\0AA==',
      '18446744073709551615',
      'a',
    ]);
    expect(msgpack.isMap(bytes)).toBe(false);
  });

  it.each(['81 90 00', '81 80 00', '91 81 91 01 00'])('C11: refuses the container as key in %s', (octets) => {
    expect(scanned(hex(octets))).toBe('unsupported');
    expect(() => msgpack.decode(hex(octets))).toThrow('a container as key');
  });

  it('C11: looks at the keys of the outermost map only when asked whether it is one', () => {
    expect(msgpack.isMap(hex('81 a161 81 01 01'))).toBe(true);
    expect(msgpack.isMap(hex('82 a161 81 01 01 01 01'))).toBe(false);
    expect(msgpack.isMap(hex('80'))).toBe(true);
    expect(msgpack.isMap(hex('de 0001 a161 01'))).toBe(true);
  });
});

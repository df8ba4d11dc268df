import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ScanLimits } from './index.js';
import { json, SerializerError } from './index.js';

const LIMITS: ScanLimits = { maxDepth: 64, maxItems: 100_000, maxString: 1 << 20 };

function scanned(input: string | Uint8Array): string {
  try {
    json.scan(typeof input === 'string' ? Buffer.from(input) : input, LIMITS);
    return 'accepted';
  } catch (error) {
    if (error instanceof SerializerError) return error.code;
    throw error;
  }
}

const decode = (input: string): unknown => json.decode(Buffer.from(input));
const encode = (value: unknown): string => Buffer.from(json.encode(value)).toString();

function parses(input: string): boolean {
  try {
    JSON.parse(input);
    return true;
  } catch {
    return false;
  }
}

describe('json', () => {
  it('accepts exactly what JSON.parse accepts', () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '\\n',
      '\\u00e9',
      '\\',
      '0',
      '12',
      '-',
      '.5',
      'e+3',
      'E',
      'true',
      'nul',
      'null',
      ' ',
      '\n',
      '\t',
      '\u0001',
      '\ufeff',
      'é',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 9 }), (tokens) => {
        const input = tokens.join('');
        expect([input, scanned(input) === 'accepted']).toEqual([input, parses(input)]);
      }),
      { numRuns: 3000 },
    );
  });

  it('decodes to the value that JSON.parse makes', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom(0, 1, 2), (input, indent) => {
        const value: unknown = JSON.parse(input);
        const isNumbersSafe = !/\d{16}/.test(input);
        if (!isNumbersSafe || input.includes('\\u0000')) return;
        expect(decode(JSON.stringify(value, null, indent))).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });

  it('encodes to the bytes that JSON.stringify makes', () => {
    const plain = fc.object({
      maxDepth: 3,
      key: fc.string({ unit: 'binary' }),
      values: [
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.double({ maxExcluded: true, max: 1, min: 0 }),
      ],
    });
    fc.assert(
      fc.property(plain, (value) => {
        expect(encode(value)).toBe(JSON.stringify(value));
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    '1',
    ' \t\r\n[ 1 , { "a" : [ ] } ]\n',
    '"\\u00e9\\ud83c\\udf3f\\/"',
    '1e400',
    '-0.0E-1',
    '{"":{}}',
  ])('accepts %j', (input) => {
    expect(scanned(input)).toBe('accepted');
  });

  it.each([
    '01',
    '1.',
    '.5',
    '+1',
    '-',
    '1e',
    '0x1',
    'NaN',
    'Infinity',
    'tru',
    'truex',
    '[1,]',
    '[,1]',
    '[1 2]',
    '[1',
    '[1}',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    '{1:1}',
    '{"a" 1}',
    "'a'",
    '"a',
    '"\\x"',
    '"\\u12g4"',
    '"a\nb"',
    '"a\u0000b"',
    '\ufeff1',
    '/**/1',
    ',',
  ])('C12: refuses %j', (input) => {
    expect(['malformed', 'trailing_bytes']).toContain(scanned(input));
    expect(() => decode(input)).toThrow(SerializerError);
  });

  it.each(['"\\ud800"', '"\\udc00"', '"\\ud800x"', '"\\ud800\\n"', '"\\ud800\\ud800"', '{"\\udfff":1}'])(
    'C10: refuses the lone surrogate in %s',
    (input) => {
      expect(scanned(input)).toBe('invalid_utf8');
      expect(() => decode(input)).toThrow('invalid UTF-8');
    },
  );

  it.each(['c3', 'c328', 'c080', 'eda080', 'f4908080', 'ff', '80', 'e282', 'f09f8c'])(
    'C10: refuses the octets %s in a string and in a key',
    (octets) => {
      const inside = (before: string, after: string): Uint8Array =>
        Buffer.concat([Buffer.from(before), Buffer.from(octets, 'hex'), Buffer.from(after)]);
      expect(scanned(inside('"', '"'))).toBe('invalid_utf8');
      expect(scanned(inside('{"abcdefghijk', 'lmnopqrstuv":1}'))).toBe('invalid_utf8');
    },
  );

  it('finds a character that may not stand as it is at every place of a long string', () => {
    for (let place = 0; place < 40; place += 1) {
      const text = `${'x'.repeat(place)}\u0001${'x'.repeat(40 - place)}`;
      expect(scanned(`"${text}"`)).toBe('malformed');
      expect(decode(encode(text))).toBe(text);
    }
  });

  it.each<readonly [string, unknown]>([
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740993', -9007199254740993n],
    ['18446744073709551615', 18446744073709551615n],
    ['9007199254740993.0', 9007199254740992],
    ['9007199254740993e0', 9007199254740992],
    ['1.0', 1],
    ['-0', -0],
    ['-0.0', -0],
    ['0', 0],
    ['1e400', Infinity],
    ['-1e400', -Infinity],
    ['1e-400', 0],
    ['0.1', 0.1],
    ['12345678901234567890.5', 12345678901234567000],
  ])('C9: decodes the number %s', (input, expected) => {
    expect(decode(input)).toBe(expected);
  });

  it('C4 C9: makes an integer larger than any double infinite, whatever its length', () => {
    expect(decode('9'.repeat(308))).toBe(BigInt('9'.repeat(308)));
    expect(decode(`-${'9'.repeat(309)}`)).toBe(-Infinity);
    expect(decode('9'.repeat(1 << 20))).toBe(Infinity);
  });

  it.each<readonly [unknown, string]>([
    [-0, '-0'],
    [NaN, 'null'],
    [Infinity, 'null'],
    [-Infinity, 'null'],
    [0, '0'],
    [-1, '-1'],
    [99999999, '99999999'],
    [100000000, '100000000'],
    [-100000001, '-100000001'],
    [4503599627370497, '4503599627370497'],
    [9007199254740991, '9007199254740991'],
    [1.5, '1.5'],
    [1e21, '1e+21'],
    [2 ** 53, '9.007199254740992e+15'],
    [9007199254740993n, '9007199254740993'],
    [undefined, 'null'],
    [true, 'true'],
    [[], '[]'],
    [{}, '{}'],
    [[undefined, { a: undefined }], '[null,{}]'],
    ['\u0000\u001f"\\/\u007fé', '"\\u0000\\u001f\\"\\\\/\u007fé"'],
  ])('C9: encodes %p as %s', (value, expected) => {
    expect(encode(value)).toBe(expected);
  });

  it('C9: writes every safe integer with the digits that the language writes', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(encode(value)).toBe(String(value));
      }),
      { numRuns: 200 },
    );
  });

  it.each<readonly [string, Uint8Array]>([
    ['"\\u0000"', new Uint8Array()],
    ['"\\u0000AA=="', Uint8Array.of(0)],
    ['"\\u0000AAE="', Uint8Array.of(0, 1)],
    ['"\\u0000AAEC"', Uint8Array.of(0, 1, 2)],
    ['"\\u0000+/+/"', Uint8Array.of(0xfb, 0xff, 0xbf)],
  ])('C15: decodes %s to bytes and encodes them so', (input, expected) => {
    expect(decode(input)).toEqual(expected);
    expect(encode(expected)).toBe(input);
  });

  it.each([
    'A',
    'AA',
    'AAA',
    'AA=',
    'A===',
    '====',
    '=',
    'AB==',
    'AAB=',
    'A-_A',
    'AA==AA==',
    ' AAA',
    'AAéA',
    '\0AAA',
  ])('C15: keeps U+0000 and %j, which is no base64, as a string', (rest) => {
    expect(decode(JSON.stringify(`\0${rest}`))).toBe(`\0${rest}`);
  });

  it('C15: keeps keys that begin with U+0000 as strings, and U+0000 elsewhere in a string', () => {
    expect(decode('{"\\u0000AAEC":"A\\u0000AAEC"}')).toEqual({ '\0AAEC': 'A\0AAEC' });
  });

  it('measures a string as it stands on the wire, escapes included', () => {
    const input = Buffer.from('"\\u0041\\n"');
    json.scan(input, { ...LIMITS, maxString: 8 });
    expect(() => json.scan(input, { ...LIMITS, maxString: 7 })).toThrow('string too long');
  });

  it('leaves white space out of the elements of an array', () => {
    expect(json.scanArray(Buffer.from(' [ 1 , [ 2 ] ,{ "a" : 1 }\n] '), LIMITS)).toEqual([
      3, 4, 7, 12, 14, 25,
    ]);
    expect(json.scanArray(Buffer.from('[ ]'), LIMITS)).toEqual([]);
  });

  it('names the byte at which the input went wrong', () => {
    expect(() => json.scan(Buffer.from('[1,?]'), LIMITS)).toThrow('expected a value, found 0x3f at byte 3');
    expect(() => json.scan(Buffer.from('[1'), LIMITS)).toThrow('found the end at byte 2');
  });
});

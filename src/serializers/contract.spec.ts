import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ScanLimits, Serializer, SerializerErrorCode, WireMap, WireValue } from './index.js';
import { cbor, json, msgpack, SerializerError } from './index.js';

const LIMITS: ScanLimits = { maxDepth: 64, maxItems: 100_000, maxString: 1 << 20 };
const WIDE: ScanLimits = { maxDepth: 1e9, maxItems: Infinity, maxString: Infinity };
const ALL = [json, msgpack, cbor] as const;

/** The code with which the work is refused, or 'accepted'; anything but a SerializerError fails the test. */
function verdict(work: () => unknown): SerializerErrorCode | 'accepted' {
  try {
    work();
    return 'accepted';
  } catch (error) {
    if (error instanceof SerializerError) return error.code;
    throw error;
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function map(entries: readonly (readonly [string, WireValue])[]): WireMap {
  const result = Object.create(null) as WireMap;
  for (const [key, value] of entries) result[key] = value;
  return result;
}

const word = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom('__proto__', 'toJSON', 'constructor', '\ufeffmark', 'a"\\\n', '\u0000', 'x'.repeat(300)),
);
/** Without what JSON reads as bytes: U+0000 and then base64 [WAMP AP Binary conversion of JSON Strings]. */
const text = word.filter((candidate) => candidate[0] !== '\0');
const scalar: fc.Arbitrary<WireValue> = fc.oneof(
  fc.constantFrom(null, true, false, -0, 2 ** 53, -1e300, 5e-324),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt(2n ** 53n, 2n ** 64n - 1n),
  fc.bigInt(-(2n ** 63n), -(2n ** 53n)),
  text,
  fc.uint8Array({ maxLength: 40 }),
);
const value = fc.letrec<{ any: WireValue }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    scalar,
    fc.array(tie('any'), { maxLength: 20 }),
    fc.uniqueArray(fc.tuple(word, tie('any')), { maxLength: 20, selector: ([key]) => key }).map(map),
  ),
})).any;

/** Bytes that are close to an item: cut, changed in one place, or not at all. */
function nearly(serializer: Serializer): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    fc.uint8Array({ maxLength: 24 }),
    fc.tuple(value, fc.nat(), fc.nat({ max: 255 }), fc.boolean()).map(([item, place, byte, cut]) => {
      const bytes = Uint8Array.from(serializer.encode(item));
      const at = place % bytes.length;
      bytes[at] = byte;
      return cut ? bytes.subarray(0, at + 1) : bytes;
    }),
  );
}

/** `depth` arrays, one in the other, and their ends. */
function nested(serializer: Serializer, depth: number): Uint8Array {
  if (serializer.name === 'json') return Buffer.from('['.repeat(depth) + ']'.repeat(depth));
  const bytes = new Uint8Array(depth).fill(serializer.name === 'msgpack' ? 0x91 : 0x81);
  bytes[depth - 1]! -= 1;
  return bytes;
}

describe.each(ALL)('$name: every serializer', (serializer) => {
  it('C9 C16: gives back every value that it has encoded', () => {
    fc.assert(
      fc.property(value, (given) => {
        const bytes = serializer.encode(given);
        serializer.scan(bytes, LIMITS);
        expect(serializer.decode(bytes)).toEqual(given);
        expect(hex(serializer.encode(serializer.decode(bytes)))).toBe(hex(bytes));
      }),
      { numRuns: 200 },
    );
  });

  it('C12: refuses every truncation and every byte behind the item', () => {
    const short = scalar.filter((item) => serializer.encode(item).length < 80);
    const container = fc.oneof(
      fc.array(fc.oneof(short, fc.array(short, { maxLength: 3 })), { maxLength: 4 }),
      fc.tuple(text, short).map((member) => map([member])),
    );
    fc.assert(
      fc.property(container, (given) => {
        const bytes = serializer.encode(given);
        const longer = new Uint8Array(bytes.length + 1);
        longer.set(bytes);
        for (let end = 0; end < bytes.length; end += 1) {
          const cut = bytes.subarray(0, end);
          // A cut inside a character may be told as invalid UTF-8.
          if (!/malformed|utf8/.test(verdict(() => serializer.scan(cut, WIDE)))) throw new Error(`${end}`);
          if (!/malformed|utf8/.test(verdict(() => serializer.decode(cut)))) throw new Error(`${end}`);
        }
        for (let byte = 0; byte < 256; byte += 1) {
          if (serializer.name === 'json' && [0x20, 0x0a, 0x0d, 0x09].includes(byte)) continue;
          longer[bytes.length] = byte;
          if (verdict(() => serializer.scan(longer, WIDE)) !== 'trailing_bytes') throw new Error(`${byte}`);
          if (verdict(() => serializer.decode(longer)) !== 'trailing_bytes') throw new Error(`${byte}`);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('C12: refuses the empty message', () => {
    expect(verdict(() => serializer.scan(new Uint8Array(), LIMITS))).toBe('malformed');
    expect(verdict(() => serializer.scanArray(new Uint8Array(), LIMITS))).toBe('malformed');
    expect(verdict(() => serializer.decode(new Uint8Array()))).toBe('malformed');
  });

  it('C3 C10 C11: refuses by decode exactly what it refuses by scan, and nothing breaks it', () => {
    fc.assert(
      fc.property(nearly(serializer), (bytes) => {
        expect(verdict(() => serializer.decode(bytes))).toBe(verdict(() => serializer.scan(bytes, WIDE)));
      }),
      { numRuns: 400 },
    );
  });

  it.each([65, 1000, 100_000, 1_000_000])('C1: refuses %d levels where 64 are allowed', (depth) => {
    const bytes = nested(serializer, depth);
    const storage = new AsyncLocalStorage<number>();
    const codes = storage.run(1, () => [
      verdict(() => serializer.scan(bytes, LIMITS)),
      verdict(() => serializer.scanArray(bytes, LIMITS)),
    ]);
    expect(codes).toEqual(['too_deep', 'too_deep']);
  });

  it('C1: refuses 1 000 000 levels at decode and in questions about the item', () => {
    const bytes = nested(serializer, 1_000_000);
    expect(verdict(() => serializer.decode(bytes))).toBe('too_deep');
    expect(serializer.isArray(bytes)).toBe(true);
    expect(serializer.isMap(bytes)).toBe(false);
  });

  it('C1: accepts 64 levels where 64 are allowed', () => {
    serializer.scan(nested(serializer, 64), LIMITS);
    expect(serializer.scanArray(nested(serializer, 64), LIMITS)).toHaveLength(2);
  });

  it('C1 C2: goes to 128 levels and no further, whatever is allowed', () => {
    const deepest = nested(serializer, 128);
    serializer.scan(deepest, WIDE);
    const decoded = serializer.decode(deepest);
    for (const other of ALL) expect(other.decode(other.encode(decoded))).toEqual(decoded);
    expect(verdict(() => serializer.scan(nested(serializer, 129), WIDE))).toBe('too_deep');
    expect(verdict(() => serializer.decode(nested(serializer, 129)))).toBe('too_deep');
    expect(verdict(() => serializer.encode([decoded]))).toBe('too_deep');
    expect(verdict(() => serializer.encodeArray([decoded], []))).toBe('too_deep');
  });

  it('C14: counts scalars, containers and keys, each once, up to the limit and not beyond', () => {
    const bytes = serializer.encode({ a: [1, 'b', null], c: {} });
    serializer.scan(bytes, { ...LIMITS, maxItems: 8 });
    expect(verdict(() => serializer.scan(bytes, { ...LIMITS, maxItems: 7 }))).toBe('too_many_items');
  });

  it('C14: counts exactly in values of any shape', () => {
    const count = (item: WireValue): number => {
      if (Array.isArray(item)) return item.reduce((sum: number, inner) => sum + count(inner), 1);
      if (item === null || typeof item !== 'object' || item instanceof Uint8Array) return 1;
      return Object.values(item).reduce((sum: number, inner) => sum + 1 + count(inner), 1);
    };
    fc.assert(
      fc.property(value, (given) => {
        const bytes = serializer.encode(given);
        const items = count(given);
        serializer.scan(bytes, { ...LIMITS, maxItems: items });
        expect(verdict(() => serializer.scan(bytes, { ...LIMITS, maxItems: items - 1 }))).toBe(
          'too_many_items',
        );
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['a string', 'é'.repeat(50)],
    ['a key', { [`${'é'.repeat(50)}`]: 1 }],
  ])('C14: measures %s in bytes, up to the limit and not beyond', (_, given) => {
    const bytes = serializer.encode(given);
    serializer.scan(bytes, { ...LIMITS, maxString: 100 });
    expect(verdict(() => serializer.scan(bytes, { ...LIMITS, maxString: 99 }))).toBe('string_too_long');
  });

  it('tells where the elements of an array are', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 20 }), (given) => {
        const bytes = serializer.encode(given);
        const offsets = serializer.scanArray(bytes, LIMITS);
        const elements: WireValue[] = [];
        for (let index = 0; index < offsets.length; index += 2) {
          const [start, end] = [offsets[index]!, offsets[index + 1]!];
          const element = bytes.subarray(start, end);
          elements.push(serializer.decode(bytes, start, end));
          expect(serializer.isArray(element)).toBe(Array.isArray(given[index / 2]));
          serializer.scan(element, LIMITS);
        }
        expect(elements).toEqual(given);
      }),
      { numRuns: 100 },
    );
  });

  it('refuses to take anything but an array apart', () => {
    for (const given of [{}, 1, 'a', null, Uint8Array.of(0x91)]) {
      expect(verdict(() => serializer.scanArray(serializer.encode(given), LIMITS))).toBe('malformed');
    }
  });

  it('puts a head of values and a tail of encoded items into one array', () => {
    const list = fc.array(value, { maxLength: 18 });
    fc.assert(
      fc.property(list, list, (head, tail) => {
        const bytes = serializer.encodeArray(
          head,
          tail.map((item) => serializer.encode(item)),
        );
        expect(hex(bytes)).toBe(hex(serializer.encode([...head, ...tail])));
      }),
      { numRuns: 100 },
    );
  });

  it('splices items of any length', () => {
    const items = [serializer.encode('x'.repeat(100_000)), serializer.encode([1])];
    const bytes = serializer.encodeArray([36, 'y'.repeat(70_000)], items);
    expect(serializer.decode(bytes)).toEqual([36, 'y'.repeat(70_000), 'x'.repeat(100_000), [1]]);
  });

  it('tells maps and arrays from everything else', () => {
    const given: readonly unknown[] = [{}, { a: [{}] }, [], [{}], 1, 'a', null, Uint8Array.of(1), -1, true];
    const items = given.map((item) => serializer.encode(item));
    expect(items.map((item) => serializer.isMap(item)).indexOf(true)).toBe(0);
    expect(items.filter((item) => serializer.isMap(item))).toHaveLength(2);
    expect(items.filter((item) => serializer.isArray(item))).toHaveLength(2);
  });

  it('C7: keeps __proto__, constructor and prototype as data of objects without prototype', () => {
    const bytes = serializer.encode(
      map([
        ['__proto__', map([['polluted', true]])],
        ['constructor', map([['prototype', map([['polluted', true]])]])],
      ]),
    );
    const decoded = serializer.decode(bytes) as WireMap;
    expect(Object.getPrototypeOf(decoded)).toBeNull();
    expect(Object.keys(decoded)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(decoded['__proto__'])).toBeNull();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('C16: calls no toJSON, neither of objects nor of their prototypes', () => {
    class Reading {
      readonly celsius = 21;
      toJSON(): never {
        throw new Error('called');
      }
    }
    expect(serializer.decode(serializer.encode([new Reading()]))).toEqual([{ celsius: 21 }]);
    expect(verdict(() => serializer.encode({ toJSON: () => 1 }))).toBe('unsupported');
  });

  it('leaves undefined members out and makes other undefined values null', () => {
    const many = Object.fromEntries(
      Array.from({ length: 17 }, (_, i) => [`k${i}`, i < 16 ? undefined : [1]]),
    );
    const given = [undefined, { a: undefined, b: 1, c: undefined }, many];
    expect(serializer.decode(serializer.encode(given))).toEqual([null, { b: 1 }, { k16: [1] }]);
    serializer.scan(serializer.encode(given), { ...LIMITS, maxItems: 9 });
  });

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a Date', new Date(0)],
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set([1])],
    ['an Error', new Error('e')],
    ['a Float64Array', Float64Array.of(1)],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['a boxed string', Object('text')],
  ])('refuses to encode %s, inside containers too', (_, given: unknown) => {
    expect(verdict(() => serializer.encode(given))).toBe('unsupported');
    expect(verdict(() => serializer.encodeArray([{ a: [given] }], []))).toBe('unsupported');
  });

  it('C1: refuses cycles without exhausting the stack', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = [cycle];
    expect(verdict(() => serializer.encode(cycle))).toBe('too_deep');
  });

  it('encodes inside a getter while it encodes', () => {
    const given = {
      a: 'before',
      get b() {
        return serializer.decode(serializer.encode(['inner']));
      },
      c: 'after',
    };
    expect(serializer.decode(serializer.encode(given))).toEqual({ a: 'before', b: ['inner'], c: 'after' });
  });

  it('is usable again after a refusal and after a large value', () => {
    verdict(() => serializer.encode(['half', () => 1]));
    expect(serializer.encode('x'.repeat(200_000)).length).toBeGreaterThan(200_000);
    expect(serializer.decode(serializer.encode([1, 'two']))).toEqual([1, 'two']);
  });

  it('C10: writes a lone surrogate as U+FFFD, in keys too', () => {
    const given = { 'k\udc00': ['\ud800', 'a\udfffb"', `${'x'.repeat(60)}\ud800`] };
    const expected = { 'k\ufffd': ['\ufffd', 'a\ufffdb"', `${'x'.repeat(60)}\ufffd`] };
    const bytes = serializer.encode(given);
    serializer.scan(bytes, LIMITS);
    expect(serializer.decode(bytes)).toEqual(expected);
  });

  it('shares no memory with what it has decoded', () => {
    const bytes = Buffer.from(serializer.encode([Uint8Array.of(1, 2, 3)]));
    const decoded = serializer.decode(bytes);
    bytes.fill(0xff);
    expect(decoded).toEqual([Uint8Array.of(1, 2, 3)]);
  });

  it('reads a view that begins inside its memory', () => {
    const bytes = serializer.encode(['text of more than forty-eight characters, and é too', 1.5]);
    const memory = new Uint8Array(bytes.length + 9).fill(0xff);
    memory.set(bytes, 5);
    const view = memory.subarray(5, 5 + bytes.length);
    serializer.scan(view, LIMITS);
    expect(serializer.decode(view)).toEqual(['text of more than forty-eight characters, and é too', 1.5]);
    expect(serializer.decode(memory, 5, 5 + bytes.length)).toEqual(serializer.decode(view));
  });
});

describe('from one serializer to another', () => {
  const payloads: readonly (readonly [string, WireValue])[] = [
    ['nothing', []],
    ['[[1,2]]', [[1, 2]]],
    ['2^53-1', 9007199254740991],
    ['-(2^53-1)', -9007199254740991],
    ['-0', -0],
    ['bytes nested in objects', map([['a', [map([['b', Uint8Array.of(0, 1, 255)]]), new Uint8Array()]]])],
    ['NUL', ['a\0b', '\0not base64']],
    ['non-BMP text', '\u{1f33f} \u{10ffff}'],
    ['bytes 0x80 to 0xff', Uint8Array.from({ length: 128 }, (_, index) => 0x80 + index)],
    ['2^53+1', 9007199254740993n],
    ['2^64-1', 18446744073709551615n],
    ['a __proto__ key', map([['__proto__', 1]])],
    ['a leading U+FEFF', '\ufefftext'],
    ['a double beyond 2^53', 1e17],
  ];

  it.each(ALL.flatMap((from) => ALL.map((to) => [from.name, to.name, from, to] as const)))(
    'C2 C7 C9 C15: %s to %s carries every payload of the list unchanged',
    (_from, _to, from, to) => {
      for (const [name, payload] of payloads) {
        const received = from.encode(payload);
        from.scan(received, LIMITS);
        const sent = to.encode(from.decode(received));
        to.scan(sent, LIMITS);
        expect([name, to.decode(sent)]).toEqual([name, payload]);
      }
    },
  );

  it('C8: takes the last of two members with the same key, in every serializer', () => {
    const twice = [
      [json, Buffer.from('{"a":1,"a":2}')],
      [msgpack, Buffer.from('82a16101a16102', 'hex')],
      [cbor, Buffer.from('a2616101616102', 'hex')],
    ] as const;
    for (const [serializer, bytes] of twice) {
      serializer.scan(bytes, LIMITS);
      expect(serializer.decode(bytes)).toEqual({ a: 2 });
    }
  });

  it('C9: turns NaN and the infinities into null towards JSON and keeps them elsewhere', () => {
    const odd = [NaN, Infinity, -Infinity];
    for (const from of [msgpack, cbor]) {
      const decoded = from.decode(from.encode(odd));
      expect(decoded).toEqual(odd);
      expect(Buffer.from(json.encode(decoded)).toString()).toBe('[null,null,null]');
    }
  });

  it('C9: writes integers beyond 64 bits as the nearest double where the encoding has none', () => {
    const literal = json.decode(Buffer.from('[18446744073709551616,-18446744073709551616]'));
    expect(msgpack.decode(msgpack.encode(literal))).toEqual([18446744073709551616, -18446744073709551616]);
    expect(cbor.decode(cbor.encode(literal))).toEqual([18446744073709551616, -18446744073709551616n]);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Serializer, SerializerName } from '../../../serializers/index.js';
import { serializers } from '../../../serializers/index.js';
import type { ClientMessage, Reading, RouterMessage, Violation } from './index.js';
import { batchOf, decodeMessage, encodeMessage, isUri, splitBatch } from './index.js';

const NAMES: SerializerName[] = ['json', 'msgpack', 'cbor'];
const LIMITS = { maxDepth: 64, maxItems: 100_000, maxString: 1 << 20 };

const reading = (serializer: Serializer, lenient = true): Reading => ({
  serializer,
  limits: LIMITS,
  lenient,
});

function decode(name: SerializerName, message: unknown): ClientMessage | Violation {
  const serializer = serializers[name];
  return decodeMessage(serializer.encode(message), reading(serializer));
}

const id = fc.integer({ min: 1, max: 2 ** 53 - 1 });
const uri = fc.constantFrom('com.a', 'a', 'ü.x', 'x_1.y');
const flag = fc.boolean();
const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
const args = fc.array(scalar, { maxLength: 4 });
const kwargs = fc.dictionary(fc.string(), scalar, { maxKeys: 3 });
const payload = fc.oneof(
  fc.constant([]),
  args.map((list) => [list]),
  fc.tuple(args, kwargs),
);

/** Messages of a client, each with what must be read from it. */
const messages: fc.Arbitrary<[unknown[], object]> = fc.oneof(
  fc
    .tuple(id, uri, flag, flag, payload)
    .map(([request, topic, acknowledge, me, tail]): [unknown[], object] => [
      [16, request, { acknowledge, exclude_me: me, _x: 1 }, topic, ...tail],
      { name: 'publish', request, topic, acknowledge, excludeMe: me, discloseMe: false },
    ]),
  fc
    .tuple(id, uri, flag, payload)
    .map(([request, procedure, receiveProgress, tail]): [unknown[], object] => [
      [48, request, { receive_progress: receiveProgress }, procedure, ...tail],
      { name: 'call', request, procedure, receiveProgress, discloseMe: false },
    ]),
  fc
    .tuple(id, flag, payload)
    .map(([request, progress, tail]): [unknown[], object] => [
      [70, request, { progress }, ...tail],
      { name: 'yield', request, progress },
    ]),
  fc
    .tuple(id, uri, payload)
    .map(([request, error, tail]): [unknown[], object] => [
      [8, 68, request, {}, error, ...tail],
      { name: 'error', request, error },
    ]),
  fc
    .tuple(id, uri)
    .map(([request, topic]): [unknown[], object] => [
      [32, request, { match: 'prefix' }, topic],
      { name: 'subscribe', request, match: 'prefix', topic },
    ]),
  fc
    .tuple(id, id)
    .map(([request, registration]): [unknown[], object] => [
      [66, request, registration],
      { name: 'unregister', request, registration },
    ]),
);

describe.each(NAMES)('decodeMessage in %s', (name) => {
  const serializer = serializers[name];

  it('reads what was written, and leaves args and kwargs as they are', () => {
    fc.assert(
      fc.property(messages, ([message, expected]) => {
        const read = decode(name, message);
        expect(read).toMatchObject(expected);
        if (!('cargo' in read)) return;
        const at = message[0] === 16 || message[0] === 48 ? 4 : message[0] === 70 ? 3 : 5;
        const encoded = (value: unknown): Buffer | undefined =>
          value === undefined ? undefined : Buffer.from(serializer.encode(value));
        const copy = (slice: Uint8Array | undefined): Buffer | undefined =>
          slice === undefined ? undefined : Buffer.from(slice);
        expect(copy(read.cargo.args)).toEqual(encoded(message[at]));
        expect(copy(read.cargo.kwargs)).toEqual(encoded(message[at + 1]));
      }),
      { numRuns: 150 },
    );
  });

  it('P4 C12: refuses every message that is cut off, and every one with a byte too many', () => {
    fc.assert(
      fc.property(messages, ([message]) => {
        const bytes = serializer.encode(message);
        for (let end = 0; end < bytes.length; end += 1) {
          expect(decodeMessage(bytes.subarray(0, end), reading(serializer)).name).toBe('violation');
        }
        const longer = Buffer.concat([bytes, Buffer.from([name === 'json' ? 0x31 : 0x01])]);
        expect(decodeMessage(longer, reading(serializer)).name).toBe('violation');
      }),
      { numRuns: 30 },
    );
  });

  it('P4: never throws, whatever comes', () => {
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.anything().map((value) => Buffer.from(JSON.stringify(value) ?? '')),
    );
    fc.assert(
      fc.property(octets, (bytes) => {
        expect(typeof decodeMessage(bytes, reading(serializer)).name).toBe('string');
      }),
      { numRuns: 200 },
    );
  });

  it('P4: never throws for a message with one octet changed', () => {
    fc.assert(
      fc.property(messages, fc.nat(), fc.nat(255), ([message], where, octet) => {
        const bytes = Buffer.from(serializer.encode(message));
        bytes[where % bytes.length] = octet;
        expect(typeof decodeMessage(bytes, reading(serializer)).name).toBe('string');
      }),
      { numRuns: 200 },
    );
  });

  it('C1: holds the depth, the number of items and the length of strings to their limits', () => {
    const limits = { maxDepth: 3, maxItems: 10, maxString: 8 };
    const check = (message: unknown): string =>
      decodeMessage(serializer.encode(message), { serializer, limits, lenient: true }).name;
    expect(check([16, 1, {}, 'a', [[]]])).toBe('publish');
    expect(check([16, 1, {}, 'a', [[[]]]])).toBe('violation');
    expect(check([16, 1, {}, 'a', [1, 2, 3, 4]])).toBe('publish');
    expect(check([16, 1, {}, 'a', [1, 2, 3, 4, 5]])).toBe('violation');
    expect(check([16, 1, {}, 'a', ['x'.repeat(8)]])).toBe('publish');
    expect(check([16, 1, {}, 'a', ['x'.repeat(9)]])).toBe('violation');
  });

  it('C11: refuses keyword arguments and options whose keys are no strings', () => {
    if (name === 'json') return;
    const map = name === 'msgpack' ? '810101' : 'a10101';
    const none = name === 'msgpack' ? ['95', '80', '90'] : ['85', 'a0', '80'];
    const [head, empty, list] = none as [string, string, string];
    const text = name === 'msgpack' ? 'a161' : '6161';
    const six = name === 'msgpack' ? '96' : '86';
    const options = Buffer.from(`${head}1001${map}${text}${list}`, 'hex');
    const keywords = Buffer.from(`${six}1001${empty}${text}${list}${map}`, 'hex');
    expect(decodeMessage(options, reading(serializer)).name).toBe('violation');
    expect(decodeMessage(keywords, reading(serializer)).name).toBe('violation');
  });

  it('C7: keeps keys such as __proto__ as data', () => {
    const headers = Object.fromEntries([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    const read = decode(name, [16, 1, { _headers: headers }, 'com.a']);
    expect('cargo' in read ? [...(read.cargo.headers ?? [])] : read).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('writes every message of the router as the specification lists it', () => {
    const cargo = { args: serializer.encode([1]), kwargs: undefined };
    const details = { a: true };
    const table: [RouterMessage, unknown[]][] = [
      [{ name: 'welcome', session: 5, details }, [2, 5, details]],
      [{ name: 'abort', details, reason: 'r' }, [3, details, 'r']],
      [{ name: 'challenge', method: 'm', extra: details }, [4, 'm', details]],
      [{ name: 'goodbye', details, reason: 'r' }, [6, details, 'r']],
      [{ name: 'error', to: 'call', request: 5, details, error: 'e', cargo }, [8, 48, 5, details, 'e', [1]]],
      [{ name: 'published', request: 5, publication: 6 }, [17, 5, 6]],
      [{ name: 'subscribed', request: 5, subscription: 6 }, [33, 5, 6]],
      [{ name: 'unsubscribed', request: 5 }, [35, 5]],
      [{ name: 'unsubscribed', request: 0, revoked: details }, [35, 0, details]],
      [{ name: 'event', subscription: 5, publication: 6, details, cargo }, [36, 5, 6, details, [1]]],
      [{ name: 'result', request: 5, details, cargo }, [50, 5, details, [1]]],
      [{ name: 'registered', request: 5, registration: 6 }, [65, 5, 6]],
      [{ name: 'unregistered', request: 5 }, [67, 5]],
      [{ name: 'invocation', request: 5, registration: 6, details, cargo }, [68, 5, 6, details, [1]]],
      [{ name: 'interrupt', request: 5, options: details }, [69, 5, details]],
    ];
    for (const [message, expected] of table) {
      const written = serializer.decode(encodeMessage(message, serializer));
      expect(JSON.parse(JSON.stringify(written))).toEqual(expected);
    }
  });
});

describe('splitBatch', () => {
  const parts = (data: Uint8Array, bounds: number[] | Violation): string[] | string =>
    Array.isArray(bounds)
      ? Array.from({ length: bounds.length / 2 }, (_, i) =>
          Buffer.from(data.subarray(bounds[2 * i], bounds[2 * i + 1])).toString('latin1'),
        )
      : bounds.name;

  it.each(['separated', 'prefixed'] as const)(
    'P21: finds what batchOf has framed, and nothing when it is cut off (%s)',
    (framing) => {
      const texts = fc.array(fc.constantFrom('', '[1]', 'x'.repeat(300), 'ab'), {
        minLength: 1,
        maxLength: 5,
      });
      fc.assert(
        fc.property(texts, (list) => {
          const data = Buffer.concat(list.flatMap((text) => batchOf(Buffer.from(text), framing, 0x1e)));
          expect(parts(data, splitBatch(data, framing, [0x1e]))).toEqual(list);
          const cut = splitBatch(data.subarray(0, -1), framing, [0x1e]);
          const last = list.at(-1) ?? '';
          // Without its separator an empty last message leaves no trace.
          if (last !== '' || framing === 'prefixed') expect(parts(data, cut)).toBe('violation');
        }),
        { numRuns: 100 },
      );
    },
  );

  it('P21: never reads beyond the data, whatever the lengths say', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (data) => {
        const bounds = splitBatch(data, 'prefixed', []);
        if (!Array.isArray(bounds)) return;
        expect(bounds.every((bound) => bound <= data.length)).toBe(true);
        expect(bounds.at(-1)).toBe(data.length);
      }),
      { numRuns: 200 },
    );
  });

  it('leaves a message alone where nothing is batched', () => {
    expect(splitBatch(Buffer.from('abc'), 'plain', [])).toEqual([0, 3]);
    expect(splitBatch(Buffer.alloc(0), 'plain', [])).toEqual([0, 0]);
  });
});

describe('isUri', () => {
  it('WAMP-01: takes time in proportion to the length, and never accepts white space', () => {
    for (const text of ['a.'.repeat(500_000), 'a'.repeat(1_000_000), '.'.repeat(1_000_000)]) {
      const begun = performance.now();
      for (const form of ['exact', 'prefix', 'wildcard'] as const) {
        isUri(text, 'loose', form);
        isUri(text, 'strict', form);
        expect(isUri(`${text} `, 'loose', form)).toBe(false);
      }
      expect(performance.now() - begun).toBeLessThan(2000);
    }
  });

  it('WAMP-01: agrees with a split by dots', () => {
    const components = fc.array(fc.constantFrom('a', '', 'b_1', 'X', 'a b', '#', 'ü'), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(components, (list) => {
        const good = (component: string): boolean => component !== 'a b' && component !== '#';
        const strict = (component: string): boolean =>
          good(component) && component !== 'X' && component !== 'ü';
        const text = list.join('.');
        expect(isUri(text, 'loose')).toBe(list.every((c) => good(c) && c !== ''));
        expect(isUri(text, 'strict')).toBe(list.every((c) => strict(c) && c !== ''));
        expect(isUri(text, 'loose', 'wildcard')).toBe(text !== '' && list.every(good));
        expect(isUri(text, 'strict', 'wildcard')).toBe(text !== '' && list.every(strict));
      }),
      { numRuns: 200 },
    );
  });
});

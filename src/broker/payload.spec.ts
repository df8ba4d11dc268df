import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SerializerName } from '../serializers/index.js';
import { serializers } from '../serializers/index.js';
import type { BodyShape } from './index.js';
import { Payload } from './index.js';

const { json, msgpack, cbor } = serializers;
const NAMES = ['json', 'msgpack', 'cbor'] as const;

/** A payload's arguments as JSON text, to be compared with literals. */
function asJson(payload: Payload): [string | undefined, string | undefined] {
  const { args, kwargs } = payload.arguments('json');
  return [text(args), text(kwargs)];
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
}

function hex(octets: string): Uint8Array {
  return Buffer.from(octets.replaceAll(' ', ''), 'hex');
}

function body(bytes: string | Uint8Array, contentType?: string, shape?: BodyShape): Payload {
  return Payload.ofBody(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, contentType, shape);
}

describe('a body read as arguments', () => {
  it.each([
    ['', undefined, undefined, undefined],
    ['', 'application/json', undefined, undefined],
    ['{"a": 1}', 'application/json', '[{"a": 1}]', undefined],
    [' [1,2]\n', 'application/json', '[[1,2]]', undefined],
    ['{"a":1}', 'application/vnd.acme+json; v=2', '[{"a":1}]', undefined],
    ['"x"', 'Application/JSON;charset=utf-8', '["x"]', undefined],
    ['héé', 'text/plain', '["héé"]', undefined],
    ['a,b', 'text/csv; charset=us-ascii', '["a,b"]', undefined],
    ['{"args":[1,2],"kwargs":{"k":3}}', 'application/wamp+json', '[1,2]', '{"k":3}'],
    ['{"kwargs":{"k":3}}', 'application/wamp+json', '[]', '{"k":3}'],
    ['{"other":3}', 'application/wamp+json', '[{"other":3}]', undefined],
    ['{"a":1}', undefined, '[{"a":1}]', undefined],
    ['[1', undefined, '["[1"]', undefined],
    ['12', undefined, '["12"]', undefined],
    ['AB', 'application/octet-stream', '["\\u0000QUI="]', undefined],
  ])('%j of type %j becomes args %j, kwargs %j', (bytes, contentType, args, kwargs) => {
    expect(asJson(body(bytes, contentType))).toEqual([args, kwargs]);
  });

  it('spreads a list or a map if the publisher says that it is one, else takes it as one value', () => {
    expect(asJson(body('[1,2]', 'application/json', 'args'))).toEqual(['[1,2]', undefined]);
    expect(asJson(body('{"a":1}', 'application/json', 'kwargs'))).toEqual(['[]', '{"a":1}']);
    expect(asJson(body('{"a":1}', 'application/json', 'args'))).toEqual(['[{"a":1}]', undefined]);
    expect(asJson(body('[1]', undefined, 'kwargs'))).toEqual(['[[1]]', undefined]);
    expect(asJson(body('5', undefined, 'value'))).toEqual(['[5]', undefined]);
  });

  it('passes on what is not what it was declared to be, as a string, and says so', () => {
    const { args, fault } = body('{"a":', 'application/json').arguments('json');
    expect(text(args)).toBe('["{\\"a\\":"]');
    expect(fault).toMatch(/at byte 5/);
  });

  it('reads octets that are no text as bytes', () => {
    const raw = Uint8Array.of(0x80, 0xff);
    expect(msgpack.decode(body(raw).arguments('msgpack').args!)).toEqual([raw]);
    expect(msgpack.decode(body(raw, 'text/plain').arguments('msgpack').args!)).toEqual([raw]);
    expect(body(raw, 'image/png').arguments('msgpack').contentType).toBe('image/png');
  });

  it('reads text in the charset that it names', () => {
    const latin1 = Uint8Array.of(0x68, 0xe9);
    expect(asJson(body(latin1, 'text/plain; charset="iso-8859-1"'))[0]).toBe('["hé"]');
    expect(asJson(body(latin1, 'text/plain; charset=nonsense'))[0]).toBe('["\\u0000aOk="]');
  });

  it.each(['msgpack', 'cbor'] as const)('reads %s bodies like JSON ones', (name) => {
    const item = serializers[name].encode({ a: [1, Uint8Array.of(1)] });
    expect(asJson(body(item, `application/${name}`))[0]).toBe('[{"a":[1,"\\u0000AQ=="]}]');
    expect(text(body(Buffer.concat([item, item]), `application/${name}`).arguments('json').args)).toMatch(
      /^\["\\u0000/,
    );
  });

  it('X1: splices only what is exactly one JSON value, so that no body can forge the rest of a message', () => {
    const structural = ['[', ']', '{', '}', ',', ':', '"', '\\', '\u0000', '\n', '1'];
    const valid = '{"a":[1,"x"],"b":null}';
    for (let at = 0; at <= valid.length; at += 1) {
      for (const inserted of structural) {
        for (const contentType of ['application/json', undefined]) {
          const hostile = valid.slice(0, at) + inserted + valid.slice(at);
          const { args } = body(hostile, contentType).arguments('json');
          const message = JSON.parse(`[36,1,2,{},${text(args)!}]`) as unknown[];
          expect(message).toHaveLength(5);
          expect(message[4]).toHaveLength(1);
        }
      }
    }
    expect(asJson(body('1],{"x":1},[', 'application/json'))[0]).toBe('["1],{\\"x\\":1},["]');
  });

  it('X2: splices only what is exactly one binary item', () => {
    for (const hostile of [[0x92, 1], [1, 1], [0xc1], [0xff], [0x9f, 0x01], [0x81, 0x01]]) {
      const raw = Uint8Array.from(hostile);
      for (const name of ['msgpack', 'cbor'] as const) {
        const { args } = body(raw, `application/${name}`).arguments(name);
        expect((serializers[name].decode(args!) as unknown[]).length).toBe(1);
      }
    }
  });
});

describe('arguments read as a body', () => {
  const slices = (args?: string, kwargs?: string): Payload =>
    Payload.ofSlices(
      'json',
      args === undefined ? undefined : Buffer.from(args),
      kwargs === undefined ? undefined : Buffer.from(kwargs),
    );

  it.each([
    [undefined, undefined, '', undefined, 'none'],
    ['[]', '{}', '', undefined, 'none'],
    ['[5]', undefined, '5', 'application/json', 'value'],
    ['["x"]', '{}', '"x"', 'application/json', 'value'],
    ['[[1,2]]', undefined, '[1,2]', 'application/json', 'value'],
    ['["\\u0000AQI="]', undefined, '\u0001\u0002', 'application/octet-stream', 'bytes'],
    ['[]', '{"a":1}', '{"a":1}', 'application/json', 'kwargs'],
    [undefined, '{"a":1}', '{"a":1}', 'application/json', 'kwargs'],
    ['[1, 2]', undefined, '[1, 2]', 'application/json', 'args'],
    ['[1]', '{"a":2}', '{"args":[1],"kwargs":{"a":2}}', 'application/wamp+json', 'both'],
  ])('args %j, kwargs %j become %j of type %j, shape %j', (args, kwargs, bytes, contentType, shape) => {
    const made = slices(args, kwargs).body();
    expect([text(made.bytes), made.contentType, made.shape]).toEqual([bytes, contentType, shape]);
  });

  it.each([
    ['msgpack', 'c4 01 ff', ['80', 'de 0000', 'df 00000000'], ['90', 'dc 0000', 'dd 00000000']],
    [
      'cbor',
      '41 ff',
      ['a0', 'b8 00', 'b9 0000', 'ba 00000000', 'bb 0000000000000000', 'bf ff'],
      ['80', '98 00', '99 0000', '9a 00000000', '9b 0000000000000000', '9f ff'],
    ],
  ] as const)(
    'takes an empty container of %s for none, however it is written',
    (name, byte, maps, arrays) => {
      const one = hex(`${name === 'cbor' ? '81' : '91'} ${byte}`);
      for (const map of maps) {
        expect(Payload.ofSlices(name, one, hex(map)).body()).toMatchObject({ bytes: Uint8Array.of(0xff) });
        for (const array of arrays) {
          expect(Payload.ofSlices(name, hex(array), hex(map)).body()).toMatchObject({ shape: 'none' });
        }
      }
      const zero = hex(name === 'cbor' ? '98 01 00' : 'dc 0001 00');
      expect(text(Payload.ofSlices(name, zero, undefined).body().bytes)).toBe('0');
    },
  );

  it('shows a byte string with the type that its publisher gave', () => {
    const payload = Payload.ofSlices('cbor', cbor.encode([Uint8Array.of(1)]), undefined, 'image/png');
    expect(payload.body()).toEqual({ bytes: Uint8Array.of(1), contentType: 'image/png', shape: 'bytes' });
  });
});

describe('a payload', () => {
  it('gives the very bytes that arrived to receivers that speak as the sender did', () => {
    const args = Buffer.from('[ 9007199254740993, {"b":1,"a":2}, 1.0 ]');
    expect(Payload.ofSlices('json', args, undefined).arguments('json').args).toBe(args);
    const octets = Buffer.from('{"b": 1}');
    expect(Payload.ofBody(octets, 'application/json').body().bytes).toBe(octets);
  });

  it('X10: converts at most once per form', () => {
    const payload = Payload.ofSlices('json', Buffer.from('[1]'), undefined);
    expect(payload.arguments('cbor')).toBe(payload.arguments('cbor'));
    expect(payload.body()).toBe(payload.body());
  });

  it('survives the way through STOMP and back exactly', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const pairs = fc.tuple(
      fc.array(value, { maxLength: 3 }),
      fc.dictionary(fc.string({ maxLength: 5 }), value, { maxKeys: 3 }),
    );
    fc.assert(
      fc.property(pairs, fc.constantFrom<SerializerName>(...NAMES), ([args, kwargs], name) => {
        const born = Payload.ofSlices(name, serializers[name].encode(args), serializers[name].encode(kwargs));
        const { bytes, contentType, shape } = born.body();
        const back = Payload.ofBody(bytes, contentType, shape);
        expect(back.values()).toEqual(born.values());
      }),
    );
  });

  it('takes values as they are at that moment', () => {
    const list = [1, { deep: [Uint8Array.of(7)] }];
    const payload = Payload.ofValues(list, { __proto__: null, when: 2n ** 60n });
    list.push(2);
    expect(asJson(payload)).toEqual(['[1,{"deep":["\\u0000Bw=="]}]', '{"when":1152921504606846976}']);
  });

  it('refuses values that no serializer can say', () => {
    expect(() => Payload.ofValues([() => 1])).toThrow('at byte');
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => Payload.ofValues(cycle)).toThrow('at byte');
  });

  it('is as large as what arrived', () => {
    expect([
      Payload.empty.size,
      Payload.ofSlices('json', Buffer.from('[1]'), Buffer.from('{"a":1}')).size,
      body('abc').size,
      json.encode('x').length,
    ]).toEqual([0, 10, 3, 3]);
  });
});

describe('a payload that is kept', () => {
  const part = (whole: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(whole).subarray(7, 7 + length);
    bytes.set([0x22, ...new Uint8Array(length - 2).fill(0x61), 0x22]);
    return bytes;
  };

  it('B1: does not keep a large message alive of which it is a small part', () => {
    const bytes = part(1_000_000, 10);
    const body = Payload.ofBody(bytes, 'text/plain').body();
    expect([body.bytes, body.bytes.buffer.byteLength]).toEqual([bytes, 10]);
  });

  it.each([
    [65_536, 10],
    [1_000_000, 250_000],
  ])('shares a buffer of %d bytes of which it has %d', (whole, length) => {
    const bytes = part(whole, length);
    expect(Payload.ofBody(bytes, 'text/plain').body().bytes.buffer).toBe(bytes.buffer);
  });
});

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { StompClient } from '../../../test/support/stomp-client.js';
import { StompClients } from '../../../test/support/stomp-client.js';
import { Payload } from '../../broker/index.js';
import { cbor, json, msgpack } from '../../serializers/index.js';
import { bodyAs } from './negotiated-body.js';

const peers = new StompClients();

afterEach(() => peers.end());

const bytes = (text: string): Buffer => Buffer.from(text);
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

/** A client that accepts these types. */
function accepting(accept: string, id = '0'): StompClient {
  return peers.connect().say(`SUBSCRIBE\nid:${id}\ndestination:/topic/a\naccept:${accept}\n\n\0`);
}

/** Header lines of a MESSAGE that tell what its body is, and its octets. */
function heard(client: StompClient): { readonly lines: readonly string[]; readonly body: string } {
  const [frame] = client.link.sent.splice(0);
  const octets = Buffer.concat(frame?.parts ?? []);
  const end = octets.indexOf('\n\n');
  const lines = octets.toString('utf8', 0, end).split('\n');
  return {
    lines: lines.filter((line) => /^(?:content-type|wamp-payload):/.test(line)),
    body: hex(octets.subarray(end + 2, -1)),
  };
}

describe('bodyAs', () => {
  const value = Payload.ofBody(bytes(' {"a":[1,2]} '), 'application/json');
  const text = Payload.ofBody(bytes('hé'), 'text/plain');
  const args = Payload.ofValues([1, 'b']);
  const both = Payload.ofValues([1], { k: true });

  it.each([
    ['a value', value, 'application/cbor', 'application/cbor', 'value', cbor.encode({ a: [1, 2] })],
    ['a value', value, 'application/msgpack', 'application/msgpack', 'value', msgpack.encode({ a: [1, 2] })],
    [
      'a value',
      value,
      'application/wamp+json',
      'application/wamp+json',
      'both',
      bytes('{"args":[{"a":[1,2]}]}'),
    ],
    [
      'a value',
      value,
      'application/wamp+cbor',
      'application/wamp+cbor',
      'both',
      cbor.encode({ args: [{ a: [1, 2] }] }),
    ],
    ['text', text, 'application/json', 'application/json', 'value', bytes('"hé"')],
    ['text', text, 'application/cbor', 'application/cbor', 'value', cbor.encode('hé')],
    ['arguments', args, 'application/json', 'application/json', 'args', bytes('[1,"b"]')],
    ['arguments', args, 'application/msgpack', 'application/msgpack', 'args', msgpack.encode([1, 'b'])],
    [
      'both kinds',
      both,
      'application/json',
      'application/wamp+json',
      'both',
      bytes('{"args":[1],"kwargs":{"k":true}}'),
    ],
    [
      'both kinds',
      both,
      'application/cbor',
      'application/wamp+cbor',
      'both',
      cbor.encode({ args: [1], kwargs: { k: true } }),
    ],
    [
      'both kinds',
      both,
      'application/wamp+msgpack',
      'application/wamp+msgpack',
      'both',
      msgpack.encode({ args: [1], kwargs: { k: true } }),
    ],
    [
      'keywords',
      Payload.ofValues([], { k: 1 }),
      'application/cbor',
      'application/cbor',
      'kwargs',
      cbor.encode({ k: 1 }),
    ],
    [
      'keywords',
      Payload.ofValues([], { k: 1 }),
      'application/wamp+json',
      'application/wamp+json',
      'both',
      bytes('{"args":[],"kwargs":{"k":1}}'),
    ],
    [
      'untyped JSON',
      Payload.ofBody(bytes('[1]')),
      'application/cbor',
      'application/cbor',
      'value',
      cbor.encode([1]),
    ],
    [
      'untyped text',
      Payload.ofBody(bytes('x')),
      'application/json',
      'application/json',
      'value',
      bytes('"x"'),
    ],
  ] as const)('makes %s (%#) %s', (_what, payload, accept, contentType, shape, expected) => {
    const body = bodyAs(payload, accept);
    expect([body.contentType, body.shape, hex(body.bytes)]).toEqual([contentType, shape, hex(expected)]);
  });

  it.each([
    [
      'the type that was asked for',
      Payload.ofBody(bytes(' [1] '), 'Application/JSON; charset=utf-8'),
      'application/json',
    ],
    ['an image', Payload.ofBody(bytes('\x89PNG'), 'image/png'), 'application/cbor'],
    ['octets without a type', Payload.ofBody(Buffer.from([0xff, 0]), undefined), 'application/json'],
    ['octets of arguments', Payload.ofValues([Buffer.from([1, 2])]), 'application/cbor'],
    ['nothing', Payload.empty, 'application/cbor'],
    ['an empty body', Payload.ofBody(bytes(''), 'text/plain'), 'application/wamp+json'],
    ['JSON that is none', Payload.ofBody(bytes('{'), 'application/json'), 'application/msgpack'],
    ['CBOR that is none', Payload.ofBody(Buffer.from([0xff]), 'application/cbor'), 'application/json'],
  ] as const)('leaves %s as it is', (_what, payload, accept) => {
    expect(bodyAs(payload, accept)).toEqual(payload.body());
  });

  it('leaves octets as they are in each encoding', () => {
    for (const serializer of [json, cbor, msgpack]) {
      const slice = serializer.encode([Buffer.from('ab')]);
      const payload = Payload.ofSlices(serializer.name, slice, undefined, 'image/png');
      for (const accept of ['application/json', 'application/cbor', 'application/msgpack'] as const) {
        const { bytes: body, contentType } = bodyAs(payload, accept);
        expect([Buffer.from(body).toString(), contentType]).toEqual(['ab', 'image/png']);
      }
    }
  });
});

describe('accept', () => {
  it('each subscription gets the body in its own encoding, and content-type tells', () => {
    const [plain, inCbor, inMsgpack] = [
      peers.connect().say('SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0'),
      accepting('application/cbor'),
      accepting('application/msgpack'),
    ];
    peers.connect().say('SEND\ndestination:/topic/a\ncontent-type:application/json\n\n{"a":1}\0');
    expect(heard(plain)).toEqual({ lines: ['content-type:application/json'], body: hex(bytes('{"a":1}')) });
    expect(heard(inCbor)).toEqual({
      lines: ['content-type:application/cbor', 'wamp-payload:value'],
      body: 'a1616101',
    });
    expect(heard(inMsgpack)).toEqual({
      lines: ['content-type:application/msgpack', 'wamp-payload:value'],
      body: '81a16101',
    });
  });

  it('of several types the first counts that is supported', () => {
    const c = accepting('text/html, application/cbor;q=0.9, application/json');
    peers.connect().say('SEND\ndestination:/topic/a\n\n[1]\0');
    expect(heard(c)).toEqual({
      lines: ['content-type:application/cbor', 'wamp-payload:value'],
      body: '8101',
    });
  });

  it('*/* takes bodies as they are sent', () => {
    const c = accepting('*/*, application/cbor');
    peers.connect().say('SEND\ndestination:/topic/a\n\n[1]\0');
    expect(heard(c)).toEqual({ lines: [], body: hex(bytes('[1]')) });
  });

  it.each(['text/plain', '', 'application/xml, text/html', 'application', 'toString', '__proto__'])(
    'S26: %j is an ERROR that names the header',
    (accept) => {
      expect(accepting(accept).heard()[0]).toMatch(
        /^ERROR\nmessage:invalid header\n[^]*The header accept names none of application\/json, /,
      );
    },
  );

  it('X10: a body is made once for all subscribers of all ids, versions and destinations', () => {
    const clients = [
      accepting('application/cbor'),
      accepting('application/cbor', '1'),
      accepting('application/cbor', '2'),
    ];
    const old = peers
      .connect('1.1')
      .say('SUBSCRIBE\nid:0\ndestination:/topic/#\naccept:application/cbor\n\n\0');
    const encode = jest.spyOn(cbor, 'encodeArray');
    peers.connect().say('SEND\ndestination:/topic/a\ncontent-type:application/json\n\n[1]\0');
    const made = encode.mock.calls.length;
    encode.mockRestore();
    expect(made).toBe(1);
    for (const client of [...clients, old]) expect(heard(client).body).toBe('8101');
  });

  it('X10 X11: what cannot be converted hurts nobody', () => {
    const clients = [
      accepting('application/cbor'),
      accepting('application/json'),
      accepting('application/wamp+json'),
    ];
    peers.connect().say('SEND\ndestination:/topic/a\ncontent-type:application/json\n\n{"a":\0');
    for (const client of clients) {
      expect(heard(client)).toEqual({ lines: ['content-type:application/json'], body: hex(bytes('{"a":')) });
    }
  });

  it('STOMP-65: travels in a binary message where it is no text', () => {
    const [inCbor, inJson] = [accepting('application/cbor'), accepting('application/json')];
    peers.connect().say('SEND\ndestination:/topic/a\n\n[1]\0');
    expect(inCbor.link.sent[0]?.isBinary).toBe(true);
    expect(inJson.link.sent[0]?.isBinary).toBe(false);
  });

  it('is for messages of a queue as well', () => {
    const c = peers.connect().say('SUBSCRIBE\nid:0\ndestination:/queue/a\naccept:application/cbor\n\n\0');
    peers.connect().say('SEND\ndestination:/queue/a\n\n[1]\0');
    expect(heard(c)).toEqual({
      lines: ['content-type:application/cbor', 'wamp-payload:value'],
      body: '8101',
    });
  });

  it('shows what a WAMP client has published', () => {
    const c = accepting('application/cbor');
    void peers.other().attachment.publish({}, { topic: 'a', payload: Payload.ofValues([{ x: 1n }]) });
    expect(heard(c)).toEqual({
      lines: ['content-type:application/cbor', 'wamp-payload:value'],
      body: 'a1617801',
    });
  });
});

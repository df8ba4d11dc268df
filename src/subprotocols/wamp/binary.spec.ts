import { afterEach, describe, expect, it } from '@jest/globals';
import { PLAIN_HELLO, Peers } from '../../../test/support/wamp-peer.js';
import type { PeerOptions, WampPeer } from '../../../test/support/wamp-peer.js';
import { testServices } from '../../testing/index.js';

let peers = new Peers(testServices());

afterEach(() => {
  peers.end();
  peers = new Peers(testServices());
});

const text = (json: string): string => Buffer.from(json).toString('hex');

/** Wire forms, in hexadecimal, spelled out by hand. */
const WIRES = {
  json: {
    hello: text(PLAIN_HELLO),
    subscribe: text('[32,1,{},"com.a"]'),
    subscribed: text('[33,1,1]'),
    /** [16, 1, {}, "com.a", payload…] and [36, 1, 1003, {}, payload…] */
    publish: (payload: string): string => `${text('[16,1,{},"com.a",')}${payload}${text(']')}`,
    event: (payload: string): string => `${text('[36,1,1003,{},')}${payload}${text(']')}`,
    bytes: text('[{"b":"\\u0000AQI="},[[1,2]]]'),
    length: (message: string): string => `${message}1e`,
  },
  msgpack: {
    hello:
      '93 01 a67265616c6d31 81 a5726f6c6573 84 a97075626c6973686572 80 aa73756273637269626572 80 a663616c6c6572 80 a663616c6c6565 80',
    subscribe: '94 20 01 80 a5636f6d2e61',
    subscribed: '93210101',
    publish: (payload: string): string => `95 10 01 80 a5636f6d2e61 ${payload}`,
    event: (payload: string): string => `95 24 01 cd03eb 80 ${payload}`,
    bytes: '92 81 a162 c4020102 91 92 01 02',
    length: prefixed,
  },
  cbor: {
    hello:
      '83 01 667265616c6d31 a1 65726f6c6573 a4 697075626c6973686572 a0 6a73756273637269626572 a0 6663616c6c6572 a0 6663616c6c6565 a0',
    subscribe: '84 1820 01 a0 65636f6d2e61',
    subscribed: '8318210101',
    publish: (payload: string): string => `85 10 01 a0 65636f6d2e61 ${payload}`,
    event: (payload: string): string => `85 1824 01 1903eb a0 ${payload}`,
    bytes: '82 a1 6162 42 0102 81 82 01 02',
    length: prefixed,
  },
} as const;

type Name = keyof typeof WIRES;
const NAMES = ['json', 'msgpack', 'cbor'] as const;

/** With its length in four octets, big-endian, before it. */
function prefixed(message: string): string {
  const digits = squeeze(message);
  return (digits.length / 2).toString(16).padStart(8, '0') + digits;
}

function squeeze(hex: string): string {
  return hex.replace(/\s/g, '');
}

function connect(name: Name, options: PeerOptions & { readonly batched?: boolean } = {}): WampPeer {
  return peers.connect({ ...options, token: `wamp.2.${name}${options.batched === true ? '.batched' : ''}` });
}

function give(peer: WampPeer, name: Name, hex: string): WampPeer {
  peer.link.receive(peer.session, Buffer.from(squeeze(hex), 'hex'), name !== 'json');
  return peer;
}

function join(name: Name, options: PeerOptions = {}): WampPeer {
  const peer = give(connect(name, options), name, WIRES[name].hello);
  expect(peer.link.sent.length).toBe(1);
  expect(peer.closedAs).toBeUndefined();
  peer.take();
  return peer;
}

describe.each(NAMES)('%s', (name) => {
  const wire = WIRES[name];

  it('WAMP-66: speaks in one kind of message', () => {
    const peer = give(connect(name), name, wire.hello);
    expect(peer.link.sent.map((frame) => frame.isBinary)).toEqual([name !== 'json']);
  });

  it('carries a subscription and an event', () => {
    const subscriber = give(join(name), name, wire.subscribe);
    expect(subscriber.takeHex()).toEqual([squeeze(wire.subscribed)]);
    give(join(name), name, wire.publish(wire.bytes));
    expect(subscriber.takeHex()).toEqual([squeeze(wire.event(wire.bytes))]);
  });

  it('WAMP-63: carries them batched, with each message framed', () => {
    const subscriber = connect(name, { batched: true });
    give(subscriber, name, wire.length(wire.hello) + wire.length(wire.subscribe));
    expect(subscriber.takeHex()[1]).toBe(squeeze(wire.length(wire.subscribed)));
    const publisher = connect(name, { batched: true });
    give(publisher, name, wire.length(wire.hello) + wire.length(wire.publish(wire.bytes)));
    expect(subscriber.takeHex()).toEqual([squeeze(wire.length(wire.event(wire.bytes)))]);
  });

  it.each(NAMES)('C15 WAMP-62: delivers bytes nested in objects, and nested lists, to %s', (other) => {
    const subscriber = give(join(other), other, WIRES[other].subscribe);
    subscriber.take();
    give(join(name), name, wire.publish(wire.bytes));
    expect(subscriber.takeHex()).toEqual([squeeze(WIRES[other].event(WIRES[other].bytes))]);
  });
});

describe('X10: a receiver', () => {
  it('WAMP-61: gets the bytes that were sent if it speaks the same serializer, whatever others speak', () => {
    const listeners = NAMES.map((name) => give(join(name), name, WIRES[name].subscribe));
    for (const listener of listeners) listener.take();
    // 1.0 as float64, and a map16 of one entry: neither is how our own encoder would write it.
    give(join('msgpack'), 'msgpack', '95 10 01 80 a5636f6d2e61 92 cb3ff0000000000000 de0001 a161 01');
    expect(listeners[1]?.takeHex()).toEqual([
      squeeze('95 24 01 cd03ed 80 92 cb3ff0000000000000 de0001 a161 01'),
    ]);
    const [event] = listeners[0]?.takeParsed() ?? [];
    expect(event?.[4]).toEqual([1, { a: 1 }]);
  });
});

const IDS: Record<'msgpack' | 'cbor', { taken: string[]; floats: string[]; refused: string[] }> = {
  msgpack: {
    taken: [
      '01',
      'cc01',
      'cd0001',
      'ce00000001',
      'cf0000000000000001',
      'd30000000000000001',
      'cf0020000000000000',
    ],
    floats: ['cb3ff0000000000000', 'ca3f800000', 'cb4340000000000000'],
    refused: [
      '00',
      'ff',
      'd0ff',
      'cb3ff8000000000000',
      'cf0020000000000001',
      'cfffffffffffffffff',
      'a131',
      'c3',
      'c0',
      'cb8000000000000000',
      'cb7ff8000000000000',
      'cb7ff0000000000000',
      '9101',
      'c40101',
    ],
  },
  cbor: {
    taken: ['01', '1801', '190001', '1a00000001', '1b0000000000000001', '1b0020000000000000'],
    floats: ['f93c00', 'fa3f800000', 'fb3ff0000000000000', 'fb4340000000000000'],
    refused: [
      '00',
      '20',
      'f93e00',
      '1b0020000000000001',
      '1bffffffffffffffff',
      '6131',
      'f5',
      'f6',
      'f98000',
      'f97e00',
      'f97c00',
      '8101',
      '4101',
      'c24101',
    ],
  },
};

describe.each(['msgpack', 'cbor'] as const)('ids in %s', (name) => {
  const subscribe = (id: string): string =>
    name === 'msgpack' ? `94 20 ${id} 80 a5636f6d2e61` : `84 1820 ${id} a0 65636f6d2e61`;
  const taken = (id: string, profile: 'compatible' | 'strict'): boolean =>
    give(join(name, { profile }), name, subscribe(id)).closedAs === undefined;

  it.each(IDS[name].taken)('P5 WAMP-12: takes %s', (id) => {
    expect(taken(id, 'compatible')).toBe(true);
  });

  it.each(IDS[name].floats)('P5 WAMP-12: takes the float %s (compatible), or aborts (strict)', (id) => {
    expect([taken(id, 'compatible'), taken(id, 'strict')]).toEqual([true, false]);
  });

  it.each(IDS[name].refused)('P5 WAMP-12: aborts for %s', (id) => {
    expect([taken(id, 'compatible'), taken(id, 'strict')]).toEqual([false, false]);
  });

  it('WAMP-12: answers with an integer, whatever came', () => {
    const float = name === 'msgpack' ? 'cb4340000000000000' : 'fb4340000000000000';
    const head = name === 'msgpack' ? '93 21 cf0020000000000000 01' : '83 1821 1b0020000000000000 01';
    expect(give(join(name), name, subscribe(float)).takeHex()).toEqual([squeeze(head)]);
  });
});

describe.each(['msgpack', 'cbor'] as const)('hostile %s', (name) => {
  const wire = WIRES[name];

  it('C12 WAMP-36: aborts for a message with trailing bytes, cut off, or empty', () => {
    const message = squeeze(wire.publish(wire.bytes));
    const whole = give(join(name), name, message);
    expect(whole.closedAs).toBeUndefined();
    expect(give(join(name), name, `${message}00`).closedAs).toBe('protocol_error');
    for (let end = 0; end < message.length; end += 2) {
      expect(give(join(name), name, message.slice(0, end)).closedAs).toBe('protocol_error');
    }
  });

  it.each(['', '000000', '00000005 8101', 'ffffffff', 'ffffffff 8101', '00000000', '00000001'])(
    'P21 WAMP-65: aborts for the batch %j, whose lengths lie',
    (data) => {
      const peer = give(connect(name, { batched: true }), name, wire.length(wire.hello));
      peer.take();
      expect(give(peer, name, data).closedAs).toBe('protocol_error');
    },
  );

  it('P21 WAMP-65: does not continue a message in the next WebSocket message', () => {
    const peer = give(connect(name, { batched: true }), name, wire.length(wire.hello));
    const message = wire.length(wire.subscribe);
    give(peer, name, message.slice(0, 12));
    expect(peer.closedAs).toBe('protocol_error');
  });

  it('P21: refuses the whole batch if its framing is wrong, so that nothing of it is routed', () => {
    const listener = give(join('json'), 'json', WIRES.json.subscribe);
    listener.take();
    const peer = give(connect(name, { batched: true }), name, wire.length(wire.hello));
    give(peer, name, `${wire.length(wire.publish(wire.bytes))}0000`);
    expect([peer.closedAs, listener.take()]).toEqual(['protocol_error', []]);
  });

  it('P21: takes two hundred thousand one-byte messages in a batch without recursion', () => {
    const peer = give(connect(name, { batched: true }), name, wire.length(wire.hello));
    peer.take();
    give(peer, name, '0000000101'.repeat(200_000));
    expect(peer.closedAs).toBe('protocol_error');
  });
});

describe('X11: a call', () => {
  it('passes results between serializers', () => {
    const callee = peers.join().send('[64,1,{},"com.a"]');
    callee.take();
    const caller = give(join('cbor'), 'cbor', '84 1830 07 a0 65636f6d2e61');
    callee.send('[70,1,{},["\\u0000AQI=",18446744073709551615,-0]]');
    expect(caller.takeHex()).toEqual([
      squeeze('84 1832 07 a0 83 420102 1bffffffffffffffff fb8000000000000000'),
    ]);
  });
});

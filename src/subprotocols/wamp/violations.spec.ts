import { afterEach, describe, expect, it } from '@jest/globals';
import { HELLO, Peers, PLAIN_HELLO } from '../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../test/support/wamp-peer.js';
import { testServices } from '../../testing/index.js';

let peers = new Peers(testServices());

afterEach(() => {
  peers.end();
  peers = new Peers(testServices());
});

/** One ABORT and nothing else, and the link closed as a protocol error. */
function expectAbort(peer: WampPeer): void {
  expect(peer.takeParsed()).toEqual([[3, { message: expect.any(String) }, 'wamp.error.protocol_violation']]);
  expect(peer.closedAs).toBe('protocol_error');
}

/** A listener that hears whatever is routed in the realm. */
function canary(): WampPeer {
  const peer = peers.join().send('[32,1,{"match":"prefix"},""]', '[64,2,{"match":"prefix"},"com"]');
  peer.take();
  return peer;
}

const BEFORE_WELCOME = [
  '[2,1,{}]',
  '[4,"ticket",{}]',
  '[5,"secret",{}]',
  '[6,{},"wamp.close.normal"]',
  '[8,68,1,{},"com.error"]',
  '[16,1,{},"com.a"]',
  '[17,1,1]',
  '[32,1,{},"com.a"]',
  '[33,1,1]',
  '[34,1,1]',
  '[35,1]',
  '[36,1,1,{}]',
  '[48,1,{},"com.b"]',
  '[49,1,{}]',
  '[50,1,{}]',
  '[64,1,{},"com.c"]',
  '[65,1,1]',
  '[66,1,1]',
  '[67,1]',
  '[68,1,1,{}]',
  '[69,1,{}]',
  '[70,1,{}]',
];

describe('before WELCOME', () => {
  it.each(BEFORE_WELCOME)('P1 WAMP-33: aborts for %s, and routes nothing', (message) => {
    const listener = canary();
    const peer = peers.connect().send(message, HELLO);
    expectAbort(peer);
    expect(listener.take()).toEqual([]);
  });

  it('P1 WAMP-33: aborts for every code from 0 to 71 but HELLO and ABORT', () => {
    for (let code = 0; code <= 71; code += 1) {
      if (code === 1 || code === 3) continue;
      expectAbort(peers.connect().send(`[${code},1,{},"com.a"]`));
    }
  });

  it('P1 WAMP-32: aborts for AUTHENTICATE without CHALLENGE, also within a session', () => {
    expectAbort(peers.connect().send('[5,"secret",{}]'));
    expectAbort(peers.join().send('[5,"secret",{}]'));
  });
});

describe('within a session', () => {
  it.each([HELLO, '[1,"realm2",{"roles":{"caller":{}}}]'])(
    'P2 WAMP-30 WAMP-41: aborts for a second HELLO, with everything dropped before',
    (again) => {
      const listener = canary();
      const peer = peers.join().send('[32,1,{},"org.a"]', '[64,2,{},"org.b"]');
      const caller = peers.join().send('[48,1,{},"org.b"]');
      peer.take();
      peer.send(again, '[16,3,{},"com.a"]');
      expectAbort(peer);
      expect(caller.takeParsed()[0]?.[4]).toBe('wamp.error.canceled');
      expect(listener.take()).toEqual([]);
      expect(peers.services.brokers.get('realm1')?.stats).toMatchObject({ sessions: 2, registrations: 1 });
    },
  );

  it.each([
    '[2,1,{}]',
    '[4,"ticket",{}]',
    '[17,1,1]',
    '[33,1,1]',
    '[35,1]',
    '[36,1,1,{}]',
    '[50,1,{}]',
    '[65,1,1]',
    '[67,1]',
    '[68,1,1,{}]',
    '[69,1,{}]',
  ])("WAMP-31: aborts for the router's message %s", (message) => expectAbort(peers.join().send(message)));

  it.each([48, 32, 16, 70, 0, 999])(
    'WAMP-34: aborts for an ERROR of type %i, which is not INVOCATION',
    (type) => {
      expectAbort(peers.join().send(`[8,${type},1,{},"com.error"]`));
    },
  );

  it.each([
    '',
    '[]',
    '[[]]',
    '{}',
    '"16"',
    '16',
    'null',
    '[null]',
    '[true,1,{},"com.a"]',
    '["16",1,{},"com.a"]',
    '[16.5,1,{},"com.a"]',
    '[-1]',
    '[256]',
    '[1023]',
    '[7]',
    '[337,1]',
    '[1e400]',
    '[16',
    '[16,1,{},"com.a"]]',
    '[16,1,{},"com.a"][]',
    '[16,1,{},"com.a"],',
    'CONNECT\n\n\0',
    '\u{feff}[16,1,{},"com.a"]',
    '[16,1,{},"\ud800',
  ])('P4 WAMP-36: aborts for %j', (message) => expectAbort(peers.join().send(message)));

  const FULL: [string, string[]][] = [
    ['authenticate', ['5', '"x"', '{}']],
    ['goodbye', ['6', '{}', '"wamp.close.normal"']],
    ['abort', ['3', '{}', '"wamp.close.normal"']],
    ['error', ['8', '68', '1', '{}', '"com.e"', '[]', '{}']],
    ['publish', ['16', '1', '{}', '"com.a"', '[]', '{}']],
    ['subscribe', ['32', '1', '{}', '"com.a"']],
    ['unsubscribe', ['34', '1', '1']],
    ['call', ['48', '1', '{}', '"com.a"', '[]', '{}']],
    ['cancel', ['49', '1', '{}']],
    ['register', ['64', '1', '{}', '"com.a"']],
    ['unregister', ['66', '1', '1']],
    ['yield', ['70', '1', '{}', '[]', '{}']],
  ];
  /** By the form of an element, values of another type. */
  const wrongFor = (element: string): string[] => {
    if (element.startsWith('"')) return ['1', 'true', 'null', '{}', '[]'];
    if (element === '{}') return ['1', 'true', 'null', '"a"', '[]'];
    if (element === '[]') return ['1', 'true', 'null', '"a"', '{}'];
    return ['"1"', 'true', 'null', '{}', '[]', '1.5', '-1', '0'];
  };

  it.each(FULL)('P4 WAMP-36: aborts for %s with an element of the wrong type', (_name, elements) => {
    elements.forEach((element, at) => {
      for (const wrong of wrongFor(element)) {
        expectAbort(peers.join().send(`[${elements.with(at, wrong).join(',')}]`));
      }
    });
  });

  it.each(FULL)('P4 WAMP-36: aborts for %s with too many elements', (_name, elements) => {
    const most = elements[0] === '3' ? [...elements, '[]', '{}'] : elements;
    expectAbort(peers.join().send(`[${[...most, '{}'].join(',')}]`));
  });

  it.each(FULL)('P4 WAMP-36: aborts for %s with too few elements', (name, elements) => {
    const optional = ['error', 'publish', 'call', 'yield'].includes(name) ? 2 : 0;
    for (let count = 1; count < elements.length - optional; count += 1) {
      expectAbort(peers.join().send(`[${elements.slice(0, count).join(',')}]`));
    }
  });

  it.each([
    '[16,1,{"acknowledge":1},"com.a"]',
    '[16,1,{"acknowledge":"true"},"com.a"]',
    '[16,1,{"exclude_me":0},"com.a"]',
    '[16,1,{"disclose_me":"yes"},"com.a"]',
    '[16,1,{"_headers":[]},"com.a"]',
    '[16,1,{"_headers":{"a":1}},"com.a"]',
    '[16,1,{"_content_type":1},"com.a"]',
    '[16,1,{"rkey":[1]},"com.a"]',
    '[16,1,{"rkey":1.5},"com.a"]',
    '[16,1,{"ppt_scheme":1},"com.a"]',
    '[32,1,{"match":1},"com.a"]',
    '[32,1,{"nkey":1},"com.a"]',
    '[32,1,{"match":["prefix"]},"com.a"]',
    '[48,1,{"receive_progress":1},"com.a"]',
    '[48,1,{"disclose_me":[]},"com.a"]',
    '[48,1,{"progress":"no"},"com.a"]',
    '[49,1,{"mode":1}]',
    '[64,1,{"match":true},"com.a"]',
    '[64,1,{"invoke":1},"com.a"]',
    '[64,1,{"disclose_caller":1},"com.a"]',
    '[70,1,{"progress":1}]',
  ])('WAMP-47: aborts for %s, whose option has the wrong type, in both profiles', (message) => {
    expectAbort(peers.join(HELLO, { profile: 'compatible' }).send(message));
    expectAbort(peers.join(HELLO, { profile: 'strict' }).send(message));
  });

  it('WAMP-47: passes over options that it does not know', () => {
    const peer = peers
      .join()
      .send(
        '[32,1,{"nkeys":5,"_tracker":[1]},"com.a"]',
        '[16,2,{"exclude_me":false,"rkeys":5,"x":null,"__proto__":{"acknowledge":true}},"com.a"]',
      );
    expect(peer.take()).toEqual(['[33,1,1]', '[36,1,1002,{}]']);
  });

  it.each([
    ['publisher', '[16,1,{},"com.a"]'],
    ['subscriber', '[32,1,{},"com.a"]'],
    ['subscriber', '[34,1,1]'],
    ['caller', '[48,1,{},"com.a"]'],
    ['caller', '[49,1,{}]'],
    ['callee', '[64,1,{},"com.a"]'],
    ['callee', '[66,1,1]'],
    ['callee', '[70,1,{}]'],
    ['callee', '[8,68,1,{},"com.e"]'],
  ])('WAMP-38: aborts for a message of a %s who did not announce the role: %s', (role, message) => {
    const others = ['publisher', 'subscriber', 'caller', 'callee'].filter((other) => other !== role);
    const roles = Object.fromEntries(others.map((other) => [other, {}]));
    expectAbort(peers.join(JSON.stringify([1, 'realm1', { roles }])).send(message));
  });

  it('WAMP-39: aborts for a progressive CALL, which was not announced (strict)', () => {
    expectAbort(peers.join(HELLO, { profile: 'strict' }).send('[48,1,{"progress":true},"com.a"]'));
    const peer = peers.join().send('[48,1,{"progress":false},"com.a"]');
    expect(peer.takeParsed()[0]?.[4]).toBe('wamp.error.no_such_procedure');
  });

  it.each([
    '[16,1,{"ppt_scheme":"x_custom"},"com.a",["x"]]',
    '[48,1,{"ppt_serializer":"native"},"com.a",["x"]]',
    '[70,1,{"ppt_cipher":null},["x"]]',
    '[8,68,1,{"ppt_keyid":"k"},"com.e",["x"]]',
  ])('WAMP-40: aborts for %s, since payload passthru was not announced', (message) => {
    expectAbort(peers.join().send(message));
  });

  it('WAMP-41: ignores what is still in the pipe behind a violation', () => {
    const listener = canary();
    const peer = peers.join().send('[16,1,{},"com.a"]', '[99]', '[16,2,{},"com.b"]', HELLO);
    expectAbort(peer);
    expect(listener.takeParsed().map((event) => event[3])).toEqual([{ topic: 'com.a' }]);
  });
});

describe('ids', () => {
  it.each([
    '0',
    '-1',
    '-0',
    '1.5',
    '9007199254740993',
    '18446744073709551615',
    '1e400',
    '"1"',
    'true',
    'null',
    '[1]',
  ])('P5 WAMP-12: aborts for the request id %s', (id) =>
    expectAbort(peers.join().send(`[32,${id},{},"com.a"]`)),
  );

  it.each(['1', '4294967296', '9007199254740991', '9007199254740992'])(
    'P5 WAMP-12: takes the request id %s',
    (id) => {
      expect(peers.join().send(`[32,${id},{},"com.a"]`).take()).toEqual([`[33,${id},1]`]);
    },
  );

  it('P5 WAMP-12: takes integral floats as ids, and sends integers (compatible)', () => {
    const peer = peers.join().send('[32,1.0,{},"com.a"]', '[34,2e0,1.0]');
    expect(peer.take()).toEqual(['[33,1,1]', '[35,2]']);
  });

  it.each(['[32,1.0,{},"com.a"]', '[32,1e0,{},"com.a"]', '[32.0,1,{},"com.a"]'])(
    'P5 WAMP-12: aborts for the integral float in %s (strict)',
    (message) => expectAbort(peers.join(HELLO, { profile: 'strict' }).send(message)),
  );

  it('P6 WAMP-08 WAMP-11: takes ids in sequence over all kinds of requests (strict)', () => {
    const peer = peers
      .join(HELLO, { profile: 'strict' })
      .send(
        '[32,1,{},"com.a"]',
        '[64,2,{},"com.b"]',
        '[16,3,{"acknowledge":true},"com.a"]',
        '[48,4,{},"com.none"]',
        '[34,5,1]',
        '[66,6,2]',
        '[16,7,{},"com.a"]',
      );
    expect(peer.takeParsed().map(([code, a, b]) => (code === 8 ? [code, a, b] : [code, a]))).toEqual([
      [33, 1],
      [65, 2],
      [17, 3],
      [8, 48, 4],
      [35, 5],
      [67, 6],
    ]);
    expect(peer.closedAs).toBeUndefined();
  });

  it.each([
    ['a first id of 2', []],
    ['a gap', ['[16,1,{},"com.a"]', '[16,2,{},"com.a"]', '[16,3,{},"com.a"]']],
    ['a repetition', ['[16,1,{},"com.a"]', '[16,2,{},"com.a"]']],
    ['another counter per kind', ['[16,1,{},"com.a"]', '[32,2,{},"com.a"]']],
  ])('P6 WAMP-10: aborts for %s (strict)', (_what, before) => {
    const wrong = before.length === 2 ? before.length : before.length + 2;
    const peer = peers.join(HELLO, { profile: 'strict' }).send(...before);
    peer.take();
    expectAbort(peer.send(`[64,${wrong},{},"com.b"]`));
  });

  it('P6 WAMP-10: takes ids with gaps and repetitions of answered ones (compatible)', () => {
    const peer = peers.join().send('[32,123,{},"com.a"]', '[32,789,{},"com.b"]', '[32,123,{},"com.c"]');
    expect(peer.take()).toEqual(['[33,123,1]', '[33,789,2]', '[33,123,3]']);
  });

  it('P6: aborts for a CALL with the id of an open one, whose answer is not stolen (compatible)', () => {
    const callee = peers.join().send('[64,1,{},"com.a"]');
    const peer = peers.join().send('[48,7,{},"com.a",["first"]]', '[48,7,{},"com.a",["second"]]');
    expectAbort(peer);
    expect(callee.takeParsed().map(([code, , , , args]) => [code, args])).toEqual([
      [65, undefined],
      [68, ['first']],
      [69, undefined],
    ]);
  });

  it('takes an id again once the call is answered (compatible)', () => {
    const peer = peers.join(PLAIN_HELLO).send('[48,7,{},"com.a"]', '[48,7,{},"com.a"]');
    expect(peer.takeParsed().map(([code]) => code)).toEqual([8, 8]);
  });
});

describe('frames', () => {
  it.each([
    ['wamp.2.json', true],
    ['wamp.2.json.batched', true],
    ['wamp.2.msgpack', false],
    ['wamp.2.msgpack.batched', false],
    ['wamp.2.cbor', false],
    ['wamp.2.cbor.batched', false],
  ] as const)('P22 WAMP-37 WAMP-66: aborts on %s for a message with isBinary %s', (token, isBinary) => {
    const peer = peers.connect({ token });
    peer.link.receive(peer.session, Buffer.from(HELLO), isBinary);
    expect(peer.link.sent.length).toBe(1);
    expect(peer.link.sent[0]?.isBinary).toBe(!isBinary);
    expect(peer.closedAs).toBe('protocol_error');
  });

  it('WAMP-22: refuses a message above the limit with payload_size_exceeded, and takes one at the limit', () => {
    const service = testServices({ limits: { messageBytes: 1000 } });
    const small = new Peers(service);
    const peer = small.join();
    const padding = (length: number): string => `[16,1,{},"com.a",["${'x'.repeat(length - 22)}"]]`;
    peer.send(padding(1000));
    expect(peer.closedAs).toBeUndefined();
    peer.send(padding(1001));
    expect(peer.takeParsed()[0]?.[2]).toBe('wamp.error.payload_size_exceeded');
    expect(peer.closedAs).toBe('too_big');
    small.end();
  });
});

describe('limits of a message', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

  it('C1: takes 16 levels before the login and 64 after, and aborts for one more', () => {
    const hello = (depth: number): string => `[1,"realm1",{"roles":{"caller":{}},"x":${nested(depth - 2)}}]`;
    expect(peers.connect().send(hello(16)).takeParsed()[0]?.[0]).toBe(2);
    expectAbort(peers.connect().send(hello(17)));
    const publish = (depth: number): string => `[16,1,{},"com.a",${nested(depth - 1)}]`;
    expect(peers.join().send(publish(64)).closedAs).toBeUndefined();
    expectAbort(peers.join().send(publish(65)));
  });

  it('bounds the strings and the items of a HELLO', () => {
    const long = (length: number): string =>
      `[1,"realm1",{"roles":{"caller":{}},"agent":"${'x'.repeat(length)}"}]`;
    expect(peers.connect().send(long(4000)).takeParsed()[0]?.[0]).toBe(2);
    expectAbort(peers.connect().send(long(4200)));
    const many = (count: number): string =>
      `[1,"realm1",{"roles":{"caller":{}},"x":[${Array(count).fill(0).join()}]}]`;
    expect(peers.connect().send(many(1000)).takeParsed()[0]?.[0]).toBe(2);
    expectAbort(peers.connect().send(many(1024)));
  });
});

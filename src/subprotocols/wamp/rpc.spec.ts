import { afterEach, describe, expect, it } from '@jest/globals';
import { HELLO, Peers, PLAIN_HELLO } from '../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../test/support/wamp-peer.js';
import type { Authorizer, Decision } from '../../broker/index.js';
import { testServices } from '../../testing/index.js';
import type { TestServicesOptions } from '../../testing/index.js';

let peers = new Peers(testServices());

function start(options?: TestServicesOptions): void {
  peers = new Peers(testServices(options));
}

afterEach(() => {
  peers.end();
  peers = new Peers(testServices());
});

/** A callee (session 1001) with one registration of id 1, and a caller (session 1002). */
function pair(register = '[64,1,{},"com.a"]', calleeHello = HELLO): { callee: WampPeer; caller: WampPeer } {
  const callee = peers.join(calleeHello).send(register);
  expect(callee.takeParsed()[0]?.[0]).toBe(65);
  return { callee, caller: peers.join() };
}

/** The error URI of the last message, an ERROR. */
function errorOf(peer: WampPeer): unknown {
  return peer.takeParsed().at(-1)?.[4];
}

describe('CALL', () => {
  it('takes a call to its callee, and the result back', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a",[1,"two"],{"k":3}]');
    expect(callee.take()).toEqual(['[68,1,1,{},[1,"two"],{"k":3}]']);
    callee.send('[70,1,{},["sum"],{"r":null}]');
    expect(caller.take()).toEqual(['[50,7,{},["sum"],{"r":null}]']);
    expect(callee.take()).toEqual([]);
  });

  it('WAMP-29: passes the error of a callee on unchanged', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]');
    callee.send('[8,68,1,{"x":1},"com.myapp.error.too_late",[ 1.0,"a" ],{"k":[]}]');
    expect(caller.take()).toEqual(['[8,48,7,{},"com.myapp.error.too_late",[ 1.0,"a" ],{"k":[]}]']);
  });

  it.each(['', ',[]', ',[[1,2]]', ',[null]', ',[],{"a":1}', ',[-0,1.0,9007199254740993]'])(
    'WAMP-59 WAMP-60: passes the payload %j on, there and back',
    (payload) => {
      const { callee, caller } = pair();
      const expected = payload === ',[]' ? '' : payload;
      caller.send(`[48,7,{},"com.a"${payload}]`);
      expect(callee.take()).toEqual([`[68,1,1,{}${expected}]`]);
      callee.send(`[70,1,{}${payload}]`);
      expect(caller.take()).toEqual([`[50,7,{}${expected}]`]);
    },
  );

  it('passes _headers on, there and back', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{"_headers":{"a":"1"}},"com.a"]', '[48,8,{},"com.a"]');
    callee.send('[70,1,{"_headers":{"b":"2"}}]', '[8,68,2,{"_headers":{"c":"3"}},"com.e"]');
    expect(callee.take()).toEqual(['[68,1,1,{"_headers":{"a":"1"}}]', '[68,2,1,{}]']);
    expect(caller.take()).toEqual([
      '[50,7,{"_headers":{"b":"2"}}]',
      '[8,48,8,{"_headers":{"c":"3"}},"com.e"]',
    ]);
  });

  it('X3: drops _headers of a YIELD that cannot be used, and passes the result on', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]');
    callee.send('[70,1,{"_headers":{"a\\n":"1"}},[1]]');
    expect(caller.take()).toEqual(['[50,7,{},[1]]']);
  });

  it('WAMP-16: refuses a call that nobody registered with no_such_procedure', () => {
    const peer = peers.join().send('[48,1,{},"com.nobody"]');
    expect(peer.take()).toEqual(['[8,48,1,{},"wamp.error.no_such_procedure",["No such procedure."]]']);
  });

  it.each(['a..b', '', 'a b', 'a#'])(
    'WAMP-03: refuses the procedure %j with invalid_uri in CALL and REGISTER',
    (uri) => {
      const peer = peers.join().send(JSON.stringify([48, 1, {}, uri]), JSON.stringify([64, 2, {}, uri]));
      expect(peer.takeParsed().map((error) => [error[1], error[4]])).toEqual([
        [48, 'wamp.error.invalid_uri'],
        [64, 'wamp.error.invalid_uri'],
      ]);
    },
  );

  it('WAMP-04: keeps a topic and a procedure of the same URI apart', () => {
    const peer = peers
      .join()
      .send(
        '[32,1,{},"com.a"]',
        '[64,2,{},"com.a"]',
        '[16,3,{"exclude_me":false},"com.a"]',
        '[48,4,{},"com.a"]',
      );
    expect(peer.takeParsed().map(([code]) => code)).toEqual([33, 65, 36, 68]);
    peer.send('[8,68,1,{},"com.a"]');
    expect(errorOf(peer)).toBe('com.a');
  });

  it('WAMP-13: keeps the order of the calls of one caller; results come back in any order', () => {
    const { callee, caller } = pair();
    caller.send('[48,1,{},"com.a",[1]]', '[48,2,{},"com.a",[2]]', '[48,3,{},"com.a",[3]]');
    expect(callee.takeParsed().map((call) => call[4])).toEqual([[1], [2], [3]]);
    callee.send('[70,3,{},["c"]]', '[70,1,{},["a"]]', '[70,2,{},["b"]]');
    expect(caller.take()).toEqual(['[50,3,{},["c"]]', '[50,1,{},["a"]]', '[50,2,{},["b"]]']);
  });

  it('WAMP-09: counts invocation ids per callee, from 1', () => {
    const first = pair();
    const second = peers.join().send('[64,1,{},"com.b"]');
    second.take();
    first.caller.send('[48,11,{},"com.a"]', '[48,12,{},"com.b"]', '[48,13,{},"com.a"]');
    expect(first.callee.takeParsed().map((call) => call[1])).toEqual([1, 2]);
    expect(second.takeParsed().map((call) => call[1])).toEqual([1]);
  });

  it('lets a session call itself', () => {
    const peer = peers.join().send('[64,1,{},"com.a"]', '[48,2,{},"com.a"]', '[70,1,{},[1]]');
    expect(peer.take()).toEqual(['[65,1,1]', '[68,1,1,{}]', '[50,2,{},[1]]']);
  });

  it('WAMP-21: answers with timeout when the callee does not in time', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]');
    peers.services.clock.advance(30_300);
    expect(errorOf(caller)).toBe('wamp.error.timeout');
    callee.send('[70,1,{},["late"]]');
    expect([caller.take(), callee.closedAs]).toEqual([[], undefined]);
  });

  it('refuses one call too many with unavailable', () => {
    start({ brokerLimits: { callsPerCaller: 2 } });
    const { callee, caller } = pair();
    caller.send('[48,1,{},"com.a"]', '[48,2,{},"com.a"]', '[48,3,{},"com.a"]');
    expect(errorOf(caller)).toBe('wamp.error.unavailable');
    callee.send('[70,1,{}]');
    caller.send('[48,4,{},"com.a"]');
    expect(caller.take()).toEqual(['[50,1,{}]']);
  });
});

describe('REGISTER', () => {
  it('P10 WAMP-17 WAMP-76: refuses a second callee with procedure_already_exists', () => {
    const { caller } = pair();
    caller.send(
      '[64,1,{},"com.a"]',
      '[64,2,{"invoke":"single"},"com.a"]',
      '[64,3,{"force_reregister":true},"com.a"]',
    );
    expect(caller.takeParsed().map((error) => error[4])).toEqual([
      'wamp.error.procedure_already_exists',
      'wamp.error.procedure_already_exists',
      'wamp.error.not_authorized',
    ]);
  });

  it('WAMP-76 WAMP-27: refuses an unknown invoke with invalid_argument', () => {
    const peer = peers.join().send('[64,1,{"invoke":"all"},"com.a"]', '[64,2,{"invoke":"single"},"com.a"]');
    expect(peer.takeParsed().map((message) => message[4] ?? message[0])).toEqual([
      'wamp.error.invalid_argument',
      65,
    ]);
  });

  it.each(['wamp', 'wamp.session.kill'])('P9 P10 WAMP-02: lets nobody register %s, as any match', (uri) => {
    const peer = peers.join();
    peer.send(
      JSON.stringify([64, 1, {}, uri]),
      JSON.stringify([64, 2, { match: 'prefix' }, uri]),
      JSON.stringify([64, 3, { match: 'wildcard' }, `${uri}.`]),
    );
    expect(peer.takeParsed().map((error) => error[4])).toEqual(Array(3).fill('wamp.error.invalid_uri'));
  });

  it.each(['Wamp.x', 'wampum.x', 'wamp_'])('P9 WAMP-02: lets everybody register %s', (uri) => {
    expect(
      peers
        .join()
        .send(JSON.stringify([64, 1, {}, uri]))
        .take(),
    ).toEqual(['[65,1,1]']);
  });

  it('WAMP-14: answers REGISTERED before the first INVOCATION', () => {
    const peer = peers.join().send('[64,1,{},"com.a"]', '[48,2,{},"com.a"]');
    expect(peer.takeParsed().map(([code]) => code)).toEqual([65, 68]);
  });

  it('P8 WAMP-18 WAMP-42: refuses to end the registration of another session, or one that is none', () => {
    const { callee, caller } = pair();
    caller.send('[66,1,1]', '[66,2,4711]');
    expect(caller.takeParsed().map((error) => error.slice(0, 5))).toEqual([
      [8, 66, 1, {}, 'wamp.error.no_such_registration'],
      [8, 66, 2, {}, 'wamp.error.no_such_registration'],
    ]);
    caller.send('[48,3,{},"com.a"]');
    expect(callee.take()).toEqual(['[68,1,1,{}]']);
  });

  it('ends a registration once, and calls in progress may still be answered', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]');
    callee.send('[66,2,1]', '[66,3,1]', '[70,1,{},[1]]');
    expect(callee.takeParsed().map(([code, a]) => [code, a])).toEqual([
      [68, 1],
      [67, 2],
      [8, 66],
    ]);
    expect(caller.take()).toEqual(['[50,7,{},[1]]']);
    caller.send('[48,8,{},"com.a"]');
    expect(errorOf(caller)).toBe('wamp.error.no_such_procedure');
  });

  it('P10 WAMP-72 WAMP-73: prefers exact to the longest prefix to the wildcard, and calls one only', () => {
    const callee = peers.join();
    callee.send(
      '[64,1,{"match":"wildcard"},"com..b"]',
      '[64,2,{"match":"prefix"},"com"]',
      '[64,3,{"match":"prefix"},"com.a"]',
      '[64,4,{},"com.a.b"]',
    );
    callee.take();
    const caller = peers.join();
    caller.send('[48,1,{},"com.a.b"]', '[48,2,{},"com.a.c"]', '[48,3,{},"com.x.b"]');
    expect(callee.takeParsed().map((call) => call[2])).toEqual([4, 3, 2]);
  });

  it('WAMP-72: prefers the wildcard with the longest runs of literal components', () => {
    const callee = peers.join();
    callee.send(
      '[64,1,{"match":"wildcard"},"a1.b2..d4.e5"]',
      '[64,2,{"match":"wildcard"},"a1.b2.c33..e5"]',
      '[64,3,{"match":"wildcard"},"a1.b2..d4.e5..g7"]',
      '[64,4,{"match":"wildcard"},"a1.b2..d4..f6.g7"]',
    );
    callee.take();
    peers.join().send('[48,1,{},"a1.b2.c33.d4.e5"]', '[48,2,{},"a1.b2.c88.d4.e5.f6.g7"]');
    expect(callee.takeParsed().map((call) => call[2])).toEqual([2, 3]);
  });

  it('WAMP-74 WAMP-75: tells the callee of a pattern which procedure was called', () => {
    const callee = peers.join();
    callee.send(
      '[64,1,{},"com.a"]',
      '[64,2,{"match":"prefix"},"com.a"]',
      '[64,3,{"match":"wildcard"},"org."]',
    );
    expect(callee.take()).toEqual(['[65,1,1]', '[65,2,2]', '[65,3,3]']);
    peers.join().send('[48,1,{},"com.a"]', '[48,2,{},"com.a.x"]', '[48,3,{},"org.x"]');
    expect(callee.take()).toEqual([
      '[68,1,1,{}]',
      '[68,2,2,{"procedure":"com.a.x"}]',
      '[68,3,3,{"procedure":"org.x"}]',
    ]);
  });
});

describe('YIELD and ERROR', () => {
  it('P7 WAMP-35: aborts a callee that answers what it was never given; the true answer arrives', () => {
    const { callee, caller } = pair();
    const forger = peers.join();
    caller.send('[48,7,{},"com.a"]');
    forger.send('[70,1,{},["forged"]]');
    expect(forger.takeParsed()[0]?.[2]).toBe('wamp.error.protocol_violation');
    const other = peers.join().send('[8,68,1,{},"com.forged"]');
    expect(other.closedAs).toBe('protocol_error');
    expect(caller.take()).toEqual([]);
    callee.send('[70,1,{},["true"]]');
    expect(caller.take()).toEqual(['[50,7,{},["true"]]']);
  });

  it('P7 WAMP-35: aborts a callee that guesses the next id', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]');
    callee.send('[70,2,{},["forged"]]');
    expect(callee.closedAs).toBe('protocol_error');
    expect(errorOf(caller)).toBe('wamp.error.canceled');
  });

  it('P7 WAMP-45 WAMP-79: passes over a second answer', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]');
    callee.send('[70,1,{},[1]]', '[70,1,{},[2]]', '[8,68,1,{},"com.e"]', '[70,1,{"progress":true},[3]]');
    expect(caller.take()).toEqual(['[50,7,{},[1]]']);
    expect(callee.closedAs).toBeUndefined();
  });

  it('P7: remembers ten thousand ended invocations without keeping them', () => {
    const { callee, caller } = pair('[64,1,{},"com.a"]', PLAIN_HELLO);
    for (let id = 1; id <= 10_000; id += 1) caller.send(`[48,${id},{},"com.a"]`, `[49,${id},{}]`);
    expect(caller.take().length).toBe(10_000);
    callee.send('[70,1,{}]', '[70,5000,{}]', '[70,10000,{}]');
    expect([caller.take(), callee.closedAs]).toEqual([[], undefined]);
    callee.send('[70,10001,{}]');
    expect(callee.closedAs).toBe('protocol_error');
  });

  it('WAMP-20 WAMP-82: answers canceled, and says why, when the callee leaves', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]', '[48,8,{},"com.a"]');
    callee.disconnect();
    expect(caller.take()).toEqual([
      '[8,48,7,{},"wamp.error.canceled",["The callee left before it answered."]]',
      '[8,48,8,{},"wamp.error.canceled",["The callee left before it answered."]]',
    ]);
  });

  it('WAMP-82: interrupts the callee when the caller leaves', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]');
    callee.take();
    caller.disconnect();
    expect(callee.take()).toEqual(['[69,1,{"mode":"killnowait"}]']);
    callee.send('[70,1,{}]');
    expect(callee.closedAs).toBeUndefined();
  });

  it('WAMP-82: says nothing to a callee that cannot be interrupted when the caller leaves', () => {
    const { callee, caller } = pair('[64,1,{},"com.a"]', PLAIN_HELLO);
    caller.send('[48,7,{},"com.a"]');
    callee.take();
    caller.disconnect();
    callee.send('[70,1,{}]');
    expect([callee.take(), callee.closedAs]).toEqual([[], undefined]);
  });
});

describe('disclosure of the caller', () => {
  it('P20 WAMP-86: tells the callee who calls if the caller asks for it', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]', '[48,8,{"disclose_me":true},"com.a"]');
    expect(callee.take()).toEqual([
      '[68,1,1,{}]',
      '[68,2,1,{"caller":1002,"caller_authid":"anonymous","caller_authrole":"anonymous"}]',
    ]);
  });

  it('P20 WAMP-86: tells the callee who calls if the callee asks for it', () => {
    const { callee, caller } = pair('[64,1,{"disclose_caller":true},"com.a"]');
    caller.send('[48,7,{},"com.a"]');
    expect(callee.takeParsed()[0]?.[3]).toMatchObject({ caller: 1002 });
  });

  it('P20 WAMP-88: drops what a client says about the caller', () => {
    const { callee, caller } = pair();
    caller.send(
      '[48,7,{"caller":1,"caller_authid":"root","caller_authrole":"admin","procedure":"x","trustlevel":9},"com.a"]',
    );
    expect(callee.take()).toEqual(['[68,1,1,{}]']);
    callee.send('[70,1,{"callee":1,"callee_authid":"root"}]');
    expect(caller.take()).toEqual(['[50,7,{}]']);
  });

  it('WAMP-87: refuses disclosure that is not allowed', () => {
    const decide = (_who: unknown, action: string): Decision => ({
      allow: true,
      disclose: action === 'none',
    });
    start({ authorizer: { decide } as Authorizer });
    const { callee, caller } = pair();
    caller.send('[48,7,{"disclose_me":true},"com.a"]', '[64,8,{"disclose_caller":true},"com.b"]');
    expect(caller.takeParsed().map((error) => error[4])).toEqual([
      'wamp.error.option_disallowed.disclose_me',
      'wamp.error.option_disallowed.disclose_me',
    ]);
    expect(callee.take()).toEqual([]);
  });
});

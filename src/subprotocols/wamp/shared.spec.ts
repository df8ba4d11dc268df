import { afterEach, describe, expect, it } from '@jest/globals';
import { AUTOBAHN_JS_HELLO, HELLO, Peers } from '../../../test/support/wamp-peer.js';
import type { PeerOptions, WampPeer } from '../../../test/support/wamp-peer.js';
import type { Decision } from '../../broker/index.js';
import { testServices } from '../../testing/index.js';

let decision: Decision = { allow: true };
const start = (): Peers => new Peers(testServices({ authorizer: { decide: () => decision } }));
let peers = start();

afterEach(() => {
  peers.end();
  decision = { allow: true };
  peers = start();
});

/** A HELLO of a callee that re-routes and understands that it loses a registration. */
const REROUTING_HELLO =
  '[1,"realm1",{"roles":{"callee":{"features":{"call_reroute":true,"registration_revocation":true}}}}]';

function callee(options: string, hello = REROUTING_HELLO, peerOptions?: PeerOptions): WampPeer {
  const peer = peers.join(hello, peerOptions).send(`[64,1,${options},"com.a"]`);
  expect(peer.takeParsed()[0]?.[0]).toBe(65);
  return peer;
}

/** The error URI of the last message, an ERROR. */
function errorOf(peer: WampPeer): unknown {
  return peer.takeParsed().at(-1)?.[4];
}

describe('REGISTER with invoke', () => {
  it.each([
    ['first', [2, 0]],
    ['last', [0, 2]],
    ['roundrobin', [1, 1]],
  ])('WAMP-89: shares a procedure, its id and its calls by %s', (policy, expected) => {
    const one = peers.join().send(`[64,1,{"invoke":"${policy}"},"com.a"]`);
    const other = peers.join().send(`[64,1,{"invoke":"${policy}"},"com.a"]`);
    expect([one.take(), other.take()]).toEqual([['[65,1,1]'], ['[65,1,1]']]);
    peers.join().send('[48,1,{},"com.a",[1]]', '[48,2,{},"com.a",[2]]');
    expect([one.take().length, other.take().length]).toEqual(expected);
  });

  it.each(['prefix', 'wildcard'])(
    'WAMP-89: shares a %s pattern as well, and names the procedure',
    (match) => {
      const options = `{"match":"${match}","invoke":"roundrobin"}`;
      const uri = match === 'prefix' ? 'com.a' : 'com..b';
      const both = [1, 2].map(() => peers.join().send(`[64,1,${options},"${uri}"]`));
      for (const peer of both) peer.take();
      peers.join().send('[48,1,{},"com.a.b"]', '[48,2,{},"com.a.b"]');
      expect(both.map((peer) => peer.take())).toEqual([1, 2].map(() => ['[68,1,1,{"procedure":"com.a.b"}]']));
    },
  );

  it('P10 WAMP-90: is refused with another policy than the first, and tells both', () => {
    callee('{"invoke":"roundrobin"}');
    const other = peers.join().send('[64,1,{"invoke":"random"},"com.a"]', '[64,2,{},"com.a"]');
    expect(other.take()).toEqual([
      '[8,64,1,{},"wamp.error.procedure_exists_with_different_invocation_policy",' +
        '["The procedure is registered already, with the policy roundrobin, not random."]]',
      '[8,64,2,{},"wamp.error.procedure_exists_with_different_invocation_policy",' +
        '["The procedure is registered already, with the policy roundrobin, not single."]]',
    ]);
  });

  it('WAMP-90: is refused to who holds it already', () => {
    const one = callee('{"invoke":"roundrobin"}').send('[64,2,{"invoke":"roundrobin"},"com.a"]');
    expect(errorOf(one)).toBe('wamp.error.procedure_already_exists');
  });

  it('leaves a procedure to the others when one unregisters or leaves', () => {
    const [one, two, three] = [1, 2, 3].map(() => callee('{"invoke":"first"}')) as [
      WampPeer,
      WampPeer,
      WampPeer,
    ];
    one.send('[66,2,1]');
    two.disconnect();
    peers.join().send('[48,1,{},"com.a"]');
    expect([one.take(), three.take()]).toEqual([['[67,2]'], ['[68,1,1,{}]']]);
  });
});

describe('REGISTER with concurrency', () => {
  it('P15 WAMP-91: passes a busy callee over, and tells the caller when all are', () => {
    const [one, other] = [1, 2].map(() => callee('{"invoke":"first","concurrency":1}')) as [
      WampPeer,
      WampPeer,
    ];
    const caller = peers.join().send('[48,1,{},"com.a"]', '[48,2,{},"com.a"]', '[48,3,{},"com.a"]');
    expect(caller.take()).toEqual([
      '[8,48,3,{},"wamp.error.no_available_callee",["No callee can take the call now."]]',
    ]);
    expect([one.take(), other.take()]).toEqual([['[68,1,1,{}]'], ['[68,1,1,{}]']]);
    one.send('[70,1,{}]');
    caller.send('[48,4,{},"com.a"]');
    expect([caller.take(), one.take()]).toEqual([['[50,1,{}]'], ['[68,2,1,{}]']]);
  });

  it.each(['0', '-1', '1.5', '"2"', '65536'])(
    'WAMP-27: refuses concurrency %s with invalid_argument',
    (value) => {
      const peer = peers.join().send(`[64,1,{"concurrency":${value}},"com.a"]`);
      expect(errorOf(peer)).toBe('wamp.error.invalid_argument');
    },
  );
});

describe('REGISTER with force_reregister', () => {
  it('P10 WAMP-92: is refused with not_authorized unless the authorizer allows it', () => {
    const holder = callee('{}');
    const other = peers.join().send('[64,1,{"force_reregister":true},"com.a"]');
    expect(errorOf(other)).toBe('wamp.error.not_authorized');
    peers.join().send('[48,1,{},"com.a"]');
    expect(holder.take()).toEqual(['[68,1,1,{}]']);
  });

  it('WAMP-92 WAMP-93: takes the procedure over, and tells a callee that has announced revocation', () => {
    const [told, untold] = [callee('{"invoke":"last"}'), callee('{"invoke":"last"}', HELLO)];
    decision = { allow: true, takeover: true };
    const other = peers.join().send('[64,1,{"force_reregister":true},"com.a"]');
    expect(other.take()).toEqual(['[65,1,2]']);
    expect([told.take(), untold.take()]).toEqual([
      ['[67,0,{"registration":1,"reason":"wamp.error.procedure_already_exists"}]'],
      [],
    ]);
    peers.join().send('[48,1,{},"com.a"]');
    expect(other.take()).toEqual(['[68,1,2,{}]']);
    untold.send('[66,2,1]');
    expect(errorOf(untold)).toBe('wamp.error.no_such_registration');
  });

  it('WAMP-93: tells AutobahnJS, which has announced it', () => {
    const holder = callee('{}', AUTOBAHN_JS_HELLO);
    decision = { allow: true, takeover: true };
    peers.join().send('[64,1,{"force_reregister":true},"com.a"]');
    expect(holder.take()).toEqual([
      '[67,0,{"registration":1,"reason":"wamp.error.procedure_already_exists"}]',
    ]);
  });
});

describe('ERROR wamp.error.unavailable of a callee', () => {
  it('P15 WAMP-94: gives the call to the next callee, and the caller never knows', () => {
    const [one, other] = [1, 2].map(() => callee('{"invoke":"first"}')) as [WampPeer, WampPeer];
    const caller = peers.join().send('[48,7,{},"com.a",[1],{"k":2}]');
    one.send('[8,68,1,{},"wamp.error.unavailable"]');
    expect([caller.take(), other.take()]).toEqual([[], ['[68,1,1,{},[1],{"k":2}]']]);
    other.send('[70,1,{},["done"]]');
    one.send('[70,1,{},["late"]]');
    expect([caller.take(), one.closedAs]).toEqual([['[50,7,{},["done"]]'], undefined]);
  });

  it('WAMP-94: tells the caller no_available_callee when all have said so, alone or shared', () => {
    const only = callee('{}');
    const caller = peers.join().send('[48,1,{},"com.a"]');
    only.send('[8,68,1,{},"wamp.error.unavailable"]', '[66,2,1]');
    expect(errorOf(caller)).toBe('wamp.error.no_available_callee');
    const [one, other] = [1, 2].map(() => callee('{"invoke":"last"}')) as [WampPeer, WampPeer];
    caller.send('[48,2,{},"com.a"]');
    other.send('[8,68,1,{},"wamp.error.unavailable"]');
    one.send('[8,68,1,{},"wamp.error.unavailable"]');
    expect(caller.take()).toEqual([
      '[8,48,2,{},"wamp.error.no_available_callee",["No callee can take the call now."]]',
    ]);
  });

  it('WAMP-94: is passed on unchanged if the callee has not announced call_reroute (strict)', () => {
    const strict: PeerOptions = { profile: 'strict' };
    const one = callee('{"invoke":"first"}', HELLO, strict);
    callee('{"invoke":"first"}');
    const caller = peers.join().send('[48,1,{},"com.a"]');
    one.send('[8,68,1,{},"wamp.error.unavailable",["busy"]]');
    expect(caller.take()).toEqual(['[8,48,1,{},"wamp.error.unavailable",["busy"]]']);
  });

  it('goes to the next callee though the first has not announced call_reroute (compatible)', () => {
    const one = callee('{"invoke":"first"}', HELLO);
    const other = callee('{"invoke":"first"}', HELLO);
    const caller = peers.join().send('[48,1,{},"com.a"]');
    one.send('[8,68,1,{},"wamp.error.unavailable",["busy"]]');
    expect([caller.take(), other.take()]).toEqual([[], ['[68,1,1,{}]']]);
  });

  it('WAMP-95: is passed on unchanged after a progressive result', () => {
    const one = callee('{"invoke":"first"}', HELLO);
    callee('{"invoke":"first"}', HELLO);
    const caller = peers.join().send('[48,1,{"receive_progress":true},"com.a"]');
    one.send('[70,1,{"progress":true},[1]]', '[8,68,1,{},"wamp.error.unavailable",["tired"]]');
    expect(caller.take()).toEqual([
      '[50,1,{"progress":true},[1]]',
      '[8,48,1,{},"wamp.error.unavailable",["tired"]]',
    ]);
  });
});

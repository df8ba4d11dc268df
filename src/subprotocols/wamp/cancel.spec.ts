import { afterEach, describe, expect, it } from '@jest/globals';
import { HELLO, Peers, PLAIN_HELLO } from '../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../test/support/wamp-peer.js';
import { testServices } from '../../testing/index.js';

let peers = new Peers(testServices());

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

describe('CANCEL', () => {
  it('WAMP-77: skip answers the caller at once and leaves the callee alone', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]', '[49,7,{"mode":"skip"}]');
    expect(caller.take()).toEqual(['[8,48,7,{},"wamp.error.canceled",["The call was canceled."]]']);
    expect(callee.take()).toEqual(['[68,1,1,{}]']);
    callee.send('[70,1,{},["late"]]');
    expect([caller.take(), callee.closedAs]).toEqual([[], undefined]);
  });

  it('WAMP-77: killnowait answers the caller at once and interrupts the callee', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]', '[49,7,{"mode":"killnowait"}]');
    expect(errorOf(caller)).toBe('wamp.error.canceled');
    expect(callee.take()).toEqual(['[68,1,1,{}]', '[69,1,{"mode":"killnowait"}]']);
    callee.send('[8,68,1,{},"wamp.error.canceled"]');
    expect([caller.take(), callee.closedAs]).toEqual([[], undefined]);
  });

  it('WAMP-77: kill interrupts the callee, whose answer is the answer', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]', '[48,8,{},"com.a"]', '[49,7,{"mode":"kill"}]', '[49,8,{"mode":"kill"}]');
    expect(caller.take()).toEqual([]);
    expect(callee.take().slice(2)).toEqual(['[69,1,{"mode":"kill"}]', '[69,2,{"mode":"kill"}]']);
    callee.send('[8,68,1,{},"com.stopped"]', '[70,2,{},["done"]]');
    expect(caller.take()).toEqual(['[8,48,7,{},"com.stopped"]', '[50,8,{},["done"]]']);
  });

  it('WAMP-78: takes killnowait where no mode is given', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]', '[49,7,{}]');
    expect(callee.take()[1]).toBe('[69,1,{"mode":"killnowait"}]');
  });

  it.each(['kill', 'killnowait'])(
    'WAMP-78: takes %s as skip for a callee that cannot be interrupted',
    (mode) => {
      const { callee, caller } = pair('[64,1,{},"com.a"]', PLAIN_HELLO);
      caller.send('[48,7,{},"com.a"]', `[49,7,{"mode":"${mode}"}]`);
      expect(errorOf(caller)).toBe('wamp.error.canceled');
      expect(callee.take()).toEqual(['[68,1,1,{}]']);
    },
  );

  it('P14 WAMP-78 WAMP-27: refuses an unknown mode with invalid_argument, and the call goes on', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]', '[49,7,{"mode":"nicely"}]');
    expect(caller.takeParsed()).toEqual([[8, 49, 7, {}, 'wamp.error.invalid_argument', expect.anything()]]);
    callee.send('[70,1,{}]');
    expect(caller.take()).toEqual(['[50,7,{}]']);
  });

  it('P14 WAMP-44 WAMP-81: passes over a CANCEL of a call that is answered, canceled already, or unknown', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]');
    callee.send('[70,1,{}]');
    caller.send(
      '[49,7,{}]',
      '[49,7,{"mode":"nicely"}]',
      '[49,99,{}]',
      '[48,8,{},"com.a"]',
      '[49,8,{}]',
      '[49,8,{}]',
    );
    expect(caller.takeParsed().map((message) => message[4] ?? message[0])).toEqual([
      50,
      'wamp.error.canceled',
    ]);
    expect(caller.closedAs).toBeUndefined();
  });

  it('P8 WAMP-81: lets nobody but the caller cancel a call', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]');
    const other = peers.join().send('[49,7,{"mode":"kill"}]');
    expect([other.take(), callee.take()]).toEqual([[], ['[68,1,1,{}]']]);
  });

  it('WAMP-80: answers canceled when the callee leaves after kill', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]', '[49,7,{"mode":"kill"}]');
    callee.disconnect();
    expect(errorOf(caller)).toBe('wamp.error.canceled');
  });

  it('P14 WAMP-79: gives each call exactly one final answer, whatever races', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]', '[49,7,{"mode":"skip"}]');
    callee.send('[70,1,{}]', '[8,68,1,{},"com.e"]');
    peers.services.clock.advance(40_000);
    callee.disconnect();
    expect(caller.take().length).toBe(1);
  });

  it('WAMP-58: takes the spelling call_cancelling', () => {
    const hello = '[1,"realm1",{"roles":{"callee":{"features":{"call_cancelling":true}}}}]';
    const { callee, caller } = pair('[64,1,{},"com.a"]', hello);
    caller.send('[48,7,{},"com.a"]', '[49,7,{}]');
    expect(callee.take()[1]).toBe('[69,1,{"mode":"killnowait"}]');
  });
});

describe('progressive results', () => {
  it('WAMP-84: pass when caller, callee and router can', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{"receive_progress":true},"com.a"]');
    expect(callee.take()).toEqual(['[68,1,1,{"receive_progress":true}]']);
    callee.send(
      '[70,1,{"progress":true},[1]]',
      '[70,1,{"progress":true},[2]]',
      '[70,1,{},[3]]',
      '[70,1,{},[4]]',
    );
    expect(caller.take()).toEqual([
      '[50,7,{"progress":true},[1]]',
      '[50,7,{"progress":true},[2]]',
      '[50,7,{},[3]]',
    ]);
  });

  it('WAMP-85: are dropped when the caller did not ask for them', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{},"com.a"]');
    expect(callee.take()).toEqual(['[68,1,1,{}]']);
    callee.send('[70,1,{"progress":true},[1]]', '[70,1,{},[2]]');
    expect(caller.take()).toEqual(['[50,7,{},[2]]']);
  });

  it('WAMP-84: are not asked for when the caller did not announce them', () => {
    const callee = peers.join().send('[64,1,{},"com.a"]');
    callee.take();
    peers.join(PLAIN_HELLO).send('[48,7,{"receive_progress":true},"com.a"]');
    expect(callee.take()).toEqual(['[68,1,1,{}]']);
  });

  it('WAMP-56: are not asked for when the callee cannot be interrupted', () => {
    const hello =
      '[1,"realm1",{"agent":"other","roles":{"callee":{"features":{"progressive_call_results":true}}}}]';
    const { callee, caller } = pair('[64,1,{},"com.a"]', hello);
    caller.send('[48,7,{"receive_progress":true},"com.a"]');
    expect(callee.take()).toEqual(['[68,1,1,{}]']);
    callee.send('[70,1,{"progress":true},[1]]');
    expect(caller.take()).toEqual([]);
  });
});

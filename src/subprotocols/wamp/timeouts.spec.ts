import { afterEach, describe, expect, it } from '@jest/globals';
import { HELLO, Peers, PLAIN_HELLO } from '../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../test/support/wamp-peer.js';
import { testServices } from '../../testing/index.js';

let peers = new Peers(testServices());

afterEach(() => {
  peers.end();
  peers = new Peers(testServices());
});

/** A callee that watches over time-outs itself. */
const WATCHING_HELLO =
  '[1,"realm1",{"roles":{"callee":{"features":{"call_timeout":true,"call_canceling":true,' +
  '"call_reroute":true,"progressive_call_results":true}}}}]';

const TIMEOUT = (id: number): string =>
  `[8,48,${id},{},"wamp.error.timeout",["The callee did not answer in time."]]`;

function pair(register = '[64,1,{},"com.a"]', hello = HELLO): { callee: WampPeer; caller: WampPeer } {
  const callee = peers.join(hello).send(register);
  expect(callee.takeParsed()[0]?.[0]).toBe(65);
  return { callee, caller: peers.join() };
}

const wait = (ms: number): void => peers.services.clock.advance(ms);

describe('CALL with timeout', () => {
  it('WAMP-21 WAMP-96: ends after so many ms, the callee interrupted, its late answer ignored', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{"timeout":1000},"com.a"]');
    wait(900);
    expect(caller.take()).toEqual([]);
    wait(300);
    expect(caller.take()).toEqual([TIMEOUT(7)]);
    expect(callee.take()).toEqual(['[68,1,1,{}]', '[69,1,{"mode":"killnowait"}]']);
    callee.send('[70,1,{},["late"]]');
    expect([caller.take(), callee.closedAs]).toEqual([[], undefined]);
  });

  it('WAMP-96: leaves a callee alone that cannot be interrupted', () => {
    const { callee, caller } = pair('[64,1,{},"com.a"]', PLAIN_HELLO);
    caller.send('[48,7,{"timeout":1000},"com.a"]');
    wait(1200);
    expect([caller.take(), callee.take()]).toEqual([[TIMEOUT(7)], ['[68,1,1,{}]']]);
  });

  it.each(['{"timeout":0}', '{}'])('WAMP-96: asks for nothing special with %s', (options) => {
    const { callee, caller } = pair();
    caller.send(`[48,7,${options},"com.a"]`);
    wait(29_000);
    expect(caller.take()).toEqual([]);
    wait(1300);
    expect([caller.take(), callee.take().length]).toEqual([[TIMEOUT(7)], 2]);
  });

  it('P13 WAMP-96: ends after ten minutes at the most', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{"timeout":9007199254740991},"com.a"]');
    wait(599_900);
    expect(caller.take()).toEqual([]);
    wait(300);
    expect([caller.take(), callee.take().length]).toEqual([[TIMEOUT(7)], 2]);
  });

  it('WAMP-27: is refused with invalid_argument if it is negative', () => {
    const { caller } = pair();
    caller.send('[48,7,{"timeout":-1},"com.a"]');
    expect(caller.takeParsed()[0]?.[4]).toBe('wamp.error.invalid_argument');
  });

  it.each(['"1"', 'true', '1.5', '[]'])('WAMP-47: ends the connection if it is %s', (timeout) => {
    const { caller } = pair();
    caller.send(`[48,7,{"timeout":${timeout}},"com.a"]`);
    expect([caller.takeParsed()[0]?.[2], caller.closedAs]).toEqual([
      'wamp.error.protocol_violation',
      'protocol_error',
    ]);
  });

  it('P12 WAMP-98: is for each gap between progressive results', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{"timeout":1000,"receive_progress":true},"com.a"]');
    for (const n of [1, 2, 3]) {
      wait(900);
      callee.send(`[70,1,{"progress":true},[${n}]]`);
    }
    wait(1200);
    expect(caller.take()).toEqual([
      '[50,7,{"progress":true},[1]]',
      '[50,7,{"progress":true},[2]]',
      '[50,7,{"progress":true},[3]]',
      TIMEOUT(7),
    ]);
  });

  it('P12 WAMP-98: is not made longer by progressive results that nobody asked for', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{"timeout":1000},"com.a"]');
    wait(900);
    callee.send('[70,1,{"progress":true},[1]]');
    wait(300);
    expect(caller.take()).toEqual([TIMEOUT(7)]);
  });

  it('P14 WAMP-79 WAMP-215: goes on after kill; whichever is first is the answer', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{"timeout":1000},"com.a"]', '[49,7,{"mode":"kill"}]');
    wait(1200);
    callee.send('[70,1,{}]');
    expect(caller.take()).toEqual([TIMEOUT(7)]);
    expect(callee.take().slice(1)).toEqual(['[69,1,{"mode":"kill"}]', '[69,1,{"mode":"killnowait"}]']);
  });
});

describe('REGISTER with forward_timeout', () => {
  const REGISTER = '[64,1,{"forward_timeout":true},"com.a"]';

  it('WAMP-97: tells a callee that watches itself, whose error is passed on', () => {
    const { callee, caller } = pair(REGISTER, WATCHING_HELLO);
    caller.send('[48,7,{"timeout":1000},"com.a"]');
    expect(callee.take()).toEqual(['[68,1,1,{"timeout":1000}]']);
    wait(5000);
    expect(caller.take()).toEqual([]);
    callee.send('[8,68,1,{},"wamp.error.timeout"]');
    expect(caller.take()).toEqual(['[8,48,7,{},"wamp.error.timeout"]']);
  });

  it('P13 WAMP-97: bounds what the callee does not, by the most that a caller may ask for', () => {
    const { callee, caller } = pair(REGISTER, WATCHING_HELLO);
    caller.send('[48,7,{"timeout":1000},"com.a"]');
    wait(600_200);
    expect([caller.take(), callee.take().at(-1)]).toEqual([[TIMEOUT(7)], '[69,1,{"mode":"killnowait"}]']);
  });

  it.each([
    ['a callee that has not announced it', REGISTER, HELLO],
    ['a callee that has not asked for it', '[64,1,{},"com.a"]', WATCHING_HELLO],
  ])('WAMP-97: tells nothing to %s', (_whom, register, hello) => {
    const { callee, caller } = pair(register, hello);
    caller.send('[48,7,{"timeout":1000},"com.a"]');
    expect(callee.take()).toEqual(['[68,1,1,{}]']);
    wait(1200);
    expect(caller.take()).toEqual([TIMEOUT(7)]);
  });

  it('WAMP-97: tells nothing if the caller has asked for nothing, and the router watches', () => {
    const { callee, caller } = pair(REGISTER, WATCHING_HELLO);
    caller.send('[48,7,{},"com.a"]');
    expect(callee.take()).toEqual(['[68,1,1,{}]']);
    wait(30_200);
    expect(caller.take()).toEqual([TIMEOUT(7)]);
  });

  it('WAMP-94 WAMP-97: lets the router watch when the call goes on to a callee that does not', () => {
    const { callee, caller } = pair(
      '[64,1,{"forward_timeout":true,"invoke":"first"},"com.a"]',
      WATCHING_HELLO,
    );
    const other = peers.join().send('[64,1,{"invoke":"first"},"com.a"]');
    other.take();
    caller.send('[48,7,{"timeout":1000},"com.a"]');
    wait(5000);
    callee.send('[8,68,1,{},"wamp.error.unavailable"]');
    expect(other.take()).toEqual(['[68,1,1,{}]']);
    wait(1200);
    expect([caller.take(), other.take()]).toEqual([[TIMEOUT(7)], ['[69,1,{"mode":"killnowait"}]']]);
  });

  it('WAMP-47: ends the connection if it is no boolean', () => {
    const peer = peers.join().send('[64,1,{"forward_timeout":1},"com.a"]');
    expect(peer.closedAs).toBe('protocol_error');
  });
});

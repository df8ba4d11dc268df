import { afterEach, describe, expect, it } from '@jest/globals';
import { HELLO, Peers } from '../../../test/support/wamp-peer.js';
import type { PeerOptions, WampPeer } from '../../../test/support/wamp-peer.js';
import { Payload } from '../../broker/index.js';
import { RecordingEndpoint, testServices } from '../../testing/index.js';

let peers = new Peers(testServices());

afterEach(() => {
  peers.end();
  peers = new Peers(testServices());
});

/** Both sides can send arguments in parts. */
const PARTS_HELLO =
  '[1,"realm1",{"roles":{"caller":{"features":{"progressive_call_invocations":true,"call_canceling":true,' +
  '"progressive_call_results":true}},"callee":{"features":{"progressive_call_invocations":true,' +
  '"call_canceling":true,"progressive_call_results":true,"call_reroute":true}}}}]';

const STRICT: PeerOptions = { profile: 'strict' };

function pair(register = '[64,1,{},"com.a"]', options?: PeerOptions): { callee: WampPeer; caller: WampPeer } {
  const callee = peers.join(PARTS_HELLO, options).send(register);
  expect(callee.takeParsed()[0]?.[0]).toBe(65);
  return { callee, caller: peers.join(PARTS_HELLO, options) };
}

function violated(peer: WampPeer): boolean {
  return peer.closedAs === 'protocol_error';
}

describe('CALL with progress', () => {
  it('WAMP-99: brings all parts to the callee under one id, in order, and the result back', () => {
    const { callee, caller } = pair();
    caller.send(
      '[48,7,{"progress":true},"com.a",[1]]',
      '[48,7,{"progress":true},"com.a",[2],{"k":2}]',
      '[48,7,{},"com.a",[3]]',
    );
    expect(callee.take()).toEqual([
      '[68,1,1,{"progress":true},[1]]',
      '[68,1,1,{"progress":true},[2],{"k":2}]',
      '[68,1,1,{},[3]]',
    ]);
    callee.send('[70,1,{},[6]]');
    expect(caller.take()).toEqual(['[50,7,{},[6]]']);
  });

  it('WAMP-99: runs both ways at once', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{"progress":true,"receive_progress":true},"com.a",[1]]');
    callee.send('[70,1,{"progress":true},["one"]]');
    caller.send('[48,7,{"progress":false},"com.a",[2]]');
    callee.send('[70,1,{},["two"]]');
    expect(callee.take()).toEqual([
      '[68,1,1,{"receive_progress":true,"progress":true},[1]]',
      '[68,1,1,{"receive_progress":true},[2]]',
    ]);
    expect(caller.take()).toEqual(['[50,7,{"progress":true},["one"]]', '[50,7,{},["two"]]']);
  });

  it('WAMP-99: keeps the callee under roundrobin, while other calls take turns', () => {
    const { callee, caller } = pair('[64,1,{"invoke":"roundrobin"},"com.a"]');
    const other = peers.join(PARTS_HELLO).send('[64,1,{"invoke":"roundrobin"},"com.a"]');
    other.take();
    caller.send('[48,1,{"progress":true},"com.a",[1]]', '[48,2,{},"com.a"]', '[48,1,{},"com.a",[2]]');
    expect([callee.take(), other.take()]).toEqual([
      ['[68,1,1,{"progress":true},[1]]', '[68,1,1,{},[2]]'],
      ['[68,1,1,{}]'],
    ]);
  });

  it('WAMP-99: counts the options of the first part alone', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{"progress":true},"com.a"]', '[48,7,{"disclose_me":true,"timeout":5},"com.a"]');
    peers.services.clock.advance(1000);
    expect([callee.take(), caller.take()]).toEqual([['[68,1,1,{"progress":true}]', '[68,1,1,{}]'], []]);
  });

  it('names the procedure in every part of a call of a pattern', () => {
    const { callee, caller } = pair('[64,1,{"match":"prefix"},"com."]');
    caller.send('[48,7,{"progress":true},"com.a"]', '[48,7,{},"com.a"]');
    expect(callee.take()).toEqual([
      '[68,1,1,{"procedure":"com.a","progress":true}]',
      '[68,1,1,{"procedure":"com.a"}]',
    ]);
  });

  it('WAMP-98: has its time anew with each part', () => {
    const { callee, caller } = pair();
    caller.send('[48,7,{"progress":true,"timeout":1000},"com.a"]');
    peers.services.clock.advance(800);
    caller.send('[48,7,{"progress":true},"com.a"]');
    peers.services.clock.advance(800);
    expect(caller.take()).toEqual([]);
    peers.services.clock.advance(400);
    expect(caller.takeParsed()[0]?.[4]).toBe('wamp.error.timeout');
    expect(callee.take().at(-1)).toBe('[69,1,{"mode":"killnowait"}]');
  });

  it.each(['{"progress":true}', '{}'])(
    'WAMP-100: passes over a part (%s) of a call that its callee has ended, and what comes after it is heard',
    (options) => {
      for (const profile of ['compatible', 'strict'] as const) {
        const { callee, caller } = pair(`[64,1,{},"com.${profile}"]`, { profile });
        caller.send(`[48,1,{"progress":true},"com.${profile}",[1]]`);
        callee.send('[8,68,1,{},"com.enough"]');
        caller.send(`[48,1,${options},"com.${profile}",[2]]`, `[48,2,{},"com.${profile}"]`);
        expect(caller.take()).toEqual(['[8,48,1,{},"com.enough"]']);
        expect(callee.take().slice(1)).toEqual([expect.stringMatching(/^\[68,2,/)]);
      }
    },
  );

  it('WAMP-100: passes over a part of a call that was refused', () => {
    const caller = peers.join(PARTS_HELLO);
    caller.send(
      '[48,1,{"progress":true},"com.none"]',
      '[48,1,{},"com.none"]',
      '[48,2,{"progress":true},"not a uri"]',
      '[48,2,{},"not a uri"]',
    );
    expect(caller.takeParsed().map((error) => error[4])).toEqual([
      'wamp.error.no_such_procedure',
      'wamp.error.invalid_uri',
    ]);
  });

  it('WAMP-100: passes over a part of a call that was canceled', () => {
    const { callee, caller } = pair();
    caller.send('[48,1,{"progress":true},"com.a"]', '[49,1,{}]', '[48,1,{"progress":true},"com.a"]');
    expect(caller.takeParsed().map((error) => error[4])).toEqual(['wamp.error.canceled']);
    expect(callee.take()).toEqual(['[68,1,1,{"progress":true}]', '[69,1,{"mode":"killnowait"}]']);
  });

  it('WAMP-100: sends no part on once the caller has said kill', () => {
    const { callee, caller } = pair();
    caller.send('[48,1,{"progress":true},"com.a"]', '[49,1,{"mode":"kill"}]', '[48,1,{},"com.a"]');
    expect(callee.take()).toEqual(['[68,1,1,{"progress":true}]', '[69,1,{"mode":"kill"}]']);
    callee.send('[8,68,1,{},"com.stopped"]');
    expect(caller.take()).toEqual(['[8,48,1,{},"com.stopped"]']);
  });

  it.each([
    ['an ordinary call', '[48,1,{},"com.a"]', '[48,1,{},"com.a"]'],
    ['a call whose last part has come', '[48,1,{"progress":true},"com.a"]', '[48,1,{},"com.a"]'],
    ['a call of another procedure', '[48,1,{"progress":true},"com.a"]', '[48,1,{"progress":true},"com.b"]'],
  ])('P6 WAMP-100: ends the connection for a second CALL with the id of %s', (_what, first, second) => {
    const { caller } = pair();
    caller.send(first, second, second);
    expect(violated(caller)).toBe(true);
  });

  it('P6 WAMP-10: keeps the ids of new calls in sequence beside the parts of old ones (strict)', () => {
    const { caller } = pair('[64,1,{},"com.a"]', STRICT);
    caller.send('[48,1,{"progress":true},"com.a"]', '[48,2,{},"com.a"]', '[48,1,{},"com.a"]');
    expect(violated(caller)).toBe(false);
    caller.send('[48,4,{},"com.a"]');
    expect(violated(caller)).toBe(true);
  });

  it('WAMP-39: ends the connection of a caller that has not announced it (strict)', () => {
    pair();
    expect(violated(peers.join(HELLO, STRICT).send('[48,1,{"progress":true},"com.a"]'))).toBe(true);
  });

  it('WAMP-39: takes the parts of a caller that has not announced it, as wampy does not (compatible)', () => {
    const { callee } = pair();
    peers.join(HELLO).send('[48,1,{"progress":true},"com.a"]', '[48,1,{},"com.a"]');
    expect(callee.take()).toEqual(['[68,1,1,{"progress":true}]', '[68,1,1,{}]']);
  });

  it.each(['{"call_canceling":true}', '{"progressive_call_invocations":true}', '{}'])(
    'WAMP-101: answers feature_not_supported for a callee with the features %s',
    (features) => {
      const callee = peers.join(`[1,"realm1",{"roles":{"callee":{"features":${features}}}}]`);
      callee.send('[64,1,{},"com.a"]').take();
      const caller = peers.join(PARTS_HELLO).send('[48,1,{"progress":true},"com.a"]');
      expect(caller.take()).toEqual([
        '[8,48,1,{},"wamp.error.feature_not_supported",["The callee lacks a feature that the call needs."]]',
      ]);
      expect(callee.take()).toEqual([]);
    },
  );

  it('WAMP-101: chooses a callee that can, among those that share the procedure', () => {
    peers.join(HELLO).send('[64,1,{"invoke":"first"},"com.a"]');
    const { callee, caller } = pair('[64,1,{"invoke":"first"},"com.a"]');
    caller.send('[48,1,{"progress":true},"com.a"]');
    expect(callee.take()).toEqual(['[68,1,1,{"progress":true}]']);
  });

  it('WAMP-94 WAMP-95: goes on to the next callee with its first part, and never after the second', () => {
    const { callee, caller } = pair('[64,1,{"invoke":"first"},"com.a"]');
    const other = peers.join(PARTS_HELLO).send('[64,1,{"invoke":"first"},"com.a"]');
    other.take();
    caller.send('[48,1,{"progress":true},"com.a",[1]]');
    callee.send('[8,68,1,{},"wamp.error.unavailable"]');
    caller.send('[48,1,{"progress":true},"com.a",[2]]');
    expect(other.take()).toEqual(['[68,1,1,{"progress":true},[1]]', '[68,1,1,{"progress":true},[2]]']);
    other.send('[8,68,1,{},"wamp.error.unavailable",["full"]]');
    expect(caller.take()).toEqual(['[8,48,1,{},"wamp.error.unavailable",["full"]]']);
  });

  it('WAMP-82: interrupts the callee when the caller leaves between two parts', () => {
    const { callee, caller } = pair();
    caller.send('[48,1,{"progress":true},"com.a"]');
    caller.disconnect();
    expect(callee.take().at(-1)).toBe('[69,1,{"mode":"killnowait"}]');
  });

  it('P13: takes the parts of open calls while the server stops, and no new call', () => {
    const { callee, caller } = pair();
    caller.send('[48,1,{"progress":true},"com.a",[1]]');
    caller.session.closing(peers.services.clock.now() + 5000);
    caller.send('[48,1,{},"com.a",[2]]', '[48,2,{},"com.a"]');
    callee.send('[70,1,{},[3]]');
    expect(callee.take().length).toBe(2);
    expect(caller.takeParsed().map(([code]) => code)).toEqual([50, 6]);
  });

  it('X11: ends a call with a part that the callee’s serializer cannot say', () => {
    const callee = peers.join(PARTS_HELLO).send('[64,1,{},"com.a"]');
    callee.take();
    const caller = new RecordingEndpoint(peers.services.realms.find('realm1')!);
    const request = {};
    const call = { procedure: 'com.a', payload: Payload.empty, progressive: true };
    caller.attachment.call(request, call);
    const payload = Payload.ofSlices('cbor', Buffer.from('81ff', 'hex'), undefined);
    caller.attachment.callMore(request, { payload, progressive: false });
    expect(callee.take()).toEqual(['[68,1,1,{"progress":true}]', '[69,1,{"mode":"killnowait"}]']);
    expect(caller.take()).toEqual(['answered refused payload_not_representable']);
    caller.attachment.detach();
  });
});

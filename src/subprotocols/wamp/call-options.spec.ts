import { afterEach, describe, expect, it } from '@jest/globals';
import { changing } from '../../../test/support/changing-authorizer.js';
import { HELLO, Peers } from '../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../test/support/wamp-peer.js';
import type { Authorizer } from '../../broker/index.js';
import { allowAll } from '../../broker/index.js';
import { testServices } from '../../testing/index.js';

let authorizer: Authorizer = allowAll;
const start = (): Peers => new Peers(testServices({ authorizer: changing(() => authorizer) }));
let peers = start();

afterEach(() => {
  peers.end();
  authorizer = allowAll;
  peers = start();
});

const PACKED_HELLO =
  '[1,"realm1",{"roles":{"caller":{"features":{"payload_passthru_mode":true,"progressive_call_results":true}},' +
  '"callee":{"features":{"payload_passthru_mode":true,"progressive_call_results":true,"call_canceling":true}}}}]';

const PPT =
  '"ppt_scheme":"wamp","ppt_serializer":"cbor","ppt_cipher":"xsalsa20poly1305","ppt_keyid":"GTtQ37XGJO2O"';

function callee(options = '{}', hello = HELLO): WampPeer {
  const peer = peers.join(hello).send(`[64,1,${options},"com.a"]`);
  expect(peer.takeParsed()[0]?.[0]).toBe(65);
  return peer;
}

describe('payload passthru', () => {
  it('WAMP-102: passes what is packed on unchanged, with all that says how, there and back', () => {
    const served = callee('{}', PACKED_HELLO);
    const caller = peers.join(PACKED_HELLO);
    caller.send(`[48,7,{${PPT},"receive_progress":true},"com.a",["\\u0000AQI="]]`);
    expect(served.take()).toEqual([`[68,1,1,{"receive_progress":true,${PPT}},["\\u0000AQI="]]`]);
    served.send(`[70,1,{${PPT},"progress":true},["\\u0000AQI="]]`, `[70,1,{${PPT}},["\\u0000AQM="]]`);
    expect(caller.take()).toEqual([
      `[50,7,{"progress":true,${PPT}},["\\u0000AQI="]]`,
      `[50,7,{${PPT}},["\\u0000AQM="]]`,
    ]);
  });

  it('WAMP-102: passes a packed error on', () => {
    const served = callee('{}', PACKED_HELLO);
    const caller = peers.join(PACKED_HELLO).send('[48,7,{"ppt_scheme":"mqtt"},"com.a",["x"]]');
    expect(served.take()).toEqual(['[68,1,1,{"ppt_scheme":"mqtt"},["x"]]']);
    served.send(`[8,68,1,{${PPT}},"com.e",["\\u0000AQI="]]`);
    expect(caller.take()).toEqual([`[8,48,7,{${PPT}},"com.e",["\\u0000AQI="]]`]);
  });

  it('WAMP-103: answers feature_not_supported for a callee that has not announced it', () => {
    const served = callee('{}', HELLO);
    const caller = peers.join(PACKED_HELLO).send(`[48,7,{${PPT}},"com.a",["x"]]`);
    expect(caller.takeParsed()[0]?.[4]).toBe('wamp.error.feature_not_supported');
    expect(served.take()).toEqual([]);
  });

  it('WAMP-103: chooses a callee that can, among those that share the procedure', () => {
    callee('{"invoke":"first"}', HELLO);
    const served = callee('{"invoke":"first"}', PACKED_HELLO);
    peers.join(PACKED_HELLO).send('[48,7,{"ppt_scheme":"mqtt"},"com.a",["x"]]');
    expect(served.take().length).toBe(1);
  });

  it.each([`[70,1,{${PPT}},["x"]]`, `[8,68,1,{${PPT}},"com.e",["x"]]`])(
    'WAMP-103: answers feature_not_supported to a caller that has not announced it, for %s',
    (answer) => {
      const served = callee('{}', PACKED_HELLO);
      const caller = peers.join(HELLO).send('[48,7,{"receive_progress":true},"com.a"]');
      served.send(`[70,1,{${PPT},"progress":true},["x"]]`, answer);
      expect(caller.take()).toEqual([
        '[8,48,7,{},"wamp.error.feature_not_supported",' +
          '["The result is packed in a way that the caller has not announced."]]',
      ]);
      expect(served.closedAs).toBeUndefined();
    },
  );

  it.each(['[48,1,{"ppt_scheme":"mqtt"},"com.a",["x"]]', '[48,1,{"ppt_keyid":"k"},"com.a",["x"]]'])(
    'WAMP-40: ends the connection of a caller that has not announced it: %s',
    (message) => {
      callee('{}', PACKED_HELLO);
      expect(peers.join(HELLO).send(message).closedAs).toBe('protocol_error');
    },
  );

  it.each(['[70,1,{"ppt_scheme":"mqtt"},["x"]]', '[8,68,1,{"ppt_scheme":"mqtt"},"com.e",["x"]]'])(
    'WAMP-40: ends the connection of a callee that has not announced it: %s',
    (message) => {
      const served = callee('{}', HELLO);
      const caller = peers.join(PACKED_HELLO).send('[48,7,{},"com.a"]');
      expect(served.send(message).closedAs).toBe('protocol_error');
      expect(caller.takeParsed()[0]?.[4]).toBe('wamp.error.canceled');
    },
  );

  it('WAMP-27: refuses a call without a scheme', () => {
    const caller = peers.join(PACKED_HELLO).send('[48,7,{"ppt_serializer":"cbor"},"com.a",["x"]]');
    expect(caller.takeParsed()[0]?.[4]).toBe('wamp.error.invalid_argument');
  });

  it('WAMP-47: ends the connection if an option is no string', () => {
    const caller = peers.join(PACKED_HELLO).send('[48,7,{"ppt_scheme":1},"com.a",["x"]]');
    expect(caller.closedAs).toBe('protocol_error');
  });
});

describe('payload passthru in the words of an older draft', () => {
  const ENC = '"enc_algo":"cryptobox","enc_key":"GTtQ37XGJO2O","enc_serializer":"json"';

  /** A HELLO with one feature for all roles. */
  const announcing = (feature: string): string =>
    `[1,"realm1",{"roles":{"caller":{"features":{"${feature}":true}},"callee":{"features":{"${feature}":true}}}}]`;

  it.each(['payload_transparency', 'payload_encryption_cryptobox', 'payload_passthru_mode'])(
    'WAMP-230: is passed on unchanged, there and back, between those that have announced %s',
    (feature) => {
      const served = callee('{}', announcing(feature));
      const caller = peers.join(announcing(feature));
      caller.send(`[48,7,{${ENC}},"com.a",["\\u0000AQI="]]`, `[48,8,{${ENC}},"com.a",["\\u0000AQI="]]`);
      expect(served.take()).toEqual([
        `[68,1,1,{${ENC}},["\\u0000AQI="]]`,
        `[68,2,1,{${ENC}},["\\u0000AQI="]]`,
      ]);
      served.send(`[70,1,{${ENC}},["\\u0000AQM="]]`, `[8,68,2,{${ENC}},"com.e",["\\u0000AQQ="]]`);
      expect(caller.take()).toEqual([
        `[50,7,{${ENC}},["\\u0000AQM="]]`,
        `[8,48,8,{${ENC}},"com.e",["\\u0000AQQ="]]`,
      ]);
    },
  );

  it('WAMP-230: is passed on beside the words of today', () => {
    const served = callee('{}', PACKED_HELLO);
    const caller = peers.join(PACKED_HELLO).send(`[48,7,{${ENC},${PPT}},"com.a",["x"]]`);
    expect(served.take()).toEqual([`[68,1,1,{${PPT},${ENC}},["x"]]`]);
    served.send(`[70,1,{${PPT},${ENC}},["y"]]`);
    expect(caller.take()).toEqual([`[50,7,{${PPT},${ENC}},["y"]]`]);
  });

  it('WAMP-103 WAMP-230: is not given to those that have not announced it, nor the words of today to those of old', () => {
    callee('{}', HELLO);
    const caller = peers.join(PACKED_HELLO).send(`[48,7,{${ENC}},"com.a",["x"]]`);
    expect(caller.takeParsed()[0]?.[4]).toBe('wamp.error.feature_not_supported');
    peers.end();
    peers = start();
    const old = announcing('payload_transparency');
    const served = callee('{}', old);
    const modern = peers.join(PACKED_HELLO).send(`[48,7,{${PPT}},"com.a",["x"]]`);
    expect(modern.takeParsed()[0]?.[4]).toBe('wamp.error.feature_not_supported');
    modern.send(`[48,8,{${ENC}},"com.a",["x"]]`);
    expect(served.take().length).toBe(1);
  });

  it('WAMP-103 WAMP-230: is not the answer to a caller that has not announced it', () => {
    const served = callee('{}', PACKED_HELLO);
    const caller = peers.join(HELLO).send('[48,7,{},"com.a"]');
    served.send(`[70,1,{${ENC}},["x"]]`);
    expect(caller.takeParsed()[0]?.[4]).toBe('wamp.error.feature_not_supported');
  });

  it.each([
    [HELLO, `[48,7,{${ENC}},"com.a",["x"]]`],
    [announcing('payload_transparency'), `[48,7,{${PPT}},"com.a",["x"]]`],
    [announcing('payload_transparency'), '[48,7,{"enc_algo":7},"com.a",["x"]]'],
  ])('WAMP-40 WAMP-230: ends the connection of %s for %s', (hello, message) => {
    callee('{}', PACKED_HELLO);
    expect(peers.join(hello).send(message).closedAs).toBe('protocol_error');
  });

  it('WAMP-40 WAMP-230: ends the connection of a callee that has not announced it', () => {
    const served = callee('{}', HELLO);
    peers.join(PACKED_HELLO).send('[48,7,{},"com.a"]');
    expect(served.send(`[70,1,{${ENC}},["x"]]`).closedAs).toBe('protocol_error');
  });

  it.each([
    ['"enc_key":"k"', 'Payload passthru needs an enc_algo.'],
    ['"enc_algo":"cryptobox","ppt_keyid":"k"', 'Payload passthru needs a ppt_scheme.'],
  ])('WAMP-27 WAMP-230: needs the name of how it is packed: %s', (options, reason) => {
    const caller = peers.join(PACKED_HELLO).send(`[48,7,{${options}},"com.a",["x"]]`);
    expect(caller.take()).toEqual([`[8,48,7,{},"wamp.error.invalid_argument",["${reason}"]]`]);
  });
});

describe('sharded registration', () => {
  const shards = (count: number, options = '{"invoke":"roundrobin"}'): WampPeer[] =>
    Array.from({ length: count }, () => callee(options));

  /** Which of them got a call with each of these keys. */
  function homes(all: readonly WampPeer[], keys: readonly (string | number)[]): number[] {
    const caller = peers.join();
    return keys.map((rkey, at) => {
      const options = JSON.stringify({ runmode: 'partition', rkey });
      caller.send(`[48,${at + 1},${options},"com.a"]`);
      return all.findIndex((peer) => peer.take().length > 0);
    });
  }
  const KEYS = Array.from({ length: 60 }, (_, at) => `customer-${at}`);

  it('WAMP-104: sends calls with the same rkey to the same callee, and the keys to all of them', () => {
    const all = shards(3);
    const first = homes(all, KEYS);
    expect(homes(all, KEYS)).toEqual(first);
    const counts = [0, 1, 2].map((shard) => first.filter((home) => home === shard).length);
    expect(Math.min(...counts)).toBeGreaterThan(8);
  });

  it('WAMP-104: moves no other keys when a callee leaves, or joins', () => {
    const all = shards(3);
    const before = homes(all, KEYS);
    all[1]!.disconnect();
    const after = homes(all, KEYS);
    expect(before.map((home, at) => home === 1 || home === after[at])).not.toContain(false);
    const joined = [...all, ...shards(1)];
    const grown = homes(joined, KEYS);
    expect(grown.map((home, at) => home === 3 || home === after[at])).not.toContain(false);
    expect(grown).toContain(3);
  });

  it('WAMP-104: tells numbers from texts', () => {
    const all = shards(4);
    const numbers = homes(all, [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(homes(all, [1, 2, 3, 4, 5, 6, 7, 8])).toEqual(numbers);
    expect(homes(all, ['1', '2', '3', '4', '5', '6', '7', '8'])).not.toEqual(numbers);
  });

  it('WAMP-104: asks nobody else if the callee of a shard is busy, or unavailable', () => {
    const all = shards(2, '{"invoke":"first","concurrency":1}');
    const caller = peers.join();
    const call = (id: number): WampPeer =>
      caller.send(`[48,${id},{"runmode":"partition","rkey":"k"},"com.a"]`);
    call(1);
    const home = all.find((peer) => peer.take().length > 0)!;
    call(2);
    home.send('[8,68,1,{},"wamp.error.unavailable"]');
    expect(caller.takeParsed().map((error) => [error[2], error[4]])).toEqual([
      [2, 'wamp.error.no_available_callee'],
      [1, 'wamp.error.no_available_callee'],
    ]);
    expect(all.flatMap((peer) => peer.take())).toEqual([]);
  });

  it('WAMP-104 B18: refuses an rkey of more than 255 bytes', () => {
    const caller = peers.join();
    const errors = [255, 256].map((length) => {
      caller.send(`[48,7,{"runmode":"partition","rkey":"${'k'.repeat(length)}"},"com.a"]`);
      return caller.takeParsed()[0]?.[4];
    });
    expect(errors).toEqual(['wamp.error.no_such_procedure', 'wamp.error.invalid_argument']);
  });

  it.each(['{"runmode":"partition"}', '{"runmode":"all","rkey":"k"}', '{"runmode":""}'])(
    'WAMP-104 WAMP-27: refuses %s with invalid_argument',
    (options) => {
      const caller = peers.join().send(`[48,7,${options},"com.a"]`);
      expect(caller.takeParsed()[0]?.[4]).toBe('wamp.error.invalid_argument');
    },
  );

  it.each([
    '{"runmode":1,"rkey":"k"}',
    '{"runmode":"partition","rkey":[1]}',
    '{"runmode":"partition","rkey":1.5}',
  ])('WAMP-47: ends the connection for %s', (options) => {
    expect(peers.join().send(`[48,7,${options},"com.a"]`).closedAs).toBe('protocol_error');
  });

  it('passes over an rkey without runmode', () => {
    const all = shards(2);
    peers.join().send('[48,1,{"rkey":"k"},"com.a"]', '[48,2,{"rkey":"k"},"com.a"]');
    expect(all.map((peer) => peer.take().length)).toEqual([1, 1]);
  });
});

describe('call trust levels', () => {
  it('WAMP-105 WAMP-55: tells the callee what the authorizer says, and announces it', () => {
    authorizer = {
      trustlevels: true,
      decide: (_principal, action) => (action === 'call' ? { allow: true, trustlevel: 3 } : { allow: true }),
    };
    const served = callee();
    const caller = peers.connect().send(HELLO);
    expect(caller.takeParsed()[0]?.[2]).toMatchObject({
      roles: { dealer: { features: { call_trustlevels: true } } },
    });
    caller.send('[48,7,{},"com.a"]');
    expect(served.take()).toEqual(['[68,1,1,{"trustlevel":3}]']);
  });

  it('P20 WAMP-105: tells and announces nothing if it says nothing, whatever the caller says', () => {
    const served = callee();
    const caller = peers.connect().send(HELLO);
    expect(JSON.stringify(caller.takeParsed())).not.toContain('call_trustlevels');
    caller.send('[48,7,{"trustlevel":9,"_trustlevel":9},"com.a"]');
    expect(served.take()).toEqual(['[68,1,1,{}]']);
  });
});

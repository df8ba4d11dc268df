import { afterEach, describe, expect, it } from '@jest/globals';
import {
  AUTOBAHN_JS_HELLO,
  AUTOBAHN_PYTHON_HELLO,
  HELLO,
  Peers,
  WELCOME,
} from '../../../test/support/wamp-peer.js';
import type { PeerOptions, WampPeer } from '../../../test/support/wamp-peer.js';
import type { Authorizer } from '../../broker/index.js';
import { testServices } from '../../testing/index.js';
import { LENIENCIES } from './index.js';
import type { Leniency, ProfileName } from './index.js';

let allowed = true;
const authorizer: Authorizer = { decide: () => ({ allow: allowed }) };

let peers = new Peers(testServices({ authorizer }));

afterEach(() => {
  peers.end();
  peers = new Peers(testServices({ authorizer }));
});

const STRICT: PeerOptions = { profile: 'strict' };

/** HELLO of an AutobahnJS that says who it is. */
const NAMED_AUTOBAHN_JS =
  '[1,"realm1",{"agent":"AutobahnJS/26.1","roles":{"caller":{"features":{"call_canceling":true}},' +
  '"callee":{"features":{"progressive_call_results":true}}}}]';

function violated(peer: WampPeer): boolean {
  return peer.closedAs === 'protocol_error';
}

/** A batch of JSON messages. */
const batch = (separator: string, ...messages: string[]): string =>
  messages.map((message) => message + separator).join('');

/** For each leniency: does the router pass it over in this profile? */
const PROBES: Record<Leniency, (profile: ProfileName) => boolean> = {
  requestGaps: (profile) => !violated(peers.join(HELLO, { profile }).send('[32,5,{},"com.a"]')),
  integralFloats: (profile) => !violated(peers.join(HELLO, { profile }).send('[32,1.0,{},"com.a"]')),
  nullOptions: (profile) => !violated(peers.join(HELLO, { profile }).send('[32,1,{"match":null},"com.a"]')),
  undefinedAsNull: (profile) => {
    const hello = '93 01 a6 7265616c6d31 81 a5 726f6c6573 81 aa 73756273637269626572 80';
    const subscribe = '94 20 01 81 a5 6d61746368 d4 00 00 a5 636f6d2e61';
    return !violated(peers.connect({ profile, token: 'wamp.2.msgpack' }).sendHex(hello, subscribe));
  },
  looseUris: (profile) =>
    peers.join(HELLO, { profile }).send('[32,1,{},"Com.A"]').takeParsed()[0]?.[0] === 33,
  anyErrorUri: (profile) => {
    const peer = peers.join(HELLO, { profile }).send('[64,1,{},"com.a"]', '[48,2,{},"com.a"]');
    return !violated(peer.send('[8,68,1,{},"not a uri"]'));
  },
  octalSeparator: (profile) => {
    const peer = peers.connect({ profile, token: 'wamp.2.json.batched' }).send(batch('\x18', HELLO));
    return !violated(peer);
  },
  unannouncedReroute: (profile) => {
    const busy = peers.join(HELLO, { profile }).send('[64,1,{"invoke":"first"},"com.r"]');
    const free = peers.join().send('[64,1,{"invoke":"first"},"com.r"]');
    peers.join().send('[48,1,{},"com.r"]');
    free.take();
    busy.send('[8,68,1,{},"wamp.error.unavailable"]', '[66,2,1]');
    busy.disconnect();
    free.disconnect();
    return free.take().length > 0;
  },
  unannouncedParts: (profile) =>
    !violated(peers.join(HELLO, { profile }).send('[48,1,{"progress":true},"com.none"]')),
  progressWithoutCanceling: (profile) => {
    const callee = peers.join(AUTOBAHN_JS_HELLO, { profile }).send('[64,1,{},"com.p"]');
    const caller = peers.join().send('[48,1,{"receive_progress":true},"com.p"]');
    callee.send('[70,1,{"progress":true},[1]]', '[66,2,1]');
    callee.disconnect();
    return caller.takeParsed().some(([code]) => code === 50);
  },
  silentCancel: (profile) => {
    const callee = peers.join().send('[64,1,{},"com.c"]');
    const caller = peers.join(AUTOBAHN_JS_HELLO, { profile }).send('[48,1,{},"com.c"]', '[49,1,{}]');
    callee.disconnect();
    return caller.take().length === 0;
  },
  barePayload: (profile) =>
    !violated(
      peers.join(AUTOBAHN_PYTHON_HELLO, { profile }).send('[16,1,{"enc_algo":"cryptobox"},"com.b","x"]'),
    ),
  silentRevocation: (profile) => {
    const peer = peers.join(AUTOBAHN_PYTHON_HELLO, { profile }).send('[32,1,{},"com.s"]');
    peer.take();
    revoke();
    return peer.take().length === 0;
  },
};

/** Takes away what everybody holds. */
function revoke(): void {
  allowed = false;
  peers.services.brokers.get('realm1')!.reauthorize();
  allowed = true;
}

describe('the profiles', () => {
  it('have a probe for each leniency', () => {
    expect(Object.keys(PROBES).toSorted()).toEqual(Object.keys(LENIENCIES).toSorted());
  });

  it.each(Object.keys(LENIENCIES) as Leniency[])('compatible passes over %s, strict does not', (leniency) => {
    expect([PROBES[leniency]('compatible'), PROBES[leniency]('strict')]).toEqual([true, false]);
  });

  it('keeps the leniencies that depend on the agent apart from the others', () => {
    const options: PeerOptions = { profile: 'compatible', agentQuirks: false };
    const callee = peers.join().send('[64,1,{},"com.a"]');
    const peer = peers.join(AUTOBAHN_JS_HELLO, options).send('[48,10,{},"com.a"]', '[49,10,{}]');
    expect(peer.takeParsed()[0]?.[4]).toBe('wamp.error.canceled');
    expect(callee.take().length).toBe(3);
  });
});

describe('AutobahnJS', () => {
  it.each([AUTOBAHN_JS_HELLO, NAMED_AUTOBAHN_JS])(
    'WAMP-57: may stream as a callee though it does not announce call canceling (compatible)',
    (hello) => {
      const callee = peers.join(hello).send('[64,1,{},"com.a"]');
      callee.take();
      const caller = peers.join().send('[48,7,{"receive_progress":true},"com.a"]');
      expect(callee.take()).toEqual(['[68,1,1,{"receive_progress":true}]']);
      callee.send('[70,1,{"progress":true},[1]]', '[70,1,{},[2]]');
      expect(caller.take()).toEqual(['[50,7,{"progress":true},[1]]', '[50,7,{},[2]]']);
    },
  );

  it('WAMP-57: streams nothing (strict)', () => {
    const callee = peers.join(AUTOBAHN_JS_HELLO, STRICT).send('[64,1,{},"com.a"]');
    callee.take();
    peers.join().send('[48,7,{"receive_progress":true},"com.a"]');
    expect(callee.take()).toEqual(['[68,1,1,{}]']);
  });

  it.each([
    [AUTOBAHN_JS_HELLO, '{}'],
    [AUTOBAHN_JS_HELLO, '{"mode":"skip"}'],
    [NAMED_AUTOBAHN_JS, '{"mode":"killnowait"}'],
  ])('WAMP-83: gets no ERROR for a call that it has canceled (compatible)', (hello, options) => {
    const callee = peers.join().send('[64,1,{},"com.a"]');
    const caller = peers.join(hello).send('[48,7,{},"com.a"]', `[49,7,${options}]`);
    callee.send('[70,1,{}]');
    expect(caller.take()).toEqual([]);
    caller.send('[48,8,{},"com.a"]');
    callee.send('[70,2,{}]');
    expect(caller.take()).toEqual(['[50,8,{}]']);
  });

  it('WAMP-83: gets the answer to a call that it has canceled with kill (compatible)', () => {
    const callee = peers.join().send('[64,1,{},"com.a"]');
    const caller = peers.join(AUTOBAHN_JS_HELLO).send('[48,7,{},"com.a"]', '[49,7,{"mode":"kill"}]');
    callee.send('[8,68,1,{},"com.stopped"]');
    expect(caller.take()).toEqual(['[8,48,7,{},"com.stopped"]']);
  });

  it('WAMP-83: gets ERROR canceled like everybody (strict)', () => {
    peers.join().send('[64,1,{},"com.a"]');
    const caller = peers.join(AUTOBAHN_JS_HELLO, STRICT).send('[48,1,{},"com.a"]', '[49,1,{}]');
    expect(caller.takeParsed()[0]?.[4]).toBe('wamp.error.canceled');
  });

  it('WAMP-83: is not taken for a client that announces the same and names its agent', () => {
    peers.join().send('[64,1,{},"com.a"]');
    const named = AUTOBAHN_JS_HELLO.replace('{"roles"', '{"agent":"other","roles"');
    const caller = peers.join(named).send('[48,1,{},"com.a"]', '[49,1,{}]');
    expect(caller.takeParsed()[0]?.[4]).toBe('wamp.error.canceled');
  });
});

describe('autobahn-python', () => {
  const NAMED =
    '[1,"realm1",{"agent":"AutobahnPython/22.7","roles":{"subscriber":{"features":{"subscription_revocation":true}}}}]';

  it.each([AUTOBAHN_PYTHON_HELLO, NAMED])(
    'WAMP-178: is not told that a subscription was taken away, and lives on without it (compatible)',
    (hello) => {
      const peer = peers.join(hello).send('[32,1,{},"com.a"]');
      peer.take();
      revoke();
      peers.join().send('[16,1,{},"com.a"]');
      expect([peer.take(), peer.closedAs]).toEqual([[], undefined]);
      peer.send('[34,2,1]', '[32,3,{},"com.a"]');
      expect(peer.takeParsed().map(([code]) => code)).toEqual([8, 33]);
    },
  );

  it('WAMP-178: is told like everybody (strict)', () => {
    const peer = peers.join(AUTOBAHN_PYTHON_HELLO, STRICT).send('[32,1,{},"com.a"]');
    peer.take();
    revoke();
    expect(peer.take()).toEqual(['[35,0,{"subscription":1,"reason":"wamp.error.not_authorized"}]']);
  });

  it.each(['compatible', 'strict'] as const)(
    'WAMP-178: is told that a registration was taken away, which it understands (%s)',
    (profile) => {
      const peer = peers.join(AUTOBAHN_PYTHON_HELLO, { profile }).send('[64,1,{},"com.a"]');
      peer.take();
      revoke();
      expect(peer.take()).toEqual(['[67,0,{"registration":1,"reason":"wamp.error.not_authorized"}]']);
    },
  );

  it('WAMP-178: is not taken for a client that announces the same and names its agent', () => {
    const named = AUTOBAHN_PYTHON_HELLO.replace('{"roles"', '{"agent":"other","roles"');
    const peer = peers.join(named).send('[32,1,{},"com.a"]');
    peer.take();
    revoke();
    expect(peer.takeParsed()[0]?.[0]).toBe(35);
  });
});

describe('a packed payload of autobahn-python', () => {
  const ENC = '{"enc_algo":"cryptobox","enc_serializer":"json"}';
  const python = (options?: PeerOptions): WampPeer => peers.join(AUTOBAHN_PYTHON_HELLO, options);

  it('WAMP-179: stands in place of the arguments, for others of it too; for everybody else it is the one argument', () => {
    const [one, other] = [python(), peers.join()].map((peer) => peer.send('[32,1,{},"com.a"]'));
    one!.take();
    other!.take();
    python().send(`[16,1,${ENC},"com.a","\\u0000AQI="]`);
    expect([one!.take(), other!.take()]).toEqual([
      [`[36,1,1004,${ENC},"\\u0000AQI="]`],
      [`[36,1,1004,${ENC},["\\u0000AQI="]]`],
    ]);
  });

  it('WAMP-179: goes there and back, in calls, results and errors', () => {
    const callee = python().send('[64,1,{},"com.a"]');
    callee.take();
    const caller = python().send(`[48,1,${ENC},"com.a","x"]`, `[48,2,${ENC},"com.a",["y"]]`);
    expect(callee.take()).toEqual([`[68,1,1,${ENC},"x"]`, `[68,2,1,${ENC},"y"]`]);
    callee.send(`[70,1,${ENC},"result"]`, `[8,68,2,${ENC},"com.e","error"]`);
    expect(caller.take()).toEqual([`[50,1,${ENC},"result"]`, `[8,48,2,${ENC},"com.e","error"]`]);
  });

  it.each(['[]', '["x","y"]', '["x"],{"k":1}', '[1]', '[["x"]]'])(
    'WAMP-179: is not made of what is none: %s',
    (args) => {
      const subscriber = python().send('[32,1,{},"com.a"]');
      subscriber.take();
      python().send(`[16,1,${ENC},"com.a",${args}]`);
      expect(subscriber.take()).toEqual([`[36,1,1003,${ENC}${args === '[]' ? '' : `,${args}`}]`]);
    },
  );

  it.each([
    '[16,1,{},"com.a","x"]',
    `[16,1,${ENC},"com.a",7]`,
    `[16,1,${ENC},"com.a",null]`,
    `[16,1,${ENC},"com.a",{}]`,
    `[16,1,${ENC},"com.a","x",{}]`,
    '[16,1,{"ppt_scheme":"x_a"},"com.a","x"]',
  ])('WAMP-40 WAMP-179: costs the connection if it is none: %s', (message) => {
    expect(violated(python().send(message))).toBe(true);
  });

  it('WAMP-179: is written as the one argument, and read as nothing else (strict)', () => {
    const subscriber = python(STRICT).send('[32,1,{},"com.a"]');
    subscriber.take();
    python().send(`[16,1,${ENC},"com.a","x"]`);
    expect(subscriber.take()).toEqual([`[36,1,1003,${ENC},["x"]]`]);
    expect(violated(python(STRICT).send(`[16,1,${ENC},"com.a","x"]`))).toBe(true);
  });
});

describe('batched JSON', () => {
  const connect = (options?: PeerOptions): WampPeer =>
    peers.connect({ token: 'wamp.2.json.batched', ...options });

  it.each(['compatible', 'strict'] as const)('WAMP-63: ends each message with 0x1e (%s)', (profile) => {
    const peer = connect({ profile }).send(batch('\x1e', HELLO, '[32,1,{},"com.a"]', '[32,2,{},"com.b"]'));
    expect(peer.take()).toEqual([`${WELCOME}\x1e`, '[33,1,1]\x1e', '[33,2,2]\x1e']);
  });

  it('WAMP-64: answers with 0x18 to a client that writes it (compatible)', () => {
    const peer = connect().send(batch('\x18', HELLO, '[32,1,{},"com.a"]'));
    expect(peer.take()).toEqual([`${WELCOME}\x18`, '[33,1,1]\x18']);
  });

  it.each(['AutobahnPython-24.4.2', 'Crossbar/23'])(
    'WAMP-64: answers with 0x18 to the agent %s (compatible)',
    (agent) => {
      const hello = HELLO.replace('{"roles"', `{"agent":"${agent}","roles"`);
      expect(connect().send(batch('\x1e', hello)).take()[0]).toBe(`${WELCOME}\x18`);
      expect(connect(STRICT).send(batch('\x1e', hello)).take()[0]?.at(-1)).toBe('\x1e');
    },
  );

  it('WAMP-64: aborts for 0x18 (strict)', () => {
    const peer = connect(STRICT).send(batch('\x18', HELLO));
    expect([violated(peer), peer.take()[0]?.at(-1)]).toEqual([true, '\x1e']);
  });

  it('writes events to both kinds of listeners', () => {
    const octal = connect().send(batch('\x18', HELLO, '[32,1,{},"com.a"]'));
    const record = connect().send(batch('\x1e', HELLO, '[32,1,{},"com.a"]'));
    octal.take();
    record.take();
    peers.join().send('[16,1,{},"com.a",[1]]');
    expect([octal.take(), record.take()]).toEqual([['[36,1,1004,{},[1]]\x18'], ['[36,1,1004,{},[1]]\x1e']]);
  });

  it.each(['', HELLO, `${HELLO}\x1e[32,1,{},"com.a"]`, `\x1e`, `${HELLO}\x1e\x1e`])(
    'P21 WAMP-63 WAMP-65: aborts for the batch %j, which is empty or not ended',
    (data) => expect(violated(connect().send(data))).toBe(true),
  );

  it('P21: takes a batch of fifty thousand messages in a loop, and gives others their turn', () => {
    const peer = connect().send(batch('\x1e', HELLO));
    peer.take();
    peer.send(batch('\x1e', ...Array.from({ length: 50_000 }, (_, i) => `[16,${i + 1},{},"a"]`)));
    peers.services.clock.flush();
    expect([peer.take(), peer.closedAs, [...peer.link.paused]]).toEqual([[], undefined, []]);
    peer.send(batch('\x1e', '[32,1,{},"com.a"]'));
    expect(peer.take()).toEqual(['[33,1,1]\x1e']);
  });
});

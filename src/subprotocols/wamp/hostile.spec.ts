import { afterEach, describe, expect, it } from '@jest/globals';
import { HELLO, Peers, PLAIN_HELLO } from '../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../test/support/wamp-peer.js';
import type { Authenticator } from '../../broker/index.js';
import { serializers } from '../../serializers/index.js';
import { StompPeer, testServices } from '../../testing/index.js';

/** How many calls a storm has; a longer one for those who want to know. */
const CALLS = Number(process.env['MANGROVE_CALLS'] ?? 20_000);
let peers = new Peers(testServices());

afterEach(() => {
  peers.end();
  peers = new Peers(testServices());
});

const FORMATS = ['json', 'msgpack', 'cbor'] as const;
type Name = (typeof FORMATS)[number];

/** Sends a message in this serializer. */
function tell(peer: WampPeer, name: Name, message: readonly unknown[]): void {
  const { encode, binary } = serializers[name];
  peer.link.receive(peer.session, Buffer.from(encode(message)), binary);
}

/** A session in this serializer; whatever it was told is taken. */
function joined(name: Name): WampPeer {
  const peer = peers.connect({ token: `wamp.2.${name}` });
  tell(peer, name, JSON.parse(HELLO) as unknown[]);
  peer.link.take();
  return peer;
}

/** A listener that hears whatever is routed in the realm. */
function canary(): WampPeer {
  const peer = peers.join().send('[32,1,{"match":"prefix"},""]', '[64,2,{"match":"prefix"},"com"]');
  peer.take();
  return peer;
}

/** Every message that a client may send in a session, whole. */
const WHOLE: [string, readonly unknown[]][] = [
  ['authenticate', [5, 'x', {}]],
  ['goodbye', [6, {}, 'wamp.close.normal']],
  ['error', [8, 68, 1, {}, 'com.e', ['a'], { k: 1 }]],
  ['publish', [16, 1, {}, 'com.a', ['a'], { k: 1 }]],
  ['subscribe', [32, 1, {}, 'com.a']],
  ['unsubscribe', [34, 1, 1]],
  ['call', [48, 1, {}, 'com.a', ['a'], { k: 1 }]],
  ['cancel', [49, 1, {}]],
  ['register', [64, 1, {}, 'com.a']],
  ['unregister', [66, 1, 1]],
  ['yield', [70, 1, {}, ['a'], { k: 1 }]],
];

describe.each(FORMATS)('a broken message in %s', (format) => {
  it('P1: of any code before WELCOME ends the connection, and reaches nobody', () => {
    const listener = canary();
    for (let code = 0; code <= 71; code += 1) {
      if (code === 1 || code === 3) continue;
      const peer = peers.connect({ token: `wamp.2.${format}` });
      tell(peer, format, [code, 1, {}, 'com.a']);
      expect([code, peer.closedAs]).toEqual([code, 'protocol_error']);
    }
    expect(listener.take()).toEqual([]);
  });

  it.each(WHOLE)(
    'P4: %s with one element missing ends the connection, and reaches nobody',
    (_name, whole) => {
      const listener = canary();
      // Arguments may be missing from the end; keyword arguments in their place are none.
      for (let at = 0; at < whole.length; at += 1) {
        if (at === whole.length - 1 && typeof whole[at] === 'object' && whole.length > 4) continue;
        const peer = joined(format);
        tell(peer, format, whole.toSpliced(at, 1));
        expect([at, peer.closedAs]).toEqual([at, 'protocol_error']);
      }
      expect(listener.take()).toEqual([]);
    },
  );

  it.each(WHOLE)(
    'P4: %s with one element doubled ends the connection, and reaches nobody',
    (_name, whole) => {
      const listener = canary();
      for (let at = 0; at < whole.length; at += 1) {
        const peer = joined(format);
        tell(peer, format, whole.toSpliced(at, 0, whole[at]));
        expect([at, peer.closedAs]).toEqual([at, 'protocol_error']);
      }
      expect(listener.take()).toEqual([]);
    },
  );

  it.each(WHOLE)('P4: %s with one element of any other type ends the connection', (_name, whole) => {
    const listener = canary();
    const kinds = [null, true, 'text', 7, 1.5, ['list'], { map: 1 }];
    const kindOf = (value: unknown): string => (Array.isArray(value) ? 'list' : typeof value);
    whole.forEach((element, at) => {
      for (const other of kinds) {
        // Another number is another message, or another id.
        if (kindOf(other) === kindOf(element) && other !== 1.5 && other !== null) continue;
        const peer = joined(format);
        tell(peer, format, whole.with(at, other));
        expect([at, other, peer.closedAs]).toEqual([at, other, 'protocol_error']);
      }
    });
    expect(listener.take()).toEqual([]);
  });

  const BAD_IDS = [0, -1, -0.5, 1.5, 2 ** 53 + 2, Number.MAX_VALUE, '1', true, null, [1], { id: 1 }];
  /** Where ids stand in a message. */
  const IDS: [string, readonly unknown[], readonly number[]][] = [
    ['error', [8, 68, 1, {}, 'com.e'], [2]],
    ['publish', [16, 1, {}, 'com.a'], [1]],
    ['subscribe', [32, 1, {}, 'com.a'], [1]],
    ['unsubscribe', [34, 1, 1], [1, 2]],
    ['call', [48, 1, {}, 'com.a'], [1]],
    ['cancel', [49, 1, {}], [1]],
    ['register', [64, 1, {}, 'com.a'], [1]],
    ['unregister', [66, 1, 1], [1, 2]],
    ['yield', [70, 1, {}], [1]],
  ];

  it.each(IDS)('P5: %s with an id that is none ends the connection', (_name, whole, places) => {
    for (const at of places) {
      for (const id of BAD_IDS) {
        const peer = joined(format);
        tell(peer, format, whole.with(at, id));
        expect([at, id, peer.closedAs]).toEqual([at, id, 'protocol_error']);
      }
    }
  });
});

describe('a session that is not one', () => {
  it('P2: HELLO for another realm in the middle of one drops the first, and there is none in the other', () => {
    const two = new Peers(testServices({ realms: ['realm1', 'realm2'] }));
    const other = two.connect().send(HELLO.replace('realm1', 'realm2'), '[32,1,{"match":"prefix"},""]');
    other.take();
    const peer = two.join().send('[64,1,{},"com.a"]', '[32,2,{},"com.a"]');
    peer.send(HELLO.replace('realm1', 'realm2'), '[16,3,{},"com.a"]');
    expect([peer.closedAs, other.take()]).toEqual(['protocol_error', []]);
    expect(two.services.brokers.get('realm1')?.stats).toMatchObject({ sessions: 0, registrations: 0 });
    two.end();
  });

  it('P3: is aborted after ten seconds though the authenticator still thinks, whose answer then changes nothing', async () => {
    let accept = (): void => {};
    const authenticator: Authenticator = {
      methods: ['anonymous'],
      begin: () =>
        new Promise((resolve) => {
          const principal = { authid: 'a', authrole: 'r', authmethod: 'anonymous', authprovider: 'p' };
          accept = () => resolve({ kind: 'accepted', principal });
        }),
    };
    const slow = new Peers(testServices({ authenticator }));
    const peer = slow.connect().send(HELLO);
    slow.services.clock.advance(10_100);
    expect([peer.takeParsed()[0]?.[2], peer.closedAs]).toEqual(['wamp.error.timeout', 'policy']);
    accept();
    await new Promise((resolve) => setImmediate(resolve));
    expect([peer.take(), slow.services.brokers.get('realm1')?.stats.sessions]).toEqual([[], 0]);
    slow.end();
  });

  it('P23: sends after its GOODBYE, and nothing of it is heard', () => {
    const listener = canary();
    const peer = peers
      .join()
      .send('[6,{},"wamp.close.close_realm"]', '[16,1,{},"com.a"]', '[48,2,{},"com.a"]');
    expect(peer.take()).toEqual(['[6,{},"wamp.close.goodbye_and_out"]']);
    expect([listener.take(), peer.closedAs]).toEqual([[], undefined]);
  });

  it.each(FORMATS)('P22: speaks %s in the other kind of WebSocket message', (format) => {
    const peer = peers.connect({ token: `wamp.2.${format}` });
    const { encode, binary } = serializers[format];
    peer.link.receive(peer.session, Buffer.from(encode(JSON.parse(HELLO) as unknown[])), !binary);
    expect(peer.closedAs).toBe('protocol_error');
  });
});

describe('a forger', () => {
  it('P7: who answers ten thousand ids of its own past changes nothing; the caller gets the one true answer', () => {
    const callee = peers.join().send('[64,1,{},"com.true"]');
    const forger = peers.join(PLAIN_HELLO).send('[64,1,{},"com.own"]');
    const busy = peers.join();
    for (let id = 1; id <= 10_000; id += 1) busy.send(`[48,${id},{},"com.own"]`, `[49,${id},{}]`);
    const caller = peers.join().send('[48,7,{},"com.true"]');
    for (let id = 1; id <= 10_000; id += 1) {
      forger.send(`[70,${id},{},["forged"]]`, `[8,68,${id},{},"com.forged"]`);
    }
    expect([forger.closedAs, caller.take()]).toEqual([undefined, []]);
    callee.send('[70,1,{},["true"]]');
    expect(caller.take()).toEqual(['[50,7,{},["true"]]']);
  });

  it('P7: who was never given anything is gone at the first id it tries', () => {
    const callee = peers.join().send('[64,1,{},"com.true"]');
    const caller = peers.join().send('[48,7,{},"com.true"]');
    for (let id = 1; id <= 100; id += 1) {
      const forger = peers.join().send(`[70,${id},{},["forged"]]`);
      expect(forger.closedAs).toBe('protocol_error');
      forger.disconnect();
    }
    callee.send('[70,1,{},["true"]]');
    expect(caller.take()).toEqual(['[50,7,{},["true"]]']);
  });

  it('P9: of wamp.session.on_leave reaches nobody, neither by PUBLISH nor by SEND', () => {
    const watcher = peers
      .join()
      .send('[32,1,{},"wamp.session.on_leave"]', '[32,2,{"match":"prefix"},"wamp."]');
    watcher.take();
    const forger = peers.join().send('[16,1,{},"wamp.session.on_leave",[1]]');
    const stomp = StompPeer.connect(peers.services);
    stomp.send('SEND', { destination: '/topic/wamp.session.on_leave' }, '[1]');
    expect(stomp.take()[0]?.command).toBe('ERROR');
    stomp.disconnect();
    expect([watcher.take(), forger.take()]).toEqual([[], []]);
  });

  it('P20: of the identity of a callee or a caller is not passed on from the options of YIELD and CALL', () => {
    const callee = peers.join().send('[64,1,{},"com.a"]');
    callee.take();
    const forged = '"caller":1,"caller_authid":"root","callee":1,"callee_authid":"root","trustlevel":9';
    const caller = peers.join().send(`[48,7,{${forged}},"com.a"]`);
    callee.send(`[70,1,{${forged}}]`);
    expect([callee.take(), caller.take()]).toEqual([['[68,1,1,{}]'], ['[50,7,{}]']]);
  });
});

describe('patterns everywhere', () => {
  it.each(['compatible', 'strict'] as const)('P11: of a thousand dots are refused (%s)', (profile) => {
    const peer = peers.join(HELLO, { profile });
    peer.send(
      JSON.stringify([32, 1, { match: 'wildcard' }, '.'.repeat(1000)]),
      JSON.stringify([64, 2, { match: 'wildcard' }, '.'.repeat(1000)]),
    );
    expect(peer.takeParsed().map((error) => error[4])).toEqual(Array(2).fill('wamp.error.invalid_uri'));
  });

  it('P11: a session has a hundred, and who publishes besides is heard by whom it concerns', () => {
    const hostile = Array.from({ length: 20 }, () => peers.join());
    hostile.forEach((peer, who) => {
      for (let at = 1; at <= 101; at += 1) {
        peer.send(
          JSON.stringify([32, at, { match: 'wildcard' }, `..${'x.'.repeat(at % 40)}.h${who}.p${at}`]),
        );
      }
      const answers = peer.takeParsed();
      expect(answers.filter(([code]) => code === 33).length).toBe(100);
      expect(answers.at(-1)?.[4]).toBe('wamp.error.unavailable');
    });
    const subscriber = peers.join().send('[32,1,{},"com.a.b"]');
    subscriber.take();
    peers.join().send('[16,1,{},"com.a.b",[1]]');
    expect([subscriber.take().length, hostile.flatMap((peer) => peer.take())]).toEqual([1, []]);
  });
});

describe('results without end', () => {
  it('P12: a thousand that nobody asked for reach nobody; the final one does', () => {
    const callee = peers.join().send('[64,1,{},"com.a"]');
    const caller = peers.join().send('[48,7,{},"com.a"]');
    for (let at = 0; at < 1000; at += 1) callee.send(`[70,1,{"progress":true},[${at}]]`);
    callee.send('[70,1,{},["final"]]');
    expect([caller.take(), callee.closedAs]).toEqual([['[50,7,{},["final"]]'], undefined]);
  });
});

describe('a storm of calls', () => {
  it(`P13: each of ${CALLS} that nobody answers gets exactly one answer`, () => {
    peers.join().send('[64,1,{},"com.a"]');
    const caller = peers.join();
    const answered = new Map<unknown, number>();
    const note = (): void => {
      for (const [, , id] of caller.takeParsed()) answered.set(id, (answered.get(id) ?? 0) + 1);
    };
    for (let id = 1; id <= CALLS; id += 1) {
      caller.send(`[48,${id},{"timeout":1000},"com.a"]`);
      if (id % 1000 === 0) note();
    }
    expect(answered.size).toBe(CALLS - 1000);
    peers.services.clock.advance(5000);
    note();
    expect([answered.size, [...answered.values()].every((count) => count === 1)]).toEqual([CALLS, true]);
  });
});

describe('a list of receivers', () => {
  const ids = (count: number): string => Array.from({ length: count }, (_, at) => at + 1001).join();

  it('P16 WAMP-155: has a thousand entries, and no more', () => {
    const subscriber = peers.join().send('[32,1,{},"com.a"]');
    subscriber.take();
    const publisher = peers.join();
    for (const key of ['eligible', 'exclude']) {
      publisher.send(`[16,1,{"${key}":[${ids(1000)}],"acknowledge":true},"com.a"]`);
      publisher.send(`[16,2,{"${key}":[${ids(1001)}],"acknowledge":true},"com.a"]`);
    }
    expect(publisher.takeParsed().map((answer) => answer[4] ?? answer[0])).toEqual([
      17,
      'wamp.error.invalid_argument',
      17,
      'wamp.error.invalid_argument',
    ]);
    expect(subscriber.take().length).toBe(1);
  });

  it('P16: of a hundred thousand ends the connection: no message may have so many values', () => {
    const subscriber = peers.join().send('[32,1,{},"com.a"]');
    subscriber.take();
    const publisher = peers.join().send(`[16,1,{"exclude":[${ids(100_000)}]},"com.a"]`);
    expect([publisher.closedAs, subscriber.take()]).toEqual(['protocol_error', []]);
  });

  it('P16: of names is bounded likewise', () => {
    const names = JSON.stringify(Array.from({ length: 1001 }, (_, at) => `u${at}`));
    const publisher = peers.join();
    for (const key of ['eligible_authid', 'eligible_authrole', 'exclude_authid', 'exclude_authrole']) {
      publisher.send(`[16,1,{"${key}":${names},"acknowledge":true},"com.a"]`);
    }
    expect(publisher.takeParsed().map((error) => error[4])).toEqual(
      Array(4).fill('wamp.error.invalid_argument'),
    );
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { HELLO, Peers, WELCOME } from '../../../test/support/wamp-peer.js';
import type { Authenticator, Verdict } from '../../broker/index.js';
import { testServices } from '../../testing/index.js';
import type { TestServicesOptions } from '../../testing/index.js';
import { wamp } from './index.js';

let peers = new Peers(testServices());

function start(options?: TestServicesOptions): Peers {
  peers = new Peers(testServices(options));
  return peers;
}

afterEach(() => {
  peers.end();
  peers = new Peers(testServices());
});

const ANN = { authid: 'ann', authrole: 'user', authmethod: 'ticket', authprovider: 'static' };

/** An authenticator whose answers a test gives by hand. */
function manual(first: Verdict | Promise<Verdict>): Authenticator {
  return { methods: ['ticket'], begin: () => first };
}

async function settled(): Promise<void> {
  for (let i = 0; i < 6; i += 1) await Promise.resolve();
}

describe('a WAMP session begins', () => {
  it('WAMP-55 WAMP-162: answers HELLO with WELCOME, which announces what works', () => {
    const peer = start().connect();
    peer.send(HELLO);
    expect(peer.take()).toEqual([WELCOME]);
    expect(peer.link.isEstablished).toBe(true);
  });

  it('WAMP-24: answers an unknown realm with ABORT no_such_realm', () => {
    const peer = start().connect();
    peer.send('[1,"nowhere",{"roles":{"caller":{}}}]');
    expect(peer.take()).toEqual(['[3,{"message":"No such realm."},"wamp.error.no_such_realm"]']);
    expect(peer.closedAs).toBe('policy');
  });

  it.each(['', 'a b', 'a..b', 'a#', '.', 'x'.repeat(257)])(
    'WAMP-03: aborts for the realm %j, which is no URI',
    (realm) => {
      const peer = start().connect();
      peer.send(JSON.stringify([1, realm, { roles: { caller: {} } }]));
      expect(peer.take()).toEqual(['[3,{"message":"Not a valid realm."},"wamp.error.invalid_uri"]']);
    },
  );

  it.each(['{}', '{"roles":{}}', '{"roles":{"broker":{}}}', '{"roles":{"caller":null}}', '{"roles":[]}'])(
    'WAMP-54: aborts for the details %s, which announce no role of a client',
    (details) => {
      const peer = start().connect();
      peer.send(`[1,"realm1",${details}]`);
      expect(peer.takeParsed()[0]).toEqual([3, expect.anything(), 'wamp.error.protocol_violation']);
    },
  );

  it('passes over roles and features that it does not know', () => {
    const peer = start().connect();
    peer.send('[1,"realm1",{"roles":{"caller":{"features":{"telepathy":7}},"juggler":5},"x":[1]}]');
    expect(peer.take()).toEqual([WELCOME]);
  });

  it('logs a client in with CHALLENGE and AUTHENTICATE', () => {
    const answers: string[] = [];
    const answer = (response: string): Verdict => {
      answers.push(response);
      return { kind: 'accepted', principal: ANN };
    };
    const authenticator = manual({
      kind: 'challenged',
      challenge: { method: 'ticket', extra: { hint: 1 }, answer },
    });
    const peer = start({ authenticator }).connect();
    peer.send('[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"ann"}]');
    expect(peer.take()).toEqual(['[4,"ticket",{"hint":1}]']);
    expect(peer.link.isEstablished).toBe(false);
    peer.send('[5,"secret",{}]');
    expect(answers).toEqual(['secret']);
    expect(peer.takeParsed()[0]?.[2]).toMatchObject({
      authid: 'ann',
      authrole: 'user',
      authmethod: 'ticket',
    });
  });

  it('tells the authenticator what the client said about itself', () => {
    const seen: unknown[] = [];
    const authenticator: Authenticator = {
      methods: ['ticket'],
      begin: (attempt) => {
        seen.push(attempt);
        return { kind: 'accepted', principal: ANN };
      },
    };
    start({ authenticator })
      .connect()
      .send(
        '[1,"realm1",{"roles":{"caller":{}},"authmethods":["x","ticket"],"authid":"ann",' +
          '"authextra":{"nonce":"bm9uY2U=","channel_binding":null}}]',
      );
    expect(seen).toEqual([
      {
        realm: 'realm1',
        methods: ['x', 'ticket'],
        authid: 'ann',
        secret: undefined,
        remoteAddress: '127.0.0.1',
        extra: { nonce: 'bm9uY2U=', channel_binding: null },
        session: 1001,
        http: { headers: {}, tls: undefined },
      },
    ]);
  });

  it.each([
    ['no_matching_method', 'wamp.error.no_matching_auth_method'],
    ['authentication_required', 'wamp.error.authentication_required'],
    ['authentication_denied', 'wamp.error.authentication_denied'],
    ['authentication_failed', 'wamp.error.authentication_failed'],
  ] as const)('WAMP-25: aborts a login refused as %s with %s', (code, reason) => {
    const peer = start({ authenticator: manual({ kind: 'refused', code }) }).connect();
    peer.send(HELLO);
    expect(peer.take()).toEqual([`[3,{"message":"The login was refused."},"${reason}"]`]);
    expect([peer.closedAs, peer.link.isEstablished]).toEqual(['policy', false]);
  });

  it.each([
    [
      'throws',
      (): Verdict => {
        throw new Error('broken');
      },
    ],
    ['rejects', (): Promise<Verdict> => Promise.reject(new Error('broken'))],
  ])('WAMP-25: aborts with authentication_failed when the authenticator %s', async (_how, begin) => {
    const peer = start({ authenticator: { methods: [], begin } }).connect();
    peer.send(HELLO);
    await settled();
    expect(peer.take()).toEqual([
      '[3,{"message":"The login was refused."},"wamp.error.authentication_failed"]',
    ]);
  });

  it('B16 WAMP-15: keeps what is sent behind a HELLO that waits, in order', async () => {
    let decide = (_verdict: Verdict): void => {};
    const authenticator = manual(new Promise<Verdict>((resolve) => (decide = resolve)));
    const peer = start({ authenticator }).connect();
    peer.send(HELLO, '[32,1,{},"com.a"]', '[32,2,{},"com.b"]');
    expect([peer.take(), [...peer.link.paused]]).toEqual([[], ['admission']]);
    decide({ kind: 'accepted', principal: ANN });
    await settled();
    expect(peer.takeParsed().map(([code, id]) => [code, id])).toEqual([
      [2, 1001],
      [33, 1],
      [33, 2],
    ]);
  });

  it('forgets a login whose client is gone before the authenticator answers', async () => {
    let decide = (_verdict: Verdict): void => {};
    const authenticator = manual(new Promise<Verdict>((resolve) => (decide = resolve)));
    const peer = start({ authenticator }).connect();
    peer.send(HELLO);
    peer.disconnect();
    decide({ kind: 'accepted', principal: ANN });
    await settled();
    expect(peer.take()).toEqual([]);
  });

  it('P3: aborts a connection that does not say HELLO in time', () => {
    const { services } = start();
    const peer = peers.connect();
    services.clock.advance(9_900);
    expect(peer.closedAs).toBeUndefined();
    services.clock.advance(400);
    expect(peer.take()).toEqual(['[3,{"message":"No session within 10000 ms."},"wamp.error.timeout"]']);
    expect(peer.closedAs).toBe('policy');
  });

  it('P3: aborts a connection that does not answer the CHALLENGE in time', () => {
    const challenge = {
      method: 'ticket',
      extra: {},
      answer: (): Verdict => ({ kind: 'accepted', principal: ANN }),
    };
    const { services } = start({ authenticator: manual({ kind: 'challenged', challenge }) });
    const peer = peers.connect().send(HELLO);
    services.clock.advance(10_300);
    peer.send('[5,"late",{}]');
    expect(peer.takeParsed().map(([code]) => code)).toEqual([4, 3]);
    expect(peer.closedAs).toBe('policy');
  });

  it('P3: leaves a session alone after its login', () => {
    const { services } = start();
    const peer = peers.join();
    services.clock.advance(60_000);
    expect([peer.take(), peer.closedAs]).toEqual([[], undefined]);
  });

  it('P17 WAMP-06: names each session by an id from the id source', () => {
    start();
    const ids = [peers.connect(), peers.connect(), peers.connect()].map(
      (peer) => peer.send(HELLO).takeParsed()[0]?.[1],
    );
    expect(ids).toEqual([1001, 1002, 1003]);
  });

  it('recognises a HELLO in JSON text, and nothing else', () => {
    const subprotocol = wamp();
    const recognises = (text: string, isBinary = false): boolean | undefined =>
      subprotocol.recognises?.(Buffer.from(text), isBinary);
    expect(['[1,"realm1",{}]', ' \r\n[1,"a"', '[ 1 ,'].map((text) => recognises(text))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['[16,1,', '[11,', 'CONNECT\n', '', '{"a":1}', '["1",'].map((text) => recognises(text))).toEqual(
      Array<boolean>(6).fill(false),
    );
    expect(recognises('[1,"realm1",{}]', true)).toBe(false);
  });

  it('speaks JSON where nothing was offered', () => {
    const peer = start().connect({ token: undefined });
    expect(peer.send(HELLO).take()).toEqual([WELCOME]);
  });
});

describe('a WAMP session ends', () => {
  it('WAMP-48: answers GOODBYE with GOODBYE goodbye_and_out', () => {
    const peer = start().join();
    peer.send('[6,{},"wamp.close.close_realm"]');
    expect(peer.take()).toEqual(['[6,{},"wamp.close.goodbye_and_out"]']);
    expect(peer.closedAs).toBeUndefined();
  });

  it.each(['compatible', 'strict'] as const)(
    'WAMP-53 WAMP-28: answers wamp.close.normal and other reasons in the same way (%s)',
    (profile) => {
      start();
      for (const reason of [
        'wamp.close.normal',
        'wamp.close.system_shutdown',
        'wamp.error.goodbye_and_out',
      ]) {
        const peer = peers.join(HELLO, { profile });
        peer.send(`[6,{"message":"bye"},"${reason}"]`);
        expect(peer.take()).toEqual(['[6,{},"wamp.close.goodbye_and_out"]']);
      }
    },
  );

  it('WAMP-52: begins a new session on the same connection when HELLO comes after GOODBYE', () => {
    const peer = start().join();
    peer.send('[32,1,{},"com.a"]', '[6,{},"wamp.close.close_realm"]', HELLO, '[32,1,{},"com.b"]');
    expect(peer.takeParsed().map((message) => message.slice(0, 2))).toEqual([
      [33, 1],
      [6, {}],
      [2, 1002],
      [33, 1],
    ]);
    expect(peers.services.brokers.get('realm1')?.stats).toMatchObject({ sessions: 1, subscriptions: 1 });
  });

  it('WAMP-52: counts request ids anew in the new session (strict)', () => {
    const peer = start().join(HELLO, { profile: 'strict' });
    peer.send('[32,1,{},"com.a"]', '[6,{},"wamp.close.close_realm"]', HELLO, '[32,1,{},"com.b"]');
    expect(peer.takeParsed().map(([code]) => code)).toEqual([33, 6, 2, 33]);
  });

  it('closes the link when nothing follows a GOODBYE', () => {
    const { services } = start();
    const peer = peers.join().send('[6,{},"wamp.close.normal"]');
    services.clock.advance(10_300);
    expect(peer.take()).toEqual(['[6,{},"wamp.close.goodbye_and_out"]']);
    expect(peer.closedAs).toBe('normal');
  });

  it('P23: passes over what a client sends after its GOODBYE', () => {
    const peer = start().join();
    const listener = peers.join();
    listener.send('[32,1,{},"com.a"]').take();
    peer.send('[6,{},"wamp.close.normal"]', '[16,1,{},"com.a"]', '[70,1,{}]', '[6,{},"wamp.close.normal"]');
    expect(peer.take()).toEqual(['[6,{},"wamp.close.goodbye_and_out"]']);
    expect([listener.take(), peer.closedAs]).toEqual([[], undefined]);
  });

  it('WAMP-50 P23: says GOODBYE when the server stops, then sends nothing more', () => {
    const { services } = start();
    const peer = peers.join().send('[32,1,{},"com.a"]');
    const publisher = peers.join();
    peer.take();
    peer.session.closing(services.clock.now() + 5000);
    publisher.send('[16,1,{},"com.a"]');
    expect(peer.take()).toEqual([
      '[6,{"message":"The server is shutting down."},"wamp.close.system_shutdown"]',
    ]);
    expect(peer.closedAs).toBeUndefined();
  });

  it('WAMP-46 P23: ignores everything but GOODBYE after its own, then closes', () => {
    const { services } = start();
    const peer = peers.join();
    peer.session.closing(services.clock.now() + 5000);
    peer.take();
    peer.send('[16,1,{"acknowledge":true},"com.a"]', '[48,2,{},"com.b"]', 'rubbish', '[1]', HELLO);
    expect([peer.take(), peer.closedAs]).toEqual([[], undefined]);
    peer.send('[6,{},"wamp.close.goodbye_and_out"]');
    expect([peer.take(), peer.closedAs]).toEqual([[], 'going_away']);
  });

  it('P23: closes a client that never answers GOODBYE after one second', () => {
    const { services } = start();
    const peer = peers.join();
    peer.session.closing(services.clock.now() + 60_000);
    services.clock.advance(1200);
    expect(peer.closedAs).toBe('going_away');
  });

  it('closes at the deadline when that is earlier', () => {
    const { services } = start();
    const peer = peers.join();
    peer.session.closing(services.clock.now() + 200);
    services.clock.advance(400);
    expect(peer.closedAs).toBe('going_away');
  });

  it('WAMP-28: aborts a login in progress when the server stops', () => {
    const { services } = start();
    const peer = peers.connect();
    peer.session.closing(services.clock.now() + 5000);
    expect(peer.take()).toEqual([
      '[3,{"message":"The server is shutting down."},"wamp.close.system_shutdown"]',
    ]);
    expect(peer.closedAs).toBe('going_away');
  });

  it('WAMP-49: never answers ABORT', () => {
    const peer = start().join();
    peer.send('[3,{"message":"x"},"wamp.error.protocol_violation"]');
    expect([peer.take(), peer.closedAs]).toEqual([[], 'normal']);
  });

  it('WAMP-51: drops everything that the session held when the connection breaks', () => {
    const peer = start().join();
    peer.send('[32,1,{},"com.a"]', '[64,2,{},"com.b"]');
    peer.disconnect();
    expect(peers.services.brokers.get('realm1')?.stats).toMatchObject({
      sessions: 0,
      subscriptions: 0,
      registrations: 0,
    });
  });

  it('B1 WAMP-214: aborts and closes a session that the broker puts out because it is too slow', () => {
    start({ brokerLimits: { backlogMessages: 2 } });
    const peer = peers.join().send('[32,1,{},"com.a"]');
    const publisher = peers.join();
    peer.take();
    peer.link.congested = true;
    publisher.send(...[1, 2, 3, 4].map((id) => `[16,${id},{},"com.a"]`));
    expect(peer.takeParsed().map(([code, , reason]) => (code === 3 ? reason : code))).toEqual([
      36,
      'wamp.error.unavailable',
    ]);
    expect(peer.closedAs).toBe('overloaded');
  });

  it('WAMP-214: hands over what was kept back, in order, when the link has drained', () => {
    start();
    const peer = peers.join().send('[32,1,{},"com.a"]');
    const publisher = peers.join();
    peer.take();
    peer.link.congested = true;
    publisher.send('[16,1,{},"com.a",[1]]', '[16,2,{},"com.a",[2]]', '[16,3,{},"com.a",[3]]');
    expect(peer.takeParsed().map((event) => event[4])).toEqual([[1]]);
    peer.link.congested = false;
    peer.session.drained();
    expect(peer.takeParsed().map((event) => event[4])).toEqual([[2], [3]]);
  });
});

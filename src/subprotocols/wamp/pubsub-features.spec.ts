import { afterEach, describe, expect, it } from '@jest/globals';
import { changing } from '../../../test/support/changing-authorizer.js';
import { HELLO, Peers } from '../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../test/support/wamp-peer.js';
import type { Authorizer } from '../../broker/index.js';
import { allowAll } from '../../broker/index.js';
import { StompPeer, testServices } from '../../testing/index.js';

let authorizer: Authorizer = allowAll;
const start = (): Peers => new Peers(testServices({ authorizer: changing(() => authorizer) }));
let peers = start();

afterEach(() => {
  peers.end();
  authorizer = allowAll;
  peers = start();
});

describe('sharded subscription', () => {
  /** Subscribers of one topic, one at each of these nodes. */
  const at = (...nodes: string[]): WampPeer[] =>
    nodes.map((nkey) => {
      const peer = peers.join().send(`[32,1,${JSON.stringify({ nkey })},"com.a"]`);
      peer.take();
      return peer;
    });

  /** Who of them got an event with each of these keys; several, or nobody, is -1. */
  function homes(all: readonly WampPeer[], keys: readonly (string | number)[]): number[] {
    const publisher = peers.join();
    return keys.map((rkey, index) => {
      publisher.send(`[16,${index + 1},${JSON.stringify({ rkey })},"com.a"]`);
      const got = all.flatMap((peer, place) => peer.take().map(() => place));
      return got.length === 1 ? got[0]! : -1;
    });
  }
  const KEYS = Array.from({ length: 60 }, (_, index) => `sn${index}`);

  it.each([
    ['[16,1,{"acknowledge":true,"rkey":"%"},"com.a"]', 17],
    ['[32,1,{"nkey":"%"},"com.a"]', 33],
  ])('WAMP-151 B18: takes 255 bytes as a key in %s, and no more', (message, success) => {
    const answers = [255, 256].map((length) => {
      const peer = peers.join().send(message.replace('%', 'k'.repeat(length)));
      const [answer] = peer.takeParsed();
      return answer?.[0] === 8 ? answer[4] : answer?.[0];
    });
    expect(answers).toEqual([success, 'wamp.error.invalid_argument']);
  });

  it('WAMP-151: brings events with the same rkey to the same node, alone, and the keys to all of them', () => {
    const all = at('node1', 'node2', 'node3');
    const first = homes(all, KEYS);
    expect(first).not.toContain(-1);
    expect(homes(all, KEYS)).toEqual(first);
    const counts = [0, 1, 2].map((place) => first.filter((home) => home === place).length);
    expect(Math.min(...counts)).toBeGreaterThan(8);
  });

  it('WAMP-151: moves no other keys when a node leaves, or joins, and gives the same node the same keys', () => {
    const all = at('node1', 'node2', 'node3');
    const before = homes(all, KEYS);
    all[1]!.disconnect();
    const without = homes(all, KEYS);
    expect(before.map((home, key) => home === 1 || home === without[key])).not.toContain(false);
    all[1] = at('node2')[0]!;
    expect(homes(all, KEYS)).toEqual(before);
  });

  it('WAMP-151: brings every event to who names no node, and events without rkey to everybody', () => {
    const all = at('node1', 'node2');
    const plain = peers.join().send('[32,1,{},"com.a"]');
    plain.take();
    const publisher = peers.join().send('[16,1,{"rkey":"k"},"com.a"]');
    expect([plain.take().length, all.flatMap((peer) => peer.take()).length]).toEqual([1, 1]);
    publisher.send('[16,2,{},"com.a"]');
    expect([plain, ...all].map((peer) => peer.take().length)).toEqual([1, 1, 1]);
  });

  it('WAMP-151: brings an event to all subscribers of its node', () => {
    const all = at('node1', 'node1', 'node2', 'node2');
    peers.join().send('[16,1,{"rkey":"k"},"com.a"]');
    const got = all.map((peer) => peer.take().length);
    expect([
      [1, 1, 0, 0],
      [0, 0, 1, 1],
    ]).toContainEqual(got);
  });

  it('WAMP-151: shares each pattern out by itself', () => {
    const [exact] = at('node1');
    const prefix = peers.join().send('[32,1,{"match":"prefix","nkey":"node2"},"com"]');
    prefix.take();
    homes([], ['k1', 'k2', 'k3']);
    expect([exact!.take().length, prefix.take().length]).toEqual([3, 3]);
  });

  it('WAMP-151: brings no other node what is retained', () => {
    const all = at('node1', 'node2');
    peers.join().send('[16,1,{"rkey":"k","retain":true},"com.a",[1]]');
    const home = all.findIndex((peer) => peer.take().length > 0);
    const late = ['node1', 'node2'].map((nkey) =>
      peers.join().send(`[32,1,{"nkey":"${nkey}","get_retained":true},"com.a"]`),
    );
    expect(late.map((peer) => peer.take().length)).toEqual(home === 0 ? [2, 1] : [1, 2]);
  });

  it('WAMP-151: tells numbers from texts', () => {
    const all = at('node1', 'node2', 'node3', 'node4');
    const numbers = homes(all, [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(homes(all, [1, 2, 3, 4, 5, 6, 7, 8])).toEqual(numbers);
    expect(homes(all, ['1', '2', '3', '4', '5', '6', '7', '8'])).not.toEqual(numbers);
  });

  it.each(['sharded_subscription', 'shareded_subscriptions'])(
    'WAMP-151: is taken from a client that spells it %s; WELCOME spells it as sharded registration is spelled',
    (spelling) => {
      const features = `{"features":{"${spelling}":true}}`;
      const hello = `[1,"realm1",{"roles":{"publisher":${features},"subscriber":${features}}}]`;
      const peer = peers.connect().send(hello);
      expect(peer.take()[0]).toMatch(/"broker":\{"features":\{[^}]*"sharded_subscription":true/);
      expect(peer.send('[32,1,{"nkey":"n"},"com.a"]').take()).toEqual(['[33,1,1]']);
    },
  );
});

describe('publication trust levels', () => {
  const ranking: Authorizer = {
    trustlevels: true,
    decide: (_principal, action) => ({ allow: true, ...(action === 'publish' && { trustlevel: 2 }) }),
  };

  it('WAMP-152 WAMP-55: tells subscribers what the authorizer says, and announces it', () => {
    authorizer = ranking;
    const subscriber = peers.connect().send(HELLO, '[32,1,{},"com.a"]');
    expect(subscriber.takeParsed()[0]?.[2]).toMatchObject({
      roles: { broker: { features: { publication_trustlevels: true } } },
    });
    peers.join().send('[16,1,{},"com.a"]');
    expect(subscriber.takeParsed().map((event) => event[3])).toEqual([{ trustlevel: 2 }]);
  });

  it('P20 WAMP-152: tells and announces nothing if it says nothing, whatever the publisher says', () => {
    const subscriber = peers.connect().send(HELLO, '[32,1,{},"com.a"]');
    expect(JSON.stringify(subscriber.takeParsed())).not.toContain('publication_trustlevels');
    peers.join().send('[16,1,{"trustlevel":9,"_trustlevel":9},"com.a",[],{"trustlevel":9}]');
    expect(subscriber.takeParsed().map((event) => event[3])).toEqual([{}]);
  });

  it('WAMP-152: tells it of what is retained, and of what a transaction of STOMP publishes', () => {
    authorizer = ranking;
    peers.join().send('[16,1,{"retain":true},"com.a",[1]]');
    const subscriber = peers.join().send('[32,1,{"get_retained":true},"com.a"]');
    expect(subscriber.takeParsed()[1]?.[3]).toEqual({ retained: true, trustlevel: 2 });
    const stomp = StompPeer.connect(peers.services);
    stomp.send('BEGIN', { transaction: 't' });
    stomp.send('SEND', { destination: '/topic/com.a', transaction: 't' }, 'x');
    stomp.send('COMMIT', { transaction: 't' });
    expect(subscriber.takeParsed()[0]?.[3]).toMatchObject({ trustlevel: 2 });
    stomp.disconnect();
  });
});

describe('payload passthru of events', () => {
  const PACKED_HELLO =
    '[1,"realm1",{"roles":{"publisher":{"features":{"payload_passthru_mode":true}},"subscriber":{}}}]';
  const PPT =
    '"ppt_scheme":"wamp","ppt_serializer":"cbor","ppt_cipher":"xsalsa20poly1305","ppt_keyid":"GTtQ37XGJO2O"';

  it.each(['compatible', 'strict'] as const)(
    'WAMP-153: passes what is packed on unchanged to every subscriber, also one that has not announced it (%s)',
    (profile) => {
      const subscriber = peers.join(HELLO, { profile }).send('[32,1,{},"com.a"]');
      subscriber.take();
      peers.join(PACKED_HELLO, { profile }).send(`[16,1,{${PPT}},"com.a",["\\u0000AQI="]]`);
      expect(subscriber.take()).toEqual([`[36,1,1003,{${PPT}},["\\u0000AQI="]]`]);
    },
  );

  it('WAMP-153: keeps what says how with a retained event', () => {
    peers.join(PACKED_HELLO).send(`[16,1,{${PPT},"retain":true},"com.a",["\\u0000AQI="]]`);
    const subscriber = peers.join().send('[32,1,{"get_retained":true},"com.a"]');
    expect(subscriber.take()[1]).toBe(`[36,1,1002,{"retained":true,${PPT}},["\\u0000AQI="]]`);
  });

  it('WAMP-153: keeps what says how with a message of a queue', () => {
    peers.join(PACKED_HELLO).send(`[16,1,{${PPT},"_queue":true},"jobs",["\\u0000AQI="]]`);
    const worker = peers.join().send('[64,1,{},"queue.jobs"]');
    expect(worker.takeParsed()[1]?.slice(3)).toMatchObject([
      { ppt_scheme: 'wamp', ppt_serializer: 'cbor', ppt_keyid: 'GTtQ37XGJO2O' },
      ['\0AQI='],
    ]);
    worker.send('[70,1,{}]');
  });

  it('WAMP-230: passes on what is said in the words of an older draft: live, retained, from a queue', () => {
    const ENC = '"enc_algo":"cryptobox","enc_key":"GTtQ37XGJO2O","enc_serializer":"json"';
    const subscriber = peers.join().send('[32,1,{},"com.a"]');
    subscriber.take();
    const publisher = peers.join(PACKED_HELLO.replace('payload_passthru_mode', 'payload_transparency'));
    publisher.send(
      `[16,1,{${ENC},"retain":true},"com.a",["\\u0000AQI="]]`,
      `[16,2,{${ENC},"_queue":true},"jobs",["\\u0000AQI="]]`,
    );
    expect(subscriber.take()).toEqual([`[36,1,1003,{${ENC}},["\\u0000AQI="]]`]);
    const late = peers.join().send('[32,1,{"get_retained":true},"com.a"]', '[64,2,{},"queue.jobs"]');
    const [, retained, , message] = late.takeParsed().map((event) => event[3]);
    const expected = { enc_algo: 'cryptobox', enc_key: 'GTtQ37XGJO2O', enc_serializer: 'json' };
    expect([retained, message]).toMatchObject([expected, expected]);
  });

  it('WAMP-153 WAMP-156: gives a STOMP subscriber the bytes, and nothing of what says how', () => {
    const stomp = StompPeer.connect(peers.services);
    stomp.send('SUBSCRIBE', { id: '1', destination: '/topic/com.a' });
    peers.join(PACKED_HELLO).send(`[16,1,{${PPT}},"com.a",["\\u0000AQI="]]`);
    const [message] = stomp.take();
    expect([...(message?.body ?? [])]).toEqual([1, 2]);
    expect(Object.keys(message?.headers ?? {}).filter((name) => name.includes('ppt'))).toEqual([]);
    stomp.disconnect();
  });

  it('X4 WAMP-153: cannot be said by a header of STOMP, and neither can any other option of WAMP by its name there', () => {
    const nodes = ['n1', 'n2'].map((nkey) => peers.join().send(`[32,1,{"nkey":"${nkey}"},"com.a"]`));
    for (const node of nodes) node.take();
    const stomp = StompPeer.connect(peers.services);
    const options =
      'ppt_scheme ppt_serializer ppt_cipher ppt_keyid rkey nkey trustlevel _trustlevel disclose_me exclude_me ' +
      'eligible_authid eligible_authrole exclude_authid exclude_authrole acknowledge get_retained match invoke ' +
      'timeout progress receive_progress runmode';
    const headers = Object.fromEntries(options.split(' ').map((name) => [name, 'true']));
    stomp.send('SEND', { destination: '/topic/com.a', ...headers }, 'x');
    const details = nodes.map((node) => node.takeParsed()[0]?.[3]);
    expect(details).toEqual([{ _headers: headers }, { _headers: headers }]);
    const late = peers.join().send('[32,1,{"get_retained":true},"com.a"]');
    expect(late.take().length).toBe(1);
    stomp.disconnect();
  });

  it.each(['compatible', 'strict'] as const)(
    'WAMP-40: ends the connection of a publisher that has not announced it (%s)',
    (profile) => {
      const listener = peers.join().send('[32,1,{},"com.a"]');
      listener.take();
      const peer = peers.join(HELLO, { profile }).send('[16,1,{"ppt_scheme":"mqtt"},"com.a",["x"]]');
      expect([peer.closedAs, listener.take()]).toEqual(['protocol_error', []]);
    },
  );

  it('WAMP-27: refuses it without a scheme, aloud only if it is to be acknowledged', () => {
    const listener = peers.join().send('[32,1,{},"com.a"]');
    listener.take();
    const peer = peers.join(PACKED_HELLO).send('[16,1,{"ppt_keyid":"k"},"com.a",["x"]]');
    expect(peer.take()).toEqual([]);
    peer.send('[16,2,{"ppt_keyid":"k","acknowledge":true},"com.a",["x"]]');
    expect([peer.takeParsed()[0]?.[4], listener.take()]).toEqual(['wamp.error.invalid_argument', []]);
  });
});

describe('subscription revocation', () => {
  const ANNOUNCING =
    '[1,"realm1",{"roles":{"publisher":{},"subscriber":{"features":{"subscription_revocation":true}}}}]';

  /** From now on nobody may subscribe to com.a, and who has is asked about again. */
  function forbid(): void {
    authorizer = { decide: (_principal, action) => ({ allow: action !== 'subscribe' }) };
    peers.services.brokers.get('realm1')!.reauthorize();
  }

  it.each(['compatible', 'strict'] as const)(
    'WAMP-154: tells a subscriber that has announced it, by UNSUBSCRIBED with request 0 (%s)',
    (profile) => {
      const subscriber = peers.join(ANNOUNCING, { profile }).send('[32,1,{},"com.a"]');
      subscriber.take();
      forbid();
      expect(subscriber.take()).toEqual(['[35,0,{"subscription":1,"reason":"wamp.error.not_authorized"}]']);
      peers.join(ANNOUNCING, { profile }).send('[16,1,{},"com.a"]');
      expect(subscriber.take()).toEqual([]);
    },
  );

  it('WAMP-154: tells nothing to others, and ends their subscription as well', () => {
    const subscriber = peers.join().send('[32,1,{},"com.a"]');
    subscriber.take();
    forbid();
    peers.join().send('[16,1,{},"com.a"]');
    expect(subscriber.take()).toEqual([]);
    subscriber.send('[34,2,1]');
    expect(subscriber.takeParsed()[0]?.[4]).toBe('wamp.error.no_such_subscription');
  });

  it('WAMP-150 WAMP-154: tells nobody where it is switched off', () => {
    const features = { subscription_revocation: false };
    const subscriber = peers.connect({ features }).send(ANNOUNCING, '[32,1,{},"com.a"]');
    expect(subscriber.take()[0]).not.toContain('subscription_revocation');
    forbid();
    expect(subscriber.take()).toEqual([]);
  });
});

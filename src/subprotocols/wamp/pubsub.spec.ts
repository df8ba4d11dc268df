import { afterEach, describe, expect, it } from '@jest/globals';
import { HELLO, Peers } from '../../../test/support/wamp-peer.js';
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

async function settled(): Promise<void> {
  for (let i = 0; i < 6; i += 1) await Promise.resolve();
}

/** A subscriber and a publisher: sessions 1001 and 1002, so the first publication is 1003. */
function pair(subscribe = '[32,1,{},"com.a"]'): { subscriber: WampPeer; publisher: WampPeer } {
  const subscriber = peers.join().send(subscribe);
  subscriber.take();
  return { subscriber, publisher: peers.join() };
}

describe('SUBSCRIBE and PUBLISH', () => {
  it('delivers an event to a subscriber', () => {
    const { subscriber, publisher } = pair();
    publisher.send('[16,1,{},"com.a",["hi",1],{"k":null}]');
    expect(subscriber.take()).toEqual(['[36,1,1003,{},["hi",1],{"k":null}]']);
    expect(publisher.take()).toEqual([]);
  });

  it('WAMP-67: answers PUBLISH with PUBLISHED if acknowledge is true', () => {
    const { subscriber, publisher } = pair();
    publisher.send('[16,7,{"acknowledge":true},"com.a"]');
    expect(publisher.take()).toEqual(['[17,7,1003]']);
    expect(subscriber.take()).toEqual(['[36,1,1003,{}]']);
  });

  it.each([
    '[16,1,{},"a..b"]',
    '[16,1,{"acknowledge":false},""]',
    '[16,1,{},"wamp.x"]',
    '[16,1,{"_headers":{"":"x"}},"com.a"]',
  ])('WAMP-43 WAMP-67: says nothing when the unacknowledged %s fails', (message) => {
    const { subscriber, publisher } = pair();
    publisher.send(message);
    expect([publisher.take(), subscriber.take(), publisher.closedAs]).toEqual([[], [], undefined]);
  });

  it('WAMP-43: says nothing when an unacknowledged PUBLISH is not authorized', () => {
    start({ authorizer: { decide: (_who, action) => ({ allow: action !== 'publish' }) } });
    const { subscriber, publisher } = pair();
    publisher.send('[16,1,{},"com.a"]');
    expect([publisher.take(), subscriber.take()]).toEqual([[], []]);
  });

  it.each(['a..b', '', '.a', 'a.', 'a b', 'a#b', '#x', 'a\tb', 'a\u00a0b'])(
    'WAMP-01 WAMP-03: refuses the topic %j with invalid_uri in an acknowledged PUBLISH and in SUBSCRIBE',
    (topic) => {
      const peer = peers.join();
      peer.send(JSON.stringify([16, 1, { acknowledge: true }, topic]), JSON.stringify([32, 2, {}, topic]));
      expect(peer.take()).toEqual([
        '[8,16,1,{},"wamp.error.invalid_uri",["Not a valid URI."]]',
        '[8,32,2,{},"wamp.error.invalid_uri",["Not a valid URI."]]',
      ]);
      expect(peer.closedAs).toBeUndefined();
    },
  );

  it.each(['A.b', 'com.süß', 'com.a-b', 'com.ü/x'])('WAMP-01: takes %j by the loose rule only', (topic) => {
    const message = JSON.stringify([32, 1, {}, topic]);
    expect(peers.join(HELLO, { profile: 'compatible' }).send(message).take()).toEqual(['[33,1,1]']);
    expect(peers.join(HELLO, { profile: 'strict' }).send(message).takeParsed()[0]?.[4]).toBe(
      'wamp.error.invalid_uri',
    );
  });

  it.each([
    '[32,1,{"match":"wildcard"},"com..a"]',
    '[32,1,{"match":"wildcard"},"..."]',
    '[32,1,{"match":"prefix"},"com."]',
  ])('WAMP-01: takes empty components in the pattern %s', (message) => {
    for (const profile of ['compatible', 'strict'] as const) {
      expect(peers.join(HELLO, { profile }).send(message).take()).toEqual(['[33,1,1]']);
    }
  });

  it.each([
    '[32,1,{"match":"prefix"},"a..b"]',
    '[32,1,{"match":"wildcard"},""]',
    '[32,1,{"match":"wildcard"},"a..b c"]',
  ])('WAMP-01: refuses the pattern %s', (message) =>
    expect(peers.join().send(message).takeParsed()[0]?.[4]).toBe('wamp.error.invalid_uri'),
  );

  it('WAMP-27: refuses an unknown match with invalid_argument', () => {
    const peer = peers.join().send('[32,1,{"match":"regex"},"com.a"]', '[64,2,{"match":""},"com.a"]');
    expect(peer.takeParsed().map((error) => error[4])).toEqual([
      'wamp.error.invalid_argument',
      'wamp.error.invalid_argument',
    ]);
  });

  it.each(['wamp', 'wamp.session.on_leave', 'wamp.a'])('P9 WAMP-02: lets nobody publish to %s', (topic) => {
    const { subscriber, publisher } = pair('[32,1,{"match":"prefix"},""]');
    publisher.send(JSON.stringify([16, 1, { acknowledge: true }, topic]));
    expect(publisher.takeParsed()[0]?.slice(0, 5)).toEqual([8, 16, 1, {}, 'wamp.error.invalid_uri']);
    expect(subscriber.take()).toEqual([]);
  });

  it.each(['Wamp.x', 'wampum.x', 'com.wamp', 'wamp_'])(
    'P9 WAMP-02: lets everybody publish to %s',
    (topic) => {
      const { subscriber, publisher } = pair('[32,1,{"match":"prefix"},""]');
      publisher.send(JSON.stringify([16, 1, { acknowledge: true }, topic]));
      expect(publisher.takeParsed()[0]?.[0]).toBe(17);
      expect(subscriber.takeParsed()[0]?.[3]).toEqual({ topic });
    },
  );

  it('WAMP-02: lets clients subscribe to topics of the router', () => {
    expect(peers.join().send('[32,1,{},"wamp.session.on_join"]').take()).toEqual(['[33,1,1]']);
  });

  it('WAMP-68 WAMP-07: gives the same topic and match the same subscription, one event, one end', () => {
    const { subscriber, publisher } = pair();
    subscriber.send('[32,2,{},"com.a"]', '[32,3,{"match":"exact"},"com.a"]');
    expect(subscriber.take()).toEqual(['[33,2,1]', '[33,3,1]']);
    publisher.send('[16,1,{},"com.a"]');
    expect(subscriber.take()).toEqual(['[36,1,1003,{}]']);
    subscriber.send('[34,4,1]', '[34,5,1]');
    publisher.send('[16,2,{},"com.a"]');
    expect(subscriber.take()).toEqual([
      '[35,4]',
      '[8,34,5,{},"wamp.error.no_such_subscription",["This session holds no such subscription."]]',
    ]);
  });

  it('WAMP-69: delivers to every matching subscription, with the same publication id and its own details', () => {
    const subscriber = peers.join();
    subscriber.send(
      '[32,1,{},"com.x.a"]',
      '[32,2,{"match":"prefix"},"com"]',
      '[32,3,{"match":"wildcard"},"com..a"]',
      '[32,4,{"match":"prefix"},"com.y"]',
    );
    subscriber.take();
    peers.join().send('[16,1,{},"com.x.a",[1]]');
    expect(subscriber.take().sort()).toEqual([
      '[36,1,1003,{},[1]]',
      '[36,2,1003,{"topic":"com.x.a"},[1]]',
      '[36,3,1003,{"topic":"com.x.a"},[1]]',
    ]);
  });

  it('WAMP-70: matches prefixes by characters', () => {
    const { subscriber, publisher } = pair('[32,1,{"match":"prefix"},"com.app.alarm"]');
    publisher.send('[16,1,{},"com.app.alarm-low"]', '[16,2,{},"com.app.alarm"]', '[16,3,{},"com.app.alar"]');
    expect(subscriber.takeParsed().map((event) => event[3])).toEqual([
      { topic: 'com.app.alarm-low' },
      { topic: 'com.app.alarm' },
    ]);
  });

  it('WAMP-70: matches wildcards component by component', () => {
    const { subscriber, publisher } = pair('[32,1,{"match":"wildcard"},"com..x."]');
    publisher.send(
      '[16,1,{},"com.a.x.b"]',
      '[16,2,{},"com.a.x"]',
      '[16,3,{},"com.a.b.x.b"]',
      '[16,4,{},"com.a.y.b"]',
    );
    expect(subscriber.takeParsed().map((event) => event[3])).toEqual([{ topic: 'com.a.x.b' }]);
  });

  it('WAMP-05: takes the empty prefix as everything', () => {
    const { subscriber, publisher } = pair('[32,1,{"match":"prefix"},""]');
    publisher.send('[16,1,{},"a"]', '[16,2,{},"b.c"]');
    expect(subscriber.takeParsed().map((event) => event[3])).toEqual([{ topic: 'a' }, { topic: 'b.c' }]);
  });

  it('WAMP-05: asks the authorizer about the empty prefix', () => {
    const asked: unknown[] = [];
    const decide = (_who: unknown, action: string, target: unknown): Decision => {
      asked.push([action, target]);
      return { allow: false };
    };
    start({ authorizer: { decide } });
    const peer = peers.join().send('[32,1,{"match":"prefix"},""]');
    expect(peer.takeParsed()[0]?.[4]).toBe('wamp.error.not_authorized');
    expect(asked).toEqual([['subscribe', { match: 'prefix', text: '' }]]);
  });

  it('WAMP-71: leaves the publisher out unless exclude_me is false', () => {
    const peer = peers.join().send('[32,1,{},"com.a"]');
    peer.take();
    peer.send(
      '[16,2,{},"com.a",[1]]',
      '[16,3,{"exclude_me":true},"com.a",[2]]',
      '[16,4,{"exclude_me":false},"com.a",[3]]',
    );
    expect(peer.takeParsed().map((event) => event[4])).toEqual([[3]]);
  });

  it('WAMP-13: keeps the order of the events of one publisher, over all topics', () => {
    const { subscriber, publisher } = pair('[32,1,{"match":"prefix"},"com"]');
    const order = Array.from({ length: 50 }, (_, i) => i);
    publisher.send(...order.map((i) => `[16,${i + 1},{},"com.t${i % 3}",[${i}]]`));
    expect(subscriber.takeParsed().map((event) => event[4])).toEqual(order.map((i) => [i]));
  });

  it('WAMP-15: keeps the order while an authorizer answers later', async () => {
    let allow = (): void => {};
    const decide = (_who: unknown, action: string, target: { text: string }): Decision | Promise<Decision> =>
      action === 'publish' && target.text === 'com.slow'
        ? new Promise((resolve) => (allow = () => resolve({ allow: true })))
        : { allow: true };
    start({ authorizer: { decide } as Authorizer });
    const { subscriber, publisher } = pair('[32,1,{"match":"prefix"},"com"]');
    publisher.send('[16,1,{},"com.slow"]', '[16,2,{},"com.fast"]');
    expect(subscriber.take()).toEqual([]);
    allow();
    await settled();
    expect(subscriber.takeParsed().map((event) => event[3])).toEqual([
      { topic: 'com.slow' },
      { topic: 'com.fast' },
    ]);
  });

  it('WAMP-14: answers SUBSCRIBED before the first event', () => {
    const peer = peers.join().send('[32,1,{},"com.a"]', '[16,2,{"exclude_me":false},"com.a"]');
    expect(peer.takeParsed().map(([code]) => code)).toEqual([33, 36]);
  });

  it('P8 WAMP-19 WAMP-42: refuses to end the subscription of another session, or one that is none', () => {
    const { subscriber, publisher } = pair();
    publisher.send('[34,1,1]', '[34,2,4711]');
    expect(publisher.takeParsed().map((error) => error.slice(0, 5))).toEqual([
      [8, 34, 1, {}, 'wamp.error.no_such_subscription'],
      [8, 34, 2, {}, 'wamp.error.no_such_subscription'],
    ]);
    publisher.send('[16,3,{},"com.a"]');
    expect(subscriber.take().length).toBe(1);
  });

  it('WAMP-23 WAMP-42: refuses with not_authorized, and with authorization_failed when the authorizer broke', () => {
    const decide = (_who: unknown, _action: string, target: { text: string }): Decision => {
      if (target.text === 'com.broken') throw new Error('broken');
      return { allow: false };
    };
    start({ authorizer: { decide } as Authorizer });
    const peer = peers.join();
    peer.send(
      '[16,1,{"acknowledge":true},"com.a"]',
      '[32,2,{},"com.a"]',
      '[64,3,{},"com.a"]',
      '[48,4,{},"com.a"]',
      '[32,5,{},"com.broken"]',
    );
    expect(peer.takeParsed().map((error) => [error[1], error[4]])).toEqual([
      [16, 'wamp.error.not_authorized'],
      [32, 'wamp.error.not_authorized'],
      [64, 'wamp.error.not_authorized'],
      [48, 'wamp.error.not_authorized'],
      [32, 'wamp.error.authorization_failed'],
    ]);
  });

  it('refuses one subscription too many with unavailable, and goes on', () => {
    start({ brokerLimits: { subscriptions: 2 } });
    const peer = peers
      .join()
      .send('[32,1,{},"a"]', '[32,2,{},"b"]', '[32,3,{},"c"]', '[34,4,1]', '[32,5,{},"c"]');
    expect(peer.takeParsed().map(([code, , , , uri]) => uri ?? code)).toEqual([
      33,
      33,
      'wamp.error.unavailable',
      35,
      33,
    ]);
  });
});

describe('disclosure of the publisher', () => {
  it('P20 WAMP-86: tells nobody who published unless the publisher asks for it', () => {
    const { subscriber, publisher } = pair();
    publisher.send('[16,1,{},"com.a"]', '[16,2,{"disclose_me":true},"com.a"]');
    expect(subscriber.take()).toEqual([
      '[36,1,1003,{}]',
      '[36,1,1004,{"publisher":1002,"publisher_authid":"anonymous","publisher_authrole":"anonymous"}]',
    ]);
  });

  it('P20 X4 X5 WAMP-88: drops what a client says about the publisher', () => {
    const { subscriber, publisher } = pair('[32,1,{"match":"prefix"},"com"]');
    publisher.send(
      '[16,1,{"publisher":1,"publisher_authid":"root","publisher_authrole":"admin","topic":"x","_trustlevel":9},"com.a"]',
    );
    expect(subscriber.take()).toEqual(['[36,1,1003,{"topic":"com.a"}]']);
  });

  it('WAMP-26 WAMP-87: refuses disclosure that is not allowed, aloud only if acknowledged', () => {
    start({ authorizer: { decide: () => ({ allow: true, disclose: false }) } });
    const { subscriber, publisher } = pair();
    publisher.send(
      '[16,1,{"disclose_me":true},"com.a"]',
      '[16,2,{"disclose_me":true,"acknowledge":true},"com.a"]',
    );
    expect(publisher.takeParsed().map((error) => error.slice(0, 5))).toEqual([
      [8, 16, 2, {}, 'wamp.error.option_disallowed.disclose_me'],
    ]);
    expect(subscriber.take()).toEqual([]);
  });
});

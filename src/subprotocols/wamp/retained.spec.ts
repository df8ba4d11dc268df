import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Peers } from '../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../test/support/wamp-peer.js';
import type { Authenticator } from '../../broker/index.js';
import { testServices } from '../../testing/index.js';

/** Everybody is who they say; the role is what follows the `@`. */
const asTheySay: Authenticator = {
  methods: ['anonymous'],
  begin: ({ authid = 'nobody@none' }) => {
    const [name = '', authrole = ''] = authid.split('@');
    const principal = { authid: name, authrole, authmethod: 'test', authprovider: 'test' };
    return { kind: 'accepted', principal };
  },
};

let peers: Peers;

beforeEach(() => {
  peers = new Peers(testServices());
});

afterEach(() => peers.end());

describe('PUBLISH with retain', () => {
  it('is announced where events are retained, and only there', () => {
    const features = (welcome: string | undefined): object =>
      (JSON.parse(welcome ?? '') as [number, number, { roles: { broker: { features: object } } }])[2].roles
        .broker.features;
    const hello = '[1,"realm1",{"roles":{"subscriber":{}}}]';
    expect(features(peers.connect().send(hello).take()[0])).toHaveProperty('event_retention', true);
    const others = new Peers(testServices({ stores: {} }));
    expect(features(others.connect().send(hello).take()[0])).not.toHaveProperty('event_retention');
    others.end();
  });

  it('WAMP-157: is told to those who subscribe later and ask for it, the last one, after SUBSCRIBED and before what is live', () => {
    const publisher = peers
      .join()
      .send('[16,1,{"retain":true},"com.a",[1]]', '[16,2,{"retain":true},"com.a",[2]]');
    const subscriber = peers.join().send('[32,1,{"get_retained":true},"com.a"]');
    publisher.send('[16,3,{},"com.a",[3]]');
    expect(subscriber.take()).toEqual([
      '[33,1,1]',
      '[36,1,1003,{"retained":true},[2]]',
      '[36,1,1005,{},[3]]',
    ]);
  });

  it('WAMP-157: is told to those who are there without the mark', () => {
    const subscriber = peers.join().send('[32,1,{"get_retained":true},"com.a"]');
    peers.join().send('[16,1,{"retain":true},"com.a",[1]]');
    expect(subscriber.take()).toEqual(['[33,1,1]', '[36,1,1003,{},[1]]']);
  });

  it.each(['{}', '{"get_retained":false}', '{"get_retained":null}'])(
    'WAMP-157: is not told to who says %s',
    (options) => {
      peers.join().send('[16,1,{"retain":true},"com.a",[1]]');
      expect(peers.join().send(`[32,1,${options},"com.a"]`).take()).toEqual(['[33,1,1]']);
    },
  );

  it('WAMP-159: is told for every topic of a pattern, with the topic', () => {
    const publisher = peers.join();
    for (const topic of ['com.b', 'com.a', 'org.c'])
      publisher.send(`[16,1,{"retain":true},"${topic}",["${topic}"]]`);
    const subscriber = peers.join().send('[32,1,{"match":"prefix","get_retained":true},"com."]');
    expect(
      subscriber
        .takeParsed()
        .slice(1)
        .map(([, , , details, args]) => [details, args]),
    ).toEqual([
      [{ topic: 'com.a', retained: true }, ['com.a']],
      [{ topic: 'com.b', retained: true }, ['com.b']],
    ]);
  });

  it.each(['', ',[]', ',[],{}'])('WAMP-160: forgets what is kept when it has no arguments (%j)', (empty) => {
    peers.join().send('[16,1,{"retain":true},"com.a",[1]]', `[16,2,{"retain":true},"com.a"${empty}]`);
    expect(peers.join().send('[32,1,{"get_retained":true},"com.a"]').take()).toEqual(['[33,1,1]']);
  });

  it('P16 WAMP-158: is told to its audience only', () => {
    peers.join().send('[16,1,{"retain":true,"eligible_authid":["ann"]},"com.a",[1]]');
    peers.join().send('[16,1,{"retain":true,"exclude_authid":["ann"]},"com.b",[2]]');
    const anybody = peers.join();
    anybody.send('[32,1,{"get_retained":true},"com.a"]', '[32,2,{"get_retained":true},"com.b"]');
    expect(anybody.take()).toEqual(['[33,1,1]', '[33,2,2]', '[36,2,1004,{"retained":true},[2]]']);
  });

  it.each(['compatible', 'strict'] as const)(
    'P16 WAMP-158: is checked against each list when somebody subscribes (%s)',
    (profile) => {
      const others = new Peers(testServices({ authenticator: asTheySay }));
      const join = (who: string): WampPeer =>
        others.join(`[1,"realm1",{"authid":"${who}","roles":{"publisher":{},"subscriber":{}}}]`, { profile });
      const publisher = join('pat@staff');
      const ann = join('ann@staff');
      const lists = [
        '"eligible":[1002]',
        '"eligible":[]',
        '"eligible_authid":["ann"]',
        '"eligible_authrole":["guest"]',
        '"exclude":[1002]',
        '"exclude_authid":["ann"]',
        '"exclude_authrole":["guest"]',
        '"exclude_me":true',
      ];
      lists.forEach((list, at) => publisher.send(`[16,${at + 1},{"retain":true,${list}},"com.t${at}",[1]]`));
      const told = (peer: WampPeer, first: number): number[] =>
        lists.flatMap((_list, at) => {
          const sent = peer.send(`[32,${at + first},{"get_retained":true},"com.t${at}"]`).takeParsed();
          return sent.length === 2 ? [at] : [];
        });
      expect([told(ann, 1), told(join('eve@guest'), 1), told(publisher, 9)]).toEqual([
        [0, 2, 6, 7],
        [3, 4, 5, 7],
        [],
      ]);
      others.end();
    },
  );

  it('WAMP-158: for some takes nothing from the others: each gets the last one that it may have', () => {
    const publisher = peers.join().send('[16,1,{"retain":true},"com.a",["all"]]');
    publisher.send('[16,2,{"retain":true,"exclude":[1004]},"com.a",["not 1004"]]');
    const events = (): unknown[] =>
      peers
        .join()
        .send('[32,1,{"get_retained":true,"match":"prefix"},"com"]')
        .takeParsed()
        .slice(1)
        .map((event) => event[4]);
    expect([events(), events()]).toEqual([[['all']], [['not 1004']]]);
    publisher.send('[16,3,{"retain":true},"com.a",["all again"]]');
    expect(events()).toEqual([['all again']]);
    publisher.send(
      '[16,4,{"retain":true,"exclude_authid":["x"]},"com.a",[1]]',
      '[16,5,{"retain":true},"com.a"]',
    );
    expect(events()).toEqual([]);
  });

  it('WAMP-158: for some is told among those for all, topic by topic', () => {
    const publisher = peers.join();
    for (let at = 0; at < 300; at += 1) {
      const list = at % 3 === 0 ? ',"exclude_authid":["x"]' : '';
      publisher.send(`[16,${at + 1},{"retain":true${list}},"com.t${1000 + at}",[${at}]]`);
    }
    const got = peers
      .join()
      .send('[32,1,{"get_retained":true,"match":"prefix"},"com.t"]')
      .takeParsed()
      .slice(1);
    expect(got.map((event) => (event[4] as number[])[0])).toEqual(Array.from({ length: 300 }, (_, at) => at));
  });

  it('WAMP-161: is published like any other where nothing is retained, and asked for in vain', () => {
    const others = new Peers(testServices({ stores: {} }));
    const subscriber = others.join().send('[32,1,{"get_retained":true},"com.a"]');
    others.join().send('[16,1,{"retain":true,"acknowledge":true},"com.a",[1]]');
    expect(subscriber.takeParsed().map(([code]) => code)).toEqual([33, 36]);
    others.end();
  });

  it('is not told any more after its _ttl', () => {
    peers.join().send('[16,1,{"retain":true,"_ttl":1000},"com.a",[1]]');
    peers.services.clock.advance(999);
    const early = peers.join().send('[32,1,{"get_retained":true},"com.a"]');
    peers.services.clock.advance(2);
    const late = peers.join().send('[32,1,{"get_retained":true},"com.a"]');
    expect([early.take().length, late.take().length]).toEqual([2, 1]);
  });

  it('says who published it, if that may be known', () => {
    peers.join().send('[16,1,{"retain":true,"disclose_me":true},"com.a",[1]]').disconnect();
    const subscriber = peers.join().send('[32,1,{"get_retained":true},"com.a"]');
    expect(subscriber.take()[1]).toBe(
      '[36,1,1002,{"retained":true,"publisher":1001,"publisher_authid":"anonymous",' +
        '"publisher_authrole":"anonymous"},[1]]',
    );
  });

  it.each([
    ['[16,1,{"retain":"yes","acknowledge":true},"com.a"]', 'retain must be a boolean.'],
    ['[32,1,{"get_retained":1},"com.a"]', 'get_retained must be a boolean.'],
  ])('is refused with invalid_argument in %s', (message, reason) => {
    expect(peers.join().send(message).takeParsed()[0]?.slice(4)).toEqual([
      'wamp.error.invalid_argument',
      [reason],
    ]);
  });
});

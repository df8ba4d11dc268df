import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Peers } from '../../../test/support/wamp-peer.js';
import { testServices } from '../../testing/index.js';

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
    expect(features(peers.connect().send(hello).take()[0])).toEqual({
      publisher_identification: true,
      publisher_exclusion: true,
      subscriber_blackwhite_listing: true,
      pattern_based_subscription: true,
      event_retention: true,
    });
    const others = new Peers(testServices({ stores: {} }));
    expect(features(others.connect().send(hello).take()[0])).not.toHaveProperty('event_retention');
    others.end();
  });

  it('is told to those who subscribe later and ask for it, before what is live', () => {
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

  it('is told to those who are there without the mark', () => {
    const subscriber = peers.join().send('[32,1,{"get_retained":true},"com.a"]');
    peers.join().send('[16,1,{"retain":true},"com.a",[1]]');
    expect(subscriber.take()).toEqual(['[33,1,1]', '[36,1,1003,{},[1]]']);
  });

  it.each(['{}', '{"get_retained":false}', '{"get_retained":null}'])(
    'is not told to who says %s',
    (options) => {
      peers.join().send('[16,1,{"retain":true},"com.a",[1]]');
      expect(peers.join().send(`[32,1,${options},"com.a"]`).take()).toEqual(['[33,1,1]']);
    },
  );

  it('is told for every topic of a pattern, with the topic', () => {
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

  it.each(['', ',[]', ',[],{}'])('forgets what is kept when it has no arguments (%j)', (empty) => {
    peers.join().send('[16,1,{"retain":true},"com.a",[1]]', `[16,2,{"retain":true},"com.a"${empty}]`);
    expect(peers.join().send('[32,1,{"get_retained":true},"com.a"]').take()).toEqual(['[33,1,1]']);
  });

  it('P16: is told to its audience only', () => {
    peers.join().send('[16,1,{"retain":true,"eligible_authid":["ann"]},"com.a",[1]]');
    peers.join().send('[16,1,{"retain":true,"exclude_authid":["ann"]},"com.b",[2]]');
    const anybody = peers.join();
    anybody.send('[32,1,{"get_retained":true},"com.a"]', '[32,2,{"get_retained":true},"com.b"]');
    expect(anybody.take()).toEqual(['[33,1,1]', '[33,2,2]', '[36,2,1004,{"retained":true},[2]]']);
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

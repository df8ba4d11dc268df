import { afterEach, describe, expect, it } from '@jest/globals';
import { Peers } from '../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../test/support/wamp-peer.js';
import { Payload } from '../../broker/index.js';
import { RecordingEndpoint, testServices } from '../../testing/index.js';

let peers = new Peers(testServices());

afterEach(() => {
  peers.end();
  peers = new Peers(testServices());
});

/** A subscriber and a publisher: sessions 1001 and 1002, so the first publication is 1003. */
function pair(subscribe = '[32,1,{},"com.a"]'): { subscriber: WampPeer; publisher: WampPeer } {
  const subscriber = peers.join().send(subscribe);
  subscriber.take();
  return { subscriber, publisher: peers.join() };
}

describe('payloads', () => {
  it.each([
    '',
    ',[1]',
    ',[[1,2]]',
    ',[],{"a":1}',
    ',[null]',
    ',[9007199254740993,-0,1.0,1e2,0.1]',
    ',["\\u00e9\\u0000x","é😀"]',
    ',[{"b":1,"a":2,"b":3}]',
    ',[1],{"k":[{}]}',
    ',[ 1 , 2 ]',
  ])('WAMP-59 WAMP-60 WAMP-61: passes the payload %j on byte for byte', (payload) => {
    const { subscriber, publisher } = pair();
    publisher.send(`[16,1,{"acknowledge":false},"com.a"${payload}]`);
    expect(subscriber.take()).toEqual([`[36,1,1003,{}${payload}]`]);
  });

  it.each([
    ['[]', ''],
    ['[],{}', ''],
    ['[1],{}', ',[1]'],
  ])('WAMP-59: takes the explicit empties in %s and sends the shorter form', (payload, expected) => {
    const { subscriber, publisher } = pair();
    publisher.send(`[16,1,{},"com.a",${payload}]`);
    expect(subscriber.take()).toEqual([`[36,1,1003,{}${expected}]`]);
  });

  it('X10: encodes an event once for all subscribers of a format', () => {
    const subscribers = [peers.join(), peers.join(), peers.join()].map((peer) =>
      peer.send('[32,1,{},"com.a"]'),
    );
    for (const peer of subscribers) peer.take();
    peers.join().send('[16,1,{},"com.a",[1]]');
    const frames = subscribers.map((peer) => peer.link.sent[0]);
    expect(frames[0]).toBeDefined();
    expect(new Set(frames).size).toBe(1);
  });

  it('passes _headers on, and the _content_type of bytes', () => {
    const { subscriber, publisher } = pair();
    publisher.send(
      '[16,1,{"_headers":{"b":"1","__proto__":"x"},"_content_type":"image/png"},"com.a",["\\u0000AQI="]]',
    );
    expect(subscriber.take()).toEqual([
      '[36,1,1003,{"_headers":{"b":"1","__proto__":"x"},"_content_type":"image/png"},["\\u0000AQI="]]',
    ]);
  });

  it('shows the headers and the type of a body', () => {
    const { subscriber } = pair();
    const stranger = new RecordingEndpoint(peers.services.brokers.get('realm1')!);
    stranger.attachment.publish(
      {},
      {
        topic: 'com.a',
        payload: Payload.ofBody(Buffer.from([1, 2]), 'image/png'),
        headers: new Map([['x', 'y']]),
      },
    );
    const [event] = subscriber.take();
    expect(event).toMatch(
      /^\[36,1,\d+,\{"_headers":\{"x":"y"\},"_content_type":"image\/png"\},\["\\u0000AQI="\]\]$/,
    );
    stranger.attachment.detach();
  });

  it('tells by _payload_error that a body is not what it was declared to be', () => {
    const { subscriber } = pair();
    const stranger = new RecordingEndpoint(peers.services.brokers.get('realm1')!);
    const payload = Payload.ofBody(Buffer.from('{"a":'), 'application/json');
    stranger.attachment.publish({}, { topic: 'com.a', payload });
    const [event] = subscriber.takeParsed();
    expect(event?.slice(3)).toEqual([{ _payload_error: expect.any(String) }, ['{"a":']]);
    stranger.attachment.detach();
  });

  it.each([
    ['a name with a line break', { 'a\nb': 'x' }],
    ['an empty name', { '': 'x' }],
    ['a name of 257 bytes', { ['x'.repeat(257)]: 'x' }],
    ['a value with NUL', { a: 'a\0' }],
    ['a value of 65 537 bytes', { a: 'x'.repeat(65_537) }],
    ['101 headers', Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`h${i}`, '']))],
  ])('X3 WAMP-27: refuses _headers with %s', (_what, headers) => {
    const peer = peers.join();
    peer.send(JSON.stringify([16, 1, { acknowledge: true, _headers: headers }, 'com.a']));
    expect(peer.takeParsed()[0]?.slice(0, 5)).toEqual([8, 16, 1, {}, 'wamp.error.invalid_argument']);
    peer.send(JSON.stringify([48, 2, { _headers: headers }, 'com.a']));
    expect(peer.takeParsed()[0]?.slice(0, 5)).toEqual([8, 48, 2, {}, 'wamp.error.invalid_argument']);
    expect(peer.closedAs).toBeUndefined();
  });

  it('X3: takes _headers at their limits', () => {
    const headers = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`${i}`.padStart(256, 'x'), i === 0 ? 'y'.repeat(65_536) : '']),
    );
    const peer = peers
      .join()
      .send(JSON.stringify([16, 1, { acknowledge: true, _headers: headers }, 'com.a']));
    expect(peer.takeParsed()[0]?.[0]).toBe(17);
  });
});

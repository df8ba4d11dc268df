import { describe, expect, it } from '@jest/globals';
import { StompPeer, WampPeer, testServices } from './index.js';

const TOKENS = [
  'wamp.2.json',
  'wamp.2.msgpack',
  'wamp.2.cbor',
  'wamp.2.json.batched',
  'wamp.2.msgpack.batched',
  'wamp.2.cbor.batched',
];

describe('a STOMP peer', () => {
  it.each(['1.0', '1.1', '1.2'] as const)('speaks %s and reads what it wrote', (version) => {
    const peer = StompPeer.connect(testServices(), { version });
    const subscription = peer.subscribe('/topic/a.b');
    peer.publish('/topic/a.b', 'hello', { 'x-name': version === '1.0' ? 'plain' : 'a:b\\c\nd' });
    const [message, ...others] = peer.take();
    expect(others).toEqual([]);
    expect(message).toMatchObject({ command: 'MESSAGE', body: Buffer.from('hello') });
    expect(message?.headers).toMatchObject({
      destination: '/topic/a.b',
      'x-name': version === '1.0' ? 'plain' : 'a:b\\c\nd',
      subscription,
    });
    peer.disconnect();
  });

  it('keeps octets of a body, NUL too', () => {
    const peer = StompPeer.connect(testServices());
    peer.subscribe('/topic/a.b');
    peer.publish('/topic/a.b', Buffer.from([0, 1, 0]), { 'content-type': 'application/octet-stream' });
    expect(peer.take()[0]?.body).toEqual(Buffer.from([0, 1, 0]));
    peer.disconnect();
  });

  it('passes over heart-beats', () => {
    const services = testServices();
    const peer = StompPeer.connect(services, {}, { 'heart-beat': '0,1000' });
    services.clock.advance(1500);
    expect(peer.link.sent.length).toBeGreaterThan(0);
    expect(peer.take()).toEqual([]);
    peer.disconnect();
  });

  it('throws when it is not connected', () => {
    expect(() => StompPeer.connect(testServices(), {}, { 'accept-version': '9.9' })).toThrow(
      /^expected CONNECTED, got .*ERROR/,
    );
  });

  it('tells how the link was closed, and may be disconnected twice', () => {
    const services = testServices();
    const peer = StompPeer.connect(services);
    expect(peer.closedAs).toBeUndefined();
    peer.sendRaw('NONSENSE\n\n\0');
    expect(peer.take()[0]?.command).toBe('ERROR');
    expect(peer.closedAs).toBe('protocol_error');
    peer.disconnect();
    peer.disconnect();
    expect(services.brokers.get('realm1')?.stats.sessions).toBe(0);
  });
});

describe('a WAMP peer', () => {
  it.each(TOKENS)('speaks %s', (token) => {
    const services = testServices();
    const peer = WampPeer.join(services, { token });
    const other = WampPeer.join(services, { token });
    const request = peer.subscribe('a.b');
    const [subscribed] = peer.take();
    expect(subscribed?.slice(0, 2)).toEqual([33, request]);
    other.publish('a.b', [1]);
    other.publish('a.b', ['two']);
    expect(peer.take().map((event) => event[4])).toEqual([[1], ['two']]);
    for (const one of [peer, other]) one.disconnect();
  });

  it('calls what another has registered', () => {
    const services = testServices();
    const callee = WampPeer.join(services);
    const caller = WampPeer.join(services);
    callee.register('a.add');
    expect(callee.take()[0]?.[0]).toBe(65);
    const call = caller.call('a.add', [2, 3]);
    const [invocation] = callee.take();
    expect([invocation?.[0], invocation?.[4]]).toEqual([68, [2, 3]]);
    callee.send([70, invocation?.[1], {}, [5]]);
    expect(caller.take()).toEqual([[50, call, {}, [5]]]);
    for (const one of [callee, caller]) one.disconnect();
  });

  it('throws when it is not welcome, and for a token that it does not speak', () => {
    expect(() => WampPeer.join(testServices(), {}, { realm: 'nowhere' })).toThrow(
      /^expected WELCOME, got \[\[3,/,
    );
    expect(() => new WampPeer(testServices(), { token: 'wamp.2.ubjson' })).toThrow('does not speak');
  });

  it('hears a STOMP peer', () => {
    const services = testServices();
    const wamp = WampPeer.join(services);
    const stomp = StompPeer.connect(services);
    wamp.subscribe('a.b');
    wamp.take();
    stomp.publish('/topic/a.b', 'hello');
    expect(wamp.take()[0]?.[4]).toEqual(['hello']);
    for (const one of [wamp, stomp]) one.disconnect();
  });
});

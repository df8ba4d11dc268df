import { afterEach, describe, expect, it } from '@jest/globals';
import type { HistoryStore } from '../../src/broker/index.js';
import { serializers } from '../../src/serializers/index.js';
import { StompPeer } from '../../src/testing/index.js';
import type { TestServices } from '../../src/testing/index.js';
import { WampPeer } from '../support/wamp-peer.js';
import { HISTORY_STORES } from './engines.js';
import { wampServices } from '../support/wamp-services.js';

let services: TestServices;
let close: () => Promise<void>;

afterEach(() => close());

function given(history: HistoryStore): void {
  services = wampServices({ stores: { history }, history: [{ match: 'log.#' }] });
}

/** Takes what arrives, until something is there. */
async function arrived<T>(take: () => T[]): Promise<T[]> {
  let taken = take();
  while (taken.length === 0) {
    await new Promise((resolve) => setImmediate(resolve));
    taken = take();
  }
  return taken;
}

type Entry = Readonly<Record<string, unknown>>;

/** The events that a client of WAMP is told, in its serializer. */
async function askedBy(name: 'json' | 'msgpack' | 'cbor', kwargs: object): Promise<readonly Entry[]> {
  const peer = new WampPeer(services, { token: `wamp.2.${name}` });
  const { encode, decode } = serializers[name];
  const say = (message: unknown[]): void => {
    const bytes = Buffer.from(encode(message));
    peer.link.receive(peer.session, name === 'json' ? bytes.toString() : bytes);
  };
  const take = (): Buffer[] =>
    name === 'json' ? peer.link.takeText().map((text) => Buffer.from(text)) : peer.link.take();
  say([1, 'realm1', { roles: { caller: {} } }]);
  take();
  say([48, 1, {}, 'wamp.subscription.get_events', ['log.'], { match: 'prefix', ...kwargs }]);
  const [answer] = (await arrived(take)).map((bytes) => decode(bytes) as unknown[]);
  peer.disconnect();
  const [entries] = answer![3] as [Entry[]];
  return entries;
}

describe.each(HISTORY_STORES)('wamp.subscription.get_events, from the store $engine,', ({ open }) => {
  it('WAMP-134 WAMP-136: answers alike in every serializer, and to clients of STOMP', async () => {
    const { store, close: closed } = await open();
    close = closed;
    given(store);
    const publisher = new WampPeer(services).send('[1,"realm1",{"roles":{"publisher":{}}}]');
    publisher.take();
    publisher.send('[16,1,{},"log.a",["text",1.5,null],{"k":{"deep":[true]}}]');
    services.clock.advance(1000);
    publisher.send('[16,2,{},"log.b",["\\u0000AQID"]]');
    const stomp = StompPeer.connect(services);
    stomp.publish('/topic/log.c', '{"from":"stomp"}', { 'content-type': 'application/json', x: 'y' });
    const at = services.clock.wallTime();
    const [before, now] = [at - 1000, at].map((time) => new Date(time).toISOString());
    const publication = expect.any(Number);
    const subscription = null;
    const bytes = new Uint8Array([1, 2, 3]);
    for (const name of ['json', 'msgpack', 'cbor'] as const) {
      const entries = await askedBy(name, {});
      const octets = entries[1]?.['args'] as unknown[];
      expect([name, ...entries]).toEqual([
        name,
        {
          timestamp: before,
          subscription,
          publication,
          details: { topic: 'log.a' },
          args: ['text', 1.5, null],
          kwargs: { k: { deep: [true] } },
        },
        { timestamp: now, subscription, publication, details: { topic: 'log.b' }, args: octets },
        {
          timestamp: now,
          subscription,
          publication,
          details: { topic: 'log.c', _headers: { x: 'y' } },
          args: [{ from: 'stomp' }],
        },
      ]);
      expect(Buffer.from(octets[0] as Uint8Array).equals(bytes)).toBe(true);
      expect((await askedBy(name, { from_time: now, limit: 1 })).map(({ details }) => details)).toEqual([
        { topic: 'log.b' },
      ]);
    }
    stomp.send(
      'SEND',
      {
        destination: '/rpc/wamp.subscription.get_events',
        'reply-to': '/temp-queue/a',
        'content-type': 'application/wamp+json',
      },
      '{"args":["log.b"],"kwargs":{"reverse":true}}',
    );
    const [answer] = await arrived(() => stomp.take());
    expect(JSON.parse(String(answer?.body))).toEqual([
      { timestamp: now, subscription, publication, details: {}, args: ['\0AQID'] },
    ]);
    stomp.disconnect();
    publisher.disconnect();
  });
});

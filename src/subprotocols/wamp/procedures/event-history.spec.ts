import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Peers } from '../../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../../test/support/wamp-peer.js';
import { wampServices } from '../../../../test/support/wamp-services.js';
import { MemoryHistoryStore } from '../../../engines/memory/index.js';
import { serializers } from '../../../serializers/index.js';
import type { TestServicesOptions } from '../../../testing/index.js';
import type { TestServices } from '../../../testing/index.js';

let services: TestServices;
let peers: Peers;

function start(options: TestServicesOptions = {}): void {
  services = wampServices({
    stores: { history: new MemoryHistoryStore() },
    history: [{ match: 'log.#' }, { match: 'exact.topic' }, { match: 'rooms.*.heat', entries: 3 }],
    ...options,
  });
  peers = new Peers(services);
}

beforeEach(() => start());

afterEach(() => peers.end());

type Entry = Readonly<Record<string, unknown>>;

let request = 0;

/** Makes a call; its arguments and keyword arguments, or the URI and arguments of its error. */
async function call(peer: WampPeer, procedure: string, args: unknown[], kwargs = {}): Promise<unknown[]> {
  request += 1;
  peer.send(JSON.stringify([48, request, {}, procedure, args, kwargs]));
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  const [answer] = peer.takeParsed();
  return answer?.slice(answer[0] === 8 ? 4 : 3) ?? [];
}

/** What `wamp.subscription.get_events` answers. */
function events(peer: WampPeer, subscription: unknown, kwargs: object = {}): Promise<unknown[]> {
  return call(peer, 'wamp.subscription.get_events', [subscription], kwargs);
}

/** The first arguments of the events that it answers. */
async function texts(peer: WampPeer, subscription: unknown, kwargs: object = {}): Promise<unknown> {
  const [args] = await events(peer, subscription, kwargs);
  if (typeof args === 'string') return args;
  const [entries] = args as [Entry[]];
  return entries.map((entry) => (entry['args'] as unknown[])[0]);
}

/** Publishes with an acknowledgement, and returns the publication's id. */
function say(peer: WampPeer, topic: string, text: unknown, options: object = {}): number {
  request += 1;
  peer.send(JSON.stringify([16, request, { acknowledge: true, ...options }, topic, [text]]));
  return peer.takeParsed()[0]?.[2] as number;
}

function subscribe(peer: WampPeer, topic: string, match = 'exact'): number {
  request += 1;
  peer.send(JSON.stringify([32, request, { match }, topic]));
  return peer.takeParsed()[0]?.[2] as number;
}

describe('wamp.subscription.get_events', () => {
  it('WAMP-134: tells what was published to a subscription, with time, id, details and arguments', async () => {
    const [publisher, asker] = [peers.join(), peers.join()];
    const id = subscribe(asker, 'log.a');
    const publication = say(publisher, 'log.a', 'one', { disclose_me: true });
    asker.take();
    expect(await events(asker, id)).toEqual([
      [
        [
          {
            timestamp: new Date(services.clock.wallTime()).toISOString(),
            subscription: id,
            publication,
            details: { publisher: 1001, publisher_authid: 'anonymous', publisher_authrole: 'anonymous' },
            args: ['one'],
          },
        ],
      ],
    ]);
  });

  it('leaves out arguments that an event has not, and says the topic to patterns', async () => {
    const [publisher, asker] = [peers.join(), peers.join()];
    const id = subscribe(asker, 'log.', 'prefix');
    publisher.send('[16,900,{},"log.b"]', '[16,901,{},"log.c",[],{"k":1}]');
    asker.take();
    const [[entries]] = (await events(asker, id)) as [[Entry[]]];
    expect(entries.map(({ details, args, kwargs }) => ({ details, args, kwargs }))).toEqual([
      { details: { topic: 'log.b' }, args: undefined, kwargs: undefined },
      { details: { topic: 'log.c' }, args: [], kwargs: { k: 1 } },
    ]);
  });

  it('WAMP-135: has eleven keywords, all of which have to hold', async () => {
    const [publisher, asker] = [peers.join(), peers.join()];
    const id = subscribe(asker, 'log.', 'prefix');
    const ids: number[] = [];
    const times: string[] = [];
    for (const [at, topic] of ['log.a', 'log.b', 'log.a', 'log.b', 'log.a'].entries()) {
      services.clock.advance(1000);
      times.push(new Date(services.clock.wallTime()).toISOString());
      ids.push(say(publisher, topic, at + 1));
    }
    asker.take();
    const cases: readonly (readonly [object, readonly number[]])[] = [
      [{}, [1, 2, 3, 4, 5]],
      [{ reverse: true }, [5, 4, 3, 2, 1]],
      [{ reverse: false, limit: 2 }, [1, 2]],
      [{ reverse: true, limit: 2 }, [5, 4]],
      [{ from_time: times[3] }, [4, 5]],
      [{ after_time: times[3] }, [5]],
      [{ before_time: times[1] }, [1]],
      [{ until_time: times[1] }, [1, 2]],
      [{ topic: 'log.b' }, [2, 4]],
      [{ from_publication: ids[3] }, [4, 5]],
      [{ after_publication: ids[3] }, [5]],
      [{ before_publication: ids[1] }, [1]],
      [{ until_publication: ids[1] }, [1, 2]],
      [{ topic: 'log.a', after_publication: ids[0], until_time: times[3], reverse: true, limit: 9 }, [3]],
      [{ from_publication: 4711, limit: 1 }, [1]],
      [{ until_publication: 4711 }, []],
      [{ topic: 'other.topic' }, []],
      [{ limit: null, from_time: null, topic: null }, [1, 2, 3, 4, 5]],
    ];
    for (const [kwargs, expected] of cases)
      expect([kwargs, await texts(asker, id, kwargs)]).toEqual([kwargs, expected]);
  });

  it('WAMP-136: takes limits and ids as integral floats, in every serializer', async () => {
    const publisher = peers.join();
    const [first, second] = [say(publisher, 'log.a', 1), say(publisher, 'log.a', 2)];
    expect(await texts(publisher, 'log.a', { limit: 1, after_publication: first })).toEqual([2]);
    for (const name of ['msgpack', 'cbor'] as const) {
      const peer = peers.connect({ token: `wamp.2.${name}` });
      const hello = [1, 'realm1', { roles: { caller: {}, subscriber: {} } }];
      const { encode, decode } = serializers[name];
      peer.link.receive(peer.session, Buffer.from(encode(hello)));
      const subscribed = Buffer.from(encode([32, 1, {}, 'log.a']));
      peer.link.receive(peer.session, subscribed);
      const [, answer] = peer.link.take().map((bytes) => decode(bytes) as unknown[]);
      const kwargs = { limit: 1, until_publication: second };
      const asked = Buffer.from(encode([48, 2, {}, 'wamp.subscription.get_events', [answer?.[2]], kwargs]));
      // The limit is one octet; here it is a float of eight.
      const at = asked.indexOf('limit') + 'limit'.length;
      const float = Buffer.from(name === 'cbor' ? 'fb3ff0000000000000' : 'cb3ff0000000000000', 'hex');
      const bytes = Buffer.concat([asked.subarray(0, at), float, asked.subarray(at + 1)]);
      peer.link.receive(peer.session, bytes);
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      const [result] = peer.link.take().map((octets) => decode(octets) as unknown[]);
      const [entries] = result![3] as [Entry[]];
      expect([name, entries.map(({ args }) => args)]).toEqual([name, [[1]]]);
    }
  });

  it('WAMP-136: takes timestamps with any offset, and any number of digits', async () => {
    const peer = peers.join();
    services.clock.advance(1000);
    say(peer, 'log.a', 1);
    const now = services.clock.wallTime();
    const there = `${new Date(now + 5.5 * 3_600_000).toISOString().slice(0, -1)}+05:30`;
    const behind = `${new Date(now - 3_600_000).toISOString().slice(0, -1)}000-01:00`;
    for (const from_time of [there, behind, there.toLowerCase()]) {
      expect([from_time, await texts(peer, 'log.a', { from_time })]).toEqual([from_time, [1]]);
      expect(await texts(peer, 'log.a', { after_time: from_time })).toEqual([]);
    }
    expect(
      await texts(peer, 'log.a', { from_time: new Date(now).toISOString().replace('Z', '001Z') }),
    ).toEqual([]);
  });

  it.each<[string, object]>([
    ['a limit of zero', { limit: 0 }],
    ['half a limit', { limit: 1.5 }],
    ['a limit in words', { limit: '10' }],
    ['a number for reverse', { reverse: 1 }],
    ['a day for a time', { from_time: '2026-01-01' }],
    ['a day that is none', { from_time: '2026-02-30T00:00:00Z' }],
    ['a time without offset', { until_time: '2026-01-01T00:00:00' }],
    ['a time as a number', { after_time: 1_760_000_000_000 }],
    ['a publication of zero', { from_publication: 0 }],
    ['a topic as a number', { topic: 7 }],
  ])('refuses %s with invalid_argument', async (_what, kwargs) => {
    const [error] = await events(peers.join(), 'log.a', kwargs);
    expect(error).toBe('wamp.error.invalid_argument');
  });

  it('tells of a subscription that is none, and of one without a history', async () => {
    const peer = peers.join();
    const id = subscribe(peer, 'forgotten');
    expect(await events(peer, 4711)).toEqual(['wamp.error.no_such_subscription']);
    expect(await events(peer, id)).toEqual([
      'wamp.error.history_unavailable',
      ['No history is kept of this subscription.'],
    ]);
    for (const odd of [0, -1, 1.5, null, true, {}, [1]])
      expect((await events(peer, odd))[0]).toBe('wamp.error.invalid_argument');
    expect((await call(peer, 'wamp.subscription.get_events', []))[0]).toBe('wamp.error.invalid_argument');
  });

  it('WAMP-137: knows a subscription of every pattern with a history, though nobody has subscribed', async () => {
    const [publisher, asker] = [peers.join(), peers.join()];
    say(publisher, 'exact.topic', 'a');
    say(publisher, 'rooms.kitchen.heat', 21);
    const [[exact]] = (await call(asker, 'wamp.subscription.lookup', ['exact.topic'])) as [[number]];
    const wildcard = { match: 'wildcard' };
    const [[rooms]] = (await call(asker, 'wamp.subscription.lookup', ['rooms..heat', wildcard])) as [
      [number],
    ];
    expect([await texts(asker, exact), await texts(asker, rooms)]).toEqual([['a'], [21]]);
    const [[matching]] = (await call(asker, 'wamp.subscription.match', ['rooms.kitchen.heat'])) as [
      [number[]],
    ];
    expect(matching).toEqual([rooms]);
    expect(subscribe(asker, 'exact.topic')).toBe(exact);
    asker.send(`[34,1,${exact}]`);
    asker.take();
    expect(await texts(asker, exact)).toEqual(['a']);
  });

  it('takes a topic, or a pattern of them, in place of an id', async () => {
    const [publisher, asker] = [peers.join(), peers.join()];
    say(publisher, 'rooms.kitchen.heat', 21);
    say(publisher, 'rooms.hall.heat', 18);
    expect(await texts(asker, 'rooms.hall.heat')).toEqual([18]);
    expect(await texts(asker, 'rooms.', { match: 'prefix' })).toEqual([21, 18]);
    const [[[entry]]] = (await events(asker, 'rooms.hall.heat')) as [[[Entry]]];
    expect([entry['subscription'], entry['details']]).toEqual([null, {}]);
    expect((await events(asker, 'rooms..'))[0]).toBe('wamp.error.invalid_uri');
    expect((await events(asker, 'rooms.hall', { match: 'regex' }))[0]).toBe('wamp.error.invalid_argument');
  });

  it('is there, and announced, only where a history is kept', async () => {
    peers.end();
    start({ stores: {} });
    const peer = peers.connect().send('[1,"realm1",{"roles":{"caller":{}}}]');
    expect(peer.take()[0]).not.toContain('event_history');
    expect((await events(peer, 1))[0]).toBe('wamp.error.no_such_procedure');
    peers.end();
    start();
    const other = peers.connect().send('[1,"realm1",{"roles":{"caller":{}}}]');
    expect(other.take()[0]).toContain('"event_history":true');
  });
});

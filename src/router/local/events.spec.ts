import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalRouter } from '../../../test/support/local-router.js';
import { refusal, startLocalRouter, turn, uriOf } from '../../../test/support/local-router.js';
import type { EventContext, LocalClient, MangroveError, Router, RouterOptions } from '../index.js';

let local: LocalRouter;
let router: Router;
let client: LocalClient;

function start(options?: RouterOptions): void {
  local = startLocalRouter(options);
  ({ router, client } = local);
}

beforeEach(() => start());

afterEach(() => local.stop());

describe('a client of this process, with events,', () => {
  it('hears what is published, itself included, with its arguments, headers and sender', async () => {
    const heard: EventContext[] = [];
    await client.subscribe('com.example.chat', (event) => heard.push(event));
    const other = router.connect({ principal: { authid: 'alice', authrole: 'user' } });
    const id = await other.publish(
      'com.example.chat',
      ['hello', 2],
      { loud: true },
      { headers: { mood: 'fine' } },
    );
    await client.publish('com.example.chat');
    await turn();
    expect(heard.map(({ args, kwargs, headers }) => [args, { ...kwargs }, [...headers]])).toEqual([
      [['hello', 2], { loud: true }, [['mood', 'fine']]],
      [[], {}, []],
    ]);
    const [first] = heard;
    expect([first?.kind, first?.topic, first?.publication]).toEqual(['event', 'com.example.chat', id]);
    expect([first?.protocol, first?.session, first?.principal]).toEqual([
      'local',
      other.session,
      { authid: 'alice', authrole: 'user', authmethod: 'local', authprovider: 'embedder' },
    ]);
  });

  it.each([
    [[], {}, undefined],
    [['one'], {}, 'one'],
    [[[1, 2]], {}, [1, 2]],
    [[1, 2], {}, [1, 2]],
    [[], { a: 1 }, { a: 1 }],
    [[1], { a: 1 }, { args: [1], kwargs: { a: 1 } }],
  ])('has the payload of %j and %j as one value', async (args, kwargs, value) => {
    const heard: unknown[] = [];
    await client.subscribe('a.b', ({ payload }) => heard.push(payload));
    await client.publish('a.b', args, kwargs);
    await turn();
    expect(JSON.stringify(heard)).toBe(JSON.stringify([value ?? null]));
  });

  it('subscribes to patterns', async () => {
    const heard: string[] = [];
    const hear = (event: EventContext): void => void heard.push(`${event.pattern.text}: ${event.topic}`);
    await client.subscribe('com.', hear, { match: 'prefix' });
    await client.subscribe('com..price', hear, { match: 'wildcard' });
    await client.subscribe('com.#', hear, { match: 'multi' });
    await client.publish('com.acme.price');
    await turn();
    expect(heard.sort()).toEqual([
      'com.#: com.acme.price',
      'com..price: com.acme.price',
      'com.: com.acme.price',
    ]);
  });

  it('is not run inside of the fan-out', async () => {
    let heard = false;
    await client.subscribe('a.b', () => (heard = true));
    const published = client.publish('a.b');
    expect(heard).toBe(false);
    await published;
    await turn();
    expect(heard).toBe(true);
  });

  it('keeps the order while a handler awaits, and works on as many as it is told', async () => {
    const log: string[] = [];
    let inOne = 0;
    let most = 0;
    await client.subscribe('a.b', async ({ args: [number] }) => {
      await new Promise((go) => setTimeout(go, number === 1 ? 10 : 0));
      log.push(`one ${String(number)}`);
    });
    const wide = async (): Promise<void> => {
      inOne += 1;
      most = Math.max(most, inOne);
      await turn();
      inOne -= 1;
    };
    await client.subscribe('a.b', wide, { concurrency: 2 });
    for (const number of [1, 2, 3]) await client.publish('a.b', [number]);
    while (log.length < 3) await turn();
    expect([log, most]).toEqual([['one 1', 'one 2', 'one 3'], 2]);
  });

  it('is not held back by a handler of its own that hangs', async () => {
    const heard: unknown[] = [];
    await client.subscribe('a.b', () => new Promise(() => {}));
    await client.subscribe('a.b', ({ args }) => heard.push(args[0]));
    for (const number of [1, 2]) await client.publish('a.b', [number]);
    await turn();
    expect(heard).toEqual([1, 2]);
  });

  it('ends a handler that lags behind without bound, says why, and leaves the others alone', async () => {
    await local.stop();
    start({ limits: { backlogMessages: 10 } });
    const slow = await client.subscribe('a.b', () => new Promise(() => {}));
    const other = await client.subscribe('a.c', () => undefined);
    for (let count = 0; count < 8192 + 13; count += 1) void client.publish('a.b');
    expect((await slow.ended)?.uri).toBe('wamp.error.unavailable');
    expect(router.stats.realms['realm1']?.subscriptions).toBe(1);
    other.unsubscribe();
    expect(await other.ended).toBeUndefined();
  });

  it('takes again what waited in the broker once the handler has caught up', async () => {
    const heard: unknown[] = [];
    await client.subscribe('a.b', ({ args }) => heard.push(args[0]));
    const published: Promise<number>[] = [];
    for (let count = 0; count < 8192 + 500; count += 1) published.push(client.publish('a.b', [count]));
    await Promise.all(published);
    while (heard.length < 8192 + 500) await turn();
    expect(heard).toEqual([...Array(8192 + 500).keys()]);
  });

  it('reports what a handler throws, and goes on', async () => {
    const errors: unknown[] = [];
    const careful = router.connect({ onError: (error) => errors.push(error) });
    const fail = ({ args }: EventContext): unknown => {
      if (args[0] === 1) throw new Error('now');
      return Promise.reject(new Error('later'));
    };
    await careful.subscribe('a.b', fail);
    await client.publish('a.b', [1]);
    await client.publish('a.b', [2]);
    await turn();
    expect(errors).toEqual([new Error('now'), new Error('later')]);
  });

  it('reads a stream that a handler returns to its end before the next event', async () => {
    const log: unknown[] = [];
    await client.subscribe('a.b', async function* ({ args }) {
      log.push(`begin ${String(args[0])}`);
      yield 1;
      log.push(`end ${String(args[0])}`);
    });
    for (const number of [1, 2]) await client.publish('a.b', [number]);
    await turn();
    expect(log).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it('stops hearing when it unsubscribes; what runs is told', async () => {
    const heard: unknown[] = [];
    let told: unknown;
    const subscription = await client.subscribe('a.b', async ({ args, signal }) => {
      heard.push(args[0]);
      await new Promise((go) => signal.addEventListener('abort', go));
      told = signal.reason;
    });
    for (const number of [1, 2]) await client.publish('a.b', [number]);
    await turn();
    subscription.unsubscribe();
    await client.publish('a.b', [3]);
    await turn();
    expect([heard, (told as MangroveError).uri]).toEqual([[1], 'wamp.error.canceled']);
    expect(await subscription.ended).toBeUndefined();
  });

  it('handles what has come when it drains, and nothing that comes later', async () => {
    const heard: unknown[] = [];
    const subscription = await client.subscribe('a.b', async ({ args, signal }) => {
      await turn();
      heard.push([args[0], signal.aborted]);
    });
    for (const number of [1, 2]) await client.publish('a.b', [number]);
    const drained = subscription.drain();
    await client.publish('a.b', [3]);
    await drained;
    expect(heard).toEqual([
      [1, false],
      [2, false],
    ]);
    await subscription.drain();
    expect([await subscription.ended, router.stats.realms['realm1']?.sessions]).toEqual([undefined, 1]);
  });

  it('shares events out by their shard, among the places at which subscribers are', async () => {
    const heard: string[] = [];
    for (const place of ['n1', 'n2', 'n2', undefined])
      await client.subscribe(
        'a.b',
        ({ args }) => heard.push(`${place} ${String(args[0])}`),
        place === undefined ? {} : { place },
      );
    const keys = Array.from({ length: 20 }, (_, at) => `meter-${at}`);
    for (const shard of keys) await client.publish('a.b', [shard], {}, { shard });
    await client.publish('a.b', ['all']);
    await turn();
    const ofPlace = (place: string): string[] =>
      heard.filter((one) => one.startsWith(`${place} `)).map((one) => one.slice(place.length + 1));
    const atFirst = ofPlace('n1').slice(0, -1);
    const elsewhere = keys.filter((key) => !atFirst.includes(key));
    expect([atFirst.length > 0, elsewhere.length > 0]).toEqual([true, true]);
    expect(ofPlace('n1')).toEqual([...atFirst, 'all']);
    expect(ofPlace('n2')).toEqual([...elsewhere, 'all'].flatMap((key) => [key, key]));
    expect(ofPlace('undefined')).toEqual([...keys, 'all']);
  });

  it('is refused with the URI that all clients hear', async () => {
    expect(await refusal(client.publish(''))).toEqual([
      'wamp.error.invalid_uri',
      ['An address must not be empty.'],
      {},
    ]);
    expect(await uriOf(client.publish('wamp.session.on_join'))).toBe('wamp.error.invalid_uri');
  });

  it('rejects values that no serializer can say', async () => {
    await expect(client.publish('a.b', [() => 1])).rejects.toThrow();
    await expect(client.call('a.b', [Symbol('x')])).rejects.toThrow();
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Authorizer } from '../broker/index.js';
import { ManualClock } from '../testing/index.js';
import type { RouterOptions } from './options.js';
import type { CallContext, EventContext, LocalClient, Router } from './index.js';
import { CallResult, MangroveError, createRouter } from './index.js';

const turn = (): Promise<void> => new Promise((go) => setImmediate(go));

let router: Router;
let client: LocalClient;
const defects: unknown[] = [];

function start(options: RouterOptions = {}): void {
  const instrumentation = {
    count() {},
    event() {},
    defect: (_where: string, error: unknown) => void defects.push(error),
  };
  router = createRouter({ instrumentation, ...options });
  client = router.connect();
}

beforeEach(() => start());

afterEach(async () => {
  await router.close();
  const nothing = { sessions: 0, subscriptions: 0, interests: 0, registrations: 0, calls: 0 };
  expect(router.stats).toEqual({ connections: 0, timers: 0, realms: { realm1: nothing } });
  expect(defects.splice(0)).toEqual([]);
});

/** The error that a promise is rejected with, as [uri, args, kwargs]. */
async function refusal(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof MangroveError) return [error.uri, error.args, error.kwargs];
    throw error;
  }
  throw new Error('it was not rejected');
}

/** The URI of the error that a promise is rejected with. */
async function uriOf(promise: Promise<unknown>): Promise<unknown> {
  return ((await refusal(promise)) as readonly unknown[])[0];
}

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
    await router.close();
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

describe('a client of this process, with calls,', () => {
  it('calls what it registers, and gets one result as it is', async () => {
    await client.register('com.example.add', ({ args: [a, b] }) => Number(a) + Number(b));
    expect(await client.call<number>('com.example.add', [2, 3])).toBe(5);
  });

  it('gets several results, keyword results, both, or nothing', async () => {
    const results = [
      new CallResult([1, 2]),
      new CallResult([], { a: 1 }),
      new CallResult([1], { a: 2 }),
      undefined,
    ];
    await client.register('pick', ({ args: [index] }) => results[Number(index)]);
    const got: unknown[] = [];
    for (const index of [0, 1, 2, 3]) got.push(await client.call('pick', [index]));
    expect(JSON.stringify(got)).toBe('[[1,2],{"a":1},{"args":[1],"kwargs":{"a":2}},null]');
  });

  it('gives a handler all that there is to know', async () => {
    let call: CallContext | undefined;
    await client.register('com.', (context) => void (call = context), { match: 'prefix' });
    await client.call('com.example', [1], { b: 2 }, { headers: { trace: 'x' }, timeoutMs: 500 });
    expect([call?.kind, call?.procedure, call?.pattern, call?.realm, call?.timeoutMs]).toEqual([
      'call',
      'com.example',
      { match: 'prefix', text: 'com.' },
      'realm1',
      500,
    ]);
    expect([call?.protocol, call?.session, call?.principal.authid]).toEqual([
      'local',
      client.session,
      'local',
    ]);
    expect([call?.args, { ...call?.kwargs }, [...(call?.headers ?? [])]]).toEqual([
      [1],
      { b: 2 },
      [['trace', 'x']],
    ]);
    expect([call?.progress, call?.signal.aborted]).toEqual([undefined, false]);
  });

  it('hears an error of the callee with its URI and arguments', async () => {
    await client.register('fail', () => {
      throw new MangroveError('com.example.error.full', ['no seat', 7], { row: 3 });
    });
    expect(await refusal(client.call('fail'))).toEqual([
      'com.example.error.full',
      ['no seat', 7],
      { row: 3 },
    ]);
  });

  it('hears nothing of what else a callee throws; that is reported', async () => {
    await client.register('fail', () => Promise.reject(new Error('SELECT * FROM secrets')));
    expect(await refusal(client.call('fail'))).toEqual([
      'wamp.error.runtime_error',
      ['The procedure failed.'],
      {},
    ]);
    expect(defects.splice(0)).toEqual([new Error('SELECT * FROM secrets')]);
  });

  it('hears a failure when the result cannot be said', async () => {
    await client.register('date', () => new Date());
    expect(await uriOf(client.call('date'))).toBe('wamp.error.runtime_error');
    expect(defects.splice(0)).toHaveLength(1);
  });

  it('hears that nobody has the procedure, or that somebody has it', async () => {
    expect(await uriOf(client.call('nobody'))).toBe('wamp.error.no_such_procedure');
    await client.register('mine', () => 1);
    expect(await uriOf(client.register('mine', () => 2))).toBe('wamp.error.procedure_already_exists');
  });

  it('hears progressive results in order, then the result', async () => {
    await client.register('count', async function* ({ args: [to] }) {
      for (let number = 1; number <= Number(to); number += 1) yield number;
      return 'done';
    });
    const heard: unknown[] = [];
    const progress = (value: unknown): void => void heard.push(value);
    expect(await client.call('count', [200], {}, { progress })).toBe('done');
    expect(heard).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(await client.call('count', [3])).toBe('done');
  });

  it('hears what a handler tells by hand before its result', async () => {
    await client.register('work', async ({ progress }) => {
      progress?.('half');
      await turn();
      progress?.(new CallResult([], { done: 90 }));
      return 'all';
    });
    const heard: unknown[] = [];
    const result = await client.call('work', [], {}, { progress: (value) => heard.push(value) });
    expect([JSON.stringify(heard), result]).toEqual(['["half",{"done":90}]', 'all']);
  });

  it('gives up by its signal; the handler is told, its stream is stopped', async () => {
    const log: string[] = [];
    await client.register('wait', async ({ signal }) => {
      await new Promise((go) => signal.addEventListener('abort', go));
      log.push('told');
    });
    await client.register('stream', async function* () {
      try {
        for (;;) {
          yield 1;
          await turn();
        }
      } finally {
        log.push('stopped');
      }
    });
    for (const procedure of ['wait', 'stream']) {
      const abort = new AbortController();
      const call = client.call(procedure, [], {}, { signal: abort.signal });
      await turn();
      abort.abort('changed my mind');
      const error: unknown = await call.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ uri: 'wamp.error.canceled', cause: 'changed my mind' });
    }
    while (log.length < 2) await turn();
    expect(log).toEqual(['told', 'stopped']);
    expect(router.stats.realms['realm1']?.calls).toBe(0);
  });

  it('does not call at all with a signal that is aborted, or a deadline that has passed', async () => {
    let called = 0;
    await client.register('count', () => (called += 1));
    expect(await uriOf(client.call('count', [], {}, { signal: AbortSignal.abort() }))).toBe(
      'wamp.error.canceled',
    );
    expect(await uriOf(client.call('count', [], {}, { deadline: new Date(0) }))).toBe('wamp.error.timeout');
    expect(called).toBe(0);
  });

  it('gives up while an authorizer is still deciding', async () => {
    await router.close();
    let decide = (): void => {};
    const authorizer: Authorizer = {
      decide: (_principal, action) =>
        action === 'call'
          ? new Promise((resolve) => (decide = () => resolve({ allow: true })))
          : { allow: true },
    };
    start({ authorizer });
    let told = false;
    await client.register('wait', async ({ signal }) => {
      await new Promise((go) => signal.addEventListener('abort', go));
      told = true;
    });
    const abort = new AbortController();
    const call = client.call('wait', [], {}, { signal: abort.signal });
    abort.abort();
    expect(await uriOf(call)).toBe('wamp.error.canceled');
    decide();
    while (!told) await turn();
    expect(router.stats.realms['realm1']?.calls).toBe(0);
  });

  it('gives up at its deadline though progress is made, and by its time-out when none is', async () => {
    await router.close();
    const clock = new ManualClock();
    start({ clock });
    let tell = (): void => {};
    await client.register('slow', ({ progress }) => {
      tell = () => progress?.('still here');
      return new Promise(() => {});
    });
    const heard: unknown[] = [];
    const progress = (value: unknown): void => void heard.push(value);
    const deadline = new Date(clock.wallTime() + 1000);
    const first = client.call('slow', [], {}, { deadline, progress, timeoutMs: 700 });
    await turn();
    for (let round = 0; round < 2; round += 1) {
      clock.advance(450);
      tell();
    }
    clock.advance(300);
    expect(await refusal(first)).toEqual(['wamp.error.timeout', ['The deadline has passed.'], {}]);
    expect(heard).toEqual(['still here', 'still here']);

    const second = client.call('slow', [], {}, { timeoutMs: 700 });
    await turn();
    clock.advance(1000);
    expect(await uriOf(second)).toBe('wamp.error.timeout');
  });

  it('lets calls be worked on side by side, or as many at a time as the handler says', async () => {
    const running = { wide: 0, narrow: 0 };
    const most = { wide: 0, narrow: 0 };
    const work = (kind: 'wide' | 'narrow') => async (): Promise<void> => {
      running[kind] += 1;
      most[kind] = Math.max(most[kind], running[kind]);
      await turn();
      running[kind] -= 1;
    };
    await client.register('wide', work('wide'));
    await client.register('narrow', work('narrow'), { concurrency: 2 });
    await Promise.all(Array.from({ length: 10 }, (_, index) => client.call(index % 2 ? 'wide' : 'narrow')));
    expect(most).toEqual({ wide: 5, narrow: 2 });
    await expect(client.register('none', () => 1, { concurrency: 0 })).rejects.toThrow(RangeError);
  });

  it('does not begin a call that was given up before its turn has come', async () => {
    const finish: (() => void)[] = [];
    let called = 0;
    const wait = (): Promise<void> => {
      called += 1;
      return new Promise((done) => finish.push(done));
    };
    await client.register('one', wait, { concurrency: 1 });
    const first = client.call('one');
    const abort = new AbortController();
    const second = client.call('one', [], {}, { signal: abort.signal });
    await turn();
    abort.abort();
    expect(await uriOf(second)).toBe('wamp.error.canceled');
    finish[0]?.();
    await first;
    await turn();
    expect(called).toBe(1);
  });

  it('answers the calls that are here when it unregisters', async () => {
    let finish = (): void => {};
    const registration = await client.register(
      'wait',
      () => new Promise((done) => (finish = () => done('late'))),
    );
    const call = client.call('wait');
    await turn();
    const unregistered = registration.unregister();
    expect(await uriOf(client.call('wait'))).toBe('wamp.error.no_such_procedure');
    finish();
    expect(await call).toBe('late');
    await unregistered;
    expect([await registration.ended, router.stats.realms['realm1']?.sessions]).toEqual([undefined, 1]);
    await registration.unregister();
  });
});

describe('a client of this process', () => {
  it('is one more client to the authorizer', async () => {
    await router.close();
    const asked: string[] = [];
    start({
      authorizer: {
        decide: ({ authrole }, action, { text }) => {
          asked.push(`${authrole} ${action} ${text}`);
          return Promise.resolve({ allow: authrole === 'boss' });
        },
      },
    });
    expect(await uriOf(client.subscribe('a.b', () => 1))).toBe('wamp.error.not_authorized');
    const boss = router.connect({ principal: { authrole: 'boss' } });
    await boss.register('add', () => 1);
    expect(await boss.call('add')).toBe(1);
    expect(await uriOf(client.call('add'))).toBe('wamp.error.not_authorized');
    expect(asked).toEqual(['local subscribe a.b', 'boss register add', 'boss call add', 'local call add']);
    // Refused handlers leave nothing: the two clients and the one registration.
    expect(router.stats.realms['realm1']?.sessions).toBe(3);
  });

  it('keeps the order of what it does while an authorizer awaits', async () => {
    await router.close();
    const delays = [20, 0, 5];
    start({
      authorizer: {
        decide: (_principal, action) =>
          action === 'publish'
            ? new Promise((resolve) => setTimeout(() => resolve({ allow: true }), delays.shift()))
            : { allow: true },
      },
    });
    const heard: unknown[] = [];
    await client.subscribe('a.b', ({ args }) => heard.push(args[0]));
    await Promise.all([1, 2, 3].map((number) => client.publish('a.b', [number])));
    await turn();
    expect(heard).toEqual([1, 2, 3]);
  });

  it('ends all that it has when it is closed', async () => {
    let told = false;
    const registration = await client.register('wait', async ({ signal }) => {
      await new Promise((go) => signal.addEventListener('abort', go));
      told = true;
    });
    const subscription = await client.subscribe('a.b', () => 1);
    const other = router.connect();
    const [mine, theirs] = [client.call('wait'), other.call('wait')];
    await turn();
    client.close();
    expect(client.closed).toBe(true);
    expect(await refusal(mine)).toEqual(['wamp.error.canceled', ['The client is closed.'], {}]);
    expect(await uriOf(theirs)).toBe('wamp.error.canceled');
    expect([await registration.ended, await subscription.ended]).toEqual([undefined, undefined]);
    expect(told).toBe(true);
    expect(await uriOf(client.publish('a.b'))).toBe('wamp.error.canceled');
    await expect(client.subscribe('a.b', () => 1)).rejects.toThrow('The client is closed.');
    expect(router.stats.realms['realm1']?.sessions).toBe(1);
  });

  it('is closed with its router', async () => {
    await router.close();
    expect(client.closed).toBe(true);
    expect(() => router.connect()).toThrow('The router is closed.');
  });

  it('names a realm that exists', () => {
    expect(() => router.connect({ realm: 'nowhere' })).toThrow('There is no realm nowhere.');
  });

  it('is waited for by a drain while its handlers are at work', async () => {
    let finish = (): void => {};
    await client.subscribe('a.b', () => new Promise<void>((done) => (finish = done)));
    await client.publish('a.b');
    await turn();
    let drained = false;
    const drain = router.drain(5000).then(() => (drained = true));
    await new Promise((go) => setTimeout(go, 60));
    expect(drained).toBe(false);
    finish();
    await drain;
  });
});

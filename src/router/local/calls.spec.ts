import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Authorizer, Broker } from '../../broker/index.js';
import { Payload } from '../../broker/index.js';
import type { Subprotocol } from '../../subprotocols/index.js';
import type { LocalRouter } from '../../../test/support/local-router.js';
import { refusal, startLocalRouter, turn, uriOf } from '../../../test/support/local-router.js';
import { ManualClock, RecordingEndpoint } from '../../testing/index.js';
import type { CallContext, LocalClient, Router, RouterOptions } from '../index.js';
import { CallResult, MangroveError } from '../index.js';

let local: LocalRouter;
let router: Router;
let client: LocalClient;

function start(options?: RouterOptions): void {
  local = startLocalRouter(options);
  ({ router, client } = local);
}

beforeEach(() => start());

afterEach(() => local.stop());

/** A subprotocol of which only its endpoint of the realm matters. */
function inRealm(started: (broker: Broker) => void): Subprotocol {
  const open = (): never => {
    throw new Error('Nobody connects.');
  };
  return { name: 'none', tokens: ['none'], realmStarted: started, open };
}

describe('a client of this process, with calls,', () => {
  it('X11: is not asked with a payload that cannot be read as arguments', async () => {
    await local.stop();
    let caller: RecordingEndpoint | undefined;
    start({ subprotocols: [inRealm((broker) => (caller = new RecordingEndpoint(broker)))] });
    let asked = 0;
    await client.register('com.example.add', () => (asked += 1));
    const payload = Payload.ofSlices('cbor', Buffer.from('81ff', 'hex'), undefined);
    caller?.attachment.call({}, { procedure: 'com.example.add', payload });
    await turn();
    expect([caller?.take(), asked]).toEqual([['answered refused payload_not_representable'], 0]);
    caller?.attachment.detach();
  });

  it('is told that a name of a queue is no procedure', async () => {
    await expect(client.register('queue.orders', () => 1)).rejects.toMatchObject({
      uri: 'wamp.error.invalid_uri',
      args: ['What begins with queue. is a queue: it is consumed, not registered as a procedure.'],
    });
    await client.register('', () => 1, { match: 'prefix' });
    expect(await uriOf(client.call('queue.orders'))).toBe('wamp.error.no_such_procedure');
    expect(await client.call('orders')).toBe(1);
  });

  it('P15: shares a procedure with others by a policy, and passes on what it cannot begin', async () => {
    await client.register('com.example.add', () => 'a', { policy: 'roundrobin' });
    await client.register(
      'com.example.add',
      () => {
        throw new MangroveError('wamp.error.unavailable');
      },
      { policy: 'roundrobin' },
    );
    const results = [];
    for (let i = 0; i < 3; i += 1) results.push(await client.call('com.example.add'));
    expect(results).toEqual(['a', 'a', 'a']);
    expect(await uriOf(client.register('com.example.add', () => 'c'))).toBe(
      'wamp.error.procedure_exists_with_different_invocation_policy',
    );
  });

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
    expect(local.defects.splice(0)).toEqual([new Error('SELECT * FROM secrets')]);
  });

  it('hears a failure when the result cannot be said', async () => {
    await client.register('date', () => new Date());
    expect(await uriOf(client.call('date'))).toBe('wamp.error.runtime_error');
    expect(local.defects.splice(0)).toHaveLength(1);
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
    const log: string[] = [];
    await client.register('wait', async ({ signal }) => {
      await new Promise((go) => signal.addEventListener('abort', go));
      log.push('told');
    });
    const abort = new AbortController();
    const call = client.call('wait', [], {}, { signal: abort.signal });
    abort.abort();
    expect(await uriOf(call)).toBe('wamp.error.canceled');
    decide();
    while (log.length === 0) await turn();
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

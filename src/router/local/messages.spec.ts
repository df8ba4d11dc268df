import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalRouter } from '../../../test/support/local-router.js';
import { startLocalRouter, turn, uriOf } from '../../../test/support/local-router.js';
import { eventually } from '../../../test/support/test-server.js';
import type { LocalClient, MessageContext, Router, RouterOptions } from '../index.js';
import { MangroveError, Unavailable } from '../index.js';

let local: LocalRouter;
let router: Router;
let client: LocalClient;

function start(options?: RouterOptions): void {
  local = startLocalRouter(options);
  ({ router, client } = local);
}

beforeEach(() => start());

afterEach(() => local.stop());

/** A promise, and what fulfils it. */
function promised(): { readonly promise: Promise<void>; readonly fulfil: () => void } {
  let fulfil = (): void => {};
  const promise = new Promise<void>((resolve) => (fulfil = resolve));
  return { promise, fulfil };
}

/** What is left in a queue. */
async function leftIn(queue: string): Promise<unknown[]> {
  const left: unknown[] = [];
  const consumption = await client.consume(queue, ({ payload }) => left.push(payload));
  await turn();
  await turn();
  await consumption.drain();
  return left;
}

describe('a client of this process, with messages,', () => {
  it('is given them with their arguments, headers and sender, one at a time, and they are done', async () => {
    const sender = router.connect({ principal: { authid: 'alice', authrole: 'user' } });
    const id = await sender.enqueue('orders', ['tea', 2], { milk: true }, { headers: { trace: 'x1' } });
    const got: MessageContext[] = [];
    const consumption = await client.consume('orders', (message) => got.push(message));
    await eventually(() => got.length === 1);
    const [message] = got;
    expect(message).toMatchObject({
      kind: 'message',
      queue: 'orders',
      publication: id,
      attempt: 1,
      redelivered: false,
      death: undefined,
      args: ['tea', 2],
      realm: 'realm1',
      protocol: 'local',
      session: sender.session,
      pattern: { match: 'exact', text: 'orders' },
    });
    expect([{ ...message?.kwargs }, [...(message?.headers ?? [])], message?.principal.authid]).toEqual([
      { milk: true },
      [['trace', 'x1']],
      'alice',
    ]);
    await consumption.drain();
    expect(await leftIn('orders')).toEqual([]);
  });

  it('D14: stores a message with a number of its producer once, and answers each time', async () => {
    const numbered = (sequence: number): Promise<number> =>
      client.enqueue('orders', [sequence], {}, { producer: { id: 'till-7', sequence } });
    for (const sequence of [1, 2, 2]) expect(await numbered(sequence)).toBeGreaterThan(0);
    const again = router.connect();
    await again.enqueue('orders', [1], {}, { producer: { id: 'till-7', sequence: 1 } });
    expect(await leftIn('orders')).toEqual([1, 2]);
  });

  it.each([
    [{ id: '', sequence: 1 }, 'The id of a producer has 1 to 255 bytes.'],
    [{ id: 'é'.repeat(128), sequence: 1 }, 'The id of a producer has 1 to 255 bytes.'],
    [{ id: 'p', sequence: -1 }, 'The sequence of a producer is a whole number from 0.'],
    [{ id: 'p', sequence: 0.5 }, 'The sequence of a producer is a whole number from 0.'],
  ])('refuses the producer %j', async (producer, message) => {
    await expect(client.enqueue('orders', [], {}, { producer })).rejects.toThrow(new RangeError(message));
  });

  it('keeps their order while a handler awaits, and works on as many as it is told', async () => {
    const log: unknown[] = [];
    let running = 0;
    let most = 0;
    const work = async ({ payload }: MessageContext): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((go) => setTimeout(go, payload === 1 ? 5 : 0));
      running -= 1;
      log.push(payload);
    };
    for (const number of [1, 2, 3, 4]) await client.enqueue('jobs', [number]);
    const one = await client.consume('jobs', work);
    await eventually(() => log.length === 4);
    expect([most, log]).toEqual([1, [1, 2, 3, 4]]);
    await one.drain();
    const wide = await client.consume('jobs', work, { concurrency: 3 });
    for (const number of [1, 2, 3, 4, 5, 6]) await client.enqueue('jobs', [number]);
    await eventually(() => log.length === 10);
    expect(most).toBe(3);
    await wide.drain();
  });

  it('has a message back, counted, when a handler throws, and is told what', async () => {
    const attempts: unknown[] = [];
    await client.enqueue('orders', ['tea']);
    const consumption = await client.consume('orders', ({ attempt, redelivered }) => {
      attempts.push([attempt, redelivered]);
      if (attempt === 1) throw new Error('spilt');
      if (attempt === 2) return Promise.reject(new MangroveError('com.example.error.cold'));
      return undefined;
    });
    await eventually(() => attempts.length === 3);
    expect(attempts).toEqual([
      [1, false],
      [2, true],
      [3, true],
    ]);
    expect(local.defects.splice(0)).toMatchObject([{ message: 'spilt' }, { uri: 'com.example.error.cold' }]);
    await consumption.drain();
  });

  it.each([
    ['Unavailable', () => new Unavailable('Closed.')],
    ['wamp.error.unavailable', () => new MangroveError('wamp.error.unavailable')],
  ])('has a message back, uncounted and later, when a handler throws %s', async (_name, error) => {
    const attempts: number[] = [];
    await client.enqueue('orders', ['tea']);
    const consumption = await client.consume('orders', ({ attempt }) => {
      attempts.push(attempt);
      if (attempts.length === 1) throw error();
    });
    await eventually(() => attempts.length === 2);
    expect(attempts).toEqual([1, 1]);
    await consumption.drain();
  });

  it('sends a message that fails too often to the dead letters, with the reason', async () => {
    await local.stop();
    start({ queues: [{ match: 'orders', maxDeliveries: 2 }] });
    const letters: MessageContext[] = [];
    await client.consume('orders.dead', (message) => letters.push(message));
    await client.consume('orders', () => {
      throw new MangroveError('com.example.error.failed');
    });
    const before = Date.now();
    await client.enqueue('orders', ['poison']);
    await eventually(() => letters.length === 1);
    const [letter] = letters;
    expect([letter?.payload, letter?.attempt]).toEqual(['poison', 1]);
    expect(letter?.death).toMatchObject({ reason: 'delivery-limit', queue: 'orders', deliveries: 2 });
    expect(letter?.death?.at).toBeGreaterThanOrEqual(before);
    expect(local.defects.splice(0).length).toBe(2);
  });

  it('competes: each message has one handler; the one of the higher priority goes first', async () => {
    const got: string[] = [];
    const hold = promised();
    await client.consume('jobs', ({ payload }) => {
      got.push(`low ${String(payload)}`);
      return hold.promise;
    });
    const options = { priority: 5, concurrency: 2 };
    await client.consume(
      'jobs',
      ({ payload }) => {
        got.push(`high ${String(payload)}`);
        return hold.promise;
      },
      options,
    );
    for (const number of [1, 2, 3]) await client.enqueue('jobs', [number]);
    await eventually(() => got.length === 3);
    expect(got).toEqual(['high 1', 'high 2', 'low 3']);
    hold.fulfil();
    await turn();
  });

  it('is alone if it says exclusive', async () => {
    const first = await client.consume('jobs', () => {}, { exclusive: true });
    expect(await uriOf(client.consume('jobs', () => {}))).toBe('wamp.error.unavailable');
    first.cancel();
    await client.consume('jobs', () => {});
  });

  it('awaits a stream to its end before the message is done', async () => {
    const log: string[] = [];
    await client.enqueue('jobs', [1]);
    await client.enqueue('jobs', [2]);
    const consumption = await client.consume('jobs', async function* ({ payload }) {
      log.push(`begin ${String(payload)}`);
      yield 'half';
      await turn();
      log.push(`end ${String(payload)}`);
    });
    await eventually(() => log.length === 4);
    expect(log).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
    await consumption.drain();
    expect(await leftIn('jobs')).toEqual([]);
  });

  it('handles what came when it is drained, and takes no more', async () => {
    const got: unknown[] = [];
    const hold = promised();
    for (const number of [1, 2]) await client.enqueue('jobs', [number]);
    const consumption = await client.consume('jobs', ({ payload }) => {
      got.push(payload);
      return hold.promise;
    });
    await eventually(() => got.length === 1);
    const drained = consumption.drain();
    hold.fulfil();
    await drained;
    expect([got, await consumption.ended]).toEqual([[1], undefined]);
    expect(await leftIn('jobs')).toEqual([2]);
  });

  it('gives back what is not done when it is canceled, uncounted, and aborts the signal', async () => {
    let aborted: unknown;
    const begun = promised();
    await client.enqueue('jobs', [1]);
    const consumption = await client.consume('jobs', ({ signal }) => {
      begun.fulfil();
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          aborted = signal.reason;
          reject(new Error('stopped'));
        }),
      );
    });
    await begun.promise;
    consumption.cancel();
    await consumption.ended;
    const again: unknown[] = [];
    await client.consume('jobs', ({ attempt, redelivered }) => again.push([attempt, redelivered]));
    await eventually(() => again.length === 1);
    expect(again).toEqual([[1, true]]);
    expect(aborted).toMatchObject({ uri: 'wamp.error.canceled' });
  });

  it('loses what is not done when the client is closed', async () => {
    const begun = promised();
    const worker = router.connect();
    await client.enqueue('jobs', [1]);
    await worker.consume('jobs', () => {
      begun.fulfil();
      return new Promise(() => {});
    });
    await begun.promise;
    worker.close();
    const again: unknown[] = [];
    await client.consume('jobs', ({ attempt, redelivered }) => again.push([attempt, redelivered]));
    await eventually(() => again.length === 1);
    expect(again).toEqual([[2, true]]);
  });

  it('puts the higher priority first, and dead what is too old', async () => {
    await client.enqueue('jobs', ['low'], {}, { priority: 0 });
    await client.enqueue('jobs', ['default']);
    await client.enqueue('jobs', ['high'], {}, { priority: 9, persistent: false });
    await client.enqueue('jobs', ['old'], {}, { ttlMs: 1 });
    await new Promise((go) => setTimeout(go, 5));
    expect(await leftIn('jobs')).toEqual(['high', 'default', 'low']);
  });

  it('keeps a message back for its delay', async () => {
    const got: unknown[] = [];
    await client.consume('jobs', ({ payload }) => got.push(payload));
    const begun = Date.now();
    await client.enqueue('jobs', ['later'], {}, { delayMs: 30 });
    await client.enqueue('jobs', ['now']);
    await eventually(() => got.length === 2);
    expect(got).toEqual(['now', 'later']);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(29);
  });

  it.each([{ priority: 10 }, { priority: 1.5 }, { ttlMs: 0 }, { ttlMs: Number.NaN }, { delayMs: -1 }])(
    'refuses %j',
    async (options) => {
      await expect(client.enqueue('jobs', [], {}, options)).rejects.toThrow(RangeError);
    },
  );

  it('rejects what the router refuses', async () => {
    await local.stop();
    start({
      authorizer: (_who, action, { text }) => ({ allow: text === 'queue.mine' && action === 'publish' }),
    });
    expect(await uriOf(client.consume('mine', () => {}))).toBe('wamp.error.not_authorized');
    expect(await uriOf(client.enqueue('others'))).toBe('wamp.error.not_authorized');
    expect(await uriOf(client.enqueue(''))).toBe('wamp.error.invalid_uri');
    await client.enqueue('mine');
    await expect(client.consume('jobs', () => {}, { concurrency: 0 })).rejects.toThrow(RangeError);
  });

  it('is not drained before its handlers are, when the router is', async () => {
    const hold = promised();
    const begun = promised();
    await client.enqueue('jobs', [1]);
    await client.consume('jobs', () => {
      begun.fulfil();
      return hold.promise;
    });
    await begun.promise;
    let drained = false;
    const draining = router.drain(5000).then(() => (drained = true));
    await turn();
    expect(drained).toBe(false);
    hold.fulfil();
    await draining;
  });
});

describe('a client of this process, with events that are kept or meant for some,', () => {
  it('is told first what is retained, if it asks', async () => {
    await client.publish('com.price', [1], {}, { retain: true });
    await client.publish('com.price', [2], {}, { retain: true });
    const heard: unknown[] = [];
    const hear = (event: { payload: unknown; retained: boolean }): void =>
      void heard.push([event.payload, event.retained]);
    await client.subscribe('com.', hear, { match: 'prefix', retained: true });
    await client.publish('com.price', [3]);
    await eventually(() => heard.length === 2);
    expect(heard).toEqual([
      [2, true],
      [3, false],
    ]);
    await client.publish('com.price', [], {}, { retain: true });
    await client.subscribe('com.price', (event) => void heard.push(event.retained), { retained: true });
    await turn();
    expect(heard.length).toBe(3);
  });

  it('reaches those who are eligible and not excluded', async () => {
    const heard: string[] = [];
    for (const authid of ['ann', 'bob', 'eve']) {
      const one = router.connect({ principal: { authid, authrole: authid === 'ann' ? 'admin' : 'user' } });
      await one.subscribe('news', ({ payload }) => heard.push(`${authid} ${String(payload)}`));
    }
    await client.publish('news', [1], {}, { eligible: { authids: ['bob', 'ann'] } });
    await client.publish('news', [2], {}, { eligible: { authroles: [] } });
    await client.publish('news', [3], {}, { exclude: { authroles: ['user'] } });
    await turn();
    expect(heard.sort()).toEqual(['ann 1', 'ann 3', 'bob 1']);
  });

  it('P16: refuses a list of more than a thousand receivers', async () => {
    const sessions = Array.from({ length: 1001 }, (_, at) => at + 1);
    await client.publish('news', [], {}, { exclude: { sessions: sessions.slice(1) } });
    await expect(client.publish('news', [], {}, { exclude: { sessions } })).rejects.toThrow(RangeError);
  });

  it.each([{ ttlMs: 0 }, { ttlMs: -1 }])('refuses %j', async (options) => {
    await expect(client.publish('news', [], {}, options)).rejects.toThrow(RangeError);
  });
});

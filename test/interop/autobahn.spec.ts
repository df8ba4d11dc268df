import autobahn from 'autobahn';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Mailbox } from '../support/mailbox.js';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { AUTOBAHN_SERIALIZERS, AutobahnClient, failureOf } from './autobahn-client.js';
import { provideWebSocket } from './web-socket.js';

provideWebSocket();

describe.each(AUTOBAHN_SERIALIZERS)('AutobahnJS over wamp.2.%s', (serializer) => {
  let server: TestServer;
  let one: AutobahnClient;
  let other: AutobahnClient;

  beforeEach(async () => {
    server = await startTestServer();
    one = await AutobahnClient.join(server.url, serializer);
    other = await AutobahnClient.join(server.url, serializer);
  });

  afterEach(async () => {
    await Promise.all([one.leave(), other.leave()]);
    expect([...one.violations, ...other.violations]).toEqual([]);
    await server.stop();
  });

  it('joins, and finds the features that the router has', () => {
    expect(one.protocol).toBe(`wamp.2.${serializer}`);
    expect(one.welcome).toMatchObject({ realm: 'realm1', roles: { broker: {}, dealer: {} } });
    expect(one.session.features).toMatchObject({
      publisher: {
        publisher_identification: true,
        publisher_exclusion: true,
        subscriber_blackwhite_listing: true,
      },
      subscriber: { pattern_based_subscription: true, publisher_identification: true },
      caller: { caller_identification: true, call_canceling: true, progressive_call_results: true },
      callee: {
        caller_identification: true,
        pattern_based_registration: true,
        progressive_call_results: true,
      },
    });
  });

  describe('queues', () => {
    it('are worked on by a callee: a result is done, a failure comes again, unavailable comes later', async () => {
      const done = new Mailbox<unknown>();
      let asked = 0;
      const work = (args: readonly unknown[]): unknown => {
        asked += 1;
        if (asked === 1) throw new autobahn.Error('wamp.error.unavailable', [], {});
        if (asked === 2) throw new Error('failed');
        done.put(args[0]);
        return 'ignored';
      };
      await other.session.register('queue.jobs', work, { concurrency: 1 });
      for (const number of [1, 2]) {
        const options = { _queue: true, acknowledge: true };
        const published = await one.session.publish('jobs', [number], {}, options);
        expect(published?.id).toEqual(expect.any(Number));
      }
      expect([await done.take(), await done.take(), asked]).toEqual([1, 2, 4]);
    });

    it('have competing subscribers, whose messages are events', async () => {
      const events = await other.listen('jobs', { _queue: true });
      one.session.publish('jobs', ['x'], { y: 1 }, { _queue: true, disclose_me: true });
      const event = await events.take();
      expect(event).toMatchObject({ args: ['x'], kwargs: { y: 1 } });
      expect(event.details.publisher).toBe(one.session.id);
    });
  });

  describe('publish and subscribe', () => {
    it('delivers arguments and keyword arguments, and acknowledges with the same publication', async () => {
      const events = await other.listen('com.example.news');
      const args = [1, -0.5, 'żółw 𝄞', null, true, [1, [2]], { a: { b: [] } }, Number.MAX_SAFE_INTEGER];
      const published = await one.session.publish(
        'com.example.news',
        args,
        { key: 'value' },
        { acknowledge: true },
      );
      const event = await events.take();
      expect(event).toMatchObject({ args, kwargs: { key: 'value' } });
      expect(event.details.publication).toBe(published?.id);
    });

    it('keeps the order of what one session publishes', async () => {
      const events = await other.listen('com.example.count');
      const numbers = Array.from({ length: 200 }, (_, i) => i);
      for (const n of numbers) one.session.publish('com.example.count', [n]);
      const heard: unknown[] = [];
      while (heard.length < numbers.length) heard.push((await events.take()).args[0]);
      expect(heard).toEqual(numbers);
    });

    it('does not tell a publisher of its own event, unless exclude_me is false', async () => {
      const events = await one.listen('com.example.self');
      await one.session.publish('com.example.self', ['unheard'], {}, { acknowledge: true });
      await one.session.publish('com.example.self', ['heard'], {}, { acknowledge: true, exclude_me: false });
      expect((await events.take()).args).toEqual(['heard']);
      expect(events.left).toEqual([]);
    });

    it('discloses the publisher when it wants that', async () => {
      const events = await other.listen('com.example.who');
      one.session.publish('com.example.who', [1]);
      one.session.publish('com.example.who', [2], {}, { disclose_me: true });
      const anonymous = await events.take();
      const disclosed = await events.take();
      expect(anonymous.details.publisher).toBeUndefined();
      expect(disclosed.details.publisher).toBe(one.session.id);
      expect(disclosed.details.publisher_authrole).toBe('anonymous');
    });

    it.each([
      ['prefix', 'com.exam', 'com.example.deep.down'],
      ['wildcard', 'com..deep', 'com.example.deep'],
    ])('matches by %s, and names the topic', async (match, pattern, topic) => {
      const events = await other.listen(pattern, { match });
      one.session.publish('org.example.deep', ['other']);
      one.session.publish(topic, ['matched']);
      const event = await events.take();
      expect(event.args).toEqual(['matched']);
      expect(event.details.topic).toBe(topic);
    });

    it('serves two handlers of one session with one subscription', async () => {
      const first = await other.listen('com.example.twice');
      const second = await other.listen('com.example.twice');
      one.session.publish('com.example.twice', ['x']);
      expect([(await first.take()).args, (await second.take()).args]).toEqual([['x'], ['x']]);
      expect([...first.left, ...second.left]).toEqual([]);
    });

    it('delivers nothing more after UNSUBSCRIBE', async () => {
      const heard: unknown[] = [];
      const subscription = await other.session.subscribe('com.example.end', ([x]) => heard.push(x));
      const control = await other.listen('com.example.control');
      await other.session.unsubscribe(subscription);
      one.session.publish('com.example.end', ['late']);
      one.session.publish('com.example.control', []);
      await control.take();
      expect(heard).toEqual([]);
    });

    it('refuses a topic of the router’s own', async () => {
      const refused = one.session.publish('wamp.session.on_join', [], {}, { acknowledge: true });
      expect(await failureOf(refused!)).toMatchObject({ error: expect.stringMatching(/^wamp\.error\./) });
      expect(one.session.isOpen).toBe(true);
    });
  });

  describe('calls', () => {
    it('carry arguments there and every form of result back', async () => {
      await other.session.register('com.example.echo', (args, kwargs) => new autobahn.Result(args, kwargs));
      await other.session.register('com.example.first', ([first]) => first);
      await other.session.register('com.example.nothing', () => new autobahn.Result());
      expect(await one.session.call('com.example.echo', [1, 'two'], { three: [3] })).toEqual(
        new autobahn.Result([1, 'two'], { three: [3] }),
      );
      expect(await one.session.call('com.example.first', [{ deep: [1] }])).toEqual({ deep: [1] });
      expect(await one.session.call('com.example.nothing')).toBeNull();
    });

    it('are answered concurrently, each with its own result', async () => {
      const answers: ((value: unknown) => void)[] = [];
      await other.session.register('com.example.later', () => new Promise((go) => answers.push(go)));
      const calls = [1, 2, 3].map((n) => one.session.call('com.example.later', [n]));
      await other.session.register('com.example.now', () => {
        for (const [i, answer] of answers.entries()) answer(`answer ${i}`);
        return answers.length;
      });
      await one.session.call('com.example.now');
      expect((await Promise.all(calls)).sort()).toEqual(['answer 0', 'answer 1', 'answer 2']);
    });

    it('bring an error’s URI and arguments to the caller unchanged', async () => {
      await other.session.register('com.example.fail', () => {
        throw new autobahn.Error('com.example.error.overflow', ['too big', 7], { limit: 5 });
      });
      expect(await failureOf(one.session.call('com.example.fail'))).toMatchObject({
        error: 'com.example.error.overflow',
        args: ['too big', 7],
        kwargs: { limit: 5 },
      });
    });

    it('to nobody, and a second registration, are refused', async () => {
      expect((await failureOf(one.session.call('com.example.nobody'))).error).toBe(
        'wamp.error.no_such_procedure',
      );
      await one.session.register('com.example.mine', () => 1);
      expect((await failureOf(other.session.register('com.example.mine', () => 2))).error).toBe(
        'wamp.error.procedure_already_exists',
      );
    });

    it('end with the registration', async () => {
      const registration = await other.session.register('com.example.short', () => 'here');
      expect(await one.session.call('com.example.short')).toBe('here');
      await other.session.unregister(registration);
      expect((await failureOf(one.session.call('com.example.short'))).error).toBe(
        'wamp.error.no_such_procedure',
      );
    });

    it('report progress in order before the result', async () => {
      await other.session.register('com.example.count', ([to], _kwargs, { progress }) => {
        for (let n = 1; n < Number(to); n += 1) progress?.([n]);
        return 'done';
      });
      const steps: unknown[] = [];
      const call = one.session.call('com.example.count', [5], {}, { receive_progress: true });
      expect(
        await call.then(
          (result) => result,
          null,
          (step) => steps.push(step),
        ),
      ).toBe('done');
      expect(steps).toEqual([1, 2, 3, 4]);
    });

    it('find procedures by prefix and wildcard, the best match first', async () => {
      const named =
        (name: string) =>
        (_args: autobahn.List, _kwargs: autobahn.Dict, { procedure }: autobahn.Invocation) => [
          name,
          procedure,
        ];
      await other.session.register('com.example.exact', named('exact'));
      await other.session.register('com.ex', named('prefix'), { match: 'prefix' });
      await other.session.register('com..wild', named('wildcard'), { match: 'wildcard' });
      const call = (procedure: string) => one.session.call(procedure);
      expect(await call('com.example.exact')).toEqual(['exact', 'com.example.exact']);
      expect(await call('com.example.wild')).toEqual(['prefix', 'com.example.wild']);
      expect(await call('com.other.wild')).toEqual(['wildcard', 'com.other.wild']);
    });

    it('disclose the caller when it wants that', async () => {
      await other.session.register('com.example.who', (_args, _kwargs, details) => [
        details.caller ?? null,
        details.caller_authrole ?? null,
      ]);
      expect(await one.session.call('com.example.who')).toEqual([null, null]);
      expect(await one.session.call('com.example.who', [], {}, { disclose_me: true })).toEqual([
        one.session.id,
        'anonymous',
      ]);
    });

    it.each(['skip', 'killnowait', undefined] as const)(
      'that are canceled (%s) leave both sessions alive, also when the callee answers late',
      async (mode) => {
        const slow = await registerSlow(other, 'com.example.slow');
        await other.session.register('com.example.ready', () => true);
        const call = one.session.call('com.example.slow');
        const failure = failureOf(call);
        const answer = await slow.take();
        call.cancel(mode && { mode });
        await failure;
        // It calls the call over before the router has heard: a result that crosses CANCEL would be a violation to it.
        await one.session.call('com.example.ready');
        answer('too late');
        expect(await one.session.call('com.example.ready')).toBe(true);
        expect(one.session.isOpen && other.session.isOpen).toBe(true);
      },
    );

    it('that are killed end with wamp.error.canceled', async () => {
      const slow = await registerSlow(other, 'com.example.slow');
      const call = one.session.call('com.example.slow');
      await slow.take();
      call.cancel({ mode: 'kill' });
      expect((await failureOf(call)).error).toBe('wamp.error.canceled');
    });

    it('end with wamp.error.canceled when their callee leaves', async () => {
      const leaving = await AutobahnClient.join(server.url, serializer);
      const slow = await registerSlow(leaving, 'com.example.gone');
      const call = failureOf(other.session.call('com.example.gone'));
      await slow.take();
      await leaving.leave();
      expect((await call).error).toBe('wamp.error.canceled');
    });
  });

  it('leaves with GOODBYE, which is answered before the close', async () => {
    expect(await one.leave()).toEqual({
      how: 'closed',
      reason: expect.stringMatching(/^wamp\.close\.(?:goodbye_and_out|normal)$/),
      message: '',
    });
    expect(await other.leave('wamp.close.close_realm')).toMatchObject({ how: 'closed' });
  });

  it('is told GOODBYE when the router stops', async () => {
    await server.router.drain(2000);
    expect(await one.ended).toMatchObject({ reason: 'wamp.close.system_shutdown' });
  });

  it('is told when there is no such realm', async () => {
    await expect(AutobahnClient.join(server.url, serializer, 'nowhere')).rejects.toThrow(
      'wamp.error.no_such_realm',
    );
  });
});

/** Registers a procedure that answers when it is told to: by what can be taken here. */
async function registerSlow(
  client: AutobahnClient,
  procedure: string,
): Promise<Mailbox<(value: unknown) => void>> {
  const invocations = new Mailbox<(value: unknown) => void>();
  await client.session.register(procedure, () => new Promise((answer) => invocations.put(answer)));
  return invocations;
}

describe('bytes', () => {
  it.each([
    ['msgpack', 'cbor'],
    ['cbor', 'msgpack'],
    ['msgpack', 'msgpack'],
    ['cbor', 'cbor'],
  ] as const)('pass from AutobahnJS over %s to AutobahnJS over %s', async (from, to) => {
    const server = await startTestServer();
    const sender = await AutobahnClient.join(server.url, from);
    const receiver = await AutobahnClient.join(server.url, to);
    try {
      const bytes = Buffer.from([0, 1, 0x7f, 0x80, 0xff]);
      const events = await receiver.listen('com.example.bytes');
      sender.session.publish('com.example.bytes', [bytes, { nested: bytes }]);
      const [flat, deep] = (await events.take()).args as [Uint8Array, { nested: Uint8Array }];
      expect([Buffer.from(flat), Buffer.from(deep.nested)]).toEqual([bytes, bytes]);
    } finally {
      await Promise.all([sender.leave(), receiver.leave()]);
      await server.stop();
    }
  });
});

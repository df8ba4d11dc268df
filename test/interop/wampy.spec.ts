import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Wampy } from 'wampy';
import { Errors } from 'wampy';
import type { TestServer } from '../support/test-server.js';
import { eventually, startTestServer } from '../support/test-server.js';
import { AutobahnClient } from './autobahn-client.js';
import { WAMPY_SERIALIZERS, joinWampy, listenWampy } from './wampy-client.js';
import { provideWebSocket } from './web-socket.js';

provideWebSocket();

describe.each(WAMPY_SERIALIZERS)('wampy over wamp.2.%s', (serializer) => {
  let server: TestServer;
  let one: Wampy;
  let other: Wampy;

  beforeEach(async () => {
    server = await startTestServer();
    one = await joinWampy(server.url, serializer);
    other = await joinWampy(server.url, serializer);
  });

  afterEach(async () => {
    await Promise.all([one.disconnect(), other.disconnect()]);
    await server.stop();
  });

  it('delivers events with arguments and keyword arguments, large numbers too', async () => {
    const events = await listenWampy(other, 'com.example.news');
    const argsList = [1, -0.5, 'żółw 𝄞', null, true, [1, [2]], { a: { b: [] } }, Number.MAX_SAFE_INTEGER];
    const published = await one.publish('com.example.news', { argsList, argsDict: { key: 'value' } });
    expect(published.publicationId).toBeGreaterThan(0);
    expect(await events.take()).toMatchObject({ argsList, argsDict: { key: 'value' } });
  });

  it('does not hear itself, and discloses itself when it wants that', async () => {
    const own = await listenWampy(one, 'com.example.who');
    const events = await listenWampy(other, 'com.example.who');
    await one.publish('com.example.who', ['x'], { disclose_me: true });
    expect((await events.take()).details).toMatchObject({ publisher: one.getSessionId() });
    expect(own.left).toEqual([]);
  });

  it.each([
    ['prefix', 'com.exam', 'com.example.deep.down'],
    ['wildcard', 'com..deep', 'com.example.deep'],
  ] as const)('matches by %s, and names the topic', async (match, pattern, topic) => {
    const events = await listenWampy(other, pattern, { match });
    await one.publish('org.example.deep', ['other']);
    await one.publish(topic, ['matched']);
    expect(await events.take()).toMatchObject({ argsList: ['matched'], details: { topic } });
  });

  it('delivers nothing more after UNSUBSCRIBE', async () => {
    const heard: unknown[] = [];
    const { subscriptionId } = await other.subscribe('com.example.end', (event) => void heard.push(event));
    const control = await listenWampy(other, 'com.example.control');
    await other.unsubscribe(subscriptionId);
    await one.publish('com.example.end', ['late']);
    await one.publish('com.example.control', ['now']);
    await control.take();
    expect(heard).toEqual([]);
  });

  it('calls and is called', async () => {
    await other.register('com.example.swap', ({ argsList = [], argsDict = {} }) => ({
      argsList: [...argsList].reverse(),
      argsDict,
    }));
    expect(
      await one.call('com.example.swap', { argsList: [1, 'two'], argsDict: { three: 3 } }),
    ).toMatchObject({ argsList: ['two', 1], argsDict: { three: 3 } });
    await other.unregister('com.example.swap');
    await expect(one.call('com.example.swap')).rejects.toMatchObject({
      errorUri: 'wamp.error.no_such_procedure',
    });
  });

  it('gets a callee’s error with its URI and arguments', async () => {
    const overflow = {
      error: 'com.example.error.overflow',
      argsList: ['too big'],
      argsDict: { limit: 5 },
    };
    await other.register('com.example.fail', () => Promise.reject(overflow));
    const failure = await one.call('com.example.fail').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Errors.CallError);
    expect(failure).toMatchObject({
      errorUri: 'com.example.error.overflow',
      argsList: ['too big'],
      argsDict: { limit: 5 },
    });
  });

  it('gets progress of a callee that can report it', async () => {
    const callee = await AutobahnClient.join(server.url, serializer);
    await callee.session.register('com.example.count', (_args, _kwargs, { progress }) => {
      progress?.([1]);
      progress?.([2]);
      return 3;
    });
    const steps: unknown[] = [];
    const result = await one.call('com.example.count', null, {
      progress_callback: ({ argsList }) => void steps.push(argsList),
    });
    expect([steps, result.argsList]).toEqual([[[1], [2]], [3]]);
    await callee.leave();
  });

  it.each(['skip', 'kill', 'killnowait'] as const)('cancels a call (%s)', async (mode) => {
    let answer: (result: { argsList: unknown[] }) => void = () => {};
    const invoked = new Promise<void>((arrived) => {
      void other.register('com.example.slow', () => {
        arrived();
        return new Promise((go) => (answer = go));
      });
    });
    await other.register('com.example.ready', () => ({ argsList: ['ready'] }));
    const call = one.call('com.example.slow');
    const { reqId } = one.getOpStatus();
    const failed = expect(call).rejects.toMatchObject({ errorUri: 'wamp.error.canceled' });
    await invoked;
    one.cancel(reqId, { mode });
    await failed;
    answer({ argsList: ['too late'] });
    expect((await one.call('com.example.ready')).argsList).toEqual(['ready']);
  });

  it('leaves with GOODBYE', async () => {
    await one.disconnect();
    await eventually(() => server.router.stats.connections === 1);
    expect(server.router.stats.realms['realm1']?.sessions).toBe(1);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalRouter } from '../../../test/support/local-router.js';
import { startLocalRouter, turn, uriOf } from '../../../test/support/local-router.js';
import type { LocalClient } from '../index.js';

let local: LocalRouter;
let client: LocalClient;

beforeEach(() => {
  local = startLocalRouter();
  ({ client } = local);
});

afterEach(() => local.stop());

describe('a client of this process', () => {
  it('is one session, however many handlers it has', async () => {
    await client.subscribe('com.a', () => {});
    await client.subscribe('com.b', () => {});
    await client.register('com.p', () => 1);

    expect(await client.call('wamp.session.list')).toEqual([client.session]);
    expect(await client.call('wamp.session.get', [client.session])).toEqual({
      session: client.session,
      authid: 'local',
      authrole: 'local',
      authmethod: 'local',
      authprovider: 'embedder',
      transport: { type: 'local' },
      _protocol: 'local',
      _since: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
  });

  it('is the session that its handlers hold what they hold for', async () => {
    await client.subscribe('com.a', () => {});
    await client.subscribe('com.a', () => {});
    await client.register('com.p', () => 1, { policy: 'roundrobin' });
    await client.register('com.p', () => 2, { policy: 'roundrobin' });

    const subscription = await client.call('wamp.subscription.lookup', ['com.a']);
    const registration = await client.call('wamp.registration.lookup', ['com.p']);

    expect(await client.call('wamp.subscription.list_subscribers', [subscription])).toEqual([client.session]);
    expect(await client.call('wamp.registration.list_callees', [registration])).toEqual([client.session]);
    expect(await client.call('wamp.registration.count_callees', [registration])).toBe(1);
  });

  it('joins and leaves once, after all that it held', async () => {
    const events: unknown[] = [];
    const topics = ['wamp.session.on_join', 'wamp.session.on_leave', 'wamp.subscription.on_unsubscribe'];
    for (const topic of topics)
      await client.subscribe(
        topic,
        ({ args: [about] }) => void events.push([topic, typeof about === 'object' ? 'x' : about]),
      );
    const other = local.router.connect();
    await other.subscribe('com.a', () => {});

    other.close();
    await turn();
    await turn();

    expect(events).toEqual([
      ['wamp.session.on_join', 'x'],
      ['wamp.subscription.on_unsubscribe', other.session],
      ['wamp.session.on_leave', other.session],
    ]);
  });

  it('ends with all its handlers when it is killed', async () => {
    const other = local.router.connect();
    const subscription = await other.subscribe('com.a', () => {});

    await client.call('wamp.session.kill', [other.session], { message: 'Out.' });
    await subscription.ended;
    other.close();

    expect(other.closed).toBe(true);
    expect(await uriOf(client.call('wamp.session.get', [other.session]))).toBe('wamp.error.no_such_session');
    expect(await client.call('wamp.subscription.match', ['com.a'])).toBeNull();
  });

  it('tells its handlers why it was ended, and those that run', async () => {
    const other = local.router.connect();
    const reasons: unknown[] = [];
    const subscription = await other.subscribe('com.a', async ({ signal }) => {
      await new Promise((aborted) => signal.addEventListener('abort', aborted));
      reasons.push(signal.reason);
    });
    const registration = await other.register('com.p', () => 1);
    const consumption = await other.consume('jobs', () => {});
    await client.publish('com.a');
    await turn();
    await client.call('wamp.session.kill', [other.session], { message: 'Out.' });
    // The reason is the one for which the client is over, whatever it does then.
    other.close();
    const ends = await Promise.all([subscription.ended, registration.ended, consumption.ended]);
    await turn();
    expect([...ends, ...reasons]).toMatchObject(
      Array.from({ length: 4 }, () => ({ name: 'MangroveError', uri: 'wamp.close.killed', args: ['Out.'] })),
    );
  });

  it('tells its handlers nothing when it closes itself', async () => {
    const other = local.router.connect();
    const subscription = await other.subscribe('com.a', () => {});
    other.close();
    expect(await subscription.ended).toBeUndefined();
  });

  it('X9: is shown like any other if it only says of itself what the router says of its own', async () => {
    const pretender = local.router.connect({
      principal: {
        authid: 'authenticator',
        authrole: 'authenticator',
        authmethod: 'internal',
        authprovider: 'router',
      },
    });

    expect(await client.call('wamp.session.count')).toBe(2);
    pretender.close();
  });
});

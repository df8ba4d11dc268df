import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalRouter } from '../../../test/support/local-router.js';
import { refusal, startLocalRouter, turn, uriOf } from '../../../test/support/local-router.js';
import type { LocalClient, Router, RouterOptions } from '../index.js';

let local: LocalRouter;
let router: Router;
let client: LocalClient;

function start(options?: RouterOptions): void {
  local = startLocalRouter(options);
  ({ router, client } = local);
}

beforeEach(() => start());

afterEach(() => local.stop());

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

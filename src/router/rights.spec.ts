import { afterEach, describe, expect, it } from '@jest/globals';
import { startLocalRouter, turn, uriOf } from '../../test/support/local-router.js';
import type { LocalRouter } from '../../test/support/local-router.js';
import type { Authorizer, AuthorizerHost, LocalClient } from './index.js';
import { dynamicAuthorizer } from './index.js';

let local: LocalRouter;
let forbidden: string[];
let host: AuthorizerHost | undefined;
/** Names of those that the authorizer was asked about. */
let asked: string[];

const authorizer: Authorizer = {
  start: (lent) => (host = lent),
  decide({ authid, authrole }, action, { text }) {
    asked.push(authid);
    return { allow: !forbidden.includes(`${authid} ${action} ${text}`) && authrole !== 'nobody' };
  },
};

function start(given: Authorizer = authorizer): void {
  forbidden = [];
  asked = [];
  host = undefined;
  local = startLocalRouter({ authorizer: given });
}

afterEach(() => local.stop());

function connect(authid: string): LocalClient {
  return local.router.connect({ principal: { authid } });
}

describe('evict', () => {
  it('A9: ends the sessions that match, and nothing reaches them from then on', async () => {
    start();
    const [eve, bob] = [connect('eve'), connect('bob')];
    const heard: string[] = [];
    await eve.subscribe('topic', () => void heard.push('eve'));
    await bob.subscribe('topic', () => void heard.push('bob'));
    expect(
      local.router.evict(({ principal }, realm) => principal.authid === 'eve' && realm === 'realm1'),
    ).toBe(1);
    await local.client.publish('topic');
    await turn();
    expect([heard, eve.closed, bob.closed]).toEqual([['bob'], true, false]);
  });

  it('A9: ends nobody who does not match', async () => {
    start();
    expect(local.router.evict(({ principal }) => principal.authid === 'nobody')).toBe(0);
    await local.client.publish('topic');
  });
});

describe('reauthorize', () => {
  it('A9: asks again about those whom it affects, and takes away what they may not hold any more', async () => {
    start();
    const [eve, bob] = [connect('eve'), connect('bob')];
    const heard: string[] = [];
    const subscription = await eve.subscribe('topic', () => void heard.push('eve'));
    await bob.subscribe('topic', () => void heard.push('bob'));
    forbidden = ['eve subscribe topic', 'bob subscribe topic'];
    local.router.reauthorize(({ authid }, realm) => authid === 'eve' && realm === 'realm1');
    await local.client.publish('topic');
    expect((await subscription.ended)?.uri).toBe('wamp.error.not_authorized');
    expect(heard).toEqual(['bob']);
    local.router.reauthorize();
    await local.client.publish('topic');
    expect(heard).toEqual(['bob']);
  });

  it('A9: is what an authorizer asks for whose rules have changed', async () => {
    start();
    const eve = connect('eve');
    const subscription = await eve.subscribe('topic', () => {});
    forbidden = ['eve subscribe topic'];
    host?.changed(({ authid }, realm) => authid === 'eve' && realm === 'realm1');
    expect((await subscription.ended)?.uri).toBe('wamp.error.not_authorized');
  });
});

describe('an authorizer', () => {
  it('calls procedures as itself, without being asked about that, and leaves no session behind', async () => {
    start();
    const handler = ({ args }: { args: readonly unknown[] }): string => `hello ${String(args[0])}`;
    await local.client.register('rights', handler as never);
    asked = [];
    expect(await host?.call('realm1', 'rights', ['eve'], 1000)).toBe('hello eve');
    expect([asked, local.router.stats.realms['realm1']?.sessions]).toEqual([[], 2]);
  });

  it('A14: refuses what its procedure is too slow for', async () => {
    start({
      start: (lent) => (host = lent),
      decide: ({ authid }, action) =>
        authid === 'eve' && action === 'publish'
          ? host!.call('realm1', 'rights', [], 50).then(() => ({ allow: true }))
          : { allow: true },
    });
    await local.client.register('rights', () => new Promise(() => {}));
    expect(await uriOf(connect('eve').publish('topic'))).toBe('wamp.error.authorization_failed');
    expect(local.defects.splice(0)).toHaveLength(1);
  });

  it('A14: is told to have no procedure once, until it has answered, and is no defect', async () => {
    const told: unknown[] = [];
    const instrumentation = {
      count: (name: string): void => void told.push(name),
      event: (...event: unknown[]): void => void told.push(event),
      defect: (where: string): void => void told.push(where),
    };
    const deciding = dynamicAuthorizer({ authorize: 'com.example.authorize' });
    local = startLocalRouter({ authorizer: deciding, instrumentation });
    const eve = local.router.connect({
      principal: { authid: 'eve', authrole: 'user', authmethod: 'ticket' },
    });
    for (const topic of ['a', 'b', 'c'])
      expect(await uriOf(eve.publish(topic))).toBe('wamp.error.authorization_failed');
    expect(told).toEqual([
      'authorizations_failed',
      ['authorizer_failed', { realm: 'realm1', reason: 'wamp.error.no_such_procedure' }],
      'authorizations_failed',
      'authorizations_failed',
    ]);
  });

  it('is shown to nobody while it calls', async () => {
    start();
    const sessions: unknown[] = [];
    const count = async (): Promise<void> =>
      void sessions.push(await local.client.call('wamp.session.count'));
    await local.client.register('rights', count);
    await host?.call('realm1', 'rights', [], 1000);
    expect(sessions).toEqual([1]);
  });

  it('A14 X9: is asked about whoever else says of himself just what the authorizer is called', async () => {
    start();
    const principal = {
      authid: 'authorizer',
      authrole: 'authorizer',
      authmethod: 'internal',
      authprovider: 'router',
    };
    const pretender = local.router.connect({ principal });
    forbidden = ['authorizer call rights'];
    expect(await uriOf(pretender.call('rights'))).toBe('wamp.error.not_authorized');
  });
});

describe('a drain', () => {
  it('A14 A13: leaves a procedure that decides in force until the last who ends what it had begun', async () => {
    start(dynamicAuthorizer({ authorize: 'com.app.authorize', cacheMs: 0 }));
    await local.client.register('com.app.authorize', () => ({ allow: true }));
    await local.client.register('com.app.work', () => 'done');
    const eve = local.router.connect({ principal: { authid: 'eve', authmethod: 'ticket' } });
    const heard: unknown[] = [];
    await local.client.subscribe('topic', ({ args }) => void heard.push(...args));
    const drained = local.router.drain(1000);
    await eve.publish('topic', ['finished']);
    expect(await uriOf(eve.call('com.app.work'))).toBe('wamp.error.unavailable');
    await turn();
    expect(heard).toEqual(['finished']);
    eve.close();
    await drained;
  });
});

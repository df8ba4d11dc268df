import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Authenticator, Principal } from '../../src/router/index.js';
import { anonymous, chain } from '../../src/router/index.js';
import { PlainStomp, PlainWamp, ask, done } from '../support/plain-clients.js';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { letIn } from './doors.js';

const NAMES = ['alice', 'anonymous'].map((authid): Principal => ({
  authid,
  authrole: 'user',
  authmethod: 'ticket',
  authprovider: 'static',
}));

let server: TestServer;
const clients: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  // The second one lets everybody in as the same names, proved otherwise.
  const others: Authenticator = {
    ...letIn(NAMES.map((principal) => ({ ...principal, authmethod: 'token', authprovider: 'elsewhere' }))),
    methods: ['token'],
  };
  const authenticator = chain([letIn(NAMES), others, anonymous()]);
  server = await startTestServer({ authenticator });
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await server.stop();
});

async function stomp(login?: string): Promise<PlainStomp> {
  const client = await PlainStomp.connect(server.url, login === undefined ? {} : { login, passcode: 'x' });
  clients.push(client);
  return client;
}

async function wamp(authid: string, method: string): Promise<PlainWamp> {
  const client = await PlainWamp.connect(server.url, 'json', {}, { authid, authmethods: [method] });
  clients.push(client);
  return client;
}

describe('one name, proved in several ways', () => {
  it('X9: is one user of its own topics, and a client without a login is not', async () => {
    const [named, without] = [await stomp('anonymous'), await stomp()];
    for (const client of [named, without])
      await done(client, 'SUBSCRIBE', { id: '1', destination: '/user/queue/mail' });
    const sender = await stomp('alice');
    await done(sender, 'SEND', { destination: '/user/anonymous/queue/mail' }, 'to the name');
    expect((await named.next()).body.toString()).toBe('to the name');
    await done(without, 'SEND', { destination: '/topic/other' });
    await done(named, 'SEND', { destination: '/topic/other' });
    expect([named.left, without.left]).toEqual([[], []]);
  });

  it('X9: has durable subscriptions that no client without a login has', async () => {
    const [named, without] = [await stomp('anonymous'), await stomp()];
    const durable = { id: 'd', destination: '/topic/a', durable: 'true' };
    await done(named, 'SUBSCRIBE', durable);
    await done(named, 'UNSUBSCRIBE', { id: 'd', durable: 'false' });
    await done(without, 'SUBSCRIBE', durable);
    await done(without, 'SEND', { destination: '/topic/b' });
    await done(await stomp('alice'), 'SEND', { destination: '/topic/a' }, 'both');
    expect((await without.next()).body.toString()).toBe('both');
    await done(named, 'SUBSCRIBE', durable);
    expect((await named.next()).body.toString()).toBe('both');
  });

  it('X9: takes its procedure back only from who has proved it in the same way', async () => {
    const [first, second] = [await wamp('alice', 'ticket'), await wamp('alice', 'ticket')];
    const other = await wamp('alice', 'token');
    expect((await ask(first, 64, {}, 'com.example.add'))[0]).toBe(65);
    expect((await ask(other, 64, { force_reregister: true }, 'com.example.add'))[4]).toBe(
      'wamp.error.not_authorized',
    );
    expect((await ask(second, 64, { force_reregister: true }, 'com.example.add'))[0]).toBe(65);
  });
});

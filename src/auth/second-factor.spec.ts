import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { LoginSocket, loginOverStomp } from '../../test/support/login-socket.js';
import { startTestServer } from '../../test/support/test-server.js';
import type { TestServer } from '../../test/support/test-server.js';
import type { Authenticator } from '../broker/index.js';
import { chain, dynamic, jwt, limitAttempts } from './index.js';
import type { DynamicAnswer, DynamicRequest } from './index.js';

const SALTED = '$wampcra$i=1000,l=32$salt123$qzcdsr9uu/L5hnss3kjNTRe490ETgA70ZBaB5rvnJ5Y=';
const DENIED = [3, { message: 'The login was refused.' }, 'wamp.error.authentication_denied'];

let server: TestServer;
let peer: LoginSocket | undefined;
afterEach(async () => {
  peer?.close();
  peer = undefined;
  await server.stop();
});

async function again(...authmethods: string[]): Promise<unknown[]> {
  peer?.close();
  peer = await LoginSocket.connect(server.url, 'wamp.2.json');
  return peer.askWamp([1, 'realm1', { roles: { caller: {} }, authmethods, authid: 'alice' }]);
}

const say = async (signature: string): Promise<unknown[] | undefined> => peer?.askWamp([5, signature, {}]);

/** A password, then a code; asked about in rounds. */
function withCode({ ticket, round }: DynamicRequest): DynamicAnswer {
  if (round === 1) return ticket === 'sesame' ? { role: 'user', next: { prompt: 'code', length: 6 } } : null;
  return ticket === '123456' ? { role: 'admin' } : null;
}

describe('a login in two rounds', () => {
  it('WAMP-180: challenges a second time, and is over when both answers are right', async () => {
    server = await startTestServer({
      authenticator: dynamic({ methods: ['ticket'], authenticate: withCode }),
    });
    expect(await again('ticket')).toEqual([4, 'ticket', {}]);
    expect(await say('sesame')).toEqual([4, 'ticket', { prompt: 'code', length: 6 }]);
    expect(await say('123456')).toEqual([
      2,
      expect.any(Number),
      expect.objectContaining({ authid: 'alice', authrole: 'admin', authmethod: 'ticket' }),
    ]);
  });

  it('A2: is refused for a wrong second answer, and the first one has to be given again', async () => {
    server = await startTestServer({
      authenticator: dynamic({ methods: ['ticket'], authenticate: withCode }),
    });
    await again('ticket');
    await say('sesame');
    expect(await say('000000')).toEqual(DENIED);
    await again('ticket');
    expect(await say('123456')).toEqual(DENIED);
  });

  it('A5: counts wrong second answers as failures of the name', async () => {
    const authenticator = limitAttempts(dynamic({ methods: ['ticket'], authenticate: withCode }));
    server = await startTestServer({ authenticator });
    for (let at = 0; at < 5; at += 1) {
      await again('ticket');
      await say('sesame');
      expect(await say(`00000${at}`)).toEqual(DENIED);
    }
    expect((await again('ticket'))[2]).toBe('wamp.error.authentication_failed');
  });

  it('WAMP-180: may begin with another method, whose name and end it keeps', async () => {
    const authenticate = ({ method, ticket, authid }: DynamicRequest): DynamicAnswer => {
      if (method === 'wampcra') return { role: 'user', wampcra: SALTED, next: {}, expiresAt: 9e15 };
      return ticket === `code of ${authid}` ? { role: 'admin' } : null;
    };
    server = await startTestServer({ authenticator: dynamic({ methods: ['wampcra'], authenticate }) });
    const [, , { challenge }] = (await again('wampcra')) as [number, string, { challenge: string }];
    const key = 'qzcdsr9uu/L5hnss3kjNTRe490ETgA70ZBaB5rvnJ5Y=';
    const signature = createHmac('sha256', key).update(challenge).digest('base64');
    expect(await say(signature)).toEqual([4, 'ticket', {}]);
    expect((await say('code of alice'))?.[2]).toMatchObject({ authrole: 'admin', authmethod: 'wampcra' });
    await again('wampcra');
    expect(await say('code of alice')).toEqual(DENIED);
  });

  it('is asked for beside another authenticator that checks tickets', async () => {
    const authenticator = chain([
      jwt({ issuers: [{ keys: { secret: 'a secret of at least thirty-two bytes' } }] }),
      dynamic({ methods: ['ticket'], authenticate: withCode }),
    ]);
    server = await startTestServer({ authenticator });
    await again('ticket');
    expect(await say('sesame')).toEqual([4, 'ticket', { prompt: 'code', length: 6 }]);
    expect((await say('123456'))?.[0]).toBe(2);
  });

  it('is refused over STOMP, whose clients cannot be asked a second time', async () => {
    server = await startTestServer({
      authenticator: dynamic({ methods: ['ticket'], authenticate: withCode }),
    });
    expect(await loginOverStomp(server.url, 'alice', 'sesame')).toMatch(
      /^ERROR\nmessage:authentication failed\n/,
    );
  });

  it('by a procedure says which round it is', async () => {
    server = await startTestServer({
      authenticator: dynamic({ methods: ['ticket'], authenticate: 'com.example.authenticate' }),
    });
    const client = server.router.connect();
    const asked: unknown[] = [];
    await client.register('com.example.authenticate', ({ args }) => {
      const { ticket, round = 1 } = (args as [string, string, { ticket: string; round?: number }])[2];
      asked.push([ticket, round]);
      return round === 1 ? { role: 'user', next: { prompt: 'code' } } : { role: 'user' };
    });
    await again('ticket');
    expect(await say('sesame')).toEqual([4, 'ticket', { prompt: 'code' }]);
    expect((await say('123456'))?.[0]).toBe(2);
    expect(asked).toEqual([
      ['sesame', 1],
      ['123456', 2],
    ]);
    client.close();
  });

  it('has five rounds at most', async () => {
    const authenticate = (): DynamicAnswer => ({ role: 'user', next: {} });
    server = await startTestServer({ authenticator: dynamic({ methods: ['ticket'], authenticate }) });
    await again('ticket');
    for (let round = 1; round < 5; round += 1) expect(await say('x')).toEqual([4, 'ticket', {}]);
    expect(await say('x')).toEqual(DENIED);
  });

  it('WAMP-180: is what any authenticator may ask for', async () => {
    const principal = { authid: 'alice', authrole: 'user', authmethod: 'riddle', authprovider: 'dynamic' };
    const ask = (method: string, right: string, then: () => ReturnType<Authenticator['begin']>) => ({
      kind: 'challenged' as const,
      challenge: {
        method,
        extra: {},
        answer: (given: string) =>
          given === right ? then() : ({ kind: 'refused', code: 'authentication_denied' } as const),
      },
    });
    const authenticator: Authenticator = {
      methods: ['riddle'],
      begin: () => ask('riddle', 'egg', () => ask('second', 'moon', () => ({ kind: 'accepted', principal }))),
    };
    server = await startTestServer({ authenticator });
    expect(await again('riddle')).toEqual([4, 'riddle', {}]);
    expect(await say('egg')).toEqual([4, 'second', {}]);
    expect((await say('moon'))?.[0]).toBe(2);
  });
});

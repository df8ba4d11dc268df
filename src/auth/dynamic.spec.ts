import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestServer } from '../../test/support/test-server.js';
import type { TestServer } from '../../test/support/test-server.js';
import { loginOverStomp, loginOverWamp } from '../../test/support/login-socket.js';
import { attempt, challengeOf } from '../../test/support/logins.js';
import { dynamic } from './index.js';
import type { DynamicAnswer, DynamicMethod, DynamicRequest } from './index.js';

const denied = { kind: 'refused', code: 'authentication_denied' };
const passed = { kind: 'refused', code: 'no_matching_method' };
const SALTED = '$wampcra$i=1000,l=32$salt123$qzcdsr9uu/L5hnss3kjNTRe490ETgA70ZBaB5rvnJ5Y=';
const SCRAM = `$scram-pbkdf2$i=4096$W22ZaJ0SNY7soEsUEjb6gQ$${'A'.repeat(43)}$${'A'.repeat(43)}`;
const KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
const ALL: readonly DynamicMethod[] = ['ticket', 'wampcra', 'wamp-scram', 'cryptosign'];

function answering(answer: DynamicAnswer | ((request: DynamicRequest) => DynamicAnswer), methods = ALL) {
  const requests: DynamicRequest[] = [];
  const authenticate = (request: DynamicRequest): Promise<DynamicAnswer> => {
    requests.push(request);
    return Promise.resolve(typeof answer === 'function' ? answer(request) : answer);
  };
  return { requests, authenticator: dynamic({ methods, authenticate }) };
}

const sign = (key: string, challenge: unknown): string =>
  createHmac('sha256', key).update(String(challenge)).digest('base64');

describe('dynamic, by a function', () => {
  it('has tickets checked, sent at once or as an answer', async () => {
    const { requests, authenticator } = answering(({ ticket }) =>
      ticket === 'sesame' ? 'backend' : undefined,
    );
    const principal = { authid: 'alice', authrole: 'backend', authmethod: 'ticket', authprovider: 'dynamic' };
    expect(await authenticator.begin(attempt({ authid: 'alice', secret: 'sesame' }))).toEqual({
      kind: 'accepted',
      principal,
    });
    const challenge = await challengeOf(
      authenticator.begin(attempt({ authid: 'alice', methods: ['ticket'] })),
    );
    expect(requests).toHaveLength(1);
    expect(await challenge.answer('open')).toEqual(denied);
    expect(await challenge.answer('sesame')).toEqual(denied);
    expect(requests[1]).toEqual({
      realm: 'realm1',
      method: 'ticket',
      authid: 'alice',
      ticket: 'open',
      round: 1,
      extra: {},
      remoteAddress: '127.0.0.1',
      http: undefined,
    });
  });

  it('gets the key that a wampcra client’s answer is checked with, and the end of the session', async () => {
    const { authenticator } = answering({ role: 'backend', wampcra: SALTED, expiresAt: 5000 });
    const { extra, answer } = await challengeOf(
      authenticator.begin(attempt({ authid: 'peter', methods: ['wampcra'] })),
    );
    expect(JSON.parse(String(extra['challenge']))).toMatchObject({
      authid: 'peter',
      authrole: 'backend',
      authprovider: 'dynamic',
    });
    expect(await answer(sign('qzcdsr9uu/L5hnss3kjNTRe490ETgA70ZBaB5rvnJ5Y=', extra['challenge']))).toEqual({
      kind: 'accepted',
      principal: {
        authid: 'peter',
        authrole: 'backend',
        authmethod: 'wampcra',
        authprovider: 'dynamic',
        expiresAt: 5000,
      },
    });
  });

  it('gets what wamp-scram and cryptosign need', async () => {
    const { authenticator, requests } = answering({
      role: 'user',
      scram: SCRAM,
      keys: [KEY],
      authid: 'anna',
    });
    const scram = await challengeOf(
      authenticator.begin(
        attempt({ authid: 'anna', methods: ['wamp-scram'], extra: { nonce: 'egVDf3DMJh0=' } }),
      ),
    );
    expect(scram.extra).toMatchObject({ salt: 'W22ZaJ0SNY7soEsUEjb6gQ==', kdf: 'pbkdf2', iterations: 4096 });
    const keyed = await challengeOf(
      authenticator.begin(attempt({ methods: ['cryptosign'], extra: { pubkey: KEY } })),
    );
    expect(keyed.method).toBe('cryptosign');
    expect(requests[1]).toMatchObject({ method: 'cryptosign', authid: undefined, extra: { pubkey: KEY } });
  });

  it.each([
    ['nobody', undefined],
    ['somebody without a secret for the method', 'backend'],
  ])(
    'A20: challenges names that are %s, always with the same salt, and refuses any answer',
    async (_who, answer) => {
      const { authenticator } = answering(answer);
      const begin = async (authid: string) =>
        challengeOf(authenticator.begin(attempt({ authid, methods: ['wampcra'] })));
      const [one, again, other] = [await begin('a'), await begin('a'), await begin('b')];
      expect([one.extra['salt'], again.extra['salt']]).toEqual([
        expect.stringMatching(/^[\w-]{22}$/),
        one.extra['salt'],
      ]);
      expect(other.extra['salt']).not.toBe(one.extra['salt']);
      expect(await one.answer(sign('guess', one.extra['challenge']))).toEqual(denied);
    },
  );

  it('leaves it to another method if the client lacks what it needs', async () => {
    const { authenticator, requests } = answering('user', ['ticket', 'cryptosign']);
    expect(authenticator.begin(attempt({ methods: ['ticket'] }))).toEqual(passed);
    expect(authenticator.begin(attempt({ methods: ['cryptosign'], authid: 'a' }))).toEqual(passed);
    expect(authenticator.begin(attempt({ methods: ['wampcra'], authid: 'a' }))).toEqual(passed);
    expect(await authenticator.begin(attempt({ secret: 'x' }))).toEqual(denied);
    expect(requests).toHaveLength(1);
    const challenging = answering('user', ['wampcra']).authenticator;
    expect([challenging.recognises?.('x'), challenging.begin(attempt({ secret: 'x', authid: 'a' }))]).toEqual(
      [false, denied],
    );
  });

  it.each<[unknown, string]>([
    [5, 'its type'],
    [['user'], 'its type'],
    [{}, 'role'],
    [{ role: 'a\nb' }, 'role'],
    ['', 'role'],
    [{ role: 'user', authid: 7 }, 'authid'],
    [{ role: 'user', keys: 'abc' }, 'keys'],
    [{ role: 'user', wampcra: 5 }, 'wampcra'],
    [{ role: 'user', expiresAt: 'never' }, 'expiresAt'],
    [{ role: 'user', next: 'code' }, 'next'],
    [{ role: 'user', next: { code: {} } }, 'next'],
  ])('A16: fails for the answer %j, and says no more than what is wrong', async (answer, what) => {
    const { authenticator } = answering(answer as DynamicAnswer);
    await expect(authenticator.begin(attempt({ authid: 'a', secret: 'sesame' }))).rejects.toThrow(
      `The answer of a dynamic authenticator makes no sense: ${what}.`,
    );
  });

  it('A4: turns away what exceeds the queue', async () => {
    let answer = (_given: DynamicAnswer): void => {};
    const authenticate = (): Promise<DynamicAnswer> => new Promise((resolve) => (answer = resolve));
    const authenticator = dynamic({ methods: ['ticket'], authenticate, concurrency: 1, queue: 0 });
    const first = authenticator.begin(attempt({ authid: 'a', secret: 'x' }));
    expect(await authenticator.begin(attempt({ authid: 'a', secret: 'x' }))).toEqual({
      kind: 'refused',
      code: 'authentication_failed',
    });
    answer('user');
    expect(await first).toMatchObject({ kind: 'accepted' });
  });
});

describe('dynamic, by a function that never answers', () => {
  it('A4 A14: gives the place back after a time, so that others can log in', async () => {
    let hangs = true;
    const authenticate = (): DynamicAnswer | Promise<DynamicAnswer> =>
      hangs ? new Promise<DynamicAnswer>(() => {}) : 'user';
    const authenticator = dynamic({
      methods: ['ticket'],
      authenticate,
      concurrency: 1,
      queue: 0,
      timeoutMs: 20,
    });
    await expect(authenticator.begin(attempt({ authid: 'a', secret: 'x' }))).rejects.toThrow(
      'The authenticator did not answer within 20 ms.',
    );
    hangs = false;
    expect(await authenticator.begin(attempt({ authid: 'a', secret: 'x' }))).toMatchObject({
      kind: 'accepted',
    });
  });
});

describe('dynamic, by a procedure', () => {
  let server: TestServer;
  afterEach(() => server.stop());

  it('is asked in the realm of the client, as the principal authenticator, over both protocols', async () => {
    const authenticator = dynamic({ methods: ['ticket'], authenticate: 'com.example.authenticate' });
    server = await startTestServer({ authenticator });
    const asked: unknown[] = [];
    const client = server.router.connect();
    await client.register('com.example.authenticate', ({ args }) => {
      asked.push(args);
      const [, authid, { ticket }] = args as [string, string, { ticket: string }];
      return ticket === 'sesame' ? { role: 'backend', authid: `${authid}@example.com` } : null;
    });
    expect(await loginOverWamp(server.url, 'alice', 'sesame')).toMatchObject({
      authid: 'alice@example.com',
      authrole: 'backend',
      authmethod: 'ticket',
      authprovider: 'dynamic',
    });
    expect(await loginOverStomp(server.url, 'alice', 'sesame')).toContain('\nuser-name:alice@example.com\n');
    expect(await loginOverWamp(server.url, 'alice', 'open')).toBe('wamp.error.authentication_denied');
    expect(await loginOverStomp(server.url, 'alice', 'open')).toMatch(
      /^ERROR\nmessage:authentication failed\n/,
    );
    expect(asked[0]).toEqual([
      'realm1',
      'alice',
      { authmethod: 'ticket', ticket: 'sesame', authextra: {}, transport: { peer: '127.0.0.1' } },
    ]);
    client.close();
  });

  it('fails if nobody has registered it, which is told once, and counted', async () => {
    const told: unknown[] = [];
    const defects: string[] = [];
    const instrumentation = {
      count: (counter: string): void => void told.push(counter),
      event: (name: string, fields: object): void => {
        if (name === 'authenticator_failed') told.push([name, fields]);
      },
      defect: (where: string): void => void defects.push(where),
    };
    const authenticator = dynamic({ methods: ['ticket'], authenticate: 'com.example.authenticate' });
    server = await startTestServer({ authenticator, instrumentation });
    const fails = async (): Promise<void> => {
      expect(await loginOverWamp(server.url, 'alice', 'sesame')).toBe('wamp.error.authentication_failed');
      expect(await loginOverStomp(server.url, 'alice', 'sesame')).toMatch(
        /^ERROR\nmessage:authentication failed\n/,
      );
    };
    await fails();
    const missing = [
      'authenticator_failed',
      { realm: 'realm1', procedure: 'com.example.authenticate', reason: 'wamp.error.no_such_procedure' },
    ];
    expect(told).toEqual(['authentications_failed', missing, 'authentications_failed']);
    const client = server.router.connect();
    const registration = await client.register('com.example.authenticate', () => 'backend');
    expect(await loginOverWamp(server.url, 'alice', 'sesame')).toMatchObject({ authrole: 'backend' });
    await registration.unregister();
    await fails();
    expect(told.slice(3)).toEqual(['authentications_failed', missing, 'authentications_failed']);
    expect(defects).toEqual([]);
    client.close();
  });

  it('fails with a defect if it fails otherwise', async () => {
    const authenticator = dynamic({ methods: ['ticket'], authenticate: 'com.example.authenticate' });
    server = await startTestServer({ authenticator });
    const client = server.router.connect({ onError: () => {} });
    await client.register('com.example.authenticate', () => {
      throw new Error('The directory is not there.');
    });
    expect(await loginOverWamp(server.url, 'alice', 'sesame')).toBe('wamp.error.authentication_failed');
    expect(server.defects.splice(0)).toHaveLength(1);
    client.close();
  });
});

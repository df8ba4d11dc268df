import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../test/support/logins.js';
import { Peers } from '../../test/support/wamp-peer.js';
import type { WampPeer } from '../../test/support/wamp-peer.js';
import type { Authenticator, Authorizer, LoginAttempt, Principal, Verdict } from '../broker/index.js';
import { anonymous, chain, jwt, limitAttempts } from '../auth/index.js';
import type { TestServices } from '../testing/index.js';
import { StompPeer, testServices } from '../testing/index.js';

const NOW = 1_700_000_000_000;
const HELLO =
  '[1,"realm1",{"authid":"ann","authmethods":["ticket"],"roles":{"publisher":{},"caller":{},' +
  '"subscriber":{"features":{"subscription_revocation":true}},' +
  '"callee":{"features":{"registration_revocation":true}}}}]';

/** secret → whose it is, its role, and for how many seconds from the beginning it is good */
const SECRETS: Readonly<Record<string, readonly [string, string, number]>> = {
  first: ['ann', 'admin', 60],
  second: ['ann', 'admin', 120],
  lesser: ['ann', 'user', 120],
  other: ['bob', 'admin', 120],
};

let services: TestServices;
let peers: Peers;
let stomps: StompPeer[];
let attempts: LoginAttempt[];
/** Stands in for the answer of the authenticator. */
let instead: Verdict | Promise<Verdict> | undefined;

function verdictOn(secret: string | undefined): Verdict {
  const known = secret === undefined ? undefined : SECRETS[secret];
  if (known === undefined) return { kind: 'refused', code: 'authentication_denied' };
  const [authid, authrole, seconds] = known;
  const expiresAt = NOW + seconds * 1000;
  return {
    kind: 'accepted',
    principal: { authid, authrole, authmethod: 'ticket', authprovider: 'test', expiresAt },
  };
}

const authenticator: Authenticator = {
  methods: ['ticket', 'anonymous'],
  begin(attempt) {
    attempts.push(attempt);
    if (instead !== undefined) return instead;
    if (attempt.secret !== undefined) return verdictOn(attempt.secret);
    if (attempt.methods.length === 0) return ANONYMOUS;
    return { kind: 'challenged', challenge: { method: 'ticket', extra: {}, answer: verdictOn } };
  },
};
const ANONYMOUS: Verdict = {
  kind: 'accepted',
  principal: { authid: 'ann', authrole: 'anonymous', authmethod: 'anonymous', authprovider: 'test' },
};

/** Admins may do everything, others may not subscribe. Says nothing about `wamp.session.renew`. */
const authorizer: Authorizer = {
  decide: ({ authrole }, action) => ({ allow: authrole === 'admin' && action !== 'call' }),
};

beforeEach(() => {
  attempts = [];
  instead = undefined;
  stomps = [];
  const limited = limitAttempts(authenticator, { clock: { now: () => services.clock.now() } });
  services = testServices({ authenticator: limited, authorizer });
  peers = new Peers(services);
});

afterEach(() => {
  for (const stomp of stomps) stomp.disconnect();
  peers.end();
});

function joinWamp(): WampPeer {
  const peer = peers.connect().send(HELLO);
  expect(peer.take()).toEqual(['[4,"ticket",{}]']);
  peer.send('[5,"first",{}]');
  return peer;
}

function joinStomp(headers: Record<string, string> = { login: 'ann', passcode: 'first' }): StompPeer {
  const peer = new StompPeer(services);
  stomps.push(peer);
  return peer.send('CONNECT', { 'accept-version': '1.2', host: 'realm1', ...headers });
}

/** Calls `wamp.session.renew` over STOMP; the error and the body of the answer. */
function renewOverStomp(
  peer: StompPeer,
  secret: string,
  type = 'text/plain',
): [string | undefined, string][] {
  const headers = { 'reply-to': '/temp-queue/answers', 'correlation-id': '1' };
  peer.publish('/rpc/wamp.session.renew', secret, { ...headers, 'content-type': type });
  return peer.take().map(({ headers: answer, body }) => [answer['error'], body.toString()]);
}

describe('a WAMP session with a token', () => {
  let peer: WampPeer;

  beforeEach(() => {
    peer = joinWamp();
  });

  it('A8: is told in WELCOME when it ends', () => {
    expect(peer.take()).toEqual([expect.stringContaining('"authextra":{"expires_at":1700000060000},')]);
  });

  it('A8: is ended with wamp.error.authentication_required after the time of grace', () => {
    peer.take();
    services.clock.advance(69_900);
    expect([peer.take(), peer.closedAs]).toEqual([[], undefined]);
    services.clock.advance(200);
    expect(peer.take()).toEqual([
      '[3,{"message":"The credentials have expired and were not renewed."},' +
        '"wamp.error.authentication_required"]',
    ]);
    expect(peer.closedAs).toBe('policy');
  });

  it('A8: goes on if it is renewed in time, with a right of nobody, and ends with the new token', () => {
    peer.take();
    services.clock.advance(65_000);
    peer.send('[48,1,{},"wamp.session.renew",["second"]]');
    expect(peer.take()).toEqual([
      '[50,1,{},[{"authid":"ann","authrole":"admin","expires_at":1700000120000}]]',
    ]);
    services.clock.advance(64_000);
    expect(peer.take()).toEqual([]);
    services.clock.advance(1_200);
    expect(peer.closedAs).toBe('policy');
    peer.take();
  });

  it('A8: is asked about again if its role has changed, and told what it has lost', () => {
    peer.send('[32,1,{},"com.topic"]', '[64,2,{},"com.procedure"]');
    const [, subscribed, registered] = peer.takeParsed();
    peer.send('[48,3,{},"wamp.session.renew",["lesser"]]');
    const reason = 'wamp.error.not_authorized';
    expect(peer.takeParsed()).toEqual([
      [35, 0, { subscription: subscribed?.[2], reason }],
      [67, 0, { registration: registered?.[2], reason }],
      [50, 3, {}, [{ authid: 'ann', authrole: 'user', expires_at: 1700000120000 }]],
    ]);
  });

  it.each<[string, string, string]>([
    ['a token of somebody else', '["other"]', 'wamp.error.authentication_denied'],
    ['a wrong token', '["wrong"]', 'wamp.error.authentication_denied'],
    ['no token', '[]', 'wamp.error.invalid_argument'],
    ['something else than a token', '[{"token":"second"}]', 'wamp.error.invalid_argument'],
  ])('A8: is not renewed by %s, and goes on until it ends', (_what, args, error) => {
    peer.take();
    peer.send(`[48,1,{},"wamp.session.renew",${args}]`);
    expect(peer.takeParsed().map((message) => message.slice(0, 5))).toEqual([[8, 48, 1, {}, error]]);
    services.clock.advance(69_000);
    expect(peer.closedAs).toBeUndefined();
    services.clock.advance(1_200);
    expect(peer.closedAs).toBe('policy');
    peer.take();
  });

  it.each<[string, Partial<Principal>]>([
    ['has ended', { expiresAt: NOW + 60_000 }],
    ['is of the same name in another directory', { authprovider: 'other', expiresAt: NOW + 120_000 }],
  ])('A8 X9: is not renewed by what %s, and goes on', (_what, other) => {
    services.clock.advance(61_000);
    const verdict = verdictOn('second');
    if (verdict.kind !== 'accepted') throw new Error('no verdict');
    instead = { kind: 'accepted', principal: { ...verdict.principal, ...other } };
    peer.take();
    peer.send('[48,1,{},"wamp.session.renew",["second"]]');
    expect(peer.takeParsed().map((message) => message[4])).toEqual(['wamp.error.authentication_denied']);
    services.clock.advance(1_000);
    expect(peer.closedAs).toBeUndefined();
  });

  it('A8: tries with its own name and address, and nothing else that came with its connection', () => {
    peer.send('[48,1,{},"wamp.session.renew",["second"]]');
    peer.take();
    expect(attempts.at(-1)).toEqual({
      realm: 'realm1',
      methods: [],
      authid: 'ann',
      secret: 'second',
      remoteAddress: attempts[0]?.remoteAddress,
      session: 1001,
    });
  });

  it('A5: waits, as logins do, after five failures', () => {
    for (let id = 1; id <= 5; id += 1) peer.send(`[48,${id},{},"wamp.session.renew",["wrong"]]`);
    peer.take();
    peer.send('[48,6,{},"wamp.session.renew",["second"]]');
    expect(peer.takeParsed()[0]?.[4]).toBe('wamp.error.authentication_failed');
    services.clock.advance(1_100);
    peer.send('[48,7,{},"wamp.session.renew",["second"]]');
    expect(peer.takeParsed()[0]?.[0]).toBe(50);
  });

  it('A4: makes one attempt at a time, and waits for it no longer than for a login', async () => {
    peer.take();
    instead = new Promise(() => {});
    peer.send('[48,1,{},"wamp.session.renew",["second"]]', '[48,2,{},"wamp.session.renew",["second"]]');
    expect(peer.takeParsed().map(([, , id, , error]) => [id, error])).toEqual([
      [2, 'wamp.error.unavailable'],
    ]);
    services.clock.advance(10_100);
    await new Promise(setImmediate);
    expect(peer.takeParsed().map(([, , id, , error]) => [id, error])).toEqual([
      [1, 'wamp.error.authentication_failed'],
    ]);
  });

  it('A8: is renewed by nothing that proves nothing, and by no method with a challenge', () => {
    peer.take();
    instead = ANONYMOUS;
    peer.send('[48,1,{},"wamp.session.renew",["x"]]');
    const answer = (): Verdict => verdictOn('second');
    instead = { kind: 'challenged', challenge: { method: 'wampcra', extra: {}, answer } };
    peer.send('[48,2,{},"wamp.session.renew",["x"]]');
    expect(peer.takeParsed().map(([, , , , error]) => error)).toEqual([
      'wamp.error.authentication_denied',
      'wamp.error.no_matching_auth_method',
    ]);
  });
});

describe('a STOMP session with a token', () => {
  it('A8: is told in CONNECTED when it ends', () => {
    expect(joinStomp().take()[0]?.headers).toMatchObject({ 'expires-at': '1700000060000' });
  });

  it('A8: is ended with ERROR after the time of grace', () => {
    const peer = joinStomp();
    peer.take();
    services.clock.advance(69_900);
    expect(peer.closedAs).toBeUndefined();
    services.clock.advance(200);
    expect(peer.take().map(({ command, headers, body }) => [command, headers['message'], `${body}`])).toEqual(
      [['ERROR', 'credentials expired', 'The credentials have expired and were not renewed.']],
    );
    expect(peer.closedAs).toBe('policy');
  });

  it.each([
    ['text', 'second', 'text/plain'],
    ['JSON', '"second"', 'application/json'],
  ])('A8: goes on if it is renewed in time, by %s', (_what, body, type) => {
    const peer = joinStomp();
    peer.take();
    services.clock.advance(65_000);
    expect(renewOverStomp(peer, body, type)).toEqual([
      [undefined, '{"authid":"ann","authrole":"admin","expires_at":1700000120000}'],
    ]);
    services.clock.advance(60_000);
    expect(peer.closedAs).toBeUndefined();
  });

  it('A8: is not renewed by a token of somebody else, and goes on until it ends', () => {
    const peer = joinStomp();
    peer.take();
    expect(renewOverStomp(peer, 'other').map(([error]) => error)).toEqual([
      'wamp.error.authentication_denied',
    ]);
    services.clock.advance(69_000);
    expect(peer.closedAs).toBeUndefined();
  });

  it('A8: is told by ERROR what it has lost, if its role has changed', () => {
    const peer = joinStomp();
    peer.subscribe('/topic/com.topic');
    peer.take();
    renewOverStomp(peer, 'lesser');
    expect(peer.closedAs).toBe('policy');
  });

  it('A8: is told softly what it has lost, if it has asked for that', () => {
    const peer = joinStomp({ login: 'ann', passcode: 'first', 'soft-errors': 'true' });
    const id = peer.subscribe('/topic/com.topic');
    peer.take();
    const headers = { 'reply-to': '/temp-queue/answers', 'correlation-id': '1' };
    peer.publish('/rpc/wamp.session.renew', 'lesser', headers);
    const told = peer.take().map((frame) => frame.headers);
    expect(told).toEqual([
      expect.objectContaining({ error: 'wamp.error.not_authorized', id }),
      expect.objectContaining({ 'correlation-id': '1' }),
    ]);
    expect(peer.closedAs).toBeUndefined();
  });

  it('A8: has nothing to renew if it is anonymous', () => {
    const peer = joinStomp({});
    expect(peer.take()[0]?.headers).not.toHaveProperty('expires-at');
    expect(renewOverStomp(peer, 'second').map(([error]) => error)).toEqual([
      'wamp.error.no_matching_auth_method',
    ]);
  });
});

describe('tokens of an issuer', () => {
  const SECRET = 'a secret of at least thirty-two bytes';

  function token(sub: string, seconds: number): Promise<string> {
    const claims = { sub, role: 'admin', exp: NOW / 1000 + seconds };
    return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(SECRET));
  }

  beforeEach(() => {
    const wallTime = (): number => services.clock.wallTime();
    const tokens = jwt({ issuers: [{ keys: { secret: SECRET } }], wallTime });
    services = testServices({ authenticator: chain([tokens, anonymous()]), authorizer });
    peers = new Peers(services);
  });

  async function asked(peer: WampPeer, message: unknown): Promise<unknown[] | undefined> {
    peer.send(JSON.stringify(message));
    const answers: unknown[][] = [];
    await until(() => answers.push(...peer.takeParsed()) > 0);
    return answers[0];
  }

  it('A8: renew a session of the same name and no other, until they end themselves', async () => {
    const peer = peers.connect();
    await asked(peer, [1, 'realm1', { authmethods: ['ticket'], authid: 'ann', roles: { caller: {} } }]);
    const welcome = await asked(peer, [5, await token('ann', 60), {}]);
    expect(welcome?.[2]).toMatchObject({ authid: 'ann', authextra: { expires_at: NOW + 60_000 } });
    const renew = async (id: number, secret: string): Promise<unknown[] | undefined> =>
      asked(peer, [48, id, {}, 'wamp.session.renew', [secret]]);
    expect((await renew(1, await token('bob', 90)))?.[4]).toBe('wamp.error.authentication_denied');
    expect(await renew(2, await token('ann', 90))).toEqual([
      50,
      2,
      {},
      [{ authid: 'ann', authrole: 'admin', expires_at: NOW + 90_000 }],
    ]);
    services.clock.advance(96_000);
    expect((await renew(3, await token('ann', 90)))?.[4]).toBe('wamp.error.authentication_denied');
    services.clock.advance(5_000);
    expect(peer.closedAs).toBe('policy');
  });
});

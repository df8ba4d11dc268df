import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { attempt, challengeOf } from '../../test/support/logins.js';
import { Peers } from '../../test/support/wamp-peer.js';
import { testServices } from '../testing/index.js';
import { hashWampcra, parseWampcraHash, wampcra } from './index.js';

/** The secret "L3L1YUE8Txlw" with the salt "salt123", 1000 iterations, 32 bytes: a vector of autobahn-python's own tests. */
const KEY = 'qzcdsr9uu/L5hnss3kjNTRe490ETgA70ZBaB5rvnJ5Y=';
const SALTED = `$wampcra$i=1000,l=32$salt123$${KEY}`;
const peter = { authid: 'peter', role: 'frontend', wampcra: SALTED };
const oldie = { authid: 'oldie', role: 'backend', wampcra: { secret: 'L3L1YUE8Txlw' } };
const denied = { kind: 'refused', code: 'authentication_denied' };
const wallTime = (): number => Date.UTC(2014, 5, 22, 16, 36, 25, 448);

function sign(key: string, challenge: unknown): string {
  return createHmac('sha256', key).update(String(challenge)).digest('base64');
}

describe('wampcra', () => {
  const authenticator = wampcra({ principals: [peter, oldie], wallTime });
  const begin = (authid: string) =>
    challengeOf(authenticator.begin(attempt({ authid, methods: ['wampcra'], session: 3251278072152162 })));

  it('WAMP-165: asks to sign who it will be, when, and in which session', async () => {
    const { method, extra } = await begin('peter');
    expect(method).toBe('wampcra');
    expect(extra).toEqual({ challenge: expect.any(String), salt: 'salt123', keylen: 32, iterations: 1000 });
    expect(JSON.parse(String(extra['challenge']))).toEqual({
      authid: 'peter',
      authrole: 'frontend',
      authmethod: 'wampcra',
      authprovider: 'static',
      nonce: expect.stringMatching(/^[A-Za-z0-9+/]{32}$/),
      timestamp: '2014-06-22T16:36:25.448Z',
      session: 3251278072152162,
    });
  });

  it('WAMP-165: accepts the signature by the derived key', async () => {
    const { extra, answer } = await begin('peter');
    expect(await answer(sign(KEY, extra['challenge']))).toEqual({
      kind: 'accepted',
      principal: { authid: 'peter', authrole: 'frontend', authmethod: 'wampcra', authprovider: 'static' },
    });
  });

  it('accepts the signature by the secret itself where there is no salt', async () => {
    const { extra, answer } = await begin('oldie');
    expect(Object.keys(extra)).toEqual(['challenge']);
    expect(await answer(sign('L3L1YUE8Txlw', extra['challenge']))).toMatchObject({ kind: 'accepted' });
  });

  it('A2: takes one answer to a challenge, and none to another one', async () => {
    const one = await begin('peter');
    const other = await begin('peter');
    const signature = sign(KEY, one.extra['challenge']);
    expect(await other.answer(signature)).toEqual(denied);
    expect(await one.answer('x')).toEqual(denied);
    expect(await one.answer(signature)).toEqual(denied);
    expect(one.extra['challenge']).not.toBe(other.extra['challenge']);
  });

  it.each([
    ['nothing', () => ''],
    ['the secret', () => 'L3L1YUE8Txlw'],
    ['the key', () => KEY],
    ['a signature by the secret where it must be the key', (text: unknown) => sign('L3L1YUE8Txlw', text)],
    ['a signature of another text', () => sign(KEY, '{}')],
    ['hexadecimal digits', (text: unknown) => Buffer.from(sign(KEY, text), 'base64').toString('hex')],
    ['a signature without its padding', (text: unknown) => sign(KEY, text).slice(0, -1)],
    ['a signature and a line end', (text: unknown) => `${sign(KEY, text)}\n`],
    ['something long', () => 'A'.repeat(100_000)],
  ])('A1: refuses %s', async (_what, response) => {
    const { extra, answer } = await begin('peter');
    expect(await answer(response(extra['challenge']))).toEqual(denied);
  });

  it('A1 A20: challenges a name that nobody has, always with the same salt, and refuses any answer', async () => {
    const names = Array.from({ length: 40 }, (_, at) => `mallory${at}`);
    const again = wampcra({ principals: [peter, oldie, { ...peter, authid: 'paul' }], wallTime });
    const shown = new Set<string>();
    for (const authid of names) {
      const first = await begin(authid);
      const second = await challengeOf(again.begin(attempt({ authid, methods: ['wampcra'] })));
      const { challenge, ...parameters } = first.extra;
      expect(second.extra).toMatchObject(parameters);
      const { authrole } = JSON.parse(String(challenge)) as { authrole: string };
      shown.add(`${authrole}: ${Object.keys(parameters).join()}`);
      expect(await first.answer(sign(KEY, challenge))).toEqual(denied);
    }
    // As those who exist: both roles, each with its parameters.
    expect([...shown].sort()).toEqual(['backend: ', 'frontend: iterations,keylen,salt']);
  });

  it('leaves it to another method if there is no name, and checks no passcode', async () => {
    expect(authenticator.begin(attempt({ methods: ['wampcra'] }))).toEqual({
      kind: 'refused',
      code: 'no_matching_method',
    });
    expect(authenticator.begin(attempt({ authid: 'oldie', secret: 'L3L1YUE8Txlw' }))).toEqual(denied);
  });

  it('does not start with a hash that cannot be read, nobody, or a name given twice', () => {
    expect(() => wampcra({ principals: [{ authid: 'peter', wampcra: 'secret' }] })).toThrow(
      'The WAMP-CRA hash of "peter" cannot be read.',
    );
    expect(() => wampcra({ principals: [] })).toThrow('At least one principal is needed.');
    expect(() => wampcra({ principals: [peter, peter] })).toThrow('The principal "peter" is given twice.');
  });
});

describe('a WAMP client that logs in with wampcra', () => {
  const HELLO = '[1,"realm1",{"roles":{"caller":{}},"authmethods":["wampcra"],"authid":"peter"}]';
  let peers: Peers;
  const connect = () => {
    peers = new Peers(testServices({ authenticator: wampcra({ principals: [peter], wallTime }) }));
    return peers.connect().send(HELLO);
  };
  afterEach(() => peers.end());

  it('is challenged for the session that it gets', () => {
    const peer = connect();
    const [message] = peer.take();
    expect(message).toMatch(
      /^\[4,"wampcra",\{"challenge":"\{\\"authid\\":\\"peter\\",\\"authrole\\":\\"frontend\\",\\"authmethod\\":\\"wampcra\\",\\"authprovider\\":\\"static\\",\\"nonce\\":\\"[^"]+\\",\\"timestamp\\":\\"2014-06-22T16:36:25.448Z\\",\\"session\\":1001\}","iterations":1000,"keylen":32,"salt":"salt123"\}\]$/,
    );
    const [, , extra] = JSON.parse(message ?? '') as [number, string, { challenge: string }];
    peer.send(`[5,"${sign(KEY, extra.challenge)}",{}]`);
    expect(peer.take()).toEqual([
      expect.stringMatching(
        /^\[2,1001,\{"realm":"realm1","authid":"peter","authrole":"frontend","authmethod":"wampcra","authprovider":"static",/,
      ),
    ]);
  });

  it('A2: is aborted for a wrong signature, and the connection is over', () => {
    const peer = connect();
    const [[, , extra]] = peer.takeParsed() as [[number, string, { challenge: string }]];
    const right = `[5,"${sign(KEY, extra.challenge)}",{}]`;
    peer.send(`[5,"${sign('guess', extra.challenge)}",{}]`, right);
    expect(peer.take()).toEqual([
      '[3,{"message":"The login was refused."},"wamp.error.authentication_denied"]',
    ]);
    expect(peer.closedAs).toBe('policy');
  });

  it('A2: has ten seconds for its answer', () => {
    const peer = connect();
    const [[, , extra]] = peer.takeParsed() as [[number, string, { challenge: string }]];
    peers.services.clock.advance(10_300);
    peer.send(`[5,"${sign(KEY, extra.challenge)}",{}]`);
    expect(peer.takeParsed().map(([code, , reason]) => [code, reason])).toEqual([[3, 'wamp.error.timeout']]);
  });
});

describe('hashWampcra', () => {
  it('makes a hash that the authenticator accepts, different each time', async () => {
    const [one, two] = await Promise.all([hashWampcra('sesame', 1000), hashWampcra('sesame')]);
    expect(one).toMatch(/^\$wampcra\$i=1000,l=32\$[A-Za-z0-9_-]{22}\$[A-Za-z0-9+/]{43}=$/);
    expect(two).toMatch(/^\$wampcra\$i=10000,l=32\$/);
    expect(parseWampcraHash(one)?.salt).not.toBe(parseWampcraHash(two)?.salt);
    await expect(hashWampcra('sesame', 999)).rejects.toThrow('iterations must be a whole number from 1000');
  });
});

describe('parseWampcraHash', () => {
  it.each([
    ['sesame'],
    [SALTED.replace('wampcra', 'scrypt')],
    [SALTED.replace('1000', '999')],
    [SALTED.replace('1000', '99999999')],
    [SALTED.replace('l=32', 'l=31')],
    [SALTED.replace('l=32', 'l=65')],
    [SALTED.replace('salt123', '')],
    [SALTED.replace('salt123', 'sa"lt')],
    [SALTED.slice(0, -2)],
    [`${SALTED}\n`],
  ])('refuses %j', (text) => {
    expect(parseWampcraHash(text)).toBeUndefined();
  });
});

import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { argon2id } from 'hash-wasm';
import { attempt, challengeOf } from '../../test/support/logins.js';
import { Peers } from '../../test/support/wamp-peer.js';
import type { AuthExtra, LoginAttempt } from '../broker/index.js';
import { testServices } from '../testing/index.js';
import { hashScram, parseScramHash, scram } from './index.js';

type Extra = Readonly<Record<string, unknown>>;

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const hmac = (key: Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const bare = (bytes: Uint8Array): string => base64(bytes).replace(/=+$/, '');

/** A hash at a cost that a test can pay, made from the specification and not with our own code. */
function hashOf(salted: Uint8Array, prefix: string, salt: Uint8Array): string {
  const stored = sha256(hmac(salted, 'Client Key'));
  return `${prefix}$${bare(salt)}$${bare(stored)}$${bare(hmac(salted, 'Server Key'))}`;
}

const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
const PBKDF2 = hashOf(pbkdf2Sync('pencil', SALT, 4096, 32, 'sha256'), '$scram-pbkdf2$i=4096', SALT);
const ARGON2 = hashOf(
  await argon2id({
    password: 'pencil',
    salt: SALT,
    iterations: 2,
    memorySize: 64,
    parallelism: 1,
    hashLength: 32,
    outputType: 'binary',
  }),
  '$scram-argon2id13$t=2,m=64',
  SALT,
);
const user = { authid: 'user', role: 'frontend', scram: PBKDF2 };
const anna = { authid: 'anna', role: 'backend', scram: ARGON2 };

const denied = { kind: 'refused', code: 'authentication_denied' };
const passed = { kind: 'refused', code: 'no_matching_method' };
const CLIENT_NONCE = 'egVDf3DMJh0=';

/** A client as the specification describes it. */
async function answerTo(
  question: Extra,
  password: string,
  { authid = 'user', clientNonce = CLIENT_NONCE, header = 'n,,', data = Buffer.alloc(0) } = {},
): Promise<{ readonly proof: string; readonly verifier: string }> {
  const { nonce, salt, kdf, iterations, memory } = question as Record<string, string & number>;
  const saltBytes = Buffer.from(String(salt), 'base64');
  const salted =
    kdf === 'pbkdf2'
      ? pbkdf2Sync(password, saltBytes, Number(iterations), 32, 'sha256')
      : await argon2id({
          password,
          salt: saltBytes,
          iterations: Number(iterations),
          memorySize: Number(memory),
          parallelism: 1,
          hashLength: 32,
          outputType: 'binary',
        });
  const binding = base64(Buffer.concat([Buffer.from(header), data]));
  const message = `n=${authid},r=${clientNonce},r=${nonce},s=${salt},i=${iterations},c=${binding},r=${nonce}`;
  const clientKey = hmac(salted, 'Client Key');
  const signature = hmac(sha256(clientKey), message);
  return {
    proof: base64(clientKey.map((octet, at) => octet ^ (signature[at] ?? 0))),
    verifier: `v=${base64(hmac(hmac(salted, 'Server Key'), message))}`,
  };
}

const authenticator = scram({ principals: [user, anna] });

function asking(authid: string | undefined, extra: AuthExtra = {}, given: Partial<LoginAttempt> = {}) {
  const methods = ['wamp-scram'];
  return authenticator.begin(
    attempt({ authid, methods, extra: { nonce: CLIENT_NONCE, ...extra }, ...given }),
  );
}

describe('scram', () => {
  it('WAMP-167: extends the client’s nonce and tells how the password is salted', async () => {
    const { method, extra } = await challengeOf(asking('user'));
    expect(method).toBe('wamp-scram');
    expect(extra).toEqual({
      nonce: expect.stringMatching(/^egVDf3DMJh0=[A-Za-z0-9+/]{24}$/),
      salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
      kdf: 'pbkdf2',
      iterations: 4096,
      memory: null,
    });
    expect((await challengeOf(asking('anna'))).extra).toMatchObject({
      kdf: 'argon2id13',
      iterations: 2,
      memory: 64,
    });
  });

  it.each([
    ['user', 'frontend'],
    ['anna', 'backend'],
  ])('accepts the proof of %s and proves itself', async (authid, authrole) => {
    const { extra, answer } = await challengeOf(asking(authid));
    const { proof, verifier } = await answerTo(extra, 'pencil', { authid });
    expect(await answer(proof, { nonce: extra['nonce'], channel_binding: null, cbind_data: null })).toEqual({
      kind: 'accepted',
      principal: { authid, authrole, authmethod: 'wamp-scram', authprovider: 'static' },
      extra: { verifier },
    });
  });

  it.each<[string, (right: string, nonce: string) => [string, AuthExtra]]>([
    ['no nonce', (right) => [right, {}]],
    ['the client’s nonce alone', (right) => [right, { nonce: CLIENT_NONCE }]],
    ['another nonce', (right, nonce) => [right, { nonce: nonce.replace(/.$/, '!') }]],
    ['a channel that was not asked for', (right, nonce) => [right, { nonce, channel_binding: 'tls-unique' }]],
    ['data without a channel', (right, nonce) => [right, { nonce, cbind_data: 'AAAA' }]],
    ['a nonce that is no text', (right, nonce) => [right, { nonce: [nonce] }]],
    ['no proof', (_right, nonce) => ['', { nonce }]],
    ['a proof with white space', (right, nonce) => [`${right}\n`, { nonce }]],
    ['a proof without padding', (right, nonce) => [right.slice(0, -1), { nonce }]],
    [
      'a proof in hexadecimal digits',
      (right, nonce) => [Buffer.from(right, 'base64').toString('hex'), { nonce }],
    ],
    ['zeros', (_right, nonce) => ['A'.repeat(43) + '=', { nonce }]],
  ])('A2: refuses %s', async (_what, change) => {
    const { extra, answer } = await challengeOf(asking('user'));
    const { proof } = await answerTo(extra, 'pencil');
    expect(await answer(...change(proof, String(extra['nonce'])))).toEqual(denied);
    // And the challenge is spent.
    expect(await answer(proof, { nonce: extra['nonce'] })).toEqual(denied);
  });

  it('A2: refuses a wrong password, a proof for another challenge, and one for cheaper parameters', async () => {
    const one = await challengeOf(asking('user'));
    const nonce = { nonce: one.extra['nonce'] };
    expect(await one.answer((await answerTo(one.extra, 'Pencil')).proof, nonce)).toEqual(denied);
    const two = await challengeOf(asking('user'));
    expect(
      await two.answer((await answerTo(one.extra, 'pencil')).proof, { nonce: two.extra['nonce'] }),
    ).toEqual(denied);
    const three = await challengeOf(asking('user'));
    const cheaper = await answerTo({ ...three.extra, iterations: 1 }, 'pencil');
    expect(await three.answer(cheaper.proof, { nonce: three.extra['nonce'] })).toEqual(denied);
  });

  it('A1 A20: challenges names that nobody has like those that exist, always with the same salt', async () => {
    const later = scram({ principals: [user, anna, { ...user, authid: 'new' }] });
    const kinds = new Set<string>();
    for (let at = 0; at < 40; at += 1) {
      const authid = `mallory${at}`;
      const { extra, answer } = await challengeOf(asking(authid));
      const again = await challengeOf(
        later.begin(attempt({ authid, methods: ['wamp-scram'], extra: { nonce: CLIENT_NONCE } })),
      );
      const { nonce, salt, ...cost } = extra;
      expect(again.extra).toMatchObject({ salt, ...cost });
      expect(String(salt)).toMatch(/^[A-Za-z0-9+/]{22}==$/);
      kinds.add(JSON.stringify(cost));
      if (at > 3) continue;
      const { proof } = await answerTo(extra, 'pencil', { authid });
      expect(await answer(proof, { nonce })).toEqual(denied);
    }
    expect([...kinds].sort()).toEqual([
      '{"kdf":"argon2id13","iterations":2,"memory":64}',
      '{"kdf":"pbkdf2","iterations":4096,"memory":null}',
    ]);
  });

  it.each([
    ['is no text', 7],
    ['is too short', 'AAAA'],
    ['is no base64', 'rOprNGfwEbeRWgbNEkqO%hvY'],
    ['has white space', 'egVDf3DM Jh0='],
    ['is very long', 'A'.repeat(4000)],
  ])('refuses a nonce that %s', (_how, nonce) => {
    expect(asking('user', { nonce })).toEqual(denied);
  });

  it('leaves it to another method without a name or a nonce, and checks no passcode', () => {
    expect(asking(undefined)).toEqual(passed);
    expect(asking('user', { nonce: undefined })).toEqual(passed);
    expect(asking('user', {}, { secret: 'pencil' })).toEqual(denied);
    expect(asking('us\u0007er')).toEqual(denied);
  });

  it('knows names as SASLprep prepares them', async () => {
    expect((await challengeOf(asking('u\u00adser'))).extra['salt']).toBe('W22ZaJ0SNY7soEsUEjb6gQ==');
  });

  it('does not start with a hash that cannot be read, nobody, or a name given twice', () => {
    expect(() => scram({ principals: [{ authid: 'a', scram: 'pencil' }] })).toThrow('The SCRAM hash of "a"');
    expect(() => scram({ principals: [{ ...user, authid: '\u0007' }] })).toThrow('cannot be a name in SCRAM');
    expect(() => scram({ principals: [] })).toThrow('At least one principal');
    expect(() => scram({ principals: [user, { ...user, authid: 'u\u00adser' }] })).toThrow('given twice');
  });
});

describe('scram, bound to a channel', () => {
  const data = Buffer.from('exported keying material');
  const http = { headers: {}, tls: { channelBindings: new Map([['tls-exporter', data]]) } };
  const bound = { nonce: CLIENT_NONCE, channel_binding: 'tls-exporter' };
  const header = 'p=tls-exporter,,';

  it('accepts a proof for the channel that it sees itself', async () => {
    const { extra, answer } = await challengeOf(asking('user', bound, { http }));
    const { proof } = await answerTo(extra, 'pencil', { header, data });
    const sent = { nonce: extra['nonce'], channel_binding: 'tls-exporter', cbind_data: base64(data) };
    expect(await answer(proof, sent)).toMatchObject({ kind: 'accepted' });
  });

  it('A2: refuses a proof for another channel, and one for none', async () => {
    const other = Buffer.from('somebody in the middle..');
    const one = await challengeOf(asking('user', bound, { http }));
    const { proof } = await answerTo(one.extra, 'pencil', { header, data: other });
    const sent = { nonce: one.extra['nonce'], channel_binding: 'tls-exporter', cbind_data: base64(other) };
    expect(await one.answer(proof, sent)).toEqual(denied);
    const two = await challengeOf(asking('user', bound, { http }));
    const unbound = await answerTo(two.extra, 'pencil');
    expect(await two.answer(unbound.proof, { nonce: two.extra['nonce'] })).toEqual(denied);
  });

  it('is not offered where there is no TLS, or not this binding', () => {
    expect(asking('user', bound)).toEqual(passed);
    expect(asking('user', { ...bound, channel_binding: 'tls-unique' }, { http })).toEqual(passed);
    expect(asking('user', { ...bound, channel_binding: 5 }, { http })).toEqual(passed);
  });
});

describe('a WAMP client that logs in with wamp-scram', () => {
  const HELLO =
    '[1,"realm1",{"roles":{"caller":{}},"authmethods":["wamp-scram"],"authid":"user",' +
    '"authextra":{"nonce":"egVDf3DMJh0=","channel_binding":null}}]';
  let peers: Peers;
  const connect = (hello = HELLO) => {
    peers = new Peers(testServices({ authenticator }));
    return peers.connect().send(hello);
  };
  afterEach(() => peers.end());

  it('WAMP-167: is challenged, and told the verifier in WELCOME', async () => {
    const peer = connect();
    const [message] = peer.take();
    expect(message).toMatch(
      /^\[4,"wamp-scram",\{"nonce":"egVDf3DMJh0=[A-Za-z0-9+/]{24}","salt":"W22ZaJ0SNY7soEsUEjb6gQ==","kdf":"pbkdf2","iterations":4096,"memory":null\}\]$/,
    );
    const [, , extra] = JSON.parse(message ?? '') as [number, string, Extra];
    const { proof, verifier } = await answerTo(extra, 'pencil');
    peer.send(
      `[5,"${proof}",{"nonce":"${String(extra['nonce'])}","channel_binding":null,"cbind_data":null}]`,
    );
    expect(peer.takeParsed()).toEqual([
      [
        2,
        1001,
        expect.objectContaining({
          realm: 'realm1',
          authid: 'user',
          authrole: 'frontend',
          authmethod: 'wamp-scram',
          authprovider: 'static',
          authextra: { verifier },
        }),
      ],
    ]);
  });

  it('is aborted for a wrong password', async () => {
    const peer = connect();
    const [[, , extra]] = peer.takeParsed() as [[number, string, Extra]];
    const { proof } = await answerTo(extra, 'guess');
    peer.send(`[5,"${proof}",{"nonce":"${String(extra['nonce'])}"}]`);
    expect(peer.take()).toEqual([
      '[3,{"message":"The login was refused."},"wamp.error.authentication_denied"]',
    ]);
  });

  it('is aborted if it wants a channel binding that there is not', () => {
    const peer = connect(HELLO.replace('"channel_binding":null', '"channel_binding":"tls-unique"'));
    expect(peer.take()).toEqual([
      '[3,{"message":"The login was refused."},"wamp.error.no_matching_auth_method"]',
    ]);
  });
});

describe('scram, as autobahn-python speaks it', () => {
  it('is called scram, repeats nothing, and has its signature under another name', async () => {
    const verdict = authenticator.begin(
      attempt({ authid: 'user', methods: ['scram'], extra: { nonce: CLIENT_NONCE } }),
    );
    const { method, extra, answer } = await challengeOf(verdict);
    expect([method, Object.keys(extra).sort()]).toEqual(['scram', ['iterations', 'kdf', 'nonce', 'salt']]);
    const nonce = String(extra['nonce']);
    const message = `n=user,r=${CLIENT_NONCE},r=${nonce},s=${base64(SALT)},i=4096,c=,r=${nonce}`;
    const salted = pbkdf2Sync('pencil', SALT, 4096, 32, 'sha256');
    const clientKey = hmac(salted, 'Client Key');
    const signature = hmac(sha256(clientKey), message);
    const proof = base64(clientKey.map((octet, at) => octet ^ (signature[at] ?? 0)));
    expect(await answer(proof, {})).toEqual({
      kind: 'accepted',
      principal: { authid: 'user', authrole: 'frontend', authmethod: 'scram', authprovider: 'static' },
      extra: { scram_server_signature: base64(hmac(hmac(salted, 'Server Key'), message)) },
    });
  });
});

describe('hashScram', () => {
  it.each(['argon2id13', 'pbkdf2'] as const)(
    'makes a hash (%s) that the authenticator accepts',
    async (kdf) => {
      const hash = await hashScram('pencil', kdf);
      const cost = kdf === 'pbkdf2' ? 'i=600000' : 't=2,m=19456';
      expect(hash.startsWith(`$scram-${kdf}$${cost}$`)).toBe(true);
      const own = scram({ principals: [{ authid: 'user', scram: hash }] });
      const { extra, answer } = await challengeOf(
        own.begin(attempt({ authid: 'user', methods: ['wamp-scram'], extra: { nonce: CLIENT_NONCE } })),
      );
      const { proof } = await answerTo(extra, 'pencil');
      expect(await answer(proof, { nonce: extra['nonce'] })).toMatchObject({ kind: 'accepted' });
    },
  );

  it('has a salt of its own each time', async () => {
    const [one, two] = await Promise.all([hashScram('pencil'), hashScram('pencil')]);
    expect(parseScramHash(one)?.salt).not.toEqual(parseScramHash(two)?.salt);
  });
});

describe('parseScramHash', () => {
  it.each([
    ['pencil'],
    [PBKDF2.replace('4096', '4095')],
    [PBKDF2.replace('4096', '99999999')],
    [PBKDF2.replace('pbkdf2', 'argon2id13')],
    [ARGON2.replace('m=64', 'm=63')],
    [ARGON2.replace('m=64', 'm=9999999')],
    [ARGON2.replace('t=2', 't=0')],
    [PBKDF2.slice(0, -1)],
    [`${PBKDF2}\n`],
  ])('refuses %j', (text) => {
    expect(parseScramHash(text)).toBeUndefined();
  });
});

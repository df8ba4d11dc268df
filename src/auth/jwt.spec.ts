import { createHmac, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { EncryptJWT, SignJWT, UnsecuredJWT } from 'jose';
import type { JWTHeaderParameters, JWTPayload } from 'jose';
import { afterEach, describe, expect, it } from '@jest/globals';
import { attempt, challengeOf, until } from '../../test/support/logins.js';
import { Peers } from '../../test/support/wamp-peer.js';
import { StompClients } from '../../test/support/stomp-client.js';
import type { LoginAttempt, Verdict } from '../broker/index.js';
import { testServices } from '../testing/index.js';
import { anonymous, chain, jwt, ticket } from './index.js';
import type { JwtIssuer, JwtOptions } from './index.js';

const SECRET = 'a secret of at least thirty-two bytes';
const NOW = Date.UTC(2026, 0, 1);
const SECONDS = NOW / 1000;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const pem = (key: KeyObject): string => String(key.export({ format: 'pem', type: 'spki' }));
const jwk = (key: KeyObject, more: object): Record<string, unknown> => ({
  ...key.export({ format: 'jwk' }),
  ...more,
});

const denied = { kind: 'refused', code: 'authentication_denied' };
const alice = { sub: 'alice', role: 'backend', iss: 'issuer', aud: 'mangrove', exp: SECONDS + 60 };
const accepted: Verdict = {
  kind: 'accepted',
  principal: {
    authid: 'alice',
    authrole: 'backend',
    authmethod: 'jwt',
    authprovider: 'static',
    expiresAt: NOW + 60_000,
  },
};

function make(issuer: Partial<JwtIssuer> = {}, options: Partial<JwtOptions> = {}) {
  const known = { keys: { secret: SECRET }, issuer: 'issuer', audience: 'mangrove', ...issuer };
  return jwt({ issuers: [known], wallTime: () => NOW, ...options });
}

function sign(
  claims: JWTPayload = alice,
  key: KeyObject | Uint8Array = Buffer.from(SECRET),
  header: JWTHeaderParameters = { alg: 'HS256' },
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

function check(token: string, authenticator = make(), given: Partial<LoginAttempt> = {}) {
  return authenticator.begin(attempt({ secret: token, ...given }));
}

describe('jwt', () => {
  it.each<[string, JwtIssuer['keys'], KeyObject | Uint8Array]>([
    ['HS256', { secret: SECRET }, Buffer.from(SECRET)],
    ['RS256', { publicKey: pem(rsa.publicKey) }, rsa.privateKey],
    ['ES256', { publicKey: pem(ec.publicKey) }, ec.privateKey],
    ['EdDSA', { publicKey: pem(ed.publicKey) }, ed.privateKey],
    [
      'EdDSA',
      { jwks: { keys: [jwk(rsa.publicKey, { kid: 'r' }), jwk(ed.publicKey, { kid: 'e' })] } },
      ed.privateKey,
    ],
  ])('accepts a token signed with %s, until it ends', async (alg, keys, key) => {
    const header = 'jwks' in keys ? { alg, kid: 'e' } : { alg };
    expect(await check(await sign(alice, key, header), make({ keys }))).toEqual(accepted);
  });

  it('accepts it as the answer to a challenge, with or without a name', async () => {
    for (const [method, authid] of [
      ['jwt', undefined],
      ['ticket', 'alice'],
      ['ticket', ''],
    ] as const) {
      const challenge = await challengeOf(make().begin(attempt({ methods: [method], authid })));
      expect([challenge.method, challenge.extra]).toEqual([method, {}]);
      expect(await challenge.answer(await sign())).toEqual(accepted);
    }
  });

  it('accepts it in Authorization of the HTTP request, whatever the case of the scheme', async () => {
    const token = await sign();
    for (const authorization of [`Bearer ${token}`, `bearer  ${token}`]) {
      expect(await make().identify?.(attempt({ http: { headers: { authorization } } }))).toEqual(accepted);
    }
    for (const headers of [{}, { authorization: 'Basic YTpi' }, { authorization: 'Bearer' }]) {
      expect(make().identify?.(attempt({ http: { headers } }))).toBeUndefined();
    }
    const http = { headers: { authorization: `Bearer ${token}` } };
    expect(make().identify?.(attempt({ http, methods: ['ticket'] }))).toBeUndefined();
    expect(await make().identify?.(attempt({ http, methods: ['jwt'] }))).toEqual(accepted);
    const bad = { http: { headers: { authorization: 'Bearer nonsense' } } };
    expect(await make().identify?.(attempt(bad))).toEqual(denied);
  });

  it('refuses somebody else’s token', async () => {
    expect(await check(await sign(), make(), { authid: 'bob' })).toEqual(denied);
    expect(await check(await sign(), make(), { authid: 'alice' })).toEqual(accepted);
  });

  it('gives the role of the options to a token without one, and reads other claims where told to', async () => {
    const { role: _role, ...plain } = alice;
    expect(await check(await sign(plain))).toMatchObject({ principal: { authrole: 'user' } });
    expect(await check(await sign(plain), make({ role: 'guest' }))).toMatchObject({
      principal: { authrole: 'guest' },
    });
    const claims = { ...plain, name: 'al', group: 'ops' };
    expect(await check(await sign(claims), make({ nameClaim: 'name', roleClaim: 'group' }))).toMatchObject({
      principal: { authid: 'al', authrole: 'ops' },
    });
  });

  it('holds a token to the realms that it names', async () => {
    const options = make({ realmClaim: 'realm' });
    expect(await check(await sign({ ...alice, realm: 'realm1' }), options)).toEqual(accepted);
    expect(await check(await sign({ ...alice, realm: ['realm2', 'realm1'] }), options)).toEqual(accepted);
    for (const claims of [alice, { ...alice, realm: 'realm2' }, { ...alice, realm: [] }]) {
      expect(await check(await sign(claims), options)).toEqual(denied);
    }
  });

  it('A4: turns away what exceeds the queue', async () => {
    const options = make({}, { concurrency: 1, queue: 1 });
    const token = await sign();
    const verdicts = await Promise.all([1, 2, 3].map(() => check(token, options)));
    expect(verdicts).toEqual([accepted, accepted, { kind: 'refused', code: 'authentication_failed' }]);
  });
});

/** A token signed with the secret, whatever stands in it. */
function handmade(header: object, claims: string): string {
  const signed = [JSON.stringify(header), claims]
    .map((text) => Buffer.from(text).toString('base64url'))
    .join('.');
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}

describe('a bad token', () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const changed = (token: string, at: number, value: unknown): string =>
    token.split('.').with?.(at, part(value)).join('.') ?? '';
  const bad: [string, () => string | Promise<string>][] = [
    ['none as its algorithm', () => new UnsecuredJWT(alice).encode()],
    ['None as its algorithm', () => `${part({ alg: 'None' })}.${part(alice)}.`],
    ['no algorithm', () => `${part({})}.${part(alice)}.AAAA`],
    ['no signature', async () => (await sign()).replace(/[^.]*$/, '')],
    ['another signature', async () => (await sign()).replace(/.{4}$/, 'AAAA')],
    ['another secret', () => sign(alice, Buffer.from('another secret of thirty-two bytes!!'))],
    ['HS512 in the place of HS256', () => sign(alice, Buffer.from(SECRET.repeat(2)), { alg: 'HS512' })],
    ['changed claims', async () => changed(await sign(), 1, { ...alice, role: 'admin' })],
    ['an end that is past', () => sign({ ...alice, exp: SECONDS - 6 })],
    ['no end', () => sign({ sub: 'alice', iss: 'issuer', aud: 'mangrove' })],
    ['an end that is no number', () => `${part({ alg: 'HS256' })}.${part({ ...alice, exp: 'never' })}.AAAA`],
    ['a beginning to come', () => sign({ ...alice, nbf: SECONDS + 60 })],
    ['another issuer', () => sign({ ...alice, iss: 'somebody' })],
    ['another audience', () => sign({ ...alice, aud: 'another' })],
    ['no audience', () => sign({ sub: 'alice', iss: 'issuer', exp: alice.exp })],
    ['no name', () => sign({ iss: 'issuer', aud: 'mangrove', exp: alice.exp })],
    ['an empty name', () => sign({ ...alice, sub: '' })],
    ['a name with a line end', () => sign({ ...alice, sub: 'a\nb' })],
    ['a long name', () => sign({ ...alice, sub: 'a'.repeat(257) })],
    ['a name that is a list', () => sign({ ...alice, sub: ['alice'] as unknown as string })],
    ['a role that is a list', () => sign({ ...alice, role: ['backend'] })],
    ['a critical extension', () => handmade({ alg: 'HS256', crit: ['x'], x: 1 }, JSON.stringify(alice))],
    [
      'claims that are not encoded',
      () => handmade({ alg: 'HS256', b64: false, crit: ['b64'] }, JSON.stringify(alice)),
    ],
    ['claims that are no object', () => handmade({ alg: 'HS256' }, '["alice"]')],
    ['claims twice', () => handmade({ alg: 'HS256' }, `${JSON.stringify(alice)}{}`)],
    [
      'its own key',
      () =>
        sign(alice, ed.privateKey, {
          alg: 'EdDSA',
          jwk: ed.publicKey.export({ format: 'jwk' }) as JWTHeaderParameters['jwk'] & object,
        }),
    ],
    [
      'an address of keys',
      () => sign(alice, rsa.privateKey, { alg: 'RS256', jku: 'http://127.0.0.1:1/jwks' }),
    ],
    ['a certificate', () => sign(alice, rsa.privateKey, { alg: 'RS256', x5u: 'http://127.0.0.1:1/x' })],
    [
      'encryption',
      () =>
        new EncryptJWT(alice)
          .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
          .encrypt(Buffer.from(SECRET.slice(0, 32))),
    ],
    ['16 KiB and more', () => sign({ ...alice, more: 'x'.repeat(16_384) })],
    ['five parts', async () => `${await sign()}.a.b`],
    ['white space', async () => `${await sign()}\n`],
    ['no base64', () => 'eyJ!.a.b'],
    ['nothing', () => 'eyJ..'],
  ];

  it.each(bad)('A6: with %s is refused', async (_what, token) => {
    expect(await check(await token())).toEqual(denied);
  });

  it('A6: signed with the text of a public key is refused where that key is for RS256', async () => {
    const text = pem(rsa.publicKey);
    const keys = { publicKey: text };
    expect(await check(await sign(alice, Buffer.from(text)), make({ keys }))).toEqual(denied);
  });

  it.each(['../../etc/passwd', 'http://127.0.0.1/key', '__proto__', '', 'E'])(
    'A6: naming the key %j of a key set is refused',
    async (kid) => {
      const keys = { jwks: { keys: [jwk(ed.publicKey, { kid: 'e' }), jwk(ec.publicKey, { kid: 'c' })] } };
      expect(await check(await sign(alice, ed.privateKey, { alg: 'EdDSA', kid }), make({ keys }))).toEqual(
        denied,
      );
    },
  );
});

describe('jwt with several issuers', () => {
  const other = generateKeyPairSync('ed25519');
  const issuers = [
    { issuer: 'one', keys: { jwks: { keys: [jwk(ed.publicKey, { kid: '1' })] } } },
    { issuer: 'two', keys: { jwks: { keys: [jwk(other.publicKey, { kid: '1' })] } } },
  ];
  const both = jwt({ issuers, wallTime: () => NOW });
  const header = { alg: 'EdDSA', kid: '1' };

  it('A7: never checks the token of one with the key of the other, whatever the keys are called', async () => {
    for (const [iss, key, kind] of [
      ['one', ed.privateKey, 'accepted'],
      ['two', other.privateKey, 'accepted'],
      ['one', other.privateKey, 'refused'],
      ['two', ed.privateKey, 'refused'],
      ['three', ed.privateKey, 'refused'],
    ] as const) {
      expect(await check(await sign({ ...alice, iss }, key, header), both)).toMatchObject({ kind });
    }
  });

  it('does not start with issuers that cannot be told apart, or none', () => {
    expect(() => jwt({ issuers: [] })).toThrow('At least one issuer');
    expect(() => jwt({ issuers: [issuers[0]!, { keys: { secret: SECRET } }] })).toThrow(
      'each needs its name',
    );
    expect(() => jwt({ issuers: [issuers[0]!, issuers[0]!] })).toThrow('The issuer "one" is given twice.');
  });
});

describe('the keys of jwt', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
  it.each<[string, JwtIssuer['keys']]>([
    ['a short secret', { secret: 'short' }],
    ['no PEM', { publicKey: 'key' }],
    ['a private key', { publicKey: String(ed.privateKey.export({ format: 'pem', type: 'pkcs8' })) }],
    ['a short RSA key', { publicKey: pem(small) }],
    ['another curve', { publicKey: pem(p384) }],
    ['no keys', { jwks: { keys: [] } }],
    ['no list', { jwks: {} as { keys: [] } }],
    ['a secret in a key set', { jwks: { keys: [{ kty: 'oct', k: 'AAAA', kid: '1' }] } }],
    ['a private key in a key set', { jwks: { keys: [jwk(ed.privateKey, { kid: '1' })] } }],
    ['another algorithm than its kind', { jwks: { keys: [jwk(rsa.publicKey, { kid: '1', alg: 'HS256' })] } }],
    [
      'a kid given twice',
      { jwks: { keys: [jwk(ed.publicKey, { kid: '1' }), jwk(ec.publicKey, { kid: '1' })] } },
    ],
  ])('A6: do not let it start with %s', (_what, keys) => {
    expect(() => make({ keys })).toThrow();
  });
});

describe('a client with a token', () => {
  const hash = '$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$K7PYNFseA0uC8OQHCv4FP6vWo6X4uSnHP49xTCLsCs8';
  const authenticator = chain([
    ticket({ principals: [{ authid: 'tina', ticket: hash }] }),
    make(),
    anonymous(),
  ]);
  let end = (): void => {};
  afterEach(() => end());

  it('logs in over WAMP with the method ticket, beside those who have tickets', async () => {
    const peers = new Peers(testServices({ authenticator }));
    end = () => peers.end();
    for (const [authid, secret] of [
      ['alice', await sign()],
      ['tina', 'sesame'],
    ]) {
      const peer = peers.connect();
      peer.send(`[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"${authid}"}]`);
      expect(peer.take()).toEqual(['[4,"ticket",{}]']);
      peer.send(`[5,"${secret}",{}]`);
      await until(() => peer.link.isEstablished);
      expect(peer.takeParsed()[0]?.[2]).toMatchObject({ authid });
    }
  });

  it('logs in over STOMP with the token as its passcode, and with a ticket', async () => {
    const clients = new StompClients();
    clients.given({ authenticator });
    end = () => clients.end();
    for (const [login, passcode] of [
      ['alice', await sign()],
      ['tina', 'sesame'],
    ]) {
      const client = clients
        .open()
        .say(`CONNECT\naccept-version:1.2\nlogin:${login}\npasscode:${passcode}\n\n\0`);
      await until(() => client.link.isEstablished);
      expect(client.heard()).toEqual([expect.stringContaining(`\nuser-name:${login}\n`)]);
    }
  });

  it('is refused over STOMP with a bad one, and not told why', async () => {
    const clients = new StompClients();
    clients.given({ authenticator });
    end = () => clients.end();
    const token = await sign({ ...alice, exp: SECONDS - 600 });
    const client = clients.open().say(`CONNECT\naccept-version:1.2\nlogin:\npasscode:${token}\n\n\0`);
    await until(() => client.link.closeReason !== undefined);
    expect(client.heard()).toEqual([
      'ERROR\nmessage:authentication failed\ncontent-type:text/plain\ncontent-length:22\n\nThe login was refused.\0',
    ]);
  });
});

import { createPrivateKey, sign } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { attempt, challengeOf } from '../../test/support/logins.js';
import { Peers } from '../../test/support/wamp-peer.js';
import type { LoginAttempt } from '../broker/index.js';
import { testServices } from '../testing/index.js';
import { cryptosign, cryptosignKeyOf, makeCryptosignKeys, parseCryptosignKey } from './index.js';

const SEED = '4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510';
const OTHER_SEED = 'd511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd';
const KEY = cryptosignKeyOf(SEED) ?? '';
const OTHER_KEY = cryptosignKeyOf(OTHER_SEED) ?? '';
const CHANNEL = '62e935ae755f3d48f80d4d59f6121358c435722a67e859cc0caa8b539027f2ff';
/** The order of the base point: S + L is another way to write the same S. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

const denied = { kind: 'refused', code: 'authentication_denied' };
const client = { authid: 'client01@example.com', role: 'frontend', keys: [KEY] };
const authenticator = cryptosign({
  principals: [client, { authid: 'other', keys: [OTHER_KEY.toUpperCase()] }],
});

/** Signs as a client does: hexadecimal digits of the signature and of what was signed. */
function signed(challenge: unknown, seed = SEED, channel?: Uint8Array): string {
  const message = Buffer.from(String(challenge), 'hex').map((octet, at) => octet ^ (channel?.[at] ?? 0));
  const der = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex');
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return sign(null, message, key).toString('hex') + Buffer.from(message).toString('hex');
}

function begin(given: Partial<LoginAttempt> = {}) {
  return authenticator.begin(attempt({ methods: ['cryptosign'], extra: { pubkey: KEY }, ...given }));
}

describe('cryptosign', () => {
  it('WAMP-166: asks to sign 32 random bytes, and lets in whose key it is, with its name or without', async () => {
    for (const authid of [undefined, '', 'client01@example.com']) {
      const { method, extra, answer } = await challengeOf(begin({ authid }));
      expect([method, extra]).toEqual([
        'cryptosign',
        { challenge: expect.stringMatching(/^[0-9a-f]{64}$/), channel_binding: null },
      ]);
      expect(await answer(signed(extra['challenge']))).toEqual({
        kind: 'accepted',
        principal: {
          authid: 'client01@example.com',
          authrole: 'frontend',
          authmethod: 'cryptosign',
          authprovider: 'static',
        },
      });
    }
  });

  it('takes digits in either case', async () => {
    const { extra, answer } = await challengeOf(begin({ extra: { pubkey: KEY.toUpperCase() } }));
    expect(await answer(signed(extra['challenge']).toUpperCase())).toMatchObject({ kind: 'accepted' });
  });

  it('A3: refuses a signature for another challenge, and the right one afterwards', async () => {
    const one = await challengeOf(begin());
    const two = await challengeOf(begin());
    expect(await two.answer(signed(one.extra['challenge']))).toEqual(denied);
    expect(await two.answer(signed(two.extra['challenge']))).toEqual(denied);
  });

  it.each<[string, (right: string, challenge: string) => string]>([
    ['another key', (_right, challenge) => signed(challenge, OTHER_SEED)],
    ['a signature alone', (right) => right.slice(0, 128)],
    ['a signature followed by something else', (right) => right.slice(0, 128) + '00'.repeat(32)],
    ['a signature behind what was signed', (right) => right.slice(128) + right.slice(0, 128)],
    ['nothing', () => ''],
    ['no hexadecimal digits', (right) => right.replace(/./, 'g')],
    ['zeros', (_right, challenge) => '0'.repeat(128) + challenge],
    ['an S that is not canonical [RFC 8032 §5.1.7]', (right) => withLargeS(right)],
  ])('A3: refuses %s', async (_what, change) => {
    const { extra, answer } = await challengeOf(begin());
    const challenge = String(extra['challenge']);
    expect(await answer(change(signed(challenge), challenge))).toEqual(denied);
  });

  it('A20: challenges a key that nobody has, and a name with the key of another, and refuses any answer', async () => {
    const { privateKey, publicKey } = makeCryptosignKeys();
    const stranger = await challengeOf(begin({ extra: { pubkey: publicKey } }));
    expect(await stranger.answer(signed(stranger.extra['challenge'], privateKey))).toEqual(denied);
    const imposter = await challengeOf(begin({ authid: 'other' }));
    expect(await imposter.answer(signed(imposter.extra['challenge']))).toEqual(denied);
  });

  it('leaves it to another method without a key, refuses what is none, and checks no passcode', () => {
    expect(begin({ extra: {} })).toEqual({ kind: 'refused', code: 'no_matching_method' });
    expect(begin({ extra: { pubkey: 'abc' } })).toEqual(denied);
    expect(begin({ extra: { pubkey: 5 } })).toEqual(denied);
    expect(begin({ secret: SEED })).toEqual(denied);
  });

  it('does not start with a key that cannot be used, or one given twice', () => {
    expect(() => cryptosign({ principals: [{ authid: 'a', keys: ['00'] }] })).toThrow('The key "00" of "a"');
    expect(() => cryptosign({ principals: [client, { authid: 'b', keys: [KEY] }] })).toThrow('given twice');
  });
});

describe('cryptosign, bound to a channel', () => {
  const channel = Buffer.from(CHANNEL, 'hex');
  const http = { headers: {}, tls: { channelBindings: new Map([['tls-exporter', channel]]) } };
  const extra = { pubkey: KEY, channel_binding: 'tls-exporter' };

  it('WAMP-166: wants challenge and channel, XORed, to be signed', async () => {
    const challenge = await challengeOf(begin({ http, extra }));
    expect(challenge.extra['channel_binding']).toBe('tls-exporter');
    expect(await challenge.answer(signed(challenge.extra['challenge'], SEED, channel))).toMatchObject({
      kind: 'accepted',
    });
  });

  it('A3: refuses a signature for another channel, and one for none', async () => {
    for (const wrong of [Buffer.alloc(32, 7), undefined]) {
      const challenge = await challengeOf(begin({ http, extra }));
      expect(await challenge.answer(signed(challenge.extra['challenge'], SEED, wrong))).toEqual(denied);
    }
  });

  it('hashes the 12 bytes of tls-unique to 32, as autobahn does', async () => {
    const finished = Buffer.from('0102030405060708090a0b0c', 'hex');
    const unique = { headers: {}, tls: { channelBindings: new Map([['tls-unique', finished]]) } };
    const challenge = await challengeOf(
      begin({ http: unique, extra: { pubkey: KEY, channel_binding: 'tls-unique' } }),
    );
    expect(challenge.extra['channel_binding']).toBe('tls-unique');
    const hashed = await crypto.subtle.digest('SHA-256', finished);
    expect(
      await challenge.answer(signed(challenge.extra['challenge'], SEED, Buffer.from(hashed))),
    ).toMatchObject({
      kind: 'accepted',
    });
  });

  it.each([['tls-unique'], ['tls-server-end-point'], ['x'], [5]])(
    'does not offer %j if there is none',
    async (wanted) => {
      const challenge = await challengeOf(begin({ http, extra: { pubkey: KEY, channel_binding: wanted } }));
      expect(challenge.extra['channel_binding']).toBeNull();
    },
  );
});

describe('the test vectors of the specification', () => {
  it.each([
    [
      SEED,
      'f'.repeat(64),
      'b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0cae80a357331bfc5cc9fb71081464e6e75013517c2cf067ad566a6b7b728e5d03' +
        'f'.repeat(64),
      undefined,
    ],
    [
      SEED,
      'f'.repeat(64),
      '9b6f41540c9b95b4b7b281c3042fa9c54cef43c842d62ea3fd6030fcb66e70b3e80d49d44c29d1635da9348d02ec93f3ed1ef227dfb59a07b580095c2b82f80f9d16ca518aa0c2b707f2b2a609edeca73bca8dd59817a633f35574ac6fd80d00',
      CHANNEL,
    ],
    [
      OTHER_SEED,
      'b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d',
      '305aaa3ac25e98f651427688b3fc43fe7d8a68a7ec1d7d61c61517c519bd4a427c3015599d83ca28b4c652333920223844ef0725eb5dc2febfd6af7677b73f01d0852a29b460fc92ec943242ac638a053bbacc200512b18b30d15083cbdc9282',
      CHANNEL,
    ],
  ])('hold for the way that the tests sign (%#)', (seed, challenge, expected, channel) => {
    expect(signed(challenge, seed, channel === undefined ? undefined : Buffer.from(channel, 'hex'))).toBe(
      expected,
    );
  });
});

describe('a WAMP client that logs in with cryptosign', () => {
  let peers: Peers;
  afterEach(() => peers.end());

  it('is challenged and welcomed without having said its name', () => {
    peers = new Peers(testServices({ authenticator }));
    const peer = peers.connect();
    peer.send(
      `[1,"realm1",{"roles":{"caller":{}},"authmethods":["cryptosign"],"authextra":{"pubkey":"${KEY}","channel_binding":null}}]`,
    );
    const [message] = peer.take();
    expect(message).toMatch(/^\[4,"cryptosign",\{"challenge":"[0-9a-f]{64}","channel_binding":null\}\]$/);
    const [, , extra] = JSON.parse(message ?? '') as [number, string, Record<string, unknown>];
    peer.send(`[5,"${signed(extra['challenge'])}",{}]`);
    expect(peer.takeParsed()[0]?.[2]).toMatchObject({
      authid: 'client01@example.com',
      authrole: 'frontend',
      authmethod: 'cryptosign',
    });
  });
});

describe('parseCryptosignKey', () => {
  it('A3: refuses points of small order, however they are written', () => {
    const points = [
      '0000000000000000000000000000000000000000000000000000000000000000',
      '0000000000000000000000000000000000000000000000000000000000000080',
      '0100000000000000000000000000000000000000000000000000000000000000',
      '0100000000000000000000000000000000000000000000000000000000000080',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
      'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    ];
    expect(points.filter((point) => parseCryptosignKey(point) !== undefined)).toEqual([]);
  });

  it('refuses what is no point, and what is no key', () => {
    const notOnCurve = '0200000000000000000000000000000000000000000000000000000000000000';
    for (const text of [notOnCurve, '', 'ab', `${KEY}00`, KEY.replace(/./, 'x'), `${KEY}\n`]) {
      expect(parseCryptosignKey(text)).toBeUndefined();
    }
  });

  it('takes what makeCryptosignKeys makes, and the first keys of RFC 8032', () => {
    for (let at = 0; at < 10; at += 1) {
      const { privateKey, publicKey } = makeCryptosignKeys();
      expect(cryptosignKeyOf(privateKey)).toBe(publicKey);
      expect(parseCryptosignKey(publicKey)).toBeDefined();
    }
    const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
    expect(cryptosignKeyOf(seed)).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
    expect(cryptosignKeyOf('00')).toBeUndefined();
  });
});

/** The same signature with S + L in the place of S: it holds where nobody looks. */
function withLargeS(response: string): string {
  const s = Buffer.from(response.slice(64, 128), 'hex').reverse().toString('hex');
  const large = (BigInt(`0x${s}`) + L).toString(16).padStart(64, '0');
  return response.slice(0, 64) + Buffer.from(large, 'hex').reverse().toString('hex') + response.slice(128);
}

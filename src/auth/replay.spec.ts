import { createHash, createHmac, createPrivateKey, pbkdf2Sync, sign } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Peers } from '../../test/support/wamp-peer.js';
import type { WampPeer } from '../../test/support/wamp-peer.js';
import { testServices } from '../testing/index.js';
import { chain, cryptosign, cryptosignKeyOf, scram, wampcra } from './index.js';

const SECRET = 'pencil';
const SEEDS = { alice: '9d'.repeat(32), bob: '4c'.repeat(32) } as const;
const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
const SALTED = pbkdf2Sync(SECRET, SALT, 4096, 32, 'sha256');
const CLIENT_NONCE = 'egVDf3DMJh0=';

type Name = keyof typeof SEEDS;
type Extra = Readonly<Record<string, unknown>>;

const hmac = (key: Uint8Array | string, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();
const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();
const bare = (data: Uint8Array): string => Buffer.from(data).toString('base64').replace(/=+$/, '');

const SCRAM_HASH = [
  '$scram-pbkdf2$i=4096',
  bare(SALT),
  bare(sha256(hmac(SALTED, 'Client Key'))),
  bare(hmac(SALTED, 'Server Key')),
].join('$');

/** Both have the same secret, so that only what is signed tells them apart; their keys differ. */
const names = ['alice', 'bob'] as const;
const authenticator = chain([
  wampcra({ principals: names.map((authid) => ({ authid, wampcra: { secret: SECRET } })) }),
  scram({ principals: names.map((authid) => ({ authid, scram: SCRAM_HASH })) }),
  cryptosign({
    principals: names.map((authid) => ({ authid, keys: [cryptosignKeyOf(SEEDS[authid]) ?? ''] })),
  }),
]);

/** method → what a client says in HELLO, and how it answers */
const CLIENTS: Record<
  string,
  { hello(name: Name): object; answer(name: Name, extra: Extra): readonly [string, object] }
> = {
  wampcra: {
    hello: () => ({}),
    answer: (_name, { challenge }) => [hmac(SECRET, String(challenge)).toString('base64'), {}],
  },
  'wamp-scram': {
    hello: () => ({ nonce: CLIENT_NONCE }),
    answer: (name, { nonce, salt, iterations }) => {
      const message = `n=${name},r=${CLIENT_NONCE},r=${String(nonce)},s=${String(salt)},i=${String(iterations)},c=biws,r=${String(nonce)}`;
      const clientKey = hmac(SALTED, 'Client Key');
      const signature = hmac(sha256(clientKey), message);
      const proof = Buffer.from(clientKey.map((octet, at) => octet ^ (signature[at] ?? 0)));
      return [proof.toString('base64'), { nonce }];
    },
  },
  cryptosign: {
    hello: (name) => ({ pubkey: cryptosignKeyOf(SEEDS[name]), channel_binding: null }),
    answer: (name, { challenge }) => {
      const der = Buffer.from(`302e020100300506032b657004220420${SEEDS[name]}`, 'hex');
      const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      const message = Buffer.from(String(challenge), 'hex');
      return [sign(null, message, key).toString('hex') + message.toString('hex'), {}];
    },
  },
};

let peers: Peers;
beforeEach(() => {
  peers = new Peers(testServices({ authenticator }));
});
afterEach(() => peers.end());

describe.each(Object.keys(CLIENTS))('an answer of %s', (method) => {
  const client = CLIENTS[method]!;

  /** Begins a login; the right answer to its challenge. */
  function challenged(name: Name): {
    readonly peer: WampPeer;
    readonly answer: string;
    readonly extra: Extra;
  } {
    const peer = peers.connect();
    const details = {
      roles: { caller: {} },
      authmethods: [method],
      authid: name,
      authextra: client.hello(name),
    };
    peer.send(JSON.stringify([1, 'realm1', details]));
    const [[code, asked, extra]] = peer.takeParsed() as [[number, string, Extra]];
    expect([code, asked]).toEqual([4, method]);
    return { peer, answer: JSON.stringify([5, ...client.answer(name, extra)]), extra };
  }

  /** What the router says to an answer, when it has made up its mind: what it is, and why. */
  async function said(peer: WampPeer, answer: string): Promise<unknown> {
    peer.send(answer);
    for (let turn = 0; turn < 50; turn += 1) {
      const [message] = peer.takeParsed();
      if (message !== undefined) return message[0] === 2 ? 'WELCOME' : message[2];
      await new Promise((go) => setImmediate(go));
    }
    return 'nothing';
  }

  it('A2 WAMP-164: is right once', async () => {
    const { peer, answer } = challenged('alice');
    expect(await said(peer, answer)).toBe('WELCOME');
    expect(await said(peer, answer)).toBe('wamp.error.protocol_violation');
  });

  it('A2 WAMP-164: is wrong on another connection of the same name, whose own answer is wrong afterwards', async () => {
    const first = challenged('alice');
    expect(await said(first.peer, first.answer)).toBe('WELCOME');
    const second = challenged('alice');
    expect(second.extra).not.toEqual(first.extra);
    expect(await said(second.peer, first.answer)).toBe('wamp.error.authentication_denied');
    second.peer.send(second.answer);
    expect(second.peer.take()).toEqual([]);
    expect(second.peer.closedAs).toBe('policy');
  });

  it('A2: is wrong for another name, though it has the same secret', async () => {
    const alice = challenged('alice');
    const bob = challenged('bob');
    expect(await said(bob.peer, alice.answer)).toBe('wamp.error.authentication_denied');
    expect(await said(alice.peer, alice.answer)).toBe('WELCOME');
  });

  it('A2 WAMP-164: is wrong later, though nobody has used it', async () => {
    const first = challenged('alice');
    first.peer.disconnect();
    const second = challenged('alice');
    expect(await said(second.peer, first.answer)).toBe('wamp.error.authentication_denied');
    const third = challenged('alice');
    peers.services.clock.advance(10_300);
    expect(await said(third.peer, third.answer)).toBe('wamp.error.timeout');
  });

  it('A2: is nothing before the challenge', () => {
    const { answer } = challenged('alice');
    const peer = peers.connect().send(answer);
    expect(peer.takeParsed().map(([code, , reason]) => [code, reason])).toEqual([
      [3, 'wamp.error.protocol_violation'],
    ]);
  });
});

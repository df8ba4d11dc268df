import { describe, expect, it } from '@jest/globals';
import {
  authMessageOf,
  channelBindingOf,
  provesPassword,
  scramKeysOf,
  serverSignatureOf,
} from './scram-exchange.js';
import { saltedPassword } from './scram-hash.js';

// The exchange of RFC 7677, section 3: user "user", password "pencil".
const MESSAGE =
  'n=user,r=rOprNGfwEbeRWgbNEkqO,' +
  'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,' +
  'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const attributes = {
  name: 'user',
  clientNonce: 'rOprNGfwEbeRWgbNEkqO',
  nonce: 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
  iterations: 4096,
  channelBinding: 'biws',
};
const pencil = (): Promise<Buffer> =>
  saltedPassword('pencil', {
    kdf: 'pbkdf2',
    iterations: 4096,
    memory: null,
    salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'),
  });

describe('the SCRAM-SHA-256 exchange of RFC 7677', () => {
  it('has the AuthMessage of the example', () => {
    expect(authMessageOf(attributes)).toBe(MESSAGE);
    expect(channelBindingOf(undefined, undefined)).toBe('biws');
  });

  it('accepts the proof of the example, and nothing near it', async () => {
    const keys = scramKeysOf(await pencil());
    const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64');
    expect(provesPassword(keys, MESSAGE, proof)).toBe(true);
    for (let at = 0; at < proof.length; at += 1) {
      const changed = Buffer.from(proof);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(provesPassword(keys, MESSAGE, changed)).toBe(false);
    }
    expect(provesPassword(keys, `${MESSAGE} `, proof)).toBe(false);
    expect(provesPassword(keys, MESSAGE, proof.subarray(1))).toBe(false);
    expect(provesPassword(keys, MESSAGE, Buffer.concat([proof, Buffer.alloc(1)]))).toBe(false);
  });

  it('has the server signature of the example', async () => {
    expect(serverSignatureOf(scramKeysOf(await pencil()), MESSAGE)).toBe(
      '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    );
  });

  it('escapes what RFC 5802 escapes in names', () => {
    expect(authMessageOf({ ...attributes, name: 'a,b=c' })).toMatch(/^n=a=2Cb=3Dc,r=/);
  });

  it('says which channel it is bound to', () => {
    const header = Buffer.from(channelBindingOf('tls-exporter', Buffer.from([1, 2])), 'base64');
    expect(header.toString('latin1')).toBe('p=tls-exporter,,\u0001\u0002');
  });
});

describe('saltedPassword', () => {
  it('is Argon2id 1.3 with one lane: a vector of the reference tool', async () => {
    const derived = await saltedPassword('p4ssw0rd', {
      kdf: 'argon2id13',
      iterations: 32,
      memory: 512,
      salt: Buffer.from('1234567890abcdef'),
    });
    expect(derived.toString('hex')).toBe('ee4a8acf9d5958354fb79a95ae20692d05e42591ba49fae85eb6700e8b0ed293');
  });

  it('prepares the password', async () => {
    const derivation = { kdf: 'pbkdf2', iterations: 4096, memory: null, salt: Buffer.alloc(16) } as const;
    expect(await saltedPassword('I\u00adX', derivation)).toEqual(await saltedPassword('\u2168', derivation));
    await expect(saltedPassword('\u0007', derivation)).rejects.toThrow('SASLprep');
    await expect(saltedPassword('', derivation)).rejects.toThrow('empty');
  });
});

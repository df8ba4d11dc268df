import { describe, expect, it } from '@jest/globals';
import { isSignedBy, parseCryptosignKey } from './ed25519-key.js';

/** [RFC 8032 §7.1]: public key, message, signature */
const VECTORS: [string, string, string][] = [
  [
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
];
/** The order of the base point. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

function isSigned(publicKey: string, message: string, signature: string): boolean {
  const key = parseCryptosignKey(publicKey);
  if (key === undefined) throw new Error('no key');
  return isSignedBy(key, bytes(message), bytes(signature));
}

/** The signature with so much more in S. */
function withMore(signature: string, more: bigint): string {
  const s = BigInt(`0x${bytes(signature.slice(64)).reverse().toString('hex')}`) + more;
  return signature.slice(0, 64) + bytes(s.toString(16).padStart(64, '0')).reverse().toString('hex');
}

describe('the vectors of RFC 8032', () => {
  it.each(VECTORS)('A3: %s has signed “%s”', (key, message, signature) => {
    expect(isSigned(key, message, signature)).toBe(true);
  });
});

describe.each(VECTORS)('for the key %s', (key, message, signature) => {
  const [r, s] = [signature.slice(0, 64), signature.slice(64)];
  const nothing = '00'.repeat(32);

  it.each([
    ['of another message', (): [string, string] => [`${message}00`, signature]],
    ['whose S has L more', (): [string, string] => [message, withMore(signature, L)]],
    ['whose S has 2 L more', (): [string, string] => [message, withMore(signature, 2n * L)]],
    ['whose S has 8 L more', (): [string, string] => [message, withMore(signature, 8n * L)]],
    ['whose S has its highest bits set', (): [string, string] => [message, r + s.replace(/..$/, 'f0')]],
    ['whose S is 0', (): [string, string] => [message, r + nothing]],
    ['whose R has the other sign', (): [string, string] => [message, flipped(r) + s]],
    ['whose R is the neutral element', (): [string, string] => [message, `01${'00'.repeat(31)}${s}`]],
    ['whose R is that, and S 0', (): [string, string] => [message, `01${'00'.repeat(31)}${nothing}`]],
    ['whose R is of order 2', (): [string, string] => [message, `ec${'ff'.repeat(30)}7f${s}`]],
    ['whose R is of order 4', (): [string, string] => [message, nothing + s]],
    ['whose R is 0, written as the prime', (): [string, string] => [message, `ed${'ff'.repeat(30)}7f${s}`]],
    [
      'whose R is 1, written as the prime and 1',
      (): [string, string] => [message, `ee${'ff'.repeat(30)}7f${s}`],
    ],
    ['whose R is no point', (): [string, string] => [message, `02${'00'.repeat(31)}${s}`]],
    ['whose R is the key', (): [string, string] => [message, key + s]],
    ['whose halves are exchanged', (): [string, string] => [message, s + r]],
    ['that is one byte short', (): [string, string] => [message, signature.slice(0, -2)]],
    ['that has one byte more', (): [string, string] => [message, `${signature}00`]],
    ['that is empty', (): [string, string] => [message, '']],
  ])('A3: refuses a signature %s', (_what, change) => {
    const [signed, changed] = change();
    expect(isSigned(key, signed, changed)).toBe(false);
  });
});

/** The point with the other sign of x. */
function flipped(point: string): string {
  const all = bytes(point);
  all[31] = (all[31] ?? 0) ^ 0x80;
  return all.toString('hex');
}

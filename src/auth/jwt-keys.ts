import { createPublicKey, createSecretKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

/** The algorithms of signed tokens that are checked: each belongs to one kind of key. */
export type JwtAlgorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA';

/** A key set [RFC 7517]: public keys only, each with a `kid` of its own. */
export interface JwtKeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** What tokens are checked with: one secret of 32 bytes or more (HS256), one public key in PEM, or a key set. */
export type JwtKeys =
  { readonly secret: string } | { readonly publicKey: string } | { readonly jwks: JwtKeySet };

/** A key and the one algorithm that it is for. */
export interface JwtKey {
  readonly algorithm: JwtAlgorithm;
  /** Its name in tokens; undefined if it has none. */
  readonly kid: string | undefined;
  readonly key: KeyObject;
}

const SECRET_BYTES = 32;
const RSA_BITS = 2048;
const MAX_KEYS = 100;

/**
 * Reads keys: RSA of 2048 bits or more is for RS256, P-256 for ES256, Ed25519 for EdDSA, and a secret for HS256.
 *
 * @throws Error for anything else: a short secret, a private key, another curve, two keys of one name, a key set that names
 * a secret.
 */
export function readJwtKeys(keys: JwtKeys): readonly JwtKey[] {
  if ('secret' in keys) return [secretKey(keys.secret)];
  if ('publicKey' in keys) return [publicKey(keys.publicKey, undefined)];
  const { keys: entries } = keys.jwks;
  if (!Array.isArray(entries) || entries.length === 0 || entries.length > MAX_KEYS) {
    throw new Error(`A key set has 1 to ${MAX_KEYS} keys.`);
  }
  const read = entries.filter(({ use }) => use === undefined || use === 'sig').map(setKey);
  const names = new Set(read.map(({ kid }) => kid));
  if (names.size !== read.length) throw new Error('Two keys of a key set have the same kid, or none.');
  return read;
}

/** The key that a token names, for its algorithm. The name is only ever compared. */
export function jwtKeyFor(
  keys: readonly JwtKey[],
  { alg, kid }: { readonly alg?: string | undefined; readonly kid?: string | undefined },
): KeyObject | undefined {
  const named = kid === undefined ? keys : keys.filter((key) => key.kid === kid || key.kid === undefined);
  const fitting = named.filter(({ algorithm }) => algorithm === alg);
  // Without a name there must be no choice.
  return fitting.length === 1 ? fitting[0]?.key : undefined;
}

function secretKey(secret: string): JwtKey {
  const bytes = Buffer.from(secret);
  if (bytes.length < SECRET_BYTES)
    throw new Error(`The secret for tokens has fewer than ${SECRET_BYTES} bytes.`);
  return { algorithm: 'HS256', kid: undefined, key: createSecretKey(bytes) };
}

function setKey(jwk: Readonly<Record<string, unknown>>): JwtKey {
  const { kty, d, kid, alg } = jwk;
  if (kty === 'oct' || d !== undefined) throw new Error('A key set holds public keys only.');
  if (kid !== undefined && typeof kid !== 'string') throw new Error('A kid is a text.');
  const read = publicKey({ key: jwk as JsonWebKey, format: 'jwk' }, kid);
  if (alg !== undefined && alg !== read.algorithm && !(alg === 'Ed25519' && read.algorithm === 'EdDSA')) {
    throw new Error(`A key for ${read.algorithm} names another algorithm.`);
  }
  return read;
}

function publicKey(given: string | { key: JsonWebKey; format: 'jwk' }, kid: string | undefined): JwtKey {
  if (typeof given === 'string' && !given.includes('PUBLIC KEY') && !given.includes('CERTIFICATE')) {
    throw new Error('That is no public key in PEM.');
  }
  const key = createPublicKey(given);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ed25519') return { algorithm: 'EdDSA', kid, key };
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return { algorithm: 'ES256', kid, key };
  if (type === 'rsa' && (details?.modulusLength ?? 0) >= RSA_BITS) return { algorithm: 'RS256', kid, key };
  throw new Error('Keys for tokens are RSA of 2048 bits or more, P-256, or Ed25519.');
}

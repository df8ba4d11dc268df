import { createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** An Ed25519 key pair as WAMP clients take it: 32 bytes each, in hexadecimal digits. */
export interface CryptosignKeyPair {
  /** The seed of the private key [RFC 8032 §5.1.5]. */
  readonly privateKey: string;
  readonly publicKey: string;
}

const HEX = /^[0-9a-fA-F]{64}$/;
/** What stands before the bytes of a key: DER of SubjectPublicKeyInfo and of PrivateKeyInfo [RFC 8410]. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
/** The field's prime, 2^255 - 19. */
const PRIME = 2n ** 255n - 19n;
/** The curve's constant, -121665/121666. */
const D = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;
/** y of the points of order 8; with 0 (order 4), 1 and -1 (orders 1 and 2) all there are of small order. */
const ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const SMALL_ORDER = new Set([0n, 1n, PRIME - 1n, ORDER_8, PRIME - ORDER_8]);

/**
 * Reads a public key in hexadecimal digits; undefined if it is none: another length, not canonical, no point of the curve,
 * or a point of small order, for which anybody can make signatures.
 */
export function parseCryptosignKey(text: string): KeyObject | undefined {
  if (!HEX.test(text)) return undefined;
  const bytes = Buffer.from(text, 'hex');
  const y = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`) & (2n ** 255n - 1n);
  if (y >= PRIME || SMALL_ORDER.has(y) || !isOnCurve(y)) return undefined;
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: 'der', type: 'spki' });
}

/** Makes a key pair: the public one belongs into the configuration, the private one to the client. */
export function makeCryptosignKeys(): CryptosignKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey
      .export({ format: 'der', type: 'pkcs8' })
      .subarray(PKCS8_PREFIX.length)
      .toString('hex'),
    publicKey: hexOf(publicKey),
  };
}

/** The public key of a private one in hexadecimal digits; undefined if that is none. */
export function cryptosignKeyOf(privateKey: string): string | undefined {
  if (!HEX.test(privateKey)) return undefined;
  const key = Buffer.concat([PKCS8_PREFIX, Buffer.from(privateKey, 'hex')]);
  return hexOf(createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' })));
}

/** Whether a signature of 64 bytes is that of the key over exactly these bytes, in its only spelling [RFC 8032 §5.1.7]. */
export function isSignedBy(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  return verify(null, message, key, signature);
}

function hexOf(publicKey: KeyObject): string {
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length).toString('hex');
}

/** Whether a point has this y: x² = (y² - 1) / (d y² + 1) must be a square [RFC 8032 §5.1.3], as must u v if u / v is. */
function isOnCurve(y: bigint): boolean {
  const square = (y * y) % PRIME;
  const product = ((square - 1n + PRIME) * (D * square + 1n)) % PRIME;
  return product === 0n || power(product, (PRIME - 1n) / 2n) === 1n;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let factor = base % PRIME, rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * factor) % PRIME;
    factor = (factor * factor) % PRIME;
  }
  return result;
}

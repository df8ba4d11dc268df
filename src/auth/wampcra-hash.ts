import { pbkdf2, randomBytes } from 'node:crypto';
import { costOf, fromBase64 } from './phc.js';

/**
 * A WAMP-CRA secret as it is kept: the key that the client derives from it, with what it takes to derive it, written
 * `$wampcra$i=10000,l=32$<salt>$<key>`. Who knows the key can log in with it, by this method only: keep it as secret as the
 * configuration of the server.
 */
export interface WampcraHash {
  /** PBKDF2 iterations. */
  readonly iterations: number;
  /** Length of the derived key, in bytes. */
  readonly keylen: number;
  /** As the client is told it: a text, of which it takes the UTF-8 bytes. */
  readonly salt: string;
  /** The derived key in base64: its characters are the key of the HMAC. */
  readonly key: string;
}

const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** Clients compute this at each login, some in JavaScript alone: a second or so there. */
const DEFAULT_ITERATIONS = 10_000;
const ITERATIONS = [1000, 10_000_000] as const;
const FORMAT =
  /^\$wampcra\$i=(?<i>\d{1,8}),l=(?<l>\d{1,2})\$(?<salt>[A-Za-z0-9+/=._-]{1,88})\$(?<key>[A-Za-z0-9+/]{22,86}={0,2})$/;

/**
 * Hashes a secret for WAMP-CRA with a fresh salt; what it resolves to belongs into the configuration.
 *
 * @param iterations 1000 … 10 000 000. Default 10 000.
 * @throws RangeError for another number of iterations.
 */
export async function hashWampcra(secret: string, iterations = DEFAULT_ITERATIONS): Promise<string> {
  const [least, most] = ITERATIONS;
  if (!Number.isInteger(iterations) || iterations < least || iterations > most) {
    throw new RangeError(`iterations must be a whole number from ${least} to ${most}.`);
  }
  const salt = randomBytes(SALT_BYTES).toString('base64url');
  const key = await deriveWampcraKey(secret, { salt, iterations, keylen: KEY_BYTES });
  return `$wampcra$i=${iterations},l=${KEY_BYTES}$${salt}$${key}`;
}

/** Reads a hash made by {@link hashWampcra}; undefined if it is none. */
export function parseWampcraHash(text: string): WampcraHash | undefined {
  const groups = FORMAT.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const iterations = costOf(groups['i'], ...ITERATIONS);
  const keylen = costOf(groups['l'], 16, 64);
  const { salt, key } = groups;
  if (iterations === undefined || keylen === undefined || salt === undefined || key === undefined)
    return undefined;
  const bytes = fromBase64(key);
  if (bytes?.length !== keylen) return undefined;
  return { iterations, keylen, salt, key: bytes.toString('base64') };
}

/** The key that a client derives from its secret, in base64 [WAMP AP Challenge Response Authentication, Password Salting]. */
export function deriveWampcraKey(
  secret: string,
  { salt, iterations, keylen }: Omit<WampcraHash, 'key'>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    pbkdf2(secret, salt, iterations, keylen, 'sha256', (error, key) => {
      if (error === null) resolve(key.toString('base64'));
      else reject(error);
    });
  });
}

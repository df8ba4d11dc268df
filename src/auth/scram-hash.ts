import { pbkdf2, randomBytes } from 'node:crypto';
import { costOf, fromBase64, unpadded } from './phc.js';
import { saslprep } from './saslprep.js';
import { scramKeysOf } from './scram-exchange.js';
import type { ScramKeys } from './scram-exchange.js';

/** The key derivation functions of WAMP-SCRAM, by their wire names [WAMP AP Salted Challenge Response Authentication]. */
export type ScramKdf = 'argon2id13' | 'pbkdf2';

/** How a client turns its password into keys. */
export interface ScramDerivation {
  readonly kdf: ScramKdf;
  readonly iterations: number;
  /** In KiB; null for a function that takes none. */
  readonly memory: number | null;
  readonly salt: Buffer;
}

/**
 * A password as it is kept for SCRAM, written `$scram-argon2id13$t=2,m=19456$<salt>$<StoredKey>$<ServerKey>` or
 * `$scram-pbkdf2$i=600000$…` (base64 without padding). It does not let anybody log in who has it.
 */
export interface ScramHash extends ScramKeys, ScramDerivation {}

const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** OWASP's advice for both functions; it is the client that computes this, at each login. */
const ARGON2 = { kdf: 'argon2id13', iterations: 2, memory: 19_456 } as const;
const PBKDF2 = { kdf: 'pbkdf2', iterations: 600_000, memory: null } as const;
const BYTES = '[A-Za-z0-9+/]';
const FORMAT = new RegExp(
  `^\\$scram-(?:argon2id13\\$t=(?<t>\\d{1,4}),m=(?<m>\\d{1,7})|pbkdf2\\$i=(?<i>\\d{1,8}))` +
    `\\$(?<salt>${BYTES}{11,86})\\$(?<stored>${BYTES}{43})\\$(?<server>${BYTES}{43})$`,
);

/**
 * Hashes a password for SCRAM with a fresh salt; what it resolves to belongs into the configuration.
 *
 * @param kdf Default `argon2id13`.
 * @throws RangeError for a password with characters that SASLprep prohibits.
 */
export async function hashScram(password: string, kdf: ScramKdf = 'argon2id13'): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const cost = kdf === 'argon2id13' ? ARGON2 : PBKDF2;
  const { storedKey, serverKey } = scramKeysOf(await saltedPassword(password, { ...cost, salt }));
  const written =
    kdf === 'argon2id13' ? `t=${ARGON2.iterations},m=${ARGON2.memory}` : `i=${PBKDF2.iterations}`;
  return `$scram-${kdf}$${written}$${unpadded(salt)}$${unpadded(storedKey)}$${unpadded(serverKey)}`;
}

/** Reads a hash made by {@link hashScram}; undefined if it is none, or if it is too cheap or too costly. */
export function parseScramHash(text: string): ScramHash | undefined {
  const groups = FORMAT.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const [salt, storedKey, serverKey] = [groups['salt'], groups['stored'], groups['server']].map((part) =>
    fromBase64(part ?? ''),
  );
  const cost = groups['i'] === undefined ? argon2Cost(groups) : pbkdf2Cost(groups['i']);
  if (cost === undefined || salt === undefined || storedKey === undefined || serverKey === undefined) {
    return undefined;
  }
  return { ...cost, salt, storedKey, serverKey };
}

/** SaltedPassword: what client and server derive from the password [RFC 5802 §3]. */
export async function saltedPassword(password: string, derivation: ScramDerivation): Promise<Buffer> {
  const prepared = saslprep(password);
  if (prepared === undefined || prepared === '') {
    throw new RangeError('The password is empty, or has characters that SASLprep prohibits.');
  }
  const { kdf, salt, iterations, memory } = derivation;
  return kdf === 'pbkdf2'
    ? derivePbkdf2(prepared, salt, iterations)
    : deriveArgon2(prepared, salt, iterations, memory ?? ARGON2.memory);
}

function derivePbkdf2(password: string, salt: Buffer, iterations: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, KEY_BYTES, 'sha256', (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

async function deriveArgon2(
  password: string,
  salt: Buffer,
  iterations: number,
  memorySize: number,
): Promise<Buffer> {
  // Loaded for who makes hashes; logins need none of it.
  const { argon2id } = await import('hash-wasm');
  const given = { password, salt, iterations, memorySize, parallelism: 1, hashLength: KEY_BYTES };
  return Buffer.from(await argon2id({ ...given, outputType: 'binary' }));
}

type Cost = Pick<ScramDerivation, 'kdf' | 'iterations' | 'memory'>;

function argon2Cost(groups: Readonly<Record<string, string | undefined>>): Cost | undefined {
  // Crossbar's credentials have 4096 rounds over little memory.
  const iterations = costOf(groups['t'], 1, 4096);
  const memory = costOf(groups['m'], 64, 1024 * 1024);
  return iterations === undefined || memory === undefined
    ? undefined
    : { kdf: 'argon2id13', iterations, memory };
}

/** RFC 7677 wants at least 4096. */
function pbkdf2Cost(text: string): Cost | undefined {
  const iterations = costOf(text, 4096, 10_000_000);
  return iterations === undefined ? undefined : { kdf: 'pbkdf2', iterations, memory: null };
}

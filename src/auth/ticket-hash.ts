import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/**
 * A ticket as it is kept: a scrypt hash with its parameters, written in the PHC string format
 * `$scrypt$ln=14,r=8,p=5$<salt>$<hash>` (base64 without padding).
 */
export interface TicketHash {
  /** Binary logarithm of scrypt's N. */
  readonly logN: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** 16 MiB and about a quarter of a second of one core: OWASP's advice for scrypt at this size. */
const COST = { logN: 14, r: 8, p: 5 } as const;
/** What one hash may need at most, in bytes; a hash with costlier parameters is refused when it is read. */
const MAX_MEMORY_BYTES = 256 * 1024 * 1024;
const FORMAT =
  /^\$scrypt\$ln=(?<logN>\d{1,2}),r=(?<r>\d{1,2}),p=(?<p>\d{1,2})\$(?<salt>[A-Za-z0-9+/]{11,86})\$(?<hash>[A-Za-z0-9+/]{43})$/;

/** Hashes a ticket with a fresh salt; what it resolves to belongs into the configuration. */
export async function hashTicket(ticket: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(ticket, { ...COST, salt });
  return `$scrypt$ln=${COST.logN},r=${COST.r},p=${COST.p}$${unpadded(salt)}$${unpadded(hash)}`;
}

/** Reads a hash made by {@link hashTicket}; undefined if it is none, or if its parameters cost too much memory. */
export function parseTicketHash(text: string): TicketHash | undefined {
  const groups = FORMAT.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const logN = Number(groups['logN']);
  const r = Number(groups['r']);
  const p = Number(groups['p']);
  if (logN < 10 || logN > 20 || r < 1 || p < 1 || p > 16) return undefined;
  if (memoryOf(logN, r, p) > MAX_MEMORY_BYTES) return undefined;
  const salt = Buffer.from(groups['salt'] ?? '', 'base64');
  const hash = Buffer.from(groups['hash'] ?? '', 'base64');
  return { logN, r, p, salt, hash };
}

/** A hash that no ticket matches, as costly as the ones that {@link hashTicket} makes: the work done for unknown names. */
export function unmatchableHash(): TicketHash {
  return { ...COST, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };
}

/** Whether the ticket is the hashed one; compares in constant time. */
export async function matchesTicket(ticket: string, expected: TicketHash): Promise<boolean> {
  return timingSafeEqual(await derive(ticket, expected), expected.hash);
}

function derive(ticket: string, { logN, r, p, salt }: Omit<TicketHash, 'hash'>): Promise<Buffer> {
  const options = { N: 2 ** logN, r, p, maxmem: memoryOf(logN, r, p) };
  return new Promise((resolve, reject) => {
    scrypt(ticket, salt, HASH_BYTES, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

/** What OpenSSL asks for: the big table, the blocks, and some room. */
function memoryOf(logN: number, r: number, p: number): number {
  return 128 * r * (2 ** logN + p + 2) + 64 * 1024;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

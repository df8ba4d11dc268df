import { cryptosignKeyOf, hashScram, hashTicket, hashWampcra, makeCryptosignKeys } from '../../auth/index.js';
import { EXIT } from './console-io.js';
import type { ConsoleIo } from './console-io.js';

/** Options of `mangrove hash`: one method. */
export interface HashOptions {
  readonly ticket?: true;
  readonly wampcra?: true;
  readonly scram?: true;
  readonly cryptosign?: true;
  /** `--kdf`, for SCRAM. */
  readonly kdf?: string;
}

type Method = Exclude<keyof HashOptions, 'kdf'>;

/** method → what is printed for a secret; undefined if it cannot be a secret of the method */
const PRINTS: Readonly<
  Record<Method, (secret: string, kdf: string) => Promise<string> | string | undefined>
> = {
  ticket: hashTicket,
  wampcra: (secret) => hashWampcra(secret),
  scram: (secret, kdf) => hashScram(secret, kdf === 'pbkdf2' ? 'pbkdf2' : 'argon2id13'),
  cryptosign: cryptosignKeyOf,
};

/** Reads a secret from standard input and prints what goes into the configuration. Resolves to the exit code. */
export async function hash(options: HashOptions, io: ConsoleIo): Promise<number> {
  const methods = (Object.keys(PRINTS) as Method[]).filter((method) => options[method] === true);
  const [method] = methods;
  const { kdf = 'argon2id13' } = options;
  if (method === undefined || methods.length > 1) {
    return refuse(io, 'expected one of --ticket, --wampcra, --scram, --cryptosign');
  }
  if (kdf !== 'argon2id13' && kdf !== 'pbkdf2') return refuse(io, '--kdf is argon2id13 or pbkdf2');
  const secret = (await io.readInput()).replace(/\r?\n$/, '');
  if (secret === '' && method === 'cryptosign') {
    const { privateKey, publicKey } = makeCryptosignKeys();
    io.out(`${publicKey}\n`);
    io.err(
      `mangrove: a new key pair; its private key is for the client, and is kept nowhere else: ${privateKey}\n`,
    );
    return EXIT.ok;
  }
  if (secret === '' || /\p{Cc}/u.test(secret))
    return refuse(io, 'expected one line with the secret on standard input');
  const printed = await PRINTS[method](secret, kdf);
  if (printed === undefined) return refuse(io, 'expected a private key of 64 hexadecimal digits, or nothing');
  io.out(`${printed}\n`);
  return EXIT.ok;
}

function refuse(io: ConsoleIo, why: string): number {
  io.err(`mangrove: ${why}\n`);
  return EXIT.usage;
}

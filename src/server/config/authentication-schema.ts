import { z } from 'zod';
import {
  fingerprintOf,
  parseCryptosignKey,
  parseScramHash,
  parseTicketHash,
  parseWampcraHash,
} from '../../auth/index.js';
import { text, unique } from './checked-text.js';
import { cookieSchema } from './cookie-schema.js';
import { areApart, dynamicSchema } from './dynamic-schema.js';
import { jwtSchema } from './jwt-schema.js';

const name = text(
  (value) => /^[^\p{Cc}]{1,256}$/u.test(value),
  'a name of 1 to 256 characters without control characters',
);

/** A hash that `mangrove hash` prints; never repeated in messages. */
function hash(parse: (value: string) => unknown, option: string) {
  const allowed = `a hash as \`mangrove hash --${option}\` prints it, never the secret itself`;
  return text((value) => parse(value) !== undefined, allowed).meta({ secret: true });
}

const publicKey = text(
  (value) => parseCryptosignKey(value) !== undefined,
  'an Ed25519 public key of 64 hexadecimal digits, as `mangrove hash --cryptosign` prints it',
);

const fingerprint = text(
  (value) => fingerprintOf(value) !== undefined,
  'a SHA-256 fingerprint: 64 hexadecimal digits, with colons or without',
);

const principal = z
  .strictObject({
    authid: name.describe('The name: `authid` in WAMP, `login` in STOMP'),
    role: name.default('user').describe('The role that it gets'),
    ticket: hash(parseTicketHash, 'ticket')
      .optional()
      .describe('The hash of its ticket: WAMP method `ticket`, STOMP `passcode`'),
    wampcra: hash(parseWampcraHash, 'wampcra')
      .optional()
      .describe('The hash of its secret for the WAMP method `wampcra`'),
    scram: hash(parseScramHash, 'scram')
      .optional()
      .describe('The hash of its password for the WAMP method `wamp-scram`'),
    cryptosign: z
      .array(publicKey)
      .min(1)
      .max(100)
      .optional()
      .describe('Its public keys for the WAMP method `cryptosign`'),
    certificates: z
      .array(fingerprint)
      .min(1)
      .max(100)
      .optional()
      .describe('SHA-256 fingerprints of its TLS client certificates (`tls.clientAuth`)'),
  })
  .refine(({ authid: _authid, role: _role, ...secrets }) => Object.values(secrets).some(isGiven), {
    message: 'at least one of ticket, wampcra, scram, cryptosign, certificates',
  });

function isGiven(value: unknown): boolean {
  return value !== undefined;
}

const attempts = z
  .strictObject({
    failuresPerName: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(5)
      .describe(
        'How often one address may fail with one name; then it waits 1 s, and twice as long each time, 60 s at most',
      ),
    failuresPerAddress: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(100)
      .describe(
        'How often one address may fail in a minute, with any names. Behind a proxy all clients are one address',
      ),
  })
  .prefault({})
  .describe('How logins that fail are slowed down');

/** `authentication` */
export const authenticationSchema = z
  .strictObject({
    principals: z
      .array(principal)
      .min(1)
      .max(10_000)
      .refine(
        unique((item) => (item as { authid: string }).authid),
        { message: 'each authid once' },
      )
      .optional()
      .describe('Who may log in, and by which methods'),
    jwt: jwtSchema,
    dynamic: dynamicSchema,
    cookie: cookieSchema,
    attempts,
  })
  .refine(({ principals, jwt }) => isGiven(principals) || isGiven(jwt), {
    message: 'at least one of principals, jwt',
  })
  .refine(({ principals, dynamic }) => areApart(dynamic, principals), {
    path: ['dynamic', 'methods'],
    message: 'methods that no principal of the configuration has',
  })
  .refine(
    ({ principals = [], jwt, dynamic, cookie }) =>
      cookie === undefined ||
      dynamic?.methods.includes('ticket') === true ||
      isGiven(jwt) ||
      principals.some(({ ticket }) => isGiven(ticket)),
    { path: ['cookie'], message: 'cookies only with principals that have a ticket, or with jwt' },
  )
  .optional()
  .describe('Who may log in (`docs/authentication.md`); without it nobody has to');

/** Who may log in, and how. */
export type AuthenticationConfig = NonNullable<z.output<typeof authenticationSchema>>;

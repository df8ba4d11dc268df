import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { readJwtKeys } from '../../auth/index.js';
import type { JwtKeySet, JwtKeys } from '../../auth/index.js';
import { text } from './checked-text.js';

const claim = text((value) => /^[\w:/.-]{1,256}$/.test(value), 'the name of a claim');
const file = text(
  (value) => value.length > 0 && value.length <= 4096 && !value.includes('\0'),
  'a path to a file',
);
const label = text((value) => value.length > 0 && value.length <= 1024, 'a text of 1 to 1024 characters');

const section = z.strictObject({
  issuer: label.optional().describe('What `iss` must be; needed if there are several issuers'),
  audience: label.optional().describe('What `aud` must be, or hold'),
  secret: text(
    (value) => Buffer.byteLength(value) >= 32 && value.length <= 4096,
    'a text of 32 bytes or more',
  )
    .meta({ secret: true })
    .optional()
    .describe('The secret of tokens that are signed with HS256'),
  publicKeyFile: file
    .optional()
    .describe('A public key in PEM: RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA)'),
  jwksFile: file.optional().describe('A JSON Web Key Set of such public keys, each with a `kid`'),
  nameClaim: claim.default('sub').describe('The claim that says who it is'),
  roleClaim: claim.default('role').describe('The claim that says its role'),
  role: label.default('user').describe('The role of a token without that claim'),
  realmClaim: claim
    .optional()
    .describe('The claim that names the realm, or the realms, that a token is for. Default: any realm'),
  clockToleranceMs: z
    .int()
    .min(0)
    .max(300_000)
    .default(5000)
    .meta({ unit: 'ms' })
    .describe('How far clocks may differ'),
});

/** Whose tokens are believed. */
export type JwtConfig = z.output<typeof section>;

/** `authentication.jwt` */
export const jwtSchema = z
  .array(section.superRefine(checkKeys))
  .min(1)
  .max(100)
  .refine((issuers) => issuers.length === 1 || issuers.every(({ issuer }) => issuer !== undefined), {
    message: 'several issuers only if each says `issuer`',
  })
  .refine((issuers) => new Set(issuers.map(({ issuer }) => issuer)).size === issuers.length, {
    message: 'each issuer once',
  })
  .optional()
  .describe('Whose signed tokens (JWT) are believed: as a ticket, as `passcode`, as `Authorization: Bearer`');

/**
 * The keys of an issuer; the file is read now.
 *
 * @throws Error if it cannot be read.
 */
export function jwtKeysOf({ secret, publicKeyFile, jwksFile }: JwtConfig): JwtKeys {
  if (secret !== undefined) return { secret };
  if (publicKeyFile !== undefined) return { publicKey: readFileSync(publicKeyFile, 'utf8') };
  // What it holds is looked at by whoever takes the keys.
  return { jwks: JSON.parse(readFileSync(jwksFile ?? '', 'utf8')) as JwtKeySet };
}

function checkKeys(config: JwtConfig, context: z.core.$RefinementCtx): void {
  const kinds = (['secret', 'publicKeyFile', 'jwksFile'] as const).filter(
    (kind) => config[kind] !== undefined,
  );
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    context.addIssue({ code: 'custom', message: 'exactly one of secret, publicKeyFile, jwksFile' });
    return;
  }
  // Its length has been looked at.
  if (kind === 'secret') return;
  try {
    readJwtKeys(jwtKeysOf(config));
  } catch {
    const message = 'a file that can be read, with public keys: RSA of 2048 bits or more, P-256, or Ed25519';
    context.addIssue({ code: 'custom', path: [kind], message });
  }
}

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { text } from './checked-text.js';

const SECRET_BYTES = 32;

const name = text((value) => /^[\w!#$%&'*+.^`|~-]{1,64}$/.test(value), 'a name that a cookie can have');
const file = text(
  (value) => value.length > 0 && value.length <= 4096 && !value.includes('\0'),
  'a path to a file',
);
const path = text(
  (value) =>
    /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/.test(value) && value !== '/health' && value.length <= 256,
  'a path such as /login: no empty or dotted segment, no slash at the end, not /health',
);

const section = z.strictObject({
  loginPath: path
    .default('/login')
    .describe('Where a page posts a name and a ticket (or a token) and gets its cookie'),
  logoutPath: path.default('/logout').describe('Where a page posts to be rid of it'),
  secret: text(
    (value) => Buffer.byteLength(value) >= SECRET_BYTES && value.length <= 4096,
    'a text of 32 bytes or more',
  )
    .meta({ secret: true })
    .optional()
    .describe(
      'Signs the cookies. Environment: `MANGROVE_COOKIE_SECRET`. Without it and `secretFile` one is drawn at each start',
    ),
  secretFile: file.optional().describe('A file that holds that secret'),
  name: name
    .optional()
    .describe('The name of the cookie. Default: `__Host-mangrove`, or `mangrove` if it is not `secure`'),
  sameSite: z
    .enum(['Strict', 'Lax'])
    .default('Strict')
    .describe('Whether browsers send it when somebody follows a link from another site (`Lax`)'),
  secure: z
    .boolean()
    .optional()
    .describe('Whether it is for https only. Default: with `tls`, and if all `origins` are https'),
  maxAgeMs: z
    .int()
    .min(1000)
    .max(2_592_000_000)
    .default(28_800_000)
    .meta({ unit: 'ms' })
    .describe('How long it is good for'),
});

/** `authentication.cookie` */
export const cookieSchema = section
  .superRefine(checkSecret)
  .refine(({ loginPath, logoutPath }) => loginPath !== logoutPath, {
    path: ['logoutPath'],
    message: 'another path than loginPath',
  })
  .optional()
  .describe('Logs web pages of `origins` in by a cookie; needs principals with a ticket, or `jwt`');

/** How web pages log in by a cookie. */
export type CookieConfig = z.output<typeof section>;

/**
 * The secret that signs the cookies; its file is read now. Undefined: it is to be drawn.
 *
 * @throws Error if the file cannot be read.
 */
export function cookieSecretOf({ secret, secretFile }: CookieConfig): string | undefined {
  if (secretFile === undefined) return secret;
  return readFileSync(secretFile, 'utf8').trimEnd();
}

/** What of the whole configuration decides whether cookies are safe. */
interface CookieSurroundings {
  readonly authentication?: { readonly cookie?: CookieConfig | undefined } | undefined;
  readonly origins: readonly string[];
  readonly tls?: unknown;
}

/** Whether the cookie is for https only. */
export function isSecureCookie({ authentication, origins, tls }: CookieSurroundings): boolean {
  const isHttps = tls !== undefined || origins.every((origin) => origin.startsWith('https:'));
  return authentication?.cookie?.secure ?? isHttps;
}

/** What is wrong with the section beside the others: the key, and what is to be done. */
export function cookieProblem(config: CookieSurroundings): readonly [key: string, what: string] | undefined {
  const { authentication, origins, tls } = config;
  const cookie = authentication?.cookie;
  if (cookie === undefined) return undefined;
  if (origins.length === 0) {
    return [
      'loginPath',
      'cookies need `origins`, the list of pages that may use them: browsers send them with whatever page connects',
    ];
  }
  if (isSecureCookie(config)) return undefined;
  if (tls !== undefined) return ['secure', 'false is not allowed, because the server has `tls`'];
  if (!/^__(?:host|secure)-/i.test(cookie.name ?? '')) return undefined;
  return ['name', 'browsers take a cookie of that name only if it is `secure`'];
}

function checkSecret(config: CookieConfig, context: z.core.$RefinementCtx): void {
  if (config.secretFile === undefined) return;
  if (config.secret !== undefined) {
    context.addIssue({ code: 'custom', message: 'one of secret, secretFile' });
    return;
  }
  let bytes = 0;
  try {
    bytes = Buffer.byteLength(cookieSecretOf(config) ?? '');
  } catch {
    // As one that is too short.
  }
  if (bytes >= SECRET_BYTES) return;
  const message = 'a file that can be read, with a secret of 32 bytes or more';
  context.addIssue({ code: 'custom', path: ['secretFile'], message });
}

import { randomBytes } from 'node:crypto';
import {
  anonymous,
  certificate,
  chain,
  cookieSessions,
  cryptosign,
  dynamic,
  jwt,
  limitAttempts,
  scram,
  ticket,
  wampcra,
} from '../auth/index.js';
import type { CookieSessions } from '../auth/index.js';
import type { Authenticator, Principal } from '../broker/index.js';
import { cookieSecretOf, isSecureCookie, jwtKeysOf } from './config/index.js';
import type { AuthenticationConfig, ServerConfig } from './config/index.js';
import { given } from './given.js';

/** What decides about logins. */
export interface Logins {
  /** The configured methods, and nobody else. */
  readonly authenticator: Authenticator;
  /** The cookies of web pages; undefined if there are none. */
  readonly cookies: CookieSessions | undefined;
}

/**
 * What the configuration says about logins.
 *
 * @param ended is told of the principal whose cookie has ended before its time.
 */
export function loginsFrom(config: ServerConfig, ended?: (principal: Principal) => void): Logins {
  const { anonymous: open, authentication } = config;
  const methods = authentication === undefined ? [] : methodsOf(authentication);
  const cookies = cookiesOf(config, ended);
  if (cookies !== undefined) methods.push(cookies.authenticator);
  const offered = chain([...methods, ...(open ? [anonymous()] : [])]);
  return { authenticator: limitAttempts(offered, authentication?.attempts), cookies };
}

function cookiesOf(
  config: ServerConfig,
  ended: ((principal: Principal) => void) | undefined,
): CookieSessions | undefined {
  const cookie = config.authentication?.cookie;
  if (cookie === undefined) return undefined;
  const { name, sameSite, maxAgeMs } = cookie;
  const secret = cookieSecretOf(cookie) ?? randomBytes(32).toString('base64');
  const { origins } = config;
  const secure = isSecureCookie(config);
  return cookieSessions({
    secret,
    origins,
    secure,
    sameSite,
    maxAgeMs,
    ...(name !== undefined && { name }),
    ...(ended && { ended }),
  });
}

/** The methods that logins may use, as the start tells them: name and number of principals. */
export function loginsOf({ anonymous: open, authentication }: ServerConfig): string {
  const principals = authentication?.principals ?? [];
  const counts = (['ticket', 'wampcra', 'scram', 'cryptosign', 'certificates'] as const).flatMap((method) => {
    const count = principals.filter((principal) => principal[method] !== undefined).length;
    return count === 0 ? [] : [`${method} (${count} names)`];
  });
  const issuers = authentication?.jwt?.length ?? 0;
  if (issuers > 0) counts.push(`jwt (${issuers} issuers)`);
  const { dynamic: asked } = authentication ?? {};
  if (asked !== undefined) counts.push(`${asked.methods.join(', ')} (asks ${asked.procedure})`);
  if (authentication?.cookie !== undefined) counts.push('cookie');
  return [...counts, ...(open ? ['anonymous (everybody)'] : [])].join(', ');
}

function methodsOf({
  principals: all = [],
  jwt: issuers,
  dynamic: asked,
}: AuthenticationConfig): Authenticator[] {
  const methods: Authenticator[] = [];
  /** Adds a method, if anybody may use it. */
  const offer = <T>(
    principals: readonly T[],
    method: (options: { principals: readonly T[] }) => Authenticator,
  ): void => {
    if (principals.length > 0) methods.push(method({ principals }));
  };
  offer(
    all.flatMap(({ ticket: hash, ...who }) => (hash === undefined ? [] : [{ ...who, ticket: hash }])),
    ticket,
  );
  offer(
    all.flatMap(({ wampcra: hash, ...who }) => (hash === undefined ? [] : [{ ...who, wampcra: hash }])),
    wampcra,
  );
  offer(
    all.flatMap(({ scram: hash, ...who }) => (hash === undefined ? [] : [{ ...who, scram: hash }])),
    scram,
  );
  offer(
    all.flatMap(({ cryptosign: keys, ...who }) => (keys === undefined ? [] : [{ ...who, keys }])),
    cryptosign,
  );
  offer(
    all.flatMap(({ certificates, ...who }) => (certificates === undefined ? [] : [{ ...who, certificates }])),
    certificate,
  );
  if (issuers !== undefined) {
    methods.push(jwt({ issuers: issuers.map((issuer) => given({ ...issuer, keys: jwtKeysOf(issuer) })) }));
  }
  if (asked !== undefined) {
    const { procedure, methods: offered, timeoutMs } = asked;
    methods.push(dynamic({ authenticate: procedure, methods: offered, timeoutMs }));
  }
  return methods;
}

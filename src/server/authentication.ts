import {
  anonymous,
  certificate,
  chain,
  cryptosign,
  jwt,
  limitAttempts,
  scram,
  ticket,
  wampcra,
} from '../auth/index.js';
import type { Authenticator } from '../broker/index.js';
import { jwtKeysOf } from './config/index.js';
import type { AuthenticationConfig, ServerConfig } from './config/index.js';
import { given } from './given.js';

/** Who decides about logins: the configured methods, and nobody else. */
export function authenticatorOf({ anonymous: open, authentication }: ServerConfig): Authenticator {
  const methods = authentication === undefined ? [] : methodsOf(authentication);
  const offered = chain([...methods, ...(open ? [anonymous()] : [])]);
  return limitAttempts(offered, authentication?.attempts);
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
  return [...counts, ...(open ? ['anonymous (everybody)'] : [])].join(', ');
}

function methodsOf({ principals: all = [], jwt: issuers }: AuthenticationConfig): Authenticator[] {
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
  return methods;
}

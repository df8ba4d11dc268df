import { defaultRights, dynamicAuthorizer, roles } from '../auth/index.js';
import type { RolesAuthorizer, RolesOptions } from '../auth/index.js';
import type { Authorizer } from '../broker/index.js';
import type { MangroveModuleOptions } from '../nest/index.js';
import { accessRuleOf, isLoopback } from './config/index.js';
import type { AuthorizationConfig, ServerConfig } from './config/index.js';
import { given } from './given.js';

/** Who decides about rights: the configured rules, then the configured procedure; without them the defaults. */
export function authorizerOf(config: ServerConfig): Authorizer | RolesAuthorizer {
  const { authorization, authentication } = config;
  if (authorization === undefined) return defaultRights({ metaForAnonymous: isLocal(config) });
  const { authorizer } = authorization;
  const dynamic = authentication?.dynamic;
  const rules = { ...rulesOf(authorization), guarded: dynamic === undefined ? [] : [dynamic.procedure] };
  if (authorizer === undefined) return roles(rules);
  const { procedure, registrars: listed, ...options } = authorizer;
  const registrars = listed.map((one) => (typeof one === 'string' ? one : given(one)));
  return roles({ ...rules, defer: dynamicAuthorizer({ authorize: procedure, registrars, ...options }) });
}

/** The rules that may be replaced while the server runs; undefined if it has none. */
export function replaceableRights(
  authorizer: MangroveModuleOptions['authorizer'],
): RolesAuthorizer | undefined {
  return typeof authorizer === 'object' && 'replace' in authorizer
    ? (authorizer as RolesAuthorizer)
    : undefined;
}

/** What the configuration says by itself, without a procedure. */
export function rulesOf({ patterns, everyone, roles: entries }: AuthorizationConfig): RolesOptions {
  return {
    patterns,
    everyone: everyone.map(accessRuleOf),
    roles: entries.map((entry) => given({ ...entry, rules: entry.rules.map(accessRuleOf) })),
  };
}

/** Who may do what, as the start tells it. */
export function rightsOf(config: ServerConfig): string {
  const { authorization } = config;
  if (authorization === undefined)
    return 'everybody may do almost everything (authorization is not configured)';
  const { roles: entries, everyone, authorizer } = authorization;
  const names = [...new Set(entries.map(({ role }) => role))];
  const parts = [
    names.length === 0 ? 'no roles' : `roles ${names.join(' ')}`,
    ...(everyone.length === 0 ? [] : [`rules for everyone (${everyone.length})`]),
    ...(authorizer === undefined ? [] : [`procedure ${authorizer.procedure}`]),
  ];
  return parts.join(', ');
}

/** Whether nobody but this machine can reach the server; one with a public name is behind a proxy. */
function isLocal({ loopback, host: own, hosts, listeners }: ServerConfig): boolean {
  if (!hosts.every((name) => isLoopback(name))) return false;
  return loopback && listeners.every(({ host = own, socket }) => socket !== undefined || isLoopback(host));
}

import type { Principal } from '../broker/index.js';

/** The router's own principals: these very objects, since anybody can say what stands in them. */
const ROUTERS = new WeakSet<Principal>();

/** A principal as which the router itself calls: `authmethod` `internal`, `authprovider` `router`, the name as its role too. */
export function routerPrincipal(name: string): Principal {
  const principal: Principal = Object.freeze({
    authid: name,
    authrole: name,
    authmethod: 'internal',
    authprovider: 'router',
  });
  ROUTERS.add(principal);
  return principal;
}

/**
 * Whether it is the router itself that asks: for one, when it calls the procedure of an authenticator. Whoever has only the same
 * name, role and method is not.
 */
export function isRouter(principal: Principal): boolean {
  return ROUTERS.has(principal);
}

/** The roles of code that has not said on whose behalf it acts. */
const OWN_ROLES: ReadonlySet<string> = new Set(['local', 'application']);

/** Whether it is code of this process on its own behalf. What it does for others, in their roles, is theirs. */
export function isEmbedder({ authrole, authmethod, authprovider }: Principal): boolean {
  return authmethod === 'local' && authprovider === 'embedder' && OWN_ROLES.has(authrole);
}

import type { Action, Decision, Pattern, Principal } from '../../src/broker/index.js';
import type { AccessRule } from '../../src/auth/access-rule.js';
import type { RolesOptions } from '../../src/auth/roles.js';
import { roles } from '../../src/auth/roles.js';

/** Somebody who has the role `shop`. */
export const ALICE: Principal = {
  authid: 'alice',
  authrole: 'shop',
  authmethod: 'ticket',
  authprovider: 'static',
};

/** Asks about an address, or about a pattern that is written as `prefix com.`. */
export function ask(
  options: RolesOptions,
  action: Action,
  target: string,
  who: Partial<Principal> = {},
  realm = 'realm1',
): Decision {
  return roles(options).decide({ ...ALICE, ...who }, action, patternOf(target), realm) as Decision;
}

/** A pattern that is written as `prefix com.`; a plain text is an address. */
export function patternOf(target: string): Pattern {
  const [, match = 'exact', text = target] = /^(prefix|wildcard|multi) (.*)$/.exec(target) ?? [];
  return { match: match as Pattern['match'], text };
}

/** The role `shop` with these rules. */
export function shop(...rules: readonly AccessRule[]): RolesOptions {
  return { roles: [{ role: 'shop', rules }] };
}

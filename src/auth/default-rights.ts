import type { Action, Authorizer, Decision, Pattern, Principal } from '../broker/index.js';
import { isReserved } from '../broker/index.js';
import { isRouter } from './insiders.js';
import { OWN_PROCEDURES, READING_PROCEDURES } from './meta-procedures.js';

/** What {@link defaultRights} takes; everything has a default. */
export interface DefaultRightsOptions {
  /**
   * Whether clients without a login may see who is there and what is subscribed to and registered, and subscribe to such
   * events. Default false.
   */
  readonly metaForAnonymous?: boolean;
}

const ALLOWED: Decision = { allow: true, disclose: true };
const DENIED: Decision = { allow: false };

/**
 * The rights of a router for which nobody has configured any: everything that the router itself does not refuse, but what
 * begins with the word `wamp`. There everybody may use what is about the own session; whoever has logged in may see what
 * there is; and only code of this process (`authmethod` `local`) may do all, such as end sessions.
 */
export function defaultRights({ metaForAnonymous = false }: DefaultRightsOptions = {}): Authorizer {
  return {
    decide(principal: Principal, action: Action, target: Pattern): Decision {
      if (!isReserved(target.text)) return ALLOWED;
      if (principal.authmethod === 'local' || isRouter(principal)) return ALLOWED;
      if (action === 'call' && OWN_PROCEDURES.has(target.text)) return ALLOWED;
      if (principal.authmethod === 'anonymous' && !metaForAnonymous) return DENIED;
      return action === 'subscribe' || READING_PROCEDURES.has(target.text) ? ALLOWED : DENIED;
    },
  };
}

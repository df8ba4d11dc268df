import type { LoginRefusal, Refusal } from '../../broker/index.js';
import type { CloseKind } from '../subprotocol.js';

/** Which reason an ABORT names when a login is refused [WAMP AP Authentication]; total. */
export const LOGIN_REASONS: Readonly<Record<LoginRefusal, string>> = {
  no_matching_method: 'wamp.error.no_matching_auth_method',
  authentication_required: 'wamp.error.authentication_required',
  authentication_denied: 'wamp.error.authentication_denied',
  authentication_failed: 'wamp.error.authentication_failed',
};

/** How the link is closed when the broker puts a session out. */
export function closeKindOf({ code }: Refusal): CloseKind {
  switch (code) {
    case 'limit_exceeded':
    case 'unavailable':
      return 'overloaded';
    case 'internal':
      return 'internal';
    default:
      return 'policy';
  }
}

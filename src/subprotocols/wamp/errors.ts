import type { BrokerErrorCode, LoginRefusal, Refusal } from '../../broker/index.js';
import type { CloseKind } from '../subprotocol.js';

/** Which URI a refusal of the broker has in WAMP [WAMP BP Error URIs]; total. */
export const ERROR_URIS: Readonly<Record<BrokerErrorCode, string>> = {
  invalid_address: 'wamp.error.invalid_uri',
  reserved_address: 'wamp.error.invalid_uri',
  not_authorized: 'wamp.error.not_authorized',
  authorization_failed: 'wamp.error.authorization_failed',
  disclosure_refused: 'wamp.error.option_disallowed.disclose_me',
  no_such_subscription: 'wamp.error.no_such_subscription',
  no_such_procedure: 'wamp.error.no_such_procedure',
  no_such_registration: 'wamp.error.no_such_registration',
  procedure_exists: 'wamp.error.procedure_already_exists',
  no_such_call: 'wamp.error.canceled',
  canceled: 'wamp.error.canceled',
  callee_gone: 'wamp.error.canceled',
  callee_unavailable: 'wamp.error.unavailable',
  timeout: 'wamp.error.timeout',
  limit_exceeded: 'wamp.error.unavailable',
  payload_too_large: 'wamp.error.payload_size_exceeded',
  unavailable: 'wamp.error.unavailable',
  internal: 'wamp.error.runtime_error',
};

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

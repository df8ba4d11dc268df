import type { BrokerErrorCode, LoginRefusal } from '../broker/index.js';

/**
 * Which URI a refusal of the broker has, whatever its receiver speaks [WAMP BP Error URIs]: in a WAMP ERROR, in the `error`
 * header of a STOMP MESSAGE, in the error that code of this process catches. Total; `docs/errors.md` shows the same table.
 */
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
  // No page of the specification names it; Crossbar does, and its clients know it.
  policy_mismatch: 'wamp.error.procedure_exists_with_different_invocation_policy',
  taken_over: 'wamp.error.procedure_already_exists',
  feature_missing: 'wamp.error.feature_not_supported',
  no_such_consumer: 'wamp.error.no_such_registration',
  queue_full: 'wamp.error.unavailable',
  queue_in_use: 'wamp.error.unavailable',
  queue_mismatch: 'wamp.error.invalid_argument',
  canceled: 'wamp.error.canceled',
  callee_gone: 'wamp.error.canceled',
  callee_unavailable: 'wamp.error.no_available_callee',
  timeout: 'wamp.error.timeout',
  limit_exceeded: 'wamp.error.unavailable',
  option_not_allowed: 'wamp.error.option_not_allowed',
  killed: 'wamp.close.killed',
  credentials_expired: 'wamp.error.authentication_required',
  payload_not_representable: 'wamp.error.invalid_argument',
  payload_too_long: 'wamp.error.payload_size_exceeded',
  unavailable: 'wamp.error.unavailable',
  internal: 'wamp.error.runtime_error',
};

/** Why a login, or its renewal, is refused [WAMP AP Authentication]; total. */
export const LOGIN_URIS: Readonly<Record<LoginRefusal, string>> = {
  no_matching_method: 'wamp.error.no_matching_auth_method',
  authentication_required: 'wamp.error.authentication_required',
  authentication_denied: 'wamp.error.authentication_denied',
  authentication_failed: 'wamp.error.authentication_failed',
};

/**
 * Every reason for which the broker refuses a command. Closed: each subprotocol maps all of them in one total table, and
 * `docs/errors.md` lists them.
 */
export const BROKER_ERROR_CODES = [
  'invalid_address',
  'reserved_address',
  'not_authorized',
  'authorization_failed',
  'disclosure_refused',
  'no_such_subscription',
  'no_such_procedure',
  'no_such_registration',
  'procedure_exists',
  'policy_mismatch',
  'taken_over',
  'feature_missing',
  'no_such_consumer',
  'queue_full',
  'queue_in_use',
  'queue_mismatch',
  'canceled',
  'callee_gone',
  'callee_unavailable',
  'timeout',
  'limit_exceeded',
  'option_not_allowed',
  'killed',
  'credentials_expired',
  'payload_not_representable',
  'payload_too_long',
  'unavailable',
  'internal',
] as const;

/** One of {@link BROKER_ERROR_CODES}. */
export type BrokerErrorCode = (typeof BROKER_ERROR_CODES)[number];

/** A refusal as data: the code for machines, the reason for people. The reason never holds payload or secrets. */
export interface Refusal {
  readonly code: BrokerErrorCode;
  readonly reason: string;
}

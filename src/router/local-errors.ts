import type { BrokerErrorCode, Outcome } from '../broker/index.js';

/**
 * An error of a call, publication, subscription or registration as all clients hear it, whatever they speak: a URI with
 * arguments. What a {@link LocalClient} rejects with, and what a handler throws to choose what its caller hears.
 */
export class MangroveError extends Error {
  override readonly name = 'MangroveError';

  /**
   * @param uri the error's URI; `wamp.error.…` are the router's [WAMP BP Error URIs].
   * @param args its arguments; the first, if it is text, is the message.
   * @param kwargs its keyword arguments.
   */
  constructor(
    readonly uri: string,
    readonly args: readonly unknown[] = [],
    readonly kwargs: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(typeof args[0] === 'string' ? `${uri}: ${args[0]}` : uri, options);
  }
}

/** How code of this process hears a refusal: the same URI as clients of STOMP and WAMP; `docs/errors.md` has the table. */
export const LOCAL_ERROR_URIS: Readonly<Record<BrokerErrorCode, string>> = {
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

/** The outcomes that are errors. */
export type FailedOutcome = Extract<Outcome, { readonly kind: 'refused' | 'failed' }>;

/** The error of a command that failed. */
export function errorOfOutcome(outcome: FailedOutcome): MangroveError {
  if (outcome.kind === 'refused') return new MangroveError(LOCAL_ERROR_URIS[outcome.code], [outcome.reason]);
  const { args, kwargs } = outcome.payload.values();
  return new MangroveError(outcome.error, args, kwargs);
}

/** The error of what was given up because its client was closed. */
export function closedError(): MangroveError {
  return new MangroveError('wamp.error.canceled', ['The client is closed.']);
}

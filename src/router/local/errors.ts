import type { Outcome } from '../../broker/index.js';
import { ERROR_URIS } from '../../subprotocols/index.js';

/**
 * An error of a call, publication, subscription or registration as all clients hear it, whatever they speak: a URI with
 * arguments. What a {@link LocalClient} rejects with, and what a handler throws to choose what its caller hears.
 */
export class MangroveError extends Error {
  override readonly name: string = 'MangroveError';

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

/**
 * What a handler throws that cannot begin now (`wamp.error.unavailable`): a message goes back to its queue uncounted, and the
 * handler gets no more for a while; a caller hears the error.
 */
export class Unavailable extends MangroveError {
  override readonly name = 'Unavailable';

  /** @param reason for people. */
  constructor(reason?: string, options?: ErrorOptions) {
    super('wamp.error.unavailable', reason === undefined ? [] : [reason], {}, options);
  }
}

/** The outcomes that are errors. */
export type FailedOutcome = Extract<Outcome, { readonly kind: 'refused' | 'failed' }>;

/** The error of a command that failed. */
export function errorOfOutcome(outcome: FailedOutcome): MangroveError {
  if (outcome.kind === 'refused') return new MangroveError(ERROR_URIS[outcome.code], [outcome.reason]);
  const { args, kwargs } = outcome.payload.values();
  return new MangroveError(outcome.error, args, kwargs);
}

/** The error of what was given up because its client was closed. */
export function closedError(): MangroveError {
  return new MangroveError('wamp.error.canceled', ['The client is closed.']);
}

/**
 * What an answer says of the work that was given to somebody, a call or a message of a queue:
 *
 * - `done`: it need not be done again.
 * - `not_taken`: it was not begun, and may be given to somebody else at once.
 * - `failed`: it was tried.
 */
export type WorkVerdict = 'done' | 'not_taken' | 'failed';

/** With this a callee says that it cannot take a call now [WAMP AP Call Rerouting]. */
const UNAVAILABLE = 'wamp.error.unavailable';

/**
 * What the answer of a callee, or of a consumer of a queue, says of its work; the one place where that is decided.
 *
 * @param error the URI of the error that it answered with; undefined if it gave a result.
 */
export function workVerdictOf(error: string | undefined): WorkVerdict {
  if (error === undefined) return 'done';
  return error === UNAVAILABLE ? 'not_taken' : 'failed';
}

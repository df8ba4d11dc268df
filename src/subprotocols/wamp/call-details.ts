import type { Arguments, Headers, Invocation, Passthru } from '../../broker/index.js';
import type { Offered } from './announcements.js';
import type { Details } from './codec/index.js';
import { NO_DETAILS, annotated, identified, packed } from './details.js';

/** Details of the INVOCATION that brings a call, or with `progressive` a part of it that is not the last. */
export function callDetailsOf(
  invocation: Invocation,
  cargo: Arguments,
  progressive: boolean,
  offered: Offered,
): Details {
  const { registration, procedure, caller, receiveProgress, headers } = invocation;
  let details: Details = registration.pattern.match === 'exact' ? NO_DETAILS : { procedure };
  if (receiveProgress) details = { ...details, receive_progress: true };
  if (progressive) details = { ...details, progress: true };
  const { forwardedTimeoutMs: timeout, trustlevel, passthru } = invocation;
  if (timeout !== undefined) details = { ...details, timeout };
  if (trustlevel !== undefined && offered.call_trustlevels) details = { ...details, trustlevel };
  const shown = offered.caller_identification ? caller : undefined;
  return annotated(identified(packed(details, passthru), 'caller', shown), cargo, headers);
}

const PROGRESS: Details = Object.freeze({ progress: true });

/** Details of the RESULT or ERROR that brings an answer. */
export function answerDetailsOf(
  { headers, passthru }: { readonly headers: Headers | undefined; readonly passthru?: Passthru | undefined },
  cargo: Arguments,
  progress: boolean,
): Details {
  return annotated(packed(progress ? PROGRESS : NO_DETAILS, passthru), cargo, headers);
}

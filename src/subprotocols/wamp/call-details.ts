import type { Arguments, Headers, Invocation, Passthru } from '../../broker/index.js';
import type { Details } from './codec/index.js';
import { NO_DETAILS, annotated, identified } from './details.js';

/** Details of the INVOCATION that brings a call, or with `progressive` a part of it that is not the last. */
export function callDetailsOf(invocation: Invocation, cargo: Arguments, progressive: boolean): Details {
  const { registration, procedure, caller, receiveProgress, headers } = invocation;
  let details: Details = registration.pattern.match === 'exact' ? NO_DETAILS : { procedure };
  if (receiveProgress) details = { ...details, receive_progress: true };
  if (progressive) details = { ...details, progress: true };
  const { forwardedTimeoutMs: timeout, trustlevel, passthru } = invocation;
  if (timeout !== undefined) details = { ...details, timeout };
  if (trustlevel !== undefined) details = { ...details, trustlevel };
  return annotated(identified(packed(details, passthru), 'caller', caller), cargo, headers);
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

/** How a payload is packed, in the words in which its sender has said it [WAMP AP Payload Passthru Mode]. */
function packed(details: Details, passthru: Passthru | undefined): Details {
  if (passthru === undefined) return details;
  const { scheme, serializer, cipher, keyid } = passthru;
  return {
    ...details,
    ppt_scheme: scheme,
    ...(serializer !== undefined && { ppt_serializer: serializer }),
    ...(cipher !== undefined && { ppt_cipher: cipher }),
    ...(keyid !== undefined && { ppt_keyid: keyid }),
  };
}

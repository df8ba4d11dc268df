import type { Arguments, Headers, Identity, Payload } from '../../broker/index.js';
import type { SerializerName } from '../../serializers/index.js';
import { SerializerError } from '../../serializers/index.js';
import type { Details } from './codec/index.js';

/** Details with nothing to say. */
export const NO_DETAILS: Details = Object.freeze({});

/** What a receiver gets whose serializer cannot say the payload. */
export const UNSPEAKABLE: Arguments = {
  args: undefined,
  kwargs: undefined,
  contentType: undefined,
  fault: 'The payload cannot be written in this serializer.',
};

/**
 * The arguments of a payload for a receiver; undefined if its serializer cannot say them. Then that receiver gets a
 * substitute, and nobody else notices.
 */
export function argumentsFor(payload: Payload, serializer: SerializerName): Arguments | undefined {
  try {
    return payload.arguments(serializer);
  } catch (error) {
    if (error instanceof SerializerError) return undefined;
    throw error;
  }
}

/** Adds what our custom keys tell about a payload: `_headers`, `_content_type`, `_payload_error`. */
export function annotated(details: Details, cargo: Arguments, headers: Headers | undefined): Details {
  const { contentType, fault } = cargo;
  if (headers === undefined && contentType === undefined && fault === undefined) return details;
  return {
    ...details,
    ...(headers !== undefined && { _headers: Object.fromEntries(headers) }),
    ...(contentType !== undefined && { _content_type: contentType }),
    ...(fault !== undefined && { _payload_error: fault }),
  };
}

/** Who published or called, under the given name [WAMP AP Caller Identification], [WAMP AP Publisher Identification]. */
export function identified(
  details: Details,
  who: 'caller' | 'publisher',
  identity: Identity | undefined,
): Details {
  if (identity === undefined) return details;
  return {
    ...details,
    [who]: identity.session,
    [`${who}_authid`]: identity.authid,
    [`${who}_authrole`]: identity.authrole,
  };
}

import type { Arguments, Headers, Identity, OlderPassthru, Passthru, Payload } from '../../broker/index.js';
import type { Serializer, SerializerName } from '../../serializers/index.js';
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

/** What carries a payload, and says how it is packed. */
export interface Carrier {
  readonly payload: Payload;
  readonly passthru?: Passthru | undefined;
}

/**
 * What a message carries, for a receiver; undefined if its serializer cannot say it.
 *
 * @param bares whether a payload that is packed in the words of the older draft stands in place of the list of arguments.
 */
export function cargoOf(
  { payload, passthru }: Carrier,
  serializer: Serializer,
  bares: boolean,
): Arguments | undefined {
  const cargo = argumentsFor(payload, serializer.name);
  if (!bares || passthru?.older === undefined || passthru.scheme !== '') return cargo;
  if (cargo?.args === undefined || cargo.kwargs !== undefined) return cargo;
  return { ...cargo, args: baredOf(cargo.args, serializer) };
}

/** The one text or byte string in a list; the list itself if there is none, or something else. */
function baredOf(args: Uint8Array, serializer: Serializer): Uint8Array {
  try {
    const [packet, ...others] = serializer.decode(args) as readonly unknown[];
    const isAlone = others.length === 0 && (typeof packet === 'string' || packet instanceof Uint8Array);
    return isAlone ? serializer.encode(packet) : args;
  } catch (error) {
    if (error instanceof SerializerError) return args;
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

/** How a payload is packed, in the words in which its sender has said it [WAMP AP Payload Passthru Mode]. */
export function packed(details: Details, passthru: Passthru | undefined): Details {
  if (passthru === undefined) return details;
  const { scheme, serializer, cipher, keyid, older } = passthru;
  return {
    ...details,
    ...(scheme !== '' && { ppt_scheme: scheme }),
    ...(serializer !== undefined && { ppt_serializer: serializer }),
    ...(cipher !== undefined && { ppt_cipher: cipher }),
    ...(keyid !== undefined && { ppt_keyid: keyid }),
    ...(older !== undefined && olderWords(older)),
  };
}

function olderWords({ algo, key, serializer }: OlderPassthru): Details {
  return {
    enc_algo: algo,
    ...(key !== undefined && { enc_key: key }),
    ...(serializer !== undefined && { enc_serializer: serializer }),
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

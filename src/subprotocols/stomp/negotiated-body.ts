import type { Arguments, Body, Form, Payload, Publication } from '../../broker/index.js';
import type { SerializerName } from '../../serializers/index.js';
import { SerializerError, serializers } from '../../serializers/index.js';
import type { HeaderValues } from './header-values.js';

/** The types that a SUBSCRIBE may ask for with `accept`. */
const TYPES = {
  'application/json': { serializer: 'json', lossless: false, form: { ordinal: -101 } },
  'application/cbor': { serializer: 'cbor', lossless: false, form: { ordinal: -102 } },
  'application/msgpack': { serializer: 'msgpack', lossless: false, form: { ordinal: -103 } },
  'application/wamp+json': { serializer: 'json', lossless: true, form: { ordinal: -104 } },
  'application/wamp+cbor': { serializer: 'cbor', lossless: true, form: { ordinal: -105 } },
  'application/wamp+msgpack': { serializer: 'msgpack', lossless: true, form: { ordinal: -106 } },
} as const satisfies Record<string, AcceptedForm>;

/** How bodies of a type are made. */
interface AcceptedForm {
  readonly serializer: SerializerName;
  /** Always `{args, kwargs}`, whatever the message is. */
  readonly lossless: boolean;
  /** The key under which a publication keeps the body, made once for all subscribers that accept the type. */
  readonly form: Form;
}

/** A type of body that a subscription has asked for. */
export type AcceptedType = keyof typeof TYPES;

/** Every {@link AcceptedType}, in the order of `docs/stomp.md`. */
export const ACCEPTED_TYPES = Object.keys(TYPES) as readonly AcceptedType[];

/** Every type; what stands there is taken as it comes. */
const ANY = '*/*';

/**
 * Reads `accept`: of several types with commas the first that we can make; parameters (`;q=1`) mean nothing. Undefined if there
 * is no such header, or `*`/`*` comes first: bodies are delivered as they were sent. None that we can make is a fault.
 */
export function acceptedTypeOf(values: HeaderValues): AcceptedType | undefined {
  const accept = values.text('accept');
  if (accept === undefined) return undefined;
  for (const range of accept.split(',')) {
    const type = (range.split(';')[0] ?? '').trim().toLowerCase();
    if (type === ANY) return undefined;
    if (isAccepted(type)) return type;
  }
  values.refuse('accept', `names none of ${ACCEPTED_TYPES.join(', ')}`);
  return undefined;
}

/** A publication's payload with the body that a subscription accepts; made once for all that accept the same. */
export function payloadFor(publication: Publication, type: AcceptedType | undefined): Pick<Payload, 'body'> {
  if (type === undefined) return publication.payload;
  const body = publication.encodeOnce(TYPES[type].form, () => bodyAs(publication.payload, type));
  return { body: () => body };
}

/**
 * A payload as a body of a type, by the table of `docs/mapping.md`: one value, the list of arguments or the keyword arguments in
 * that encoding, both as `{args, kwargs}` under the `wamp+` type, or that always if the type is such. What is bytes, empty or
 * not what it was declared to be, and what cannot be converted, stays as it is.
 */
export function bodyAs(payload: Payload, type: AcceptedType): Body {
  const { serializer, lossless } = TYPES[type];
  const { stored } = payload;
  const isArguments = stored.kind === 'slices';
  // As the publisher wrote it; and JSON is what arguments become anyway.
  if (isArguments ? type === 'application/json' : mediaTypeOf(stored.body) === type) return payload.body();
  try {
    const converted = payload.arguments(serializer);
    if (converted.fault !== undefined) return payload.body();
    return bodyOf(converted, serializer, lossless) ?? payload.body();
  } catch (error) {
    if (error instanceof SerializerError) return payload.body();
    throw error;
  }
}

/** Undefined for what is no matter of an encoding: nothing at all, or bytes alone. */
function bodyOf({ args, kwargs }: Arguments, name: SerializerName, lossless: boolean): Body | undefined {
  const serializer = serializers[name];
  const elements = args === undefined ? NO_ELEMENTS : serializer.scanArray(args, UNLIMITED);
  if (elements.length === 0 && kwargs === undefined) return undefined;
  const only = elements.length === 2 ? args!.subarray(elements[0], elements[1]) : undefined;
  if (only !== undefined && kwargs === undefined && isByteString(only, name)) return undefined;
  const plain = `application/${name}`;
  if (lossless || (elements.length > 0 && kwargs !== undefined)) {
    return { bytes: mapOf(args, kwargs, name), contentType: `application/wamp+${name}`, shape: 'both' };
  }
  if (kwargs !== undefined) return { bytes: kwargs, contentType: plain, shape: 'kwargs' };
  if (only !== undefined) return { bytes: only, contentType: plain, shape: 'value' };
  return { bytes: args!, contentType: plain, shape: 'args' };
}

const NO_ELEMENTS: readonly number[] = [];
/** What a payload may hold was decided when it came in. */
const UNLIMITED = { maxDepth: Infinity, maxItems: Infinity, maxString: Infinity };

/** The map `{args, kwargs}` of items that are encoded already. */
function mapOf(
  args: Uint8Array | undefined,
  kwargs: Uint8Array | undefined,
  name: SerializerName,
): Uint8Array {
  const entries = [entry('args', args, name), entry('kwargs', kwargs, name)].filter(isThere);
  if (name === 'json') return Buffer.from(`{${entries.map(String).join(',')}}`);
  return Buffer.concat([Buffer.from([MAP[name] + entries.length]), ...entries]);
}

function entry(key: string, item: Uint8Array | undefined, name: SerializerName): Buffer | undefined {
  if (item === undefined) return undefined;
  const prefix =
    name === 'json' ? Buffer.from(`"${key}":`) : Buffer.from([TEXT[name] + key.length, ...Buffer.from(key)]);
  return Buffer.concat([prefix, item]);
}

/** The first octet of a map without entries, and of a text without characters. */
const MAP = { cbor: 0xa0, msgpack: 0x80 } as const;
const TEXT = { cbor: 0x60, msgpack: 0xa0 } as const;

/** Whether an item is a byte string, by its first octets: in JSON a quote and an escaped NUL [WAMP BP Binary conversion]. */
function isByteString(item: Uint8Array, name: SerializerName): boolean {
  const first = item[0] ?? 0;
  switch (name) {
    case 'json':
      return Buffer.from(item.buffer, item.byteOffset, 7).equals(JSON_BYTES);
    case 'cbor':
      return first >> 5 === 2;
    case 'msgpack':
      return first >= 0xc4 && first <= 0xc6;
  }
}

const JSON_BYTES = Buffer.from('"\\u0000');

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}

function mediaTypeOf({ contentType }: Body): string | undefined {
  return contentType?.split(';')[0]?.trim().toLowerCase();
}

function isAccepted(type: string): type is AcceptedType {
  return Object.hasOwn(TYPES, type);
}

import { isUtf8 } from '../lib/index.js';
import type { ScanLimits, Serializer, SerializerName, WireMap, WireValue } from '../serializers/index.js';
import { SerializerError, serializers } from '../serializers/index.js';

/** How a body was made of arguments; STOMP clients are told, so that the way back is exact (`docs/mapping.md`). */
export type BodyShape = 'none' | 'value' | 'bytes' | 'args' | 'kwargs' | 'both';

/** A payload as octets with a type: STOMP's view. */
export interface Body {
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
  /** Set if the body was made of arguments, or if its publisher said how to read it. */
  readonly shape: BodyShape | undefined;
}

/** A payload as encoded positional and keyword arguments: WAMP's view. Absent ones are left out of the message. */
export interface Arguments {
  /** One encoded array. */
  readonly args: Uint8Array | undefined;
  /** One encoded map. */
  readonly kwargs: Uint8Array | undefined;
  /** The type of a body that could only be passed on as bytes. */
  readonly contentType: string | undefined;
  /** Why a body was not read as what it was declared to be; it was passed on as a string. */
  readonly fault: string | undefined;
}

/** Arguments that have arrived or are kept encoded. */
export interface Slices {
  readonly serializer: SerializerName;
  readonly args: Uint8Array | undefined;
  readonly kwargs: Uint8Array | undefined;
  /** The type to be shown where a single byte string becomes a body. */
  readonly contentType: string | undefined;
}

/** Arguments as values. */
export interface Values {
  readonly args: readonly WireValue[];
  readonly kwargs: WireMap;
}

/** What a body may hold to be read as a value; the same as for a WAMP message after login. */
const BODY_LIMITS: ScanLimits = { maxDepth: 64, maxItems: 100_000, maxString: Number.MAX_SAFE_INTEGER };

const EMPTY = new Uint8Array(0);

/** What a body turned out to be. */
type Reading =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'item';
      readonly serializer: SerializerName;
      readonly item: Uint8Array;
      readonly shape: ItemShape;
    }
  | { readonly kind: 'text'; readonly text: string; readonly fault?: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly contentType: string | undefined };

type ItemShape = 'value' | 'args' | 'kwargs' | 'both';

/** Body → arguments: the table of `docs/mapping.md`, read from its left. */
export function argumentsFromBody(body: Body, target: SerializerName): Arguments {
  const reading = read(body);
  const to = serializers[target];
  switch (reading.kind) {
    case 'none':
      return argumentsOf(undefined, undefined);
    case 'text':
      return { ...argumentsOf(to.encodeArray([reading.text], []), undefined), fault: reading.fault };
    case 'bytes':
      return {
        ...argumentsOf(to.encodeArray([reading.bytes], []), undefined),
        contentType: reading.contentType,
      };
    default:
      return argumentsFromItem(reading.serializer, reading.item, reading.shape, to);
  }
}

/** Arguments of one serializer → those of another; spliced where they agree. */
export function argumentsFromSlices(slices: Slices, target: SerializerName): Arguments {
  const { args, kwargs } = slices;
  const from = serializers[slices.serializer];
  const to = serializers[target];
  // kwargs without args: an empty list stands in [WAMP BP Empty Arguments and Keyword Arguments].
  const positional = args === undefined && kwargs !== undefined ? to.encode([]) : recode(args, from, to);
  // Spelled out: an object that is spread has a shape of its own, and there is one for each message.
  return {
    args: positional,
    kwargs: recode(kwargs, from, to),
    contentType: slices.contentType,
    fault: undefined,
  };
}

/** Arguments → body: the table of `docs/mapping.md`, read from its right. */
export function bodyFromSlices(slices: Slices): Body {
  const from = serializers[slices.serializer];
  const { args, kwargs } = slices;
  const elements = args === undefined ? [] : from.scanArray(args, BODY_LIMITS);
  if (elements.length === 0) {
    return kwargs === undefined
      ? { bytes: EMPTY, contentType: undefined, shape: 'none' }
      : jsonBody(recode(kwargs, from, serializers.json)!, 'kwargs');
  }
  if (kwargs !== undefined)
    return bothBody(recode(args, from, serializers.json)!, recode(kwargs, from, serializers.json)!);
  if (elements.length > 2) return jsonBody(recode(args, from, serializers.json)!, 'args');
  const only = args!.subarray(elements[0], elements[1]);
  const bytes = bytesOf(only, from);
  if (bytes === undefined) return jsonBody(recode(only, from, serializers.json)!, 'value');
  return { bytes, contentType: slices.contentType ?? 'application/octet-stream', shape: 'bytes' };
}

/** Encoded arguments → values. */
export function valuesFromArguments(serializer: SerializerName, { args, kwargs }: Arguments): Values {
  const { decode } = serializers[serializer];
  return {
    args: args === undefined ? [] : (decode(args) as WireValue[]),
    kwargs: kwargs === undefined ? (Object.create(null) as WireMap) : (decode(kwargs) as WireMap),
  };
}

function argumentsOf(args: Uint8Array | undefined, kwargs: Uint8Array | undefined): Arguments {
  return { args, kwargs, contentType: undefined, fault: undefined };
}

function recode(item: Uint8Array, from: Serializer, to: Serializer): Uint8Array;
function recode(item: Uint8Array | undefined, from: Serializer, to: Serializer): Uint8Array | undefined;
function recode(item: Uint8Array | undefined, from: Serializer, to: Serializer): Uint8Array | undefined {
  return item === undefined || from === to ? item : to.encode(from.decode(item));
}

function argumentsFromItem(
  serializer: SerializerName,
  item: Uint8Array,
  shape: ItemShape,
  to: Serializer,
): Arguments {
  const from = serializers[serializer];
  switch (shape) {
    case 'value':
      return argumentsOf(to.encodeArray([], [recode(item, from, to)]), undefined);
    case 'args':
      return argumentsFromSlices(
        { serializer, args: item, kwargs: undefined, contentType: undefined },
        to.name,
      );
    case 'kwargs':
      return argumentsFromSlices(
        { serializer, args: undefined, kwargs: item, contentType: undefined },
        to.name,
      );
    case 'both': {
      const { args, kwargs } = from.decode(item) as WireMap;
      return argumentsOf(to.encode(args ?? []), kwargs === undefined ? undefined : to.encode(kwargs));
    }
  }
}

function read(body: Body): Reading {
  const { bytes, contentType, shape } = body;
  if (bytes.length === 0) return { kind: 'none' };
  if (contentType === undefined) return readUntyped(bytes, shape);
  const { type, charset } = mediaType(contentType);
  const serializer = SERIALIZER_OF[type] ?? (type.endsWith('+json') ? 'json' : undefined);
  if (serializer === undefined) return type.startsWith('text/') ? readText(body, charset) : readBytes(body);
  const lossless = type.startsWith('application/wamp+');
  const found = readItem(bytes, serializer, lossless ? 'both' : shape);
  if (typeof found !== 'string') return found;
  // Declared, but not what it says: passed on as what it is, never an error for the publisher.
  return serializer === 'json' && isUtf8(bytes)
    ? { kind: 'text', text: utf8(bytes), fault: found }
    : readBytes(body);
}

const SERIALIZER_OF: Readonly<Record<string, SerializerName>> = {
  __proto__: null as never,
  'application/json': 'json',
  'application/wamp+json': 'json',
  'application/cbor': 'cbor',
  'application/wamp+cbor': 'cbor',
  'application/msgpack': 'msgpack',
  'application/x-msgpack': 'msgpack',
  'application/vnd.msgpack': 'msgpack',
  'application/wamp+msgpack': 'msgpack',
};

/** Reads exactly one item, or tells why there is none. This check is what makes splicing safe. */
function readItem(
  bytes: Uint8Array,
  serializer: SerializerName,
  shape: BodyShape | undefined,
): Reading | string {
  const from = serializers[serializer];
  const item = serializer === 'json' ? trimmed(bytes) : bytes;
  try {
    from.scan(item, BODY_LIMITS);
  } catch (error) {
    if (error instanceof SerializerError) return error.message;
    throw error;
  }
  return { kind: 'item', serializer, item, shape: itemShape(item, from, shape) };
}

/** The asked-for shape if the item has it, else `value`. */
function itemShape(item: Uint8Array, from: Serializer, shape: BodyShape | undefined): ItemShape {
  if (shape === 'args' && from.isArray(item)) return 'args';
  if (shape === 'kwargs' && from.isMap(item)) return 'kwargs';
  if (shape === 'both' && from.isMap(item) && isArgumentsMap(from.decode(item) as WireMap)) return 'both';
  return 'value';
}

function isArgumentsMap(map: WireMap): boolean {
  const { args, kwargs } = map;
  const known = Object.keys(map).every((key) => key === 'args' || key === 'kwargs');
  const plain = typeof kwargs === 'object' && kwargs !== null && !Array.isArray(kwargs);
  return (
    known &&
    (args === undefined || Array.isArray(args)) &&
    (kwargs === undefined || (plain && !ArrayBuffer.isView(kwargs)))
  );
}

/** STOMP says that a body without type is a binary blob; clients leave the type out and put JSON or text in it. */
function readUntyped(bytes: Uint8Array, shape: BodyShape | undefined): Reading {
  if (shape === 'bytes') return { kind: 'bytes', bytes, contentType: undefined };
  const first = bytes[0];
  if (first === 0x7b || first === 0x5b || shape !== undefined) {
    const found = readItem(bytes, 'json', shape);
    if (typeof found !== 'string') return found;
  }
  return isUtf8(bytes)
    ? { kind: 'text', text: utf8(bytes) }
    : { kind: 'bytes', bytes, contentType: undefined };
}

function readText(body: Body, charset: string): Reading {
  try {
    const decoder = new TextDecoder(charset, { fatal: true, ignoreBOM: true });
    return { kind: 'text', text: decoder.decode(body.bytes) };
  } catch {
    // An unknown charset, or octets that are none of it.
    return readBytes(body);
  }
}

function readBytes(body: Body): Reading {
  return { kind: 'bytes', bytes: body.bytes, contentType: body.contentType };
}

/** The type in lower case and its charset, `utf-8` if it names none [RFC 9110 §8.3.1]. */
function mediaType(contentType: string): { readonly type: string; readonly charset: string } {
  const [type = '', ...parameters] = contentType.split(';');
  let charset = 'utf-8';
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=');
    if (name.trim().toLowerCase() === 'charset') charset = value.trim().replace(/^"|"$/g, '');
  }
  return { type: type.trim().toLowerCase(), charset };
}

/** Without the white space that JSON allows around a value, which has no place inside another message. */
function trimmed(bytes: Uint8Array): Uint8Array {
  let start = 0;
  let end = bytes.length;
  while (start < end && isBlank(bytes[start]!)) start += 1;
  while (end > start && isBlank(bytes[end - 1]!)) end -= 1;
  return bytes.subarray(start, end);
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** The octets of an item that is a byte string. */
function bytesOf(item: Uint8Array, from: Serializer): Uint8Array | undefined {
  if (from.name === 'json' && !startsWith(item, JSON_BYTES)) return undefined;
  const value = from.decode(item);
  return value instanceof Uint8Array ? value : undefined;
}

/** How JSON writes the beginning of a byte string: a quote and an escaped NUL [WAMP BP Binary conversion of JSON strings]. */
const JSON_BYTES = Buffer.from('"\\u0000');

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, at) => bytes[at] === byte);
}

function jsonBody(bytes: Uint8Array, shape: BodyShape): Body {
  return { bytes, contentType: 'application/json', shape };
}

function bothBody(args: Uint8Array, kwargs: Uint8Array): Body {
  const bytes = Buffer.concat([
    Buffer.from('{"args":'),
    args,
    Buffer.from(',"kwargs":'),
    kwargs,
    Buffer.from('}'),
  ]);
  return { bytes, contentType: 'application/wamp+json', shape: 'both' };
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

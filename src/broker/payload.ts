import { SmallMap } from '../lib/index.js';
import type { SerializerName } from '../serializers/index.js';
import { serializers } from '../serializers/index.js';
import type { Arguments, Body, BodyShape, Slices, Values } from './conversion.js';
import { argumentsFromBody, argumentsFromSlices, bodyFromSlices, valuesFromArguments } from './conversion.js';

/** User headers that travel beside a payload, in order. Names and values are text of the application. */
export type Headers = ReadonlyMap<string, string>;

/** Characters of all names and values. */
export function sizeOfHeaders(headers: Headers | undefined): number {
  let size = 0;
  if (headers !== undefined) for (const [name, value] of headers) size += name.length + value.length;
  return size;
}

/** Up to so many bytes a buffer is kept alive by any part of it; beyond, by no small one. */
const SHARED_BUFFER = 65_536;

/** The bytes, copied if they are a small part of a large message that they would keep alive. */
function kept<B extends Uint8Array | undefined>(bytes: B): B | Uint8Array {
  if (bytes === undefined) return bytes;
  const whole = bytes.buffer.byteLength;
  return whole > SHARED_BUFFER && 4 * bytes.length < whole ? new Uint8Array(bytes) : bytes;
}

/** The bytes, copied if the buffer that they keep alive is much larger than they are. */
function ownBytes<B extends Uint8Array | undefined>(bytes: B): B | Uint8Array {
  if (bytes === undefined || bytes.buffer.byteLength <= 2 * bytes.length) return bytes;
  return new Uint8Array(bytes);
}

/** A payload as it arrived, for a store to keep and give back. */
export type StoredPayload =
  { readonly kind: 'body'; readonly body: Body } | { readonly kind: 'slices'; readonly slices: Slices };

/**
 * What a publication, a call or an answer carries. It keeps the bytes that arrived and gives each receiver the view that it
 * needs: the same bytes where sender and receiver agree, else a conversion that is made once and kept. Immutable.
 */
export class Payload {
  /** No body, no arguments. */
  static readonly empty = new Payload({
    kind: 'slices',
    slices: slicesOf('json', undefined, undefined, undefined),
  });

  /** serializer → arguments, once somebody needed them */
  #arguments: SmallMap<SerializerName, Arguments> | undefined;
  #body: Body | undefined;

  private constructor(private readonly source: StoredPayload) {}

  /** A payload that a store has kept. */
  static restore(stored: StoredPayload): Payload {
    return new Payload(stored);
  }

  /**
   * A body as it arrived. `shape` tells how to read a JSON, CBOR or MessagePack body: as one value (default), as the list of
   * arguments, or as the keyword arguments.
   */
  static ofBody(bytes: Uint8Array, contentType?: string, shape?: BodyShape): Payload {
    return new Payload({ kind: 'body', body: { bytes: kept(bytes), contentType, shape } });
  }

  /**
   * Encoded arguments as they arrived. Both must have been scanned: exactly one array, exactly one map with string keys.
   *
   * @param contentType the type of a byte string that stands alone.
   */
  static ofSlices(
    serializer: SerializerName,
    args: Uint8Array | undefined,
    kwargs: Uint8Array | undefined,
    contentType?: string,
  ): Payload {
    return new Payload({
      kind: 'slices',
      slices: slicesOf(serializer, kept(args), kept(kwargs), contentType),
    });
  }

  /**
   * Arguments as values of this process. They are encoded at once, so what the caller changes afterwards changes nothing.
   *
   * @throws SerializerError for what no serializer can say: functions, symbols, cycles.
   */
  static ofValues(args: readonly unknown[] = [], kwargs: object = {}): Payload {
    const { cbor } = serializers;
    return Payload.ofSlices('cbor', cbor.encode(args), cbor.encode(kwargs));
  }

  /** The same payload without its conversions, on bytes of its own where it is a small part of what it arrived in. */
  apart(): Payload {
    const { source } = this;
    if (source.kind === 'body') {
      return new Payload({ kind: 'body', body: { ...source.body, bytes: ownBytes(source.body.bytes) } });
    }
    const { args, kwargs } = source.slices;
    const own = { args: ownBytes(args), kwargs: ownBytes(kwargs) };
    return new Payload({ kind: 'slices', slices: { ...source.slices, ...own } });
  }

  /** The payload as it arrived, for a store. */
  get stored(): StoredPayload {
    return this.source;
  }

  /** Bytes of the payload as it arrived. */
  get size(): number {
    if (this.source.kind === 'body') return this.source.body.bytes.length;
    const { args, kwargs } = this.source.slices;
    return (args?.length ?? 0) + (kwargs?.length ?? 0);
  }

  /** The payload as encoded arguments; the very bytes that arrived if the serializer is the sender's. */
  arguments(serializer: SerializerName): Arguments {
    const known = this.#arguments?.get(serializer);
    if (known !== undefined) return known;
    const made =
      this.source.kind === 'body'
        ? argumentsFromBody(this.source.body, serializer)
        : argumentsFromSlices(this.source.slices, serializer);
    this.#arguments ??= new SmallMap();
    this.#arguments.set(serializer, made);
    return made;
  }

  /** The payload as octets with a type; the very bytes that arrived if the sender sent a body. */
  body(): Body {
    this.#body ??= this.source.kind === 'body' ? this.source.body : bodyFromSlices(this.source.slices);
    return this.#body;
  }

  /** The payload as values, for code in this process. Decoded at each call: the caller owns the result. */
  values(): Values {
    const serializer = this.source.kind === 'slices' ? this.source.slices.serializer : 'cbor';
    return valuesFromArguments(serializer, this.arguments(serializer));
  }
}

/** Explicit empty arguments say no more than absent ones [WAMP BP Empty Arguments and Keyword Arguments]. */
function slicesOf(
  serializer: SerializerName,
  args: Uint8Array | undefined,
  kwargs: Uint8Array | undefined,
  contentType: string | undefined,
): Slices {
  const full = kwargs !== undefined && !isEmptyContainer(kwargs) ? kwargs : undefined;
  return {
    serializer,
    args: args !== undefined && (full !== undefined || !isEmptyContainer(args)) ? args : undefined,
    kwargs: full,
    contentType,
  };
}

/** First octet of a container → its length if it is empty and longer than one octet; no octet means that in two serializers. */
const EMPTY_LENGTHS = lengthsByLead([
  // JSON
  [0x5b, 2],
  [0x7b, 2],
  // MessagePack with 16 and 32 bits for the count; msgpackr writes every object so.
  [0xdc, 3],
  [0xdd, 5],
  [0xde, 3],
  [0xdf, 5],
  // CBOR with a count of 1, 2, 4 and 8 octets, or a break instead; cbor-x writes every object with 2.
  ...[0x80, 0xa0].flatMap((major): [number, number][] => [
    [major | 24, 2],
    [major | 25, 3],
    [major | 26, 5],
    [major | 27, 9],
    [major | 31, 2],
  ]),
]);

function lengthsByLead(pairs: readonly (readonly [lead: number, length: number])[]): Uint8Array {
  const lengths = new Uint8Array(256).fill(1);
  for (const [lead, length] of pairs) lengths[lead] = length;
  return lengths;
}

function isEmptyContainer(bytes: Uint8Array): boolean {
  return bytes.length === EMPTY_LENGTHS[bytes[0]!];
}

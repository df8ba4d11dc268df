/** What a serializer is called in tokens, tables and metrics. */
export type SerializerName = 'json' | 'msgpack' | 'cbor';

/**
 * A decoded value. Maps become objects without prototype, so that a key such as `__proto__` is data; integers that a
 * double cannot hold become `bigint`; bytes are `Uint8Array`.
 */
export type WireValue = null | boolean | number | bigint | string | Uint8Array | WireValue[] | WireMap;

/** A decoded map: string keys, no prototype. */
export interface WireMap {
  [key: string]: WireValue;
}

/**
 * Levels of containers that any serializer scans, decodes and encodes. One number for all of them, so that what one has
 * accepted another can write.
 */
export const MAX_DEPTH = 128;

/** What a scan refuses; every number is inclusive. */
export interface ScanLimits {
  /** Containers inside containers; a flat array has depth 1. Above {@link MAX_DEPTH} it means {@link MAX_DEPTH}. */
  readonly maxDepth: number;
  /** Values of all kinds in the whole item: scalars, containers and keys, each counted once (a chunked string too). */
  readonly maxItems: number;
  /** Bytes of one string or byte string, as it stands on the wire: in JSON what is between the quotes, escapes included. */
  readonly maxString: number;
}

/** No limit but {@link MAX_DEPTH}. */
export const UNLIMITED: ScanLimits = { maxDepth: MAX_DEPTH, maxItems: Infinity, maxString: Infinity };

/** Why bytes were refused. */
export type SerializerErrorCode =
  | 'malformed'
  | 'trailing_bytes'
  | 'invalid_utf8'
  | 'too_deep'
  | 'too_many_items'
  | 'string_too_long'
  | 'unsupported';

/** Raised by {@link Serializer} methods for input that is not one complete, valid item within the limits. */
export class SerializerError extends Error {
  override readonly name = 'SerializerError';

  /** @param offset the byte at which the input went wrong. */
  constructor(
    readonly code: SerializerErrorCode,
    readonly offset: number,
    detail: string,
  ) {
    super(`${detail} at byte ${offset}`);
  }
}

/**
 * One encoding of values as bytes.
 *
 * `scan` is one forward pass without building objects; what it has accepted may be spliced into another message, because
 * it is exactly one item: complete, valid UTF-8, bounded in depth, count and length. `decode` expects scanned bytes.
 */
export interface Serializer {
  readonly name: SerializerName;
  /** Whether messages travel in binary WebSocket frames. */
  readonly binary: boolean;

  /**
   * Checks that `bytes` holds exactly one item.
   *
   * @throws SerializerError
   */
  scan(bytes: Uint8Array, limits: ScanLimits): void;

  /**
   * Checks that `bytes` holds exactly one array and tells where its elements are: element `i` is
   * `bytes[result[2i], result[2i + 1])`, without surrounding white space.
   *
   * @throws SerializerError also when the item is not an array (`malformed`).
   */
  scanArray(bytes: Uint8Array, limits: ScanLimits): number[];

  /**
   * Decodes the item in `bytes[start, end)` (default: all of `bytes`), which has been scanned. Nothing in the result shares
   * memory with `bytes`.
   *
   * @throws SerializerError for whatever a scan without limits would have refused.
   */
  decode(bytes: Uint8Array, start?: number, end?: number): WireValue;

  /** Whether the item (scanned, without surrounding white space) is a map with string keys only. */
  isMap(bytes: Uint8Array): boolean;

  /** Whether the item (scanned, without surrounding white space) is an array. */
  isArray(bytes: Uint8Array): boolean;

  /**
   * For a serializer that has no `undefined`: a copy in which what some clients write for it, though the scan refuses that,
   * is null; undefined if there is nothing of the kind. The copy has to be scanned.
   */
  withoutUndefined?(bytes: Uint8Array): Uint8Array | undefined;

  /**
   * Encodes a value: objects by their own enumerable keys, `undefined` as null (left out as a map's value), any
   * `Uint8Array` as bytes. Integers stay integers, −0 stays −0, a lone surrogate becomes U+FFFD; `toJSON` is never called.
   *
   * @throws SerializerError `unsupported` for functions, symbols and objects whose content is not in their keys (`Date`,
   * `Map`, `Error`, …); `too_deep` beyond {@link MAX_DEPTH} levels, which is also where a cycle ends.
   */
  encode(value: unknown): Uint8Array;

  /**
   * Encodes an array whose first elements are given as values and whose last ones as already encoded items. The result is
   * meant for the wire: a short one may be a view into a slab of memory that it shares, so copy what you keep for long.
   *
   * @throws SerializerError as {@link encode} does; the given values stand at depth 2.
   */
  encodeArray(head: readonly unknown[], tail: readonly Uint8Array[]): Uint8Array;
}

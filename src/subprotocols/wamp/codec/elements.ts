import type {
  ScanLimits,
  Serializer,
  SerializerName,
  WireMap,
  WireValue,
} from '../../../serializers/index.js';
import type { Cargo, HeaderMap, OlderPassthru, Passthru } from './messages.js';

/** How incoming messages are read. */
export interface Reading {
  readonly serializer: Serializer;
  /** What a message may hold. */
  readonly limits: ScanLimits;
  /** Whether clients' slips are passed over: `1.0` where an id belongs, null for an option that is not given, an `undefined`. */
  readonly lenient: boolean;
  /** Whether a payload that is packed in the words of the older draft may stand in place of the arguments. Default false. */
  readonly barePayload?: boolean;
}

/** Raised inside the codec for a message that breaks the protocol; never leaves it. */
export class Breach extends Error {
  override readonly name = 'Breach';
}

/** The largest id [WAMP BP IDs]. */
const MAX_ID = 2 ** 53;
/** Limits of `_headers`, inclusive: entries, bytes of a name, bytes of a value. */
const MAX_HEADERS = 100;
const MAX_HEADER_NAME = 256;
const MAX_HEADER_VALUE = 65_536;
const MAX_CONTENT_TYPE = 256;
/** Options of a packed payload in an older draft. */
const OLDER_KEYS: ReadonlySet<string> = new Set(['enc_algo', 'enc_key', 'enc_serializer']);

const EMPTY_MAP = Object.freeze(Object.create(null)) as WireMap;

/** The elements of one scanned message, read by type; whatever has the wrong type is a {@link Breach}. */
export class Elements {
  readonly #serializer: Serializer;
  readonly #lenient: boolean;
  readonly #barePayload: boolean;

  /** @param bounds as of {@link Serializer.scanArray}. */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly bounds: readonly number[],
    reading: Reading,
  ) {
    this.#serializer = reading.serializer;
    this.#lenient = reading.lenient;
    this.#barePayload = reading.barePayload === true;
  }

  get count(): number {
    return this.bounds.length >> 1;
  }

  /** An element as it stands on the wire. */
  slice(at: number): Uint8Array {
    return this.bytes.subarray(this.bounds[2 * at], this.bounds[2 * at + 1]);
  }

  /** A whole number from 0 to 2^53; a boolean is none. */
  integer(at: number, what: string): number {
    const { name } = this.#serializer;
    const start = this.bounds[2 * at]!;
    const end = this.bounds[2 * at + 1]!;
    const simple = name === 'json' ? digits(this.bytes, start, end) : -1;
    if (simple >= 0) return simple;
    const value = this.#serializer.decode(this.bytes, start, end);
    const number = typeof value === 'bigint' ? exactly(value) : value;
    const whole = typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= MAX_ID;
    if (!whole || !(this.#lenient || isIntegerItem(this.slice(at), name))) {
      throw new Breach(`${what} must be an integer.`);
    }
    return number;
  }

  /** An id: a whole number from 1 to 2^53 [WAMP BP IDs]. */
  id(at: number, what: string): number {
    const id = this.integer(at, what);
    if (id === 0) throw new Breach(`${what} must be at least 1.`);
    return id;
  }

  text(at: number, what: string): string {
    const value = this.#serializer.decode(this.bytes, this.bounds[2 * at], this.bounds[2 * at + 1]);
    if (typeof value !== 'string') throw new Breach(`${what} must be a string.`);
    return value;
  }

  map(at: number, what: string): WireMap {
    const { name } = this.#serializer;
    const start = this.bounds[2 * at]!;
    const first = this.bytes[start];
    const isEmpty =
      name === 'json' ? first === 0x7b && this.bytes[start + 1] === 0x7d : first === EMPTY_MAP_OCTET[name];
    if (isEmpty) return EMPTY_MAP;
    const item = this.slice(at);
    if (!this.#serializer.isMap(item)) throw new Breach(`${what} must be a map with string keys.`);
    return this.#serializer.decode(item) as WireMap;
  }

  /** Args and kwargs from element `at` on, not decoded, and our custom keys of the options. */
  cargo(at: number, options: WireMap): Cargo {
    let args = at < this.count ? this.slice(at) : undefined;
    const kwargs = at + 1 < this.count ? this.slice(at + 1) : undefined;
    if (args !== undefined && !this.#serializer.isArray(args)) {
      if (kwargs !== undefined || !this.#isBarePayload(args, options)) {
        throw new Breach('Arguments must be an array.');
      }
      args = this.#serializer.encodeArray([], [args]);
    }
    if (kwargs !== undefined && !this.#serializer.isMap(kwargs)) {
      throw new Breach('Keyword arguments must be a map with string keys.');
    }
    if (options === EMPTY_MAP)
      return { args, kwargs, headers: undefined, contentType: undefined, fault: undefined };
    const passthru = this.#passthru(options);
    const headers = this.#headers(options);
    const contentType = this.string(options, '_content_type');
    const fault = headersFault(headers) ?? contentTypeFault(contentType);
    return fault === undefined
      ? { args, kwargs, headers, contentType, passthru, fault }
      : { args, kwargs, headers: undefined, contentType: undefined, passthru, fault };
  }

  /** An option that is true, false or absent. */
  flag(options: WireMap, key: string): boolean | undefined {
    const value = this.option(options, key);
    if (value !== undefined && typeof value !== 'boolean') throw new Breach(`${key} must be a boolean.`);
    return value;
  }

  /** An option that is a text or absent. */
  string(options: WireMap, key: string): string | undefined {
    const value = this.option(options, key);
    if (value !== undefined && typeof value !== 'string') throw new Breach(`${key} must be a string.`);
    return value;
  }

  /** An option that is a text or a number, as a text; the one and the other are never the same key. */
  key(options: WireMap, key: string): string | undefined {
    const value = this.option(options, key);
    if (value === undefined || typeof value === 'string') return value;
    const number = wholeNumber(value);
    if (number === undefined) throw new Breach(`${key} must be a string or an integer.`);
    return `\0${number}`;
  }

  /** An option that is a list of texts; empty if absent. */
  strings(options: WireMap, key: string): readonly string[] {
    const value = this.option(options, key) ?? [];
    if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string')) {
      throw new Breach(`${key} must be a list of strings.`);
    }
    return value;
  }

  /** An option that is a map; undefined if absent. */
  submap(options: WireMap, key: string): WireMap | undefined {
    const value = this.option(options, key);
    if (value === undefined) return undefined;
    if (!isMap(value)) throw new Breach(`${key} must be a map.`);
    return value;
  }

  /** An option of any type; undefined if absent, or null where that counts as absent. */
  option(options: WireMap, key: string): WireValue | undefined {
    const value = options[key];
    return value === null && this.#lenient ? undefined : value;
  }

  /** Whether options say nothing. */
  isEmpty(options: WireMap): boolean {
    return options === EMPTY_MAP;
  }

  /** What `ppt_…` and `enc_…` say; a payload that is packed so is one argument, and nothing is done to it. */
  #passthru(options: WireMap): Passthru | undefined {
    let isThere = false;
    for (const key in options) if (key.startsWith('ppt_') || OLDER_KEYS.has(key)) isThere = true;
    if (!isThere) return undefined;
    return {
      scheme: this.string(options, 'ppt_scheme') ?? '',
      serializer: this.string(options, 'ppt_serializer'),
      cipher: this.string(options, 'ppt_cipher'),
      keyid: this.string(options, 'ppt_keyid'),
      older: this.#olderPassthru(options),
    };
  }

  /** Whether an item is a packed payload that stands alone, as autobahn-python sends it. */
  #isBarePayload(item: Uint8Array, options: WireMap): boolean {
    if (!this.#barePayload || this.string(options, 'enc_algo') === undefined) return false;
    const payload = this.#serializer.decode(item);
    return typeof payload === 'string' || payload instanceof Uint8Array;
  }

  #olderPassthru(options: WireMap): OlderPassthru | undefined {
    const algo = this.string(options, 'enc_algo');
    const key = this.string(options, 'enc_key');
    const serializer = this.string(options, 'enc_serializer');
    if (algo === undefined && key === undefined && serializer === undefined) return undefined;
    return { algo: algo ?? '', key, serializer };
  }

  #headers(options: WireMap): HeaderMap | undefined {
    const map = this.submap(options, '_headers');
    if (map === undefined) return undefined;
    const headers = new Map<string, string>();
    for (const [name, value] of Object.entries(map)) {
      if (typeof value !== 'string') throw new Breach('_headers must hold strings only.');
      headers.set(name, value);
    }
    return headers.size === 0 ? undefined : headers;
  }
}

const EMPTY_MAP_OCTET = { msgpack: 0x80, cbor: 0xa0, json: -1 } as const satisfies Record<
  SerializerName,
  number
>;

/** A JSON number of 1 to 15 digits and nothing else, or -1. */
function digits(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > 15) return -1;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const octet = bytes[at]!;
    if (octet < 0x30 || octet > 0x39) return -1;
    value = value * 10 + (octet - 0x30);
  }
  return value;
}

/** A decoded value as a whole number that a double tells from its neighbours; undefined if it is none. */
export function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'bigint' ? exactly(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
}

function exactly(value: bigint): number | undefined {
  return value >= 0n && value <= BigInt(MAX_ID) ? Number(value) : undefined;
}

/** Whether the item is written as an unsigned or signed integer, not as a float. */
function isIntegerItem(item: Uint8Array, name: SerializerName): boolean {
  const first = item[0] ?? 0;
  switch (name) {
    case 'json':
      return item.every((octet) => octet >= 0x30 && octet <= 0x39);
    case 'msgpack':
      return first <= 0x7f || (first >= 0xcc && first <= 0xd3);
    case 'cbor':
      return first >> 5 === 0;
  }
}

function isMap(value: WireValue): value is WireMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function headersFault(headers: HeaderMap | undefined): string | undefined {
  if (headers === undefined) return undefined;
  if (headers.size > MAX_HEADERS) return `_headers may have ${MAX_HEADERS} entries.`;
  for (const [name, value] of headers) {
    if (name === '' || Buffer.byteLength(name) > MAX_HEADER_NAME || hasControl(name)) {
      return `A name in _headers must have 1 to ${MAX_HEADER_NAME} bytes and no control characters.`;
    }
    if (value.includes('\0') || Buffer.byteLength(value) > MAX_HEADER_VALUE) {
      return `A value in _headers may have ${MAX_HEADER_VALUE} bytes, and no NUL.`;
    }
  }
  return undefined;
}

function contentTypeFault(type: string | undefined): string | undefined {
  if (type === undefined || (type.length <= MAX_CONTENT_TYPE && !hasControl(type))) return undefined;
  return `_content_type may have ${MAX_CONTENT_TYPE} characters, and no control characters.`;
}

/** C0 controls and DEL have no place in a header's name or in a type. */
function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}

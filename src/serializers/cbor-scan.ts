import { isUtf8 } from '../lib/index.js';
import { readUint } from './big-endian.js';
import {
  invalidUtf8,
  stringTooLong,
  tooDeep,
  tooManyItems,
  trailingBytes,
  truncated,
  unsupported,
} from './refusals.js';
import type { ScanLimits } from './serializer.js';
import { MAX_DEPTH, SerializerError } from './serializer.js';

/** Major types [RFC 8949 §3.1]. */
export const NEGATIVE = 1;
export const BYTES = 2;
export const TEXT = 3;
export const ARRAY = 4;
export const MAP = 5;
const TAG = 6;
/** The lead byte of a tag whose number is in the byte behind it, as that of arrays of octets is. */
const OCTETS_TAG = 0xd8;
export const SIMPLE = 7;

/** Additional information: no argument, the end is marked by a break [RFC 8949 §3.2]. */
export const INDEFINITE = 31;
export const BREAK = 0xff;

/** Depth → items still missing in the open container there; of indefinite ones 0, −1, …: minus those seen. 0 is the whole. */
const MISSING = new Float64Array(MAX_DEPTH + 1);
/** Depth → whether the open container there is a map. */
const IS_MAP = new Uint8Array(MAX_DEPTH + 1);
/** Depth → whether the open container there ends with a break. */
const IS_OPEN_ENDED = new Uint8Array(MAX_DEPTH + 1);

/** Where the item behind the tag "self-described CBOR" (55799) begins [RFC 8949 §3.4.6]; `start` if there is none. */
export function skipSelfDescription(bytes: Uint8Array, start: number): number {
  return bytes[start] === 0xd9 && bytes[start + 1] === 0xd9 && bytes[start + 2] === 0xf7 ? start + 3 : start;
}

/**
 * Where the byte string behind the tag "uint8 array" (64) begins [RFC 8746 §2.1]; `at` if there is none. An array of octets is a
 * byte string: CBOR encoders of JavaScript write every Uint8Array so, and mean nothing else by it.
 */
export function skipOctetsTag(bytes: Uint8Array, at: number): number {
  return bytes[at] === OCTETS_TAG && bytes[at + 1] === 64 && bytes[at + 2]! >> 5 === BYTES ? at + 2 : at;
}

/** The bytes behind a lead byte that hold its argument; 0 if it holds the argument itself or has none. */
export function argumentWidth(lead: number, at: number): number {
  const info = lead & 31;
  if (info < 24) return 0;
  if (info < 28) return 1 << (info - 24);
  if (info !== INDEFINITE || lead >> 5 < BYTES || lead >> 5 > MAP) {
    throw new SerializerError('malformed', at, `byte 0x${lead.toString(16)}`);
  }
  return 0;
}

/** Refuses tags, and simple values except false, true, null and undefined. Integers and floats pass. */
export function checkScalar(lead: number, at: number): void {
  if (lead >> 5 === TAG) throw unsupported(at, 'a tag');
  if (lead >> 5 === SIMPLE && ((lead & 31) < 20 || (lead & 31) === 24)) {
    throw unsupported(at, 'a simple value');
  }
}

/**
 * Checks the text or byte string whose lead byte is at `at` and returns the position behind it. The chunks of an indefinite
 * one are definite strings of the same kind, each valid UTF-8 by itself [RFC 8949 §3.2.3]; their sum is bounded.
 */
function stringEnd(bytes: Uint8Array, at: number, maxString: number, trusted: boolean): number {
  const lead = bytes[at]!;
  if ((lead & 31) !== INDEFINITE) return definiteEnd(bytes, at, maxString, trusted);
  const start = at;
  let left = maxString;
  at += 1;
  while (at < bytes.length && bytes[at] !== BREAK) {
    const chunk = bytes[at]!;
    if (chunk >> 5 !== lead >> 5 || (chunk & 31) === INDEFINITE) {
      throw new SerializerError('malformed', at, 'a chunk of another kind');
    }
    const content = at + 1 + argumentWidth(chunk, at);
    at = definiteEnd(bytes, at, left, trusted);
    left -= at - content;
  }
  if (at >= bytes.length) throw truncated(start);
  return at + 1;
}

function definiteEnd(bytes: Uint8Array, at: number, maxString: number, trusted: boolean): number {
  const end = bytes.length;
  const lead = bytes[at]!;
  const width = argumentWidth(lead, at);
  if (width >= end - at) throw truncated(end);
  const size = width === 0 ? lead & 31 : readUint(bytes, at + 1, width);
  at += 1 + width;
  if (size > end - at) throw truncated(end);
  if (size > maxString) throw stringTooLong(at);
  if (lead >> 5 === TEXT && !trusted && !isUtf8(bytes, at, at + size)) throw invalidUtf8(at);
  return at + size;
}

/**
 * Checks that `bytes` holds exactly one CBOR item [RFC 8949]: definite and indefinite forms; no tag except "self-described
 * CBOR" in front of the whole and "uint8 array" in front of a byte string; no simple values but false, true, null and undefined. Where `offsets` is given, the
 * beginnings and ends of the elements of the outermost container are appended to it.
 *
 * @param trusted whether text is known to be valid.
 * @returns whether all keys of the outermost container, if it is a map, are text.
 * @throws SerializerError
 */
export function scanCbor(
  bytes: Uint8Array,
  limits: ScanLimits,
  offsets?: number[],
  trusted = false,
): boolean {
  const { maxItems, maxString } = limits;
  const maxDepth = Math.min(limits.maxDepth, MAX_DEPTH);
  const end = bytes.length;
  let textKeys = true;
  let depth = 0;
  let items = 0;
  let at = skipSelfDescription(bytes, 0);
  MISSING[0] = 1;
  while (MISSING[0]! > 0) {
    if (at >= end) throw truncated(end);
    let lead = bytes[at]!;
    const isKey = IS_MAP[depth] === 1 && MISSING[depth]! % 2 === 0;
    if (lead === BREAK) {
      closeOpenEnded(depth, isKey, at);
      at += 1;
    } else {
      if (++items > maxItems) throw tooManyItems(at);
      if (depth === 1 && offsets !== undefined) offsets.push(at);
      if (lead === OCTETS_TAG) lead = bytes[(at = skipOctetsTag(bytes, at))]!;
      const major = lead >> 5;
      if (isKey && depth === 1 && major !== TEXT) textKeys = false;
      if (major === ARRAY || major === MAP) {
        if (isKey) throw unsupported(at, 'a container as key');
        if (++depth > maxDepth) throw tooDeep(at);
        at = openContainer(bytes, at, depth);
      } else {
        if (major === TEXT || major === BYTES) {
          at = stringEnd(bytes, at, maxString, trusted);
        } else {
          checkScalar(lead, at);
          at += 1 + argumentWidth(lead, at);
          if (at > end) throw truncated(end);
        }
        MISSING[depth]! -= 1;
        if (depth === 1 && offsets !== undefined) offsets.push(at);
      }
    }
    while (MISSING[depth] === 0 && depth > 0 && IS_OPEN_ENDED[depth] === 0) {
      depth -= 1;
      MISSING[depth]! -= 1;
      if (depth === 1 && offsets !== undefined) offsets.push(at);
    }
  }
  if (at < end) throw trailingBytes(at);
  return textKeys;
}

/** Notes the container whose lead byte is at `at` as the open one at `depth`; returns the position behind its head. */
function openContainer(bytes: Uint8Array, at: number, depth: number): number {
  const end = bytes.length;
  const lead = bytes[at]!;
  const width = argumentWidth(lead, at);
  if (width >= end - at) throw truncated(end);
  const isOpenEnded = (lead & 31) === INDEFINITE;
  const isMap = lead >> 5 === MAP;
  const size = isOpenEnded ? 0 : width === 0 ? lead & 31 : readUint(bytes, at + 1, width);
  const missing = isMap ? size * 2 : size;
  at += 1 + width;
  if (missing > end - at) throw truncated(end);
  MISSING[depth] = missing;
  IS_MAP[depth] = isMap ? 1 : 0;
  IS_OPEN_ENDED[depth] = isOpenEnded ? 1 : 0;
  return at;
}

/** A break ends an open-ended container, but not between a key and its value. */
function closeOpenEnded(depth: number, isKey: boolean, at: number): void {
  if (IS_OPEN_ENDED[depth] === 0 || (IS_MAP[depth] === 1 && !isKey)) {
    throw new SerializerError('malformed', at, 'break');
  }
  MISSING[depth] = 0;
  IS_OPEN_ENDED[depth] = 0;
}

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

/** What a lead byte announces. */
export const SCALAR = 0;
export const TEXT = 1;
export const BYTES = 2;
export const ARRAY = 3;
export const MAP = 4;
export const REFUSED = 5;

/** Lead byte → what it announces. */
export const KIND = new Uint8Array(256);
/** Lead byte → the size that it holds itself: bytes of a scalar or string, elements of a container. */
export const SIZE = new Uint8Array(256);
/** Lead byte → the bytes behind it that hold the size; 0 if it holds the size itself. */
export const SIZE_WIDTH = new Uint8Array(256);

/** The table of the specification: the families first, then 0xc0 to 0xdf one by one. */
function describeLeads(): void {
  for (let low = 0; low < 16; low += 1) {
    KIND[0x80 | low] = MAP;
    KIND[0x90 | low] = ARRAY;
    SIZE[0x80 | low] = low;
    SIZE[0x90 | low] = low;
  }
  for (let low = 0; low < 32; low += 1) {
    KIND[0xa0 | low] = TEXT;
    SIZE[0xa0 | low] = low;
  }
  KIND[0xc1] = REFUSED;
  KIND.fill(REFUSED, 0xc7, 0xca);
  KIND.fill(REFUSED, 0xd4, 0xd9);
  SIZE.set([4, 8, 1, 2, 4, 8, 1, 2, 4, 8], 0xca);
  for (const [first, kind, widths] of [
    [0xc4, BYTES, [1, 2, 4]],
    [0xd9, TEXT, [1, 2, 4]],
    [0xdc, ARRAY, [2, 4]],
    [0xde, MAP, [2, 4]],
  ] as const) {
    KIND.fill(kind, first, first + widths.length);
    SIZE_WIDTH.set(widths, first);
  }
}
describeLeads();

/** Depth → items still missing in the open container there; index 0 is the whole. Scanning calls nobody: one stack is enough. */
const MISSING = new Float64Array(MAX_DEPTH + 1);
/** Depth → whether the open container there is a map. */
const IS_MAP = new Uint8Array(MAX_DEPTH + 1);

/**
 * Checks that `bytes` holds exactly one MessagePack item. Extension types are refused, the timestamp (−1) too: JSON and CBOR
 * without tags have nothing to say it in. Where `offsets` is given, the beginnings and ends of the elements of the outermost
 * container are appended to it.
 *
 * @param trusted whether text is known to be valid.
 * @returns whether all keys of the outermost container, if it is a map, are text.
 * @throws SerializerError
 */
export function scanMsgpack(
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
  let at = 0;
  MISSING[0] = 1;
  while (MISSING[0]! > 0) {
    if (at >= end) throw truncated(end);
    if (++items > maxItems) throw tooManyItems(at);
    if (depth === 1 && offsets !== undefined) offsets.push(at);
    const isKey = depth > 0 && IS_MAP[depth] === 1 && MISSING[depth]! % 2 === 0;
    const lead = bytes[at++]!;
    const kind = KIND[lead]!;
    const isContainer = kind === ARRAY || kind === MAP;
    if (kind === REFUSED) throw refusedLead(lead, at - 1);
    if (isContainer && isKey) throw unsupported(at - 1, 'a container as key');
    if (isContainer && ++depth > maxDepth) throw tooDeep(at - 1);
    const width = SIZE_WIDTH[lead]!;
    let size = SIZE[lead]!;
    if (width > 0) {
      if (end - at < width) throw truncated(end);
      size = readUint(bytes, at, width);
      at += width;
    }
    if (kind === MAP) size *= 2;
    if (size > end - at) throw truncated(end);
    if (isKey && depth === 1 && kind !== TEXT) textKeys = false;
    if (isContainer) {
      MISSING[depth] = size;
      IS_MAP[depth] = kind === MAP ? 1 : 0;
    } else {
      if (kind !== SCALAR && size > maxString) throw stringTooLong(at);
      if (kind === TEXT && !trusted && !isUtf8(bytes, at, at + size)) throw invalidUtf8(at);
      at += size;
      MISSING[depth]! -= 1;
      if (depth === 1 && offsets !== undefined) offsets.push(at);
    }
    while (depth > 0 && MISSING[depth] === 0) {
      depth -= 1;
      MISSING[depth]! -= 1;
      if (depth === 1 && offsets !== undefined) offsets.push(at);
    }
  }
  if (at < end) throw trailingBytes(at);
  return textKeys;
}

/** Extension types, and 0xc1 which the specification never uses. */
export function refusedLead(lead: number, at: number): SerializerError {
  return lead === 0xc1
    ? new SerializerError('malformed', at, 'byte 0xc1')
    : unsupported(at, 'an extension type');
}

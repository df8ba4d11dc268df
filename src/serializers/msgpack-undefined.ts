import { readUint } from './big-endian.js';
import { ARRAY, KIND, MAP, REFUSED, SIZE, SIZE_WIDTH } from './msgpack-scan.js';

const NIL = 0xc0;
/** Extension type 0 with one octet, 0: how msgpackr writes JavaScript's undefined. */
const FIXEXT_1 = 0xd4;

/**
 * A copy in which each `undefined` as msgpackr writes it, `d4 00 00`, is nil. Undefined itself if there is none, or if the
 * bytes hold another extension or end in the middle of an item; the copy still has to be scanned.
 */
export function withoutUndefined(bytes: Uint8Array): Uint8Array | undefined {
  const copy = new Uint8Array(bytes.length);
  let length = 0;
  /** Where what is not copied yet begins. */
  let start = 0;
  // Containers need no stack: their elements follow, one by one.
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at]!;
    const kind = KIND[lead]!;
    if (kind === REFUSED) {
      if (lead !== FIXEXT_1 || bytes[at + 1] !== 0 || bytes[at + 2] !== 0) return undefined;
      copy.set(bytes.subarray(start, at), length);
      length += at - start;
      copy[length] = NIL;
      length += 1;
      at += 3;
      start = at;
      continue;
    }
    const width = SIZE_WIDTH[lead]!;
    if (bytes.length - at - 1 < width) return undefined;
    const size = width === 0 ? SIZE[lead]! : readUint(bytes, at + 1, width);
    at += 1 + width + (kind === ARRAY || kind === MAP ? 0 : size);
  }
  if (start === 0) return undefined;
  copy.set(bytes.subarray(start), length);
  return copy.subarray(0, length + bytes.length - start);
}

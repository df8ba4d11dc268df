// What AutobahnJS uses of the package cbor, by one that needs no Node.
import { decode, encode } from 'cborg';

/** Encodes a value. */
export function encodeAsync(value: unknown): Promise<Uint8Array> {
  return Promise.resolve(encode(value));
}

/** Decodes the one item that a message is. */
export function decodeFirstSync(payload: ArrayBuffer): unknown {
  return decode(new Uint8Array(payload));
}

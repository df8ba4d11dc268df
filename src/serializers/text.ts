/** Bytes and text of a slice as JavaScript values; the slice is valid UTF-8 already. */
export class TextSource {
  readonly #buffer: Buffer;

  constructor(bytes: Uint8Array) {
    this.#buffer =
      bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** The text of `[start, end)`, a leading U+FEFF included. */
  utf8(start: number, end: number): string {
    return this.#buffer.toString('utf8', start, end);
  }

  /** The text of `[start, end)`, which is ASCII. */
  ascii(start: number, end: number): string {
    return this.#buffer.toString('latin1', start, end);
  }
}

/** A copy of `bytes[start, end)` in memory of its own; `Buffer.prototype.slice` would share it. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}

/** Bytes as text that JSON can carry: U+0000 and standard base64 [WAMP AP Binary conversion of JSON Strings]. */
export function markedBase64(bytes: Uint8Array): string {
  return `\0${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')}`;
}

/**
 * The bytes that a string beginning with U+0000 stands for [WAMP AP Binary conversion of JSON Strings], or undefined if what
 * follows is not base64 exactly as an encoder writes it: standard alphabet, padding kept, no bits left over.
 */
export function bytesOfMarkedBase64(text: string): Uint8Array | undefined {
  const { length } = text;
  if (length % 4 !== 1) return undefined;
  const padding = length > 1 && text.endsWith('=') ? (text.endsWith('==') ? 2 : 1) : 0;
  for (let index = 1; index < length - padding; index += 1) {
    if (sextet(text.charCodeAt(index)) < 0) return undefined;
  }
  const leftOver =
    padding === 0 ? 0 : sextet(text.charCodeAt(length - padding - 1)) & (padding === 2 ? 15 : 3);
  return leftOver === 0 ? new Uint8Array(Buffer.from(text.slice(1), 'base64')) : undefined;
}

/** The value 0 to 63 of a character of the base64 alphabet, else −1. */
function sextet(code: number): number {
  if (code >= 0x41 && code <= 0x5a) return code - 0x41;
  if (code >= 0x61 && code <= 0x7a) return code - 0x61 + 26;
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 52;
  if (code === 0x2b) return 62;
  return code === 0x2f ? 63 : -1;
}

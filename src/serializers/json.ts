import { borrowWriter, returnWriter } from './byte-writer.js';
import { JsonReader } from './json-decode.js';
import { writeJson } from './json-encode.js';
import { scanJson, skipBlanks } from './json-scan.js';
import type { ScanLimits, Serializer, WireValue } from './serializer.js';
import { SerializerError } from './serializer.js';

/**
 * JSON [RFC 8259], strict, with WAMP's convention for bytes: a string that begins with U+0000 and goes on in base64 is
 * bytes [WAMP AP Binary conversion of JSON Strings]; one whose rest is no base64 stays a string. Integer literals beyond
 * ±(2^53−1) become `bigint` as long as a double could hold their size, larger ones become ±Infinity as `1e400` does. Of
 * members with the same key the last one counts.
 */
export const json: Serializer = {
  name: 'json',
  binary: false,

  scan(bytes: Uint8Array, limits: ScanLimits): void {
    scanJson(bytes, limits);
  },

  scanArray(bytes: Uint8Array, limits: ScanLimits): number[] {
    const first = skipBlanks(bytes, 0, bytes.length);
    if (bytes[first] !== 0x5b) throw new SerializerError('malformed', first, 'not an array');
    const offsets: number[] = [];
    scanJson(bytes, limits, offsets);
    return offsets;
  },

  decode(bytes: Uint8Array, start = 0, end = bytes.length): WireValue {
    return new JsonReader(bytes, start, end).readOnly();
  },

  isMap(bytes: Uint8Array): boolean {
    return bytes[0] === 0x7b;
  },

  isArray(bytes: Uint8Array): boolean {
    return bytes[0] === 0x5b;
  },

  encode(value: unknown): Uint8Array {
    const writer = borrowWriter();
    try {
      writeJson(writer, value, 1);
      return writer.copy();
    } finally {
      returnWriter(writer);
    }
  },

  encodeArray(head: readonly unknown[], tail: readonly Uint8Array[]): Uint8Array {
    const writer = borrowWriter();
    try {
      writer.byte(0x5b);
      for (let index = 0; index < head.length; index += 1) {
        if (index > 0) writer.byte(0x2c);
        writeJson(writer, head[index], 2);
      }
      const first = head.length === 0 ? tail[0] : undefined;
      if (first === undefined) return writer.joined(tail, 0x2c, 0x5d);
      writer.raw(first);
      return writer.joined(tail.slice(1), 0x2c, 0x5d);
    } finally {
      returnWriter(writer);
    }
  },
};

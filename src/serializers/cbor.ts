import type { BinaryFormat } from './binary-encode.js';
import { writeBinary } from './binary-encode.js';
import type { ByteWriter } from './byte-writer.js';
import { borrowWriter, returnWriter } from './byte-writer.js';
import { CborReader } from './cbor-decode.js';
import { ARRAY, BYTES, MAP, NEGATIVE, scanCbor, skipSelfDescription, TEXT } from './cbor-scan.js';
import type { ScanLimits, Serializer, WireValue } from './serializer.js';
import { SerializerError, UNLIMITED } from './serializer.js';

const MAX_UINT64 = 2n ** 64n - 1n;
const MIN_NEGATIVE = -(2n ** 64n);

/** The major type and its argument, up to 2^53−1, in the shortest form. */
function head(writer: ByteWriter, major: number, argument: number): void {
  const lead = major << 5;
  if (argument < 24) writer.byte(lead | argument);
  else if (argument < 0x100) writer.leadAndUint(lead | 24, argument, 1);
  else if (argument < 0x1_0000) writer.leadAndUint(lead | 25, argument, 2);
  else if (argument < 0x1_0000_0000) writer.leadAndUint(lead | 26, argument, 4);
  else writer.leadAndUint64(lead | 27, Math.floor(argument / 0x1_0000_0000), argument % 0x1_0000_0000);
}

const FORMAT: BinaryFormat = {
  null: 0xf6,
  false: 0xf4,
  true: 0xf5,
  float64: 0xfb,

  integer(writer: ByteWriter, value: number): void {
    if (value >= 0) head(writer, 0, value);
    else head(writer, NEGATIVE, -1 - value);
  },

  bigInteger(writer: ByteWriter, value: bigint): boolean {
    if (value > MAX_UINT64 || value < MIN_NEGATIVE) return false;
    const argument = value < 0n ? -1n - value : value;
    const lead = value < 0n ? 0x3b : 0x1b;
    writer.leadAndUint64(lead, Number(argument >> 32n), Number(argument & 0xffff_ffffn));
    return true;
  },

  textHead(writer: ByteWriter, byteLength: number): void {
    head(writer, TEXT, byteLength);
  },

  bytesHead(writer: ByteWriter, byteLength: number): void {
    head(writer, BYTES, byteLength);
  },

  arrayHead(writer: ByteWriter, count: number): void {
    head(writer, ARRAY, count);
  },

  mapHead(writer: ByteWriter, count: number): void {
    head(writer, MAP, count);
  },
};

function majorOf(bytes: Uint8Array): number {
  return (bytes[skipSelfDescription(bytes, 0)] ?? 0) >> 5;
}

/**
 * CBOR [RFC 8949]. Definite and indefinite forms are read, definite ones written. Tags are refused as `unsupported`, bignums
 * and dates too; "self-described CBOR" (55799) is skipped in front of a whole item, and "uint8 array" (64) in front of a byte
 * string [RFC 8746 §2.1]. Keys of maps that are scalars but not
 * text are turned into text at decode, containers as keys are refused. `undefined` is read as null. Integers beyond
 * −2^64 … 2^64−1 are written as float64.
 */
export const cbor: Serializer = {
  name: 'cbor',
  binary: true,

  scan(bytes: Uint8Array, limits: ScanLimits): void {
    scanCbor(bytes, limits);
  },

  scanArray(bytes: Uint8Array, limits: ScanLimits): number[] {
    if (majorOf(bytes) !== ARRAY) throw new SerializerError('malformed', 0, 'not an array');
    const offsets: number[] = [];
    scanCbor(bytes, limits, offsets);
    return offsets;
  },

  decode(bytes: Uint8Array, start = 0, end = bytes.length): WireValue {
    return new CborReader(bytes, start, end).readOnly();
  },

  isMap(bytes: Uint8Array): boolean {
    return majorOf(bytes) === MAP && scanCbor(bytes, UNLIMITED, undefined, true);
  },

  isArray(bytes: Uint8Array): boolean {
    return majorOf(bytes) === ARRAY;
  },

  encode(value: unknown): Uint8Array {
    const writer = borrowWriter();
    try {
      writeBinary(FORMAT, writer, value, 1);
      return writer.copy();
    } finally {
      returnWriter(writer);
    }
  },

  encodeArray(first: readonly unknown[], tail: readonly Uint8Array[]): Uint8Array {
    const writer = borrowWriter();
    try {
      FORMAT.arrayHead(writer, first.length + tail.length);
      for (const value of first) writeBinary(FORMAT, writer, value, 2);
      return writer.joined(tail);
    } finally {
      returnWriter(writer);
    }
  },
};

import type { BinaryFormat } from './binary-encode.js';
import { writeBinary } from './binary-encode.js';
import type { ByteWriter } from './byte-writer.js';
import { borrowWriter, returnWriter } from './byte-writer.js';
import { MsgpackReader } from './msgpack-decode.js';
import { ARRAY, KIND, MAP, scanMsgpack } from './msgpack-scan.js';
import { withoutUndefined } from './msgpack-undefined.js';
import type { ScanLimits, Serializer, WireValue } from './serializer.js';
import { SerializerError, UNLIMITED } from './serializer.js';

const MAX_UINT64 = 2n ** 64n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** A head whose count or length fits 16 bits, or needs 32. */
function longHead(writer: ByteWriter, lead16: number, size: number): void {
  if (size < 0x1_0000) writer.leadAndUint(lead16, size, 2);
  else writer.leadAndUint(lead16 + 1, size, 4);
}

const FORMAT: BinaryFormat = {
  null: 0xc0,
  false: 0xc2,
  true: 0xc3,
  float64: 0xcb,

  integer(writer: ByteWriter, value: number): void {
    if (value >= 0) {
      if (value < 0x80) writer.byte(value);
      else if (value < 0x100) writer.leadAndUint(0xcc, value, 1);
      else if (value < 0x1_0000) writer.leadAndUint(0xcd, value, 2);
      else if (value < 0x1_0000_0000) writer.leadAndUint(0xce, value, 4);
      else writer.leadAndUint64(0xcf, Math.floor(value / 0x1_0000_0000), value % 0x1_0000_0000);
    } else if (value >= -0x20) writer.byte(value & 0xff);
    else if (value >= -0x80) writer.leadAndUint(0xd0, value, 1);
    else if (value >= -0x8000) writer.leadAndUint(0xd1, value, 2);
    else if (value >= -0x8000_0000) writer.leadAndUint(0xd2, value, 4);
    else {
      const high = Math.floor(value / 0x1_0000_0000);
      writer.leadAndUint64(0xd3, high, value - high * 0x1_0000_0000);
    }
  },

  bigInteger(writer: ByteWriter, value: bigint): boolean {
    if (value > MAX_UINT64 || value < MIN_INT64) return false;
    writer.leadAndUint64(value < 0n ? 0xd3 : 0xcf, Number(value >> 32n), Number(value & 0xffff_ffffn));
    return true;
  },

  textHead(writer: ByteWriter, byteLength: number): void {
    if (byteLength < 0x20) writer.byte(0xa0 | byteLength);
    else if (byteLength < 0x100) writer.leadAndUint(0xd9, byteLength, 1);
    else longHead(writer, 0xda, byteLength);
  },

  bytesHead(writer: ByteWriter, byteLength: number): void {
    if (byteLength < 0x100) writer.leadAndUint(0xc4, byteLength, 1);
    else longHead(writer, 0xc5, byteLength);
  },

  arrayHead(writer: ByteWriter, count: number): void {
    if (count < 0x10) writer.byte(0x90 | count);
    else longHead(writer, 0xdc, count);
  },

  mapHead(writer: ByteWriter, count: number): void {
    if (count < 0x10) writer.byte(0x80 | count);
    else longHead(writer, 0xde, count);
  },
};

/**
 * MessagePack [the specification at msgpack.org, v5]. Every type except extensions: those are refused as `unsupported`, the
 * timestamp too. Keys of maps that are scalars but not text are turned into text at decode, containers as keys are refused.
 * Integers beyond 64 bits are written as float64.
 */
export const msgpack: Serializer = {
  name: 'msgpack',
  binary: true,

  scan(bytes: Uint8Array, limits: ScanLimits): void {
    scanMsgpack(bytes, limits);
  },

  scanArray(bytes: Uint8Array, limits: ScanLimits): number[] {
    if (KIND[bytes[0] ?? 0] !== ARRAY) throw new SerializerError('malformed', 0, 'not an array');
    const offsets: number[] = [];
    scanMsgpack(bytes, limits, offsets);
    return offsets;
  },

  decode(bytes: Uint8Array, start = 0, end = bytes.length): WireValue {
    return new MsgpackReader(bytes, start, end).readOnly();
  },

  isMap(bytes: Uint8Array): boolean {
    return KIND[bytes[0] ?? 0] === MAP && scanMsgpack(bytes, UNLIMITED, undefined, true);
  },

  isArray(bytes: Uint8Array): boolean {
    return KIND[bytes[0] ?? 0] === ARRAY;
  },

  withoutUndefined,

  encode(value: unknown): Uint8Array {
    const writer = borrowWriter();
    try {
      writeBinary(FORMAT, writer, value, 1);
      return writer.copy();
    } finally {
      returnWriter(writer);
    }
  },

  encodeArray(head: readonly unknown[], tail: readonly Uint8Array[]): Uint8Array {
    const writer = borrowWriter();
    try {
      FORMAT.arrayHead(writer, head.length + tail.length);
      for (const value of head) writeBinary(FORMAT, writer, value, 2);
      return writer.joined(tail);
    } finally {
      returnWriter(writer);
    }
  },
};

import type { ByteWriter } from './byte-writer.js';
import { ownKeys } from './own-keys.js';
import { tooDeep, unsupported } from './refusals.js';
import { MAX_DEPTH } from './serializer.js';

/** Longer text is worth a call into the platform. Below 24 bytes the header is one byte in MessagePack and CBOR alike. */
const SHORT = 24;

/** How one binary encoding writes scalars and the heads of everything else. */
export interface BinaryFormat {
  readonly null: number;
  readonly false: number;
  readonly true: number;
  readonly float64: number;
  /** An integer within ±(2^53−1), in its shortest form. */
  integer(writer: ByteWriter, value: number): void;
  /** An integer beyond that; false if the encoding has no integer so large. */
  bigInteger(writer: ByteWriter, value: bigint): boolean;
  textHead(writer: ByteWriter, byteLength: number): void;
  bytesHead(writer: ByteWriter, byteLength: number): void;
  arrayHead(writer: ByteWriter, count: number): void;
  mapHead(writer: ByteWriter, count: number): void;
}

/**
 * Writes a value. Doubles that are integers within ±(2^53−1) become integers, −0 and all other doubles float64; a `bigint`
 * that the encoding has no integer for becomes the nearest float64, as every reader of such a literal in JSON makes it.
 *
 * @param depth the level of a container that `value` would be.
 * @throws SerializerError
 */
export function writeBinary(format: BinaryFormat, writer: ByteWriter, value: unknown, depth: number): void {
  switch (typeof value) {
    case 'number':
      return writeNumber(format, writer, value);
    case 'string':
      return writeText(format, writer, value);
    case 'boolean':
      return writer.byte(value ? format.true : format.false);
    case 'bigint':
      return writeBigint(format, writer, value);
    case 'undefined':
      return writer.byte(format.null);
    case 'object':
      if (value === null) return writer.byte(format.null);
      if (value instanceof Uint8Array) {
        format.bytesHead(writer, value.length);
        return writer.raw(value);
      }
      if (depth > MAX_DEPTH) throw tooDeep(writer.at);
      return Array.isArray(value)
        ? writeArray(format, writer, value, depth)
        : writeMap(format, writer, value, depth);
    default:
      throw unsupported(writer.at, typeof value);
  }
}

function writeNumber(format: BinaryFormat, writer: ByteWriter, value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) format.integer(writer, value);
  else writer.leadAndFloat64(format.float64, value);
}

function writeBigint(format: BinaryFormat, writer: ByteWriter, value: bigint): void {
  const double = Number(value);
  if (Number.isSafeInteger(double)) format.integer(writer, double);
  else if (!format.bigInteger(writer, value)) writer.leadAndFloat64(format.float64, double);
}

function writeText(format: BinaryFormat, writer: ByteWriter, text: string): void {
  const start = writer.at;
  if (text.length < SHORT) {
    format.textHead(writer, text.length);
    if (writer.shortAscii(text)) return;
    writer.at = start;
  }
  const byteLength = Buffer.byteLength(text);
  format.textHead(writer, byteLength);
  writer.utf8(text, byteLength);
}

function writeArray(
  format: BinaryFormat,
  writer: ByteWriter,
  array: readonly unknown[],
  depth: number,
): void {
  const { length } = array;
  format.arrayHead(writer, length);
  for (let index = 0; index < length; index += 1) writeBinary(format, writer, array[index], depth + 1);
}

function writeMap(format: BinaryFormat, writer: ByteWriter, object: object, depth: number): void {
  const keys = ownKeys(object, writer.at);
  const start = writer.at;
  format.mapHead(writer, keys.length);
  const members = writer.at;
  let count = 0;
  for (const key of keys) {
    const value = (object as Readonly<Record<string, unknown>>)[key];
    if (value === undefined) continue;
    count += 1;
    writeText(format, writer, key);
    writeBinary(format, writer, value, depth + 1);
  }
  if (count === keys.length) return;
  // Members were left out, so the head says too many; a smaller count may have a shorter head.
  const end = writer.at;
  writer.at = start;
  format.mapHead(writer, count);
  writer.bytes.copyWithin(writer.at, members, end);
  writer.at += end - members;
}

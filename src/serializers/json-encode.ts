import type { ByteWriter } from './byte-writer.js';
import { isPlain } from './json-scan.js';
import { ownKeys } from './own-keys.js';
import { tooDeep, unsupported } from './refusals.js';
import { MAX_DEPTH } from './serializer.js';
import { markedBase64 } from './text.js';

/** Longer text is worth a call into the platform. */
const SHORT = 48;
/** Anything but what may stand in a JSON string as it is: not a quote, a backslash or a control character. */
const NEEDS_ESCAPE = /[^ !#-[\]-\uffff]/;

const COMMA = 0x2c;
const QUOTE = 0x22;

/**
 * Writes a value as JSON. Bytes become U+0000 and base64, `bigint` its digits, NaN and the infinities null.
 *
 * @param depth the level of a container that `value` would be.
 * @throws SerializerError
 */
export function writeJson(writer: ByteWriter, value: unknown, depth: number): void {
  switch (typeof value) {
    case 'number':
      return writeNumber(writer, value);
    case 'string':
      return writeString(writer, value);
    case 'boolean':
      return writer.ascii(value ? 'true' : 'false');
    case 'bigint':
      return writer.ascii(value.toString());
    case 'undefined':
      return writer.ascii('null');
    case 'object':
      if (value === null) return writer.ascii('null');
      if (value instanceof Uint8Array) return writeString(writer, markedBase64(value));
      if (depth > MAX_DEPTH) throw tooDeep(writer.at);
      return Array.isArray(value) ? writeArray(writer, value, depth) : writeObject(writer, value, depth);
    default:
      throw unsupported(writer.at, typeof value);
  }
}

function writeArray(writer: ByteWriter, array: readonly unknown[], depth: number): void {
  writer.byte(0x5b);
  for (let index = 0; index < array.length; index += 1) {
    if (index > 0) writer.byte(COMMA);
    writeJson(writer, array[index], depth + 1);
  }
  writer.byte(0x5d);
}

function writeObject(writer: ByteWriter, object: object, depth: number): void {
  const keys = ownKeys(object, writer.at);
  writer.byte(0x7b);
  let isFirst = true;
  for (const key of keys) {
    const value = (object as Readonly<Record<string, unknown>>)[key];
    if (value === undefined) continue;
    if (!isFirst) writer.byte(COMMA);
    isFirst = false;
    writeString(writer, key);
    writer.byte(0x3a);
    writeJson(writer, value, depth + 1);
  }
  writer.byte(0x7d);
}

function writeString(writer: ByteWriter, text: string): void {
  if (text.length <= SHORT && writePlain(writer, text)) return;
  if (NEEDS_ESCAPE.test(text)) {
    const escaped = JSON.stringify(text.replaceAll(/\p{Surrogate}/gu, '\ufffd'));
    writer.utf8(escaped, Buffer.byteLength(escaped));
    return;
  }
  writer.byte(QUOTE);
  writer.utf8(text, Buffer.byteLength(text));
  writer.byte(QUOTE);
}

/** Writes a short string if it is ASCII without escapes; otherwise writes nothing and returns false. */
function writePlain(writer: ByteWriter, text: string): boolean {
  const { length } = text;
  writer.reserve(length + 2);
  const { bytes } = writer;
  let at = writer.at;
  bytes[at++] = QUOTE;
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x80 || !isPlain(code)) return false;
    bytes[at++] = code;
  }
  bytes[at++] = QUOTE;
  writer.at = at;
  return true;
}

function writeNumber(writer: ByteWriter, value: number): void {
  if (!Number.isInteger(value)) return writer.ascii(Number.isFinite(value) ? String(value) : 'null');
  // With an exponent it reads back as the double that it is, not as an integer of arbitrary size.
  if (!Number.isSafeInteger(value)) return writer.ascii(value.toExponential());
  if (value < 0 || Object.is(value, -0)) {
    writer.byte(0x2d);
    value = -value;
  }
  writeDigits(writer, value);
}

/** Writes a safe, non-negative integer: by halves, because 32-bit division is several times faster. */
function writeDigits(writer: ByteWriter, value: number): void {
  writer.reserve(16);
  if (value < 100_000_000) {
    writer.at = putDigits(writer.bytes, writer.at, value, digitsOf(value));
    return;
  }
  const high = Math.floor(value / 100_000_000);
  writer.at = putDigits(writer.bytes, writer.at, high, digitsOf(high));
  writer.at = putDigits(writer.bytes, writer.at, value - high * 100_000_000, 8);
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let power = 10; value >= power; power *= 10) digits += 1;
  return digits;
}

/** Writes the last `digits` digits of a 32-bit integer and returns the position behind them. */
function putDigits(bytes: Uint8Array, at: number, value: number, digits: number): number {
  let rest = value | 0;
  for (let index = at + digits - 1; index >= at; index -= 1) {
    const quotient = (rest / 10) | 0;
    bytes[index] = 0x30 + rest - quotient * 10;
    rest = quotient;
  }
  return at + digits;
}

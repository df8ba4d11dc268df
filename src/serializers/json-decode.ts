import { isPlain, malformed, scanLiteral, scanNumber, scanString, skipBlanks } from './json-scan.js';
import type { WireMap, WireValue } from './serializer.js';
import { MAX_DEPTH } from './serializer.js';
import { tooDeep, trailingBytes } from './refusals.js';
import { bytesOfMarkedBase64, TextSource } from './text.js';

/** Integers of so many digits can be added up in a double: one that comes out safe is exact. */
const SAFE_DIGITS = 16;
/** No double is as large as an integer of more digits than this. */
const FINITE_DIGITS = 309;
/** Strings up to here are looked at byte by byte before the platform is asked. */
const SHORT = 48;

/** Reads one JSON text; as strict as the scan, without its limits on count and length. */
export class JsonReader {
  #text: TextSource | undefined;

  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
    private readonly end: number,
  ) {}

  /** Reads exactly one value with blanks around it. */
  readOnly(): WireValue {
    this.#skipBlanks();
    const value = this.#value(1);
    this.#skipBlanks();
    if (this.at < this.end) throw trailingBytes(this.at);
    return value;
  }

  #skipBlanks(): void {
    this.at = skipBlanks(this.bytes, this.at, this.end);
  }

  /** @param depth the level of a container that would begin here. */
  #value(depth: number): WireValue {
    if (this.at >= this.end) throw malformed(this.bytes, this.at, this.end, 'a value');
    const lead = this.bytes[this.at]!;
    if (lead === 0x22) return this.#stringOrBytes();
    if (lead === 0x2d || (lead >= 0x30 && lead <= 0x39)) return this.#number();
    if (lead === 0x5b || lead === 0x7b) {
      if (depth > MAX_DEPTH) throw tooDeep(this.at);
      return lead === 0x5b ? this.#array(depth) : this.#object(depth);
    }
    this.at = scanLiteral(this.bytes, this.at, this.end);
    return lead === 0x6e ? null : lead === 0x74;
  }

  #array(depth: number): WireValue[] {
    const array: WireValue[] = [];
    this.at += 1;
    if (this.#closes(0x5d)) return array;
    do {
      this.#skipBlanks();
      array.push(this.#value(depth + 1));
    } while (this.#continues(0x5d));
    return array;
  }

  #object(depth: number): WireMap {
    const map = Object.create(null) as WireMap;
    this.at += 1;
    if (this.#closes(0x7d)) return map;
    do {
      this.#skipBlanks();
      if (this.at >= this.end || this.bytes[this.at] !== 0x22) {
        throw malformed(this.bytes, this.at, this.end, 'a string');
      }
      const key = this.#string();
      this.#skipBlanks();
      if (this.at >= this.end || this.bytes[this.at] !== 0x3a) {
        throw malformed(this.bytes, this.at, this.end, 'a colon');
      }
      this.at += 1;
      this.#skipBlanks();
      map[key] = this.#value(depth + 1);
    } while (this.#continues(0x7d));
    return map;
  }

  /** Whether an empty container ends here; goes behind its end. */
  #closes(bracket: number): boolean {
    this.#skipBlanks();
    if (this.at >= this.end || this.bytes[this.at] !== bracket) return false;
    this.at += 1;
    return true;
  }

  /** Whether a comma follows, rather than the end of the container; goes behind either. */
  #continues(bracket: number): boolean {
    this.#skipBlanks();
    const next = this.at < this.end ? this.bytes[this.at]! : 0;
    if (next !== 0x2c && next !== bracket) {
      throw malformed(this.bytes, this.at, this.end, 'a comma or the end of the container');
    }
    this.at += 1;
    return next === 0x2c;
  }

  #stringOrBytes(): string | Uint8Array {
    const text = this.#string();
    return text.charCodeAt(0) === 0 ? (bytesOfMarkedBase64(text) ?? text) : text;
  }

  #string(): string {
    const { bytes } = this;
    const start = this.at + 1;
    const stop = Math.min(this.end, start + SHORT);
    let at = start;
    while (at < stop && isPlain(bytes[at]!)) at += 1;
    this.#text ??= new TextSource(bytes);
    if (at < stop && bytes[at] === 0x22) {
      this.at = at + 1;
      return at === start ? '' : this.#text.ascii(start, at);
    }
    const close = scanString(bytes, at, this.end);
    this.at = close + 1;
    const raw = this.#text.utf8(start, close);
    return raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
  }

  /** Safe integers at once, the rest by their text. */
  #number(): number | bigint {
    const { bytes, end } = this;
    const negative = bytes[this.at] === 0x2d;
    const first = this.at + (negative ? 1 : 0);
    const stop = Math.min(end, first + SAFE_DIGITS);
    let value = 0;
    let at = first;
    for (; at < stop; at += 1) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const isWhole = at > first && (at >= end || !continuesNumber(bytes[at]!));
    if (isWhole && (at === first + 1 || bytes[first] !== 0x30) && Number.isSafeInteger(value)) {
      this.at = at;
      return negative ? -value : value;
    }
    return this.#longNumber();
  }

  #longNumber(): number | bigint {
    const start = this.at;
    this.at = scanNumber(this.bytes, start, this.end);
    this.#text ??= new TextSource(this.bytes);
    const text = this.#text.ascii(start, this.at);
    const value = Number(text);
    const isInteger = text.length <= FINITE_DIGITS + 1 && /^-?\d+$/.test(text);
    return isInteger && Number.isFinite(value) && !Number.isSafeInteger(value) ? BigInt(text) : value;
  }
}

function continuesNumber(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || (byte | 0x20) === 0x65;
}

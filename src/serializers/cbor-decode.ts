import { BinaryReader, textOfKey } from './binary-decode.js';
import { readFloat16, readFloat32, readFloat64, readUint, readUint64 } from './big-endian.js';
import {
  argumentWidth,
  ARRAY,
  BREAK,
  BYTES,
  checkScalar,
  INDEFINITE,
  MAP,
  NEGATIVE,
  SIMPLE,
  skipOctetsTag,
  skipSelfDescription,
  TEXT,
} from './cbor-scan.js';
import { unsupported } from './refusals.js';
import type { WireMap, WireValue } from './serializer.js';
import { SerializerError } from './serializer.js';

/** Reads one CBOR item; as strict as the scan, without its limits on count and length. */
export class CborReader extends BinaryReader {
  override readOnly(): WireValue {
    const start = skipSelfDescription(this.bytes, this.at);
    if (start <= this.end) this.at = start;
    return super.readOnly();
  }

  protected override value(depth: number): WireValue {
    const start = this.take(1);
    const lead = this.bytes[start]!;
    if (lead < 24) return lead;
    const untagged = skipOctetsTag(this.bytes, start);
    if (untagged !== start) {
      this.at = untagged;
      return this.value(depth);
    }
    checkScalar(lead, start);
    if (lead >> 5 === ARRAY || lead >> 5 === MAP) this.enter(depth);
    const width = argumentWidth(lead, start);
    const at = this.take(width);
    const major = lead >> 5;
    if (major < BYTES) {
      const value = width === 8 ? readUint64(this.bytes, at) : this.#size(lead, at, width);
      return major === NEGATIVE ? negative(value) : value;
    }
    if (major === SIMPLE) return this.#simple(lead, at);
    const isIndefinite = (lead & 31) === INDEFINITE;
    const size = isIndefinite ? Infinity : this.#size(lead, at, width);
    switch (major) {
      case TEXT:
        return isIndefinite
          ? this.#chunks(major, (length) => this.readText(length)).join('')
          : this.readText(size);
      case BYTES:
        return isIndefinite
          ? joined(this.#chunks(major, (length) => this.readBytes(length)))
          : this.readBytes(size);
      case ARRAY:
        return this.#array(size, depth);
      default:
        return this.#map(size, depth);
    }
  }

  #size(lead: number, at: number, width: number): number {
    return width === 0 ? lead & 31 : readUint(this.bytes, at, width);
  }

  #simple(lead: number, at: number): WireValue {
    switch (lead & 31) {
      case 20:
        return false;
      case 21:
        return true;
      case 25:
        return readFloat16(this.bytes, at);
      case 26:
        return readFloat32(this.bytes, at);
      case 27:
        return readFloat64(this.bytes, at);
      default:
        return null;
    }
  }

  /** The chunks of an indefinite string of this major type, up to its break. */
  #chunks<T>(major: number, read: (length: number) => T): T[] {
    const chunks: T[] = [];
    while (!this.#breaks()) {
      const start = this.take(1);
      const lead = this.bytes[start]!;
      if (lead >> 5 !== major || (lead & 31) === INDEFINITE) {
        throw new SerializerError('malformed', start, 'a chunk of another kind');
      }
      const width = argumentWidth(lead, start);
      chunks.push(read(this.#size(lead, this.take(width), width)));
    }
    return chunks;
  }

  /** Whether a break follows; goes behind it. */
  #breaks(): boolean {
    if (this.at >= this.end || this.bytes[this.at] !== BREAK) return false;
    this.at += 1;
    return true;
  }

  /** @param count Infinity for an array that ends with a break. */
  #array(count: number, depth: number): WireValue[] {
    this.expect(count === Infinity ? 0 : count);
    const array: WireValue[] = [];
    if (count === Infinity) while (!this.#breaks()) array.push(this.value(depth + 1));
    else for (let index = 0; index < count; index += 1) array.push(this.value(depth + 1));
    return array;
  }

  /** @param count Infinity for a map that ends with a break. */
  #map(count: number, depth: number): WireMap {
    this.expect(count === Infinity ? 0 : count * 2);
    const map = Object.create(null) as WireMap;
    if (count === Infinity) while (!this.#breaks()) this.#member(map, depth);
    else for (let index = 0; index < count; index += 1) this.#member(map, depth);
    return map;
  }

  #member(map: WireMap, depth: number): void {
    const major = this.at < this.end ? this.bytes[this.at]! >> 5 : 0;
    if (major === ARRAY || major === MAP) throw unsupported(this.at, 'a container as key');
    const key = textOfKey(this.value(depth + 1));
    map[key] = this.value(depth + 1);
  }
}

/** −1 − n [RFC 8949 §3.1]. */
function negative(value: number | bigint): number | bigint {
  if (typeof value === 'bigint') return -1n - value;
  const result = -1 - value;
  return Number.isSafeInteger(result) ? result : -1n - BigInt(value);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

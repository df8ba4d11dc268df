import { isUtf8 } from '../lib/index.js';
import type { WireValue } from './serializer.js';
import { MAX_DEPTH } from './serializer.js';
import { invalidUtf8, tooDeep, trailingBytes, truncated } from './refusals.js';
import { copyOf, markedBase64, TextSource } from './text.js';

/** What the readers of MessagePack and CBOR have in common: a position, bounds, strings. */
export abstract class BinaryReader {
  #text: TextSource | undefined;

  constructor(
    protected readonly bytes: Uint8Array,
    protected at: number,
    protected readonly end: number,
  ) {}

  /** Reads exactly one item. */
  readOnly(): WireValue {
    const value = this.value(1);
    if (this.at < this.end) throw trailingBytes(this.at);
    return value;
  }

  /** @param depth the level of a container that would begin here. */
  protected abstract value(depth: number): WireValue;

  /** Goes over `count` bytes and returns where they began. */
  protected take(count: number): number {
    const start = this.at;
    if (count > this.end - start) throw truncated(this.end);
    this.at = start + count;
    return start;
  }

  /** Reads text of `byteLength` bytes, a leading U+FEFF included. */
  protected readText(byteLength: number): string {
    const start = this.take(byteLength);
    if (byteLength === 0) return '';
    if (!isUtf8(this.bytes, start, this.at)) throw invalidUtf8(start);
    this.#text ??= new TextSource(this.bytes);
    return this.#text.utf8(start, this.at);
  }

  /** Reads bytes into memory of their own. */
  protected readBytes(byteLength: number): Uint8Array {
    const start = this.take(byteLength);
    return copyOf(this.bytes, start, this.at);
  }

  /** Checks the level of a container that begins in front of the position. */
  protected enter(depth: number): void {
    if (depth > MAX_DEPTH) throw tooDeep(this.at - 1);
  }

  /** Checks that so many items can still follow: each takes a byte at least. */
  protected expect(count: number): void {
    if (count > this.end - this.at) throw truncated(this.end);
  }
}

/** The text of a map's key that is a scalar: digits, `null`, `true`; bytes as JSON would carry them. */
export function textOfKey(key: WireValue): string {
  if (typeof key === 'string') return key;
  return key instanceof Uint8Array ? markedBase64(key) : String(key);
}

const FIRST_CAPACITY = 4096;
const KEPT_CAPACITY = 65_536;
/** Up to so many bytes are copied one by one. */
const SHORT = 64;

/** A growing run of bytes. Every method makes room for what it writes; `reserve` is for those who write into `bytes`. */
export class ByteWriter {
  bytes = new Uint8Array(FIRST_CAPACITY);
  /** the number of bytes written */
  at = 0;
  /** the same memory as `bytes`, for the platform's text and float methods */
  #view = Buffer.from(this.bytes.buffer);

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.at + count > this.bytes.length) this.#grow(this.at + count);
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = grown;
    this.#view = Buffer.from(grown.buffer);
  }

  /** Writes one byte. */
  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.at++] = value;
  }

  /** Writes a lead byte and an unsigned integer of 1, 2 or 4 bytes behind it, most significant byte first. */
  leadAndUint(lead: number, value: number, width: 1 | 2 | 4): void {
    this.reserve(5);
    const { bytes } = this;
    bytes[this.at++] = lead;
    for (let shift = (width - 1) * 8; shift >= 0; shift -= 8) bytes[this.at++] = value >>> shift;
  }

  /** Writes a lead byte and the 64 bits `high · 2^32 + low` behind it, most significant byte first. */
  leadAndUint64(lead: number, high: number, low: number): void {
    this.leadAndUint(lead, high, 4);
    this.reserve(4);
    const { bytes } = this;
    for (let shift = 24; shift >= 0; shift -= 8) bytes[this.at++] = low >>> shift;
  }

  /** Writes a lead byte and a double behind it, most significant byte first. */
  leadAndFloat64(lead: number, value: number): void {
    this.reserve(9);
    this.bytes[this.at++] = lead;
    this.at = this.#view.writeDoubleBE(value, this.at);
  }

  /** Writes text as UTF-8 of `byteLength` bytes; a lone surrogate becomes U+FFFD. */
  utf8(text: string, byteLength: number): void {
    this.reserve(byteLength);
    this.at += this.#view.write(text, this.at, 'utf8');
  }

  /** Writes text that is known to be ASCII. */
  ascii(text: string): void {
    this.reserve(text.length);
    const { bytes } = this;
    for (let index = 0; index < text.length; index += 1) bytes[this.at++] = text.charCodeAt(index);
  }

  /**
   * Writes text of 0 to about 32 characters if all of it is ASCII; otherwise writes nothing and returns false.
   * For short text this is faster than a call into the platform.
   */
  shortAscii(text: string): boolean {
    this.reserve(text.length);
    const { bytes, at } = this;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) return false;
      bytes[at + index] = code;
    }
    this.at = at + text.length;
    return true;
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** A copy, in memory of its own, of what has been written. */
  copy(): Uint8Array {
    return this.bytes.slice(0, this.at);
  }

  /**
   * What has been written and all of `tail` behind it: `separator` before each element, `closing` at the end. Short results
   * are views into the platform's shared slab, which is several times faster than memory of their own.
   */
  joined(tail: readonly Uint8Array[], separator?: number, closing?: number): Uint8Array {
    let size = this.at + (separator === undefined ? 0 : tail.length) + (closing === undefined ? 0 : 1);
    for (const item of tail) size += item.length;
    const result = Buffer.allocUnsafe(size);
    this.#copyInto(result);
    let at = this.at;
    for (const item of tail) {
      if (separator !== undefined) result[at++] = separator;
      result.set(item, at);
      at += item.length;
    }
    if (closing !== undefined) result[at] = closing;
    return result;
  }

  /** The platform copies a part by way of a view, which for a short one costs several times the copy. */
  #copyInto(target: Uint8Array): void {
    const { bytes, at } = this;
    if (at > SHORT) this.#view.copy(target, 0, 0, at);
    else for (let index = 0; index < at; index += 1) target[index] = bytes[index]!;
  }
}

/** One writer is kept between calls. A getter of the caller's object may encode too: then it finds none and makes its own. */
let idle: ByteWriter | undefined;

/** Lends an empty writer; give it back with {@link returnWriter}. */
export function borrowWriter(): ByteWriter {
  const writer = idle ?? new ByteWriter();
  idle = undefined;
  writer.at = 0;
  return writer;
}

/** Takes a writer back. One that has grown beyond 64 KiB is left to the collector. */
export function returnWriter(writer: ByteWriter): void {
  if (writer.bytes.length <= KEPT_CAPACITY) idle = writer;
}

/** Writes a record piece by piece into one growing buffer; the finished record is copied out. */
export class ByteSink {
  #buffer = Buffer.allocUnsafe(4096);
  #length = 0;

  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  text(value: string): void {
    const size = Buffer.byteLength(value);
    this.u32(size);
    this.#reserve(size);
    this.#buffer.write(value, this.#length, size, 'utf8');
    this.#length += size;
  }

  bytes(value: Uint8Array): void {
    this.u32(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  /** What was written, in a buffer of its own; the sink is empty again, and lets go of a large buffer. */
  take(): Buffer {
    const taken = Buffer.from(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
    if (this.#buffer.length > LARGEST_KEPT) this.#buffer = Buffer.allocUnsafe(4096);
    return taken;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.length));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}

/** A sink keeps a buffer of up to so many bytes between two records. */
const LARGEST_KEPT = 1_048_576;

/**
 * Reads a record piece by piece. Its checksum has been compared before, so it says what was written.
 *
 * @throws RangeError beyond the end: the record was written by a program with a fault.
 */
export class ByteSource {
  readonly #buffer: Buffer;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = at;
  }

  u8(): number {
    return this.#buffer.readUInt8(this.#advance(1));
  }

  u32(): number {
    return this.#buffer.readUInt32LE(this.#advance(4));
  }

  f64(): number {
    return this.#buffer.readDoubleLE(this.#advance(8));
  }

  text(): string {
    const size = this.u32();
    const from = this.#advance(size);
    return this.#buffer.toString('utf8', from, from + size);
  }

  bytes(): Uint8Array {
    const size = this.u32();
    const from = this.#advance(size);
    return this.#buffer.subarray(from, from + size);
  }

  #advance(size: number): number {
    const from = this.#at;
    if (from + size > this.#buffer.length) throw new RangeError('The record ends too soon.');
    this.#at = from + size;
    return from;
  }
}

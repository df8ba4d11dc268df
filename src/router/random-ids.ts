import { randomFillSync } from 'node:crypto';
import type { IdSource } from '../lib/index.js';

/**
 * Identifiers from the system's cryptographic source, drawn a block at a time: one id costs about 20 ns instead of a call
 * into the kernel.
 */
export class RandomIds implements IdSource {
  readonly #pool = Buffer.alloc(8192);
  #at = this.#pool.length;

  id(): number {
    for (;;) {
      const at = this.#take(8);
      // 21 + 32 bits: uniform over 0 … 2^53 − 1, and zero is no id.
      const id = (this.#pool.readUInt32LE(at) & 0x1fffff) * 0x1_0000_0000 + this.#pool.readUInt32LE(at + 4);
      if (id !== 0) return id;
    }
  }

  token(): string {
    const at = this.#take(16);
    return this.#pool.toString('base64url', at, at + 16);
  }

  #take(bytes: number): number {
    if (this.#at + bytes > this.#pool.length) {
      randomFillSync(this.#pool);
      this.#at = 0;
    }
    const at = this.#at;
    this.#at += bytes;
    return at;
  }
}

import { closeSync, constants, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** The name of the file in a store's folder. */
export const MARK_FILE = 'mangrove.mark';

/**
 * The number of the last transaction that was confirmed, beside the file that holds it. LMDB goes back to the state before
 * where the meta page of the last transaction is damaged, or where an old file was put back: both are noticed by this number.
 * It is not synced; a power cut may leave an older number, never a newer one.
 */
export class CommitMark {
  readonly #file: number;
  readonly #bytes = Buffer.alloc(12);

  constructor(folder: string) {
    this.#file = openSync(join(folder, MARK_FILE), constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  write(transaction: number): void {
    this.#bytes.writeDoubleLE(transaction, 0);
    this.#bytes.writeUInt32LE(crc32(this.#bytes.subarray(0, 8)), 8);
    writeSync(this.#file, this.#bytes, 0, 12, 0);
  }

  close(): void {
    closeSync(this.#file);
  }

  /** The number in a folder's mark; undefined if there is none that can be read. */
  static read(folder: string): number | undefined {
    try {
      const bytes = readFileSync(join(folder, MARK_FILE));
      if (bytes.length !== 12 || crc32(bytes.subarray(0, 8)) !== bytes.readUInt32LE(8)) return undefined;
      return bytes.readDoubleLE(0);
    } catch {
      return undefined;
    }
  }

  static remove(folder: string): void {
    rmSync(join(folder, MARK_FILE), { force: true });
  }
}

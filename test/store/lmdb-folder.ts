import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbStore } from '../../src/engines/lmdb/index.js';
import type { LmdbStoreOptions, LmdbStores } from '../../src/engines/lmdb/index.js';

/** In memory where there is such a place: what is tested is not the disk. */
const BASE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A folder for stores of one test; all that was opened in it is closed when it is removed. */
export class LmdbFolder {
  readonly #base = mkdtempSync(join(BASE, 'mangrove-store-'));
  readonly #opened: LmdbStores[] = [];
  #copies = 0;

  /** Where the store is. */
  get path(): string {
    return join(this.#base, 'store');
  }

  /** Where its file is. */
  get file(): string {
    return join(this.path, 'data.mdb');
  }

  async open(options: Partial<LmdbStoreOptions> = {}): Promise<LmdbStores> {
    const stores = await openLmdbStore({ path: this.path, ...options });
    this.#opened.push(stores);
    return stores;
  }

  /** Opens what a process that was killed now would leave. */
  openCopy(options: Partial<LmdbStoreOptions> = {}): Promise<LmdbStores> {
    this.#copies += 1;
    const path = join(this.#base, `copy-${this.#copies}`);
    mkdirSync(path);
    copyFileSync(this.file, join(path, 'data.mdb'));
    return this.open({ ...options, path });
  }

  /** Closes what was opened, and removes all of it. */
  async remove(): Promise<void> {
    await Promise.all(this.#opened.map((stores) => stores.close()));
    rmSync(this.#base, { recursive: true, force: true });
  }
}

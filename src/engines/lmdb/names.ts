import { ByteSink, ByteSource } from './bytes.js';
import type { ChangeSet } from './change-set.js';
import { numberKey, numberOf } from './keys.js';
import type { Records } from './records.js';
import { SEAL_BYTES, seal } from './seal.js';

const sink = new ByteSink();

/** The names of realms, and the numbers that stand for them in keys. */
export class RealmNames {
  /** name → number */
  readonly #ids = new Map<string, number>();
  /** number → name */
  readonly #names = new Map<number, string>();
  #lastId = 0;

  constructor(records: Records) {
    for (const { key, value } of records.all('realms')) {
      const id = numberOf(key);
      const name = new ByteSource(value, SEAL_BYTES).text();
      this.#ids.set(name, id);
      this.#names.set(id, name);
      this.#lastId = Math.max(this.#lastId, id);
    }
  }

  nameOf(id: number): string | undefined {
    return this.#names.get(id);
  }

  idOf(name: string): number | undefined {
    return this.#ids.get(name);
  }

  /** The realm's number; a new one if it has none yet. */
  give(name: string, changes: ChangeSet): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    this.#lastId += 1;
    const id = this.#lastId;
    this.#ids.set(name, id);
    this.#names.set(id, name);
    changes.onAborted(() => {
      this.#ids.delete(name);
      this.#names.delete(id);
    });
    sink.u32(0);
    sink.u8(0);
    sink.text(name);
    const key = numberKey(id);
    changes.put('realms', key, seal('realms', key, sink.take()));
    return id;
  }
}

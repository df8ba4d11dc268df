import type {
  QueueOperation,
  QueueRecord,
  QueueStore,
  QueueStoreWatcher,
  RecordQuery,
  StoredQueue,
} from '../../src/broker/index.js';
import { StoreError } from '../../src/broker/index.js';
import { MemoryQueueStore } from '../../src/engines/memory/index.js';

interface Asked {
  readonly operations: readonly QueueOperation[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A store in memory that says it were durable, and confirms nothing before the test says so. */
export class SlowQueueStore implements QueueStore {
  readonly durable = true;
  readonly #kept = new MemoryQueueStore();
  /** Refuse what comes, with this code. */
  refusing: 'full' | 'failed' | undefined;
  /** How often it was read. */
  leases = 0;
  /** Every read fails with it. */
  unreadable: Error | undefined;
  watcher: QueueStoreWatcher | undefined;
  readonly #asked: Asked[] = [];

  /** How many commits wait for their confirmation. */
  get waiting(): number {
    return this.#asked.length;
  }

  watch(_realm: string, watcher: QueueStoreWatcher): void {
    this.watcher = watcher;
  }

  commit(operations: readonly QueueOperation[]): Promise<void> {
    const put = operations.some(({ kind }) => kind === 'put');
    if (this.refusing === 'failed' || (this.refusing === 'full' && put)) {
      return Promise.reject(new StoreError(this.refusing, 'as the test says'));
    }
    return new Promise((resolve, reject) => this.#asked.push({ operations, resolve, reject }));
  }

  async lease(query: RecordQuery): Promise<readonly QueueRecord[]> {
    this.leases += 1;
    await Promise.resolve();
    if (this.unreadable !== undefined) throw this.unreadable;
    return this.#kept.browse(query);
  }

  list(realm: string): readonly StoredQueue[] {
    return this.#kept.list(realm);
  }

  browse(query: RecordQuery): readonly QueueRecord[] {
    if (this.unreadable !== undefined) throw this.unreadable;
    return this.#kept.browse(query);
  }

  due(realm: string, now: number, limit: number, bytes?: number): readonly QueueRecord[] {
    return this.#kept.due(realm, now, limit, bytes);
  }

  nextDue(realm: string): number | undefined {
    return this.#kept.nextDue(realm);
  }

  /** Makes what was asked for safe, and lets everybody hear of it; until nothing more is asked. */
  async confirm(): Promise<void> {
    await turns();
    for (let next = this.#asked.shift(); next !== undefined; next = this.#asked.shift()) {
      this.#kept.commit(next.operations);
      next.resolve();
      await turns();
    }
  }

  /** Refuses what was asked for. */
  async refuse(code: 'full' | 'failed'): Promise<void> {
    for (const { reject } of this.#asked.splice(0)) reject(new StoreError(code, 'as the test says'));
    await turns();
  }
}

/** Lets all promises that are settled be heard of. */
export async function turns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

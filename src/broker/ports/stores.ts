import type { HistoryStore } from './history-store.js';
import type { QueueStore } from './queue-store.js';
import type { RetainedStore } from './retained-store.js';

/** One engine's stores; one instance serves all realms. */
export interface Stores {
  /** `memory`, `lmdb`, …: for people. */
  readonly engine: string;
  readonly queues: QueueStore;
  readonly retained: RetainedStore;
  readonly history: HistoryStore;
  /** Why nothing is confirmed any more; undefined while all is well. A server that has a reason here is not ready. */
  readonly failure: string | undefined;
  /** Waits for what was asked for, then lets go of files. */
  close(): Promise<void>;
}

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
  /**
   * Calls back at once; all that is asked of these stores meanwhile is one change, made whole or refused whole, also if the process
   * ends in the middle. Default: each is a change of its own.
   */
  together?(ask: () => void): void;
  /** Waits for what was asked for, then lets go of files. */
  close(): Promise<void>;
}

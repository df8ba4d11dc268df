import type { Instrumentation } from '../../broker/index.js';
import type { HistoryLimits } from './history-realm.js';
import type { RetainedLimits } from './lmdb-retained-store.js';

/** How a store in a folder is kept. */
export interface LmdbStoreOptions {
  /** The folder; it is made if it is not there. One server has it at a time. */
  readonly path: string;
  /**
   * When something is confirmed. Default `commit`.
   *
   * - `commit`: when it is on the disk (fdatasync has returned). Nothing confirmed is ever lost.
   * - `interval`: when it was handed to the operating system, which is told to write once in {@link intervalMs}. If the process
   *   is killed nothing is lost. If the power fails or the system crashes, what was confirmed since the last sync is lost: all
   *   of the last interval, and of the sync after it. The store itself stays whole.
   */
  readonly sync?: 'commit' | 'interval';
  /** With `sync: interval`, the time between two syncs in ms. Default 1000. */
  readonly intervalMs?: number;
  /** A commit that takes longer, in ms, means that the store has failed: nothing is confirmed any more. Default 5000. */
  readonly commitDeadlineMs?: number;
  /**
   * Bytes that are kept allocated inside the file beyond what it needs: when the disk gives no more, what needs room is refused
   * (`full`), while acknowledgements go on. Default 8 MiB.
   */
  readonly reserveBytes?: number;
  /** Size of the file in bytes from which on an event (`store.watermark`) is reported. Default 8 GiB. */
  readonly watermarkBytes?: number;
  /**
   * With more of the file than so many bytes in the memory of the process it is closed and opened again, which takes a few ms.
   * Default 16 MiB. What is not there is in the system's cache all the same.
   */
  readonly mappedBytes?: number;
  /** For how long records are read before the start, in ms; the others are checked when they are read. Default 1500. */
  readonly verifyMs?: number;
  /** What a realm may retain. Default 100 000 events of 64 MiB in all. */
  readonly retained?: Partial<RetainedLimits>;
  /** What a realm keeps of the past, over all its topics. Default 100 000 topics and 1 GiB. */
  readonly history?: Partial<HistoryLimits>;
  /** Told of failures, damaged records, full disks. Default nobody. */
  readonly instrumentation?: Instrumentation;
}

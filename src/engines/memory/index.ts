import type { Stores } from '../../broker/index.js';
import type { MemoryHistoryLimits } from './memory-history-store.js';
import { MemoryHistoryStore } from './memory-history-store.js';
import { MemoryQueueStore } from './memory-queue-store.js';
import type { MemoryRetainedLimits } from './memory-retained-store.js';
import { MemoryRetainedStore } from './memory-retained-store.js';

export { DEFAULT_MEMORY_HISTORY_LIMITS, MemoryHistoryStore } from './memory-history-store.js';
export type { MemoryHistoryLimits } from './memory-history-store.js';
export { MemoryQueueStore } from './memory-queue-store.js';
export { DEFAULT_MEMORY_RETAINED_LIMITS, MemoryRetainedStore } from './memory-retained-store.js';
export type { MemoryRetainedLimits } from './memory-retained-store.js';

/** How much is kept in memory; queues are bounded by the broker's limits. */
export interface MemoryStoreLimits {
  readonly retained?: Partial<MemoryRetainedLimits>;
  readonly history?: Partial<MemoryHistoryLimits>;
}

/** Stores in this process: what they keep is gone with it, and safe at once as long as it lives. */
export function memoryStore({ retained, history }: MemoryStoreLimits = {}): Stores {
  return {
    engine: 'memory',
    queues: new MemoryQueueStore(),
    retained: new MemoryRetainedStore(retained),
    history: new MemoryHistoryStore(history),
    failure: undefined,
    close: () => Promise.resolve(),
  };
}

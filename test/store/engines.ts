import { LmdbFolder } from './lmdb-folder.js';
import { MemoryHistoryStore, MemoryQueueStore, MemoryRetainedStore } from '../../src/engines/memory/index.js';
import type { HistoryStoreSample, QueueStoreSample, RetainedStoreSample } from '../../src/testing/index.js';

const closed = (): Promise<void> => Promise.resolve();

/** Every engine's store for retained events. */
export const RETAINED_STORES: readonly RetainedStoreSample[] = [
  {
    engine: 'memory',
    open: (limits) => Promise.resolve({ store: new MemoryRetainedStore(limits), close: closed }),
  },
  {
    engine: 'lmdb',
    open: async (limits = {}) => {
      const folder = new LmdbFolder();
      const { retained: store } = await folder.open({ retained: limits });
      return { store, close: () => folder.remove() };
    },
  },
];

/** Every engine's store for histories. */
export const HISTORY_STORES: readonly HistoryStoreSample[] = [
  { engine: 'memory', open: () => Promise.resolve({ store: new MemoryHistoryStore(), close: closed }) },
  {
    engine: 'lmdb',
    open: async () => {
      const folder = new LmdbFolder();
      const { history: store } = await folder.open();
      return { store, close: () => folder.remove() };
    },
  },
];

/** Every engine's store for queues. */
export const QUEUE_STORES: readonly QueueStoreSample[] = [
  { engine: 'memory', open: () => Promise.resolve({ store: new MemoryQueueStore(), close: closed }) },
  {
    engine: 'lmdb',
    open: async () => {
      const folder = new LmdbFolder();
      const { queues: store } = await folder.open();
      const reopen = async () => (await folder.openCopy()).queues;
      return { store, reopen, close: () => folder.remove() };
    },
  },
];

import type { Instrumentation, Stores } from '../broker/index.js';
import type { ServerConfig } from './config/index.js';

/** The configured store cannot be used. Its message is one line that says why, and what to do. */
export class UnusableStoreError extends Error {
  override readonly name = 'UnusableStoreError';
}

/**
 * Opens the configured store; undefined if there is none. The engine is loaded only if it is wanted: it is native code, and
 * a server without a store shall start without it.
 *
 * @throws UnusableStoreError if the store is damaged, another server has it, …
 */
export async function openStore(
  { store: { lmdb } }: ServerConfig,
  instrumentation: Instrumentation,
): Promise<Stores | undefined> {
  if (lmdb === undefined) return undefined;
  const { StoreOpenError, openLmdbStore } = await import('../engines/lmdb/index.js');
  try {
    return await openLmdbStore({ ...lmdb, instrumentation });
  } catch (error) {
    throw error instanceof StoreOpenError ? new UnusableStoreError(error.message, { cause: error }) : error;
  }
}

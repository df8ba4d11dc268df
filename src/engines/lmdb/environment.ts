import { open } from 'lmdb';
import type { Database, RootDatabase } from 'lmdb';
import { messageOf } from './errors.js';
import { TABLES } from './seal.js';
import type { TableName } from './seal.js';

/** One change of the file: a record written, or removed if there is no value. */
export interface Change {
  readonly table: TableName;
  readonly key: Buffer;
  readonly value: Buffer | undefined;
}

/** A record as it is in the file. */
export interface RawRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Which records, in the order of their keys. */
export interface KeyRange {
  readonly start: Buffer;
  /** Exclusive. */
  readonly end: Buffer;
  /** Leaves out `start` itself. Default false. */
  readonly afterStart?: boolean;
  /** From the end to the beginning. Default false. */
  readonly reverse?: boolean;
  /** Default all. */
  readonly limit?: number;
}

/** How an environment is opened. */
export interface EnvironmentOptions {
  readonly path: string;
  /** Whether a write is on the disk when it is done, or when it is synced. */
  readonly sync: 'commit' | 'interval';
  readonly readOnly?: boolean;
}

/** A handle on a snapshot, which keeps its pages from being written again. */
export interface Pin {
  done(): void;
}

type Table = Database<Buffer, Buffer>;

/**
 * The tables of one LMDB environment. All tables hold bytes under bytes. Reads see what is committed; one write at a time
 * makes one transaction.
 *
 * LMDB's plain mode is used (no overlapping sync): data pages are synced before the meta page that refers to them is written,
 * through a descriptor that syncs too. So a write is visible when it is safe and not before.
 */
export class Environment {
  readonly #options: EnvironmentOptions;
  #root: RootDatabase<Buffer, Buffer>;
  #tables: Readonly<Record<TableName, Table>>;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.#root = openRoot(options);
    try {
      this.#tables = openTables(this.#root);
    } catch (error) {
      void this.#root.close();
      throw error;
    }
  }

  /**
   * Closes the file and opens it again: the pages that were read or written since are no longer part of this process's memory.
   * No transaction may be on its way.
   */
  async reopen(): Promise<void> {
    // A turn of its own: with nothing on its way all of it is done before anybody else can read.
    await new Promise((resolve) => setImmediate(resolve));
    await this.#root.close();
    this.#root = openRoot(this.#options);
    this.#tables = openTables(this.#root);
  }

  get(table: TableName, key: Buffer): Uint8Array | undefined {
    return this.#tables[table].getBinary(key);
  }

  range(table: TableName, { start, end, afterStart, reverse, limit }: KeyRange): Iterable<RawRecord> {
    return this.#tables[table].getRange({
      start: reverse === true ? end : start,
      end: reverse === true ? start : end,
      exclusiveStart: reverse === true || afterStart === true,
      inclusiveEnd: reverse === true && afterStart !== true,
      reverse: reverse === true,
      limit: limit ?? Number.MAX_SAFE_INTEGER,
    });
  }

  /** All records of a table. */
  all(table: TableName): Iterable<RawRecord> {
    return this.#tables[table].getRange({});
  }

  /** How many records a table has. */
  count(table: TableName): number {
    return (this.#tables[table].getStats() as { readonly entryCount: number }).entryCount;
  }

  /** Pages in use or not, bytes: what the file could hold without growing. */
  freeBytes(): number {
    const { pageSize, lastPageNumber } = this.#root.getStats() as RootStats;
    let used = 2;
    for (const table of Object.values(this.#tables)) used += pagesOf(table.getStats() as TreeStats);
    const { root, free } = this.#root.getStats() as RootStats;
    used += pagesOf(root) + pagesOf(free);
    return Math.max(0, lastPageNumber + 1 - used) * pageSize;
  }

  /** The number of the last transaction that was committed. */
  lastTransaction(): number {
    return (this.#root.getStats() as RootStats).lastTxnId;
  }

  /** The bytes that the file needs: up to its last page. */
  sizeBytes(): number {
    const { pageSize, lastPageNumber } = this.#root.getStats() as RootStats;
    return pageSize * (lastPageNumber + 1);
  }

  /**
   * Makes all changes in one transaction. Resolves when it is committed; with `sync: commit` it is on the disk then.
   *
   * @throws Error if it failed; LMDB may take no further transaction then, and let each wait for ever.
   */
  async write(changes: readonly Change[]): Promise<void> {
    try {
      // A block of instructions: it is never split, and has one promise.
      await this.#root.batch(() => {
        for (const { table, key, value } of changes) {
          if (value === undefined) void this.#tables[table].remove(key);
          else void this.#tables[table].put(key, value);
        }
      });
    } catch (error) {
      throw new Error(messageOf(await reasonOf(error)), { cause: error });
    }
  }

  /** Waits until all that was committed is on the disk. */
  sync(): Promise<void> {
    // Not in the types.
    const root = this.#root as unknown as { sync(callback: (error?: Error) => void): void };
    return new Promise((resolve, reject) => {
      root.sync((error) => (error ? reject(error) : resolve()));
    });
  }

  /** Keeps the pages of what is committed now from being written again, until it is done. */
  pin(): Pin {
    this.#root.resetReadTxn();
    return this.#root.useReadTransaction();
  }

  /** Copies what is committed now to another folder. */
  copyTo(file: string, compact: boolean): Promise<void> {
    return this.#root.backup(file, compact);
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

function openRoot({ path, sync, readOnly = false }: EnvironmentOptions): RootDatabase<Buffer, Buffer> {
  const options = {
    path,
    ...BYTES,
    overlappingSync: false,
    noSync: sync === 'interval',
    readOnly,
    maxDbs: 16,
    // Not in the types: the path is a folder whatever it looks like, and reads are random.
    noSubdir: false,
    noReadAhead: true,
    // Its batches of a turn have a promise that nobody can see, and so nobody can handle when it rejects.
    eventTurnBatching: false,
  };
  return open<Buffer, Buffer>(options);
}

function openTables(root: RootDatabase<Buffer, Buffer>): Readonly<Record<TableName, Table>> {
  const tables: Partial<Record<TableName, Table>> = {};
  for (const name of Object.keys(TABLES) as TableName[]) tables[name] = root.openDB(name, BYTES);
  return tables as Record<TableName, Table>;
}

const BYTES = { encoding: 'binary', keyEncoding: 'binary', cache: false } as const;

interface TreeStats {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

interface RootStats {
  readonly pageSize: number;
  readonly lastPageNumber: number;
  readonly lastTxnId: number;
  readonly root: TreeStats;
  readonly free: TreeStats;
}

function pagesOf(stats: TreeStats): number {
  return stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages;
}

/** LMDB says why in a promise of its own, which rejects a little later. */
function reasonOf(error: unknown): Promise<unknown> {
  const isPointer = typeof error === 'object' && error !== null && 'commitError' in error;
  return isPointer
    ? Promise.resolve(error.commitError).catch((cause: unknown) => cause)
    : Promise.resolve(error);
}

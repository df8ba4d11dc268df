import { existsSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommitMark } from './commit-mark.js';
import { StoreOpenError, messageOf, systemCode } from './errors.js';
import { FolderLock } from './folder-lock.js';
import { verifyInPlace } from './open-store.js';
import { recoverSynced, syncFolder } from './synced-state.js';
import type { DamagedRecord } from './verify-file.js';
import { copyStore } from './verify.js';
import type { SoundStore } from './verify.js';

/** What a store is like. */
export interface StoreReport {
  /** The folder. */
  readonly path: string;
  /** The size of its file in bytes. */
  readonly bytes: number;
  /** The format of its records. */
  readonly version: number;
  /** Another one in each copy. */
  readonly generation: string;
  /** When it was made, in ms since the Unix epoch. */
  readonly createdAt: number;
  readonly records: number;
  /** Records with a wrong checksum. They are passed over, all others are served. */
  readonly damaged: number;
  /** The first hundred of them. */
  readonly damagedRecords: readonly DamagedRecord[];
}

/**
 * Reads all of a store that no server has open.
 *
 * @throws StoreOpenError if it cannot be opened.
 */
export function checkStore(path: string): Promise<StoreReport> {
  return alone(path, async (folder) => reportOf(folder, await verifyWhole(folder)));
}

/**
 * Copies a store to a folder that is not there yet, or is empty. A server may have the store open: the copy is of one moment,
 * with all that was confirmed before. The copy is of another generation.
 *
 * @throws StoreOpenError if the store cannot be opened or the copy cannot be made.
 */
export async function backupStore(path: string, to: string): Promise<StoreReport> {
  refuseOccupied(to);
  try {
    return await alone(path, async (folder) => {
      await verifyWhole(folder);
      return backup(folder, to);
    });
  } catch (error) {
    if (!(error instanceof StoreOpenError) || error.code !== 'locked') throw error;
    return backup(realpathSync(path), to);
  }
}

/** What compacting has saved. */
export interface CompactReport extends StoreReport {
  /** The size of the file before, in bytes. */
  readonly bytesBefore: number;
}

/**
 * Writes a store that no server has open anew, without the pages that are free.
 *
 * @throws StoreOpenError if it cannot be opened, or there is no room for the new file beside the old one.
 */
export function compactStore(path: string): Promise<CompactReport> {
  return alone(path, async (folder) => {
    await verifyWhole(folder);
    const bytesBefore = sizeOf(folder);
    const compacting = join(folder, 'compacting');
    rmSync(compacting, { recursive: true, force: true });
    try {
      const sound = await copyStore(folder, compacting, 'compact');
      // Transactions are counted anew; and the old file is as good until the new one is in its place.
      CommitMark.remove(folder);
      renameSync(join(compacting, 'data.mdb'), join(folder, 'data.mdb'));
      syncFolder(folder);
      return { ...reportOf(folder, sound), bytesBefore };
    } finally {
      rmSync(compacting, { recursive: true, force: true });
    }
  });
}

async function backup(folder: string, to: string): Promise<StoreReport> {
  try {
    const sound = await copyStore(folder, resolve(to), 'plain');
    rmSync(join(to, 'lock.mdb'), { force: true });
    syncFolder(to);
    return reportOf(realpathSync(to), sound);
  } catch (error) {
    rmSync(join(to, 'data.mdb'), { force: true });
    throw error;
  }
}

/** Does something with a store that no server has open, and keeps servers out meanwhile. */
async function alone<Report>(path: string, act: (folder: string) => Promise<Report>): Promise<Report> {
  if (!existsSync(join(path, 'data.mdb')))
    throw new StoreOpenError('unreadable', `There is no store in ${path}: it has no file data.mdb.`);
  try {
    const folder = realpathSync(path);
    const lock = await FolderLock.take(folder);
    try {
      return await act(folder);
    } finally {
      lock.release();
    }
  } catch (error) {
    if (error instanceof StoreOpenError) throw error;
    const why = systemCode(error) ?? messageOf(error);
    throw new StoreOpenError('unreadable', `The store in ${path} cannot be opened: ${why}.`, {
      cause: error,
    });
  }
}

function verifyWhole(folder: string): Promise<SoundStore> {
  const setBackTo = recoverSynced(folder);
  return verifyInPlace(folder, Number.POSITIVE_INFINITY, setBackTo !== undefined);
}

function reportOf(folder: string, { format, records, damaged, damagedRecords }: SoundStore): StoreReport {
  return { path: folder, bytes: sizeOf(folder), ...format, records, damaged, damagedRecords };
}

function sizeOf(folder: string): number {
  return statSync(join(folder, 'data.mdb')).size;
}

function refuseOccupied(to: string): void {
  try {
    if (readdirSync(to).length === 0) return;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw new StoreOpenError(
      'unreadable',
      `${to} cannot be written: ${systemCode(error) ?? messageOf(error)}.`,
    );
  }
  throw new StoreOpenError('unreadable', `${to} is not empty: a copy needs a folder of its own.`);
}

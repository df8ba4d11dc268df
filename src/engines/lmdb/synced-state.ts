import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { ByteSink, ByteSource } from './bytes.js';
import { PageFile, readMetas } from './page-file.js';
import { bootId } from './process-identity.js';

/** The name of the file in a store's folder, while a server with `sync: interval` has it open. */
export const SYNCED_FILE = 'mangrove.synced';

/** The meta page of a state of the file. */
export interface SyncedState {
  readonly transaction: number;
  readonly page: Buffer;
}

const sink = new ByteSink();

/** The state that the file is in; nothing may be written to it meanwhile. */
export function captureState(folder: string): SyncedState {
  const file = new PageFile(join(folder, 'data.mdb'));
  try {
    const [{ transaction, pageSize }] = readMetas(file);
    return { transaction, page: Buffer.from(file.read((transaction % 2) * pageSize, pageSize)) };
  } finally {
    file.close();
  }
}

/** Writes down that this state is on the disk, pages and all. */
export function noteSynced(folder: string, { transaction, page }: SyncedState): void {
  sink.text(bootId());
  sink.f64(transaction);
  sink.bytes(page);
  const body = sink.take();
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(body), 0);
  const file = join(folder, SYNCED_FILE);
  writeFileSync(`${file}.new`, Buffer.concat([checksum, body]), { flush: true });
  renameSync(`${file}.new`, file);
  syncFolder(folder);
}

/** Forgets the note: from now on each transaction is synced, or the file is closed. */
export function forgetSynced(folder: string): void {
  rmSync(join(folder, SYNCED_FILE), { force: true });
}

/**
 * After an end without a close: if the system has not been restarted, what was written is all there, and is synced now. If it
 * has, the file may hold any part of what was not synced; it is set back to the last state that was.
 *
 * @returns the transaction that it was set back to, if it was.
 */
export function recoverSynced(folder: string): number | undefined {
  const note = readNote(folder);
  if (note === undefined) return undefined;
  const data = join(folder, 'data.mdb');
  const file = openSync(data, 'r+');
  try {
    const isSameBoot = note.boot !== '' && note.boot === bootId();
    if (!isSameBoot) writeMetas(file, note.state);
    fsyncSync(file);
    forgetSynced(folder);
    return isSameBoot ? undefined : note.state.transaction;
  } finally {
    closeSync(file);
  }
}

/** Makes renames and removals in a folder safe. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function readNote(folder: string): { readonly boot: string; readonly state: SyncedState } | undefined {
  const file = join(folder, SYNCED_FILE);
  if (!existsSync(file) || !existsSync(join(folder, 'data.mdb'))) return undefined;
  const bytes = readFileSync(file);
  // Not whole: it never was; the rename that would have made it so is synced.
  if (bytes.length < 4 || crc32(bytes.subarray(4)) !== bytes.readUInt32LE(0)) return undefined;
  const source = new ByteSource(bytes, 4);
  const boot = source.text();
  const transaction = source.f64();
  return { boot, state: { transaction, page: Buffer.from(source.bytes()) } };
}

/** Both meta pages refer to the state; the one of its transaction is the newer. */
function writeMetas(file: number, { transaction, page }: SyncedState): void {
  for (const slot of [0, 1]) {
    const meta = Buffer.from(page);
    meta.writeBigUInt64LE(BigInt(slot), 0);
    const number = transaction % 2 === slot ? transaction : Math.max(0, transaction - 1);
    meta.writeBigUInt64LE(BigInt(number), TRANSACTION_AT);
    writeSync(file, meta, 0, meta.length, slot * meta.length);
  }
}

/** Where a meta page has its transaction. */
const TRANSACTION_AT = 152;

import { StoreOpenError, backupStore, checkStore, compactStore } from '../../engines/lmdb/index.js';
import type { StoreReport } from '../../engines/lmdb/index.js';
import { EXIT } from './console-io.js';
import type { ConsoleIo } from './console-io.js';

/** What of the console these commands use. */
export type StoreIo = Pick<ConsoleIo, 'out' | 'err'>;

/**
 * `mangrove store check <path>`: reads all of a store that no server has open and says what it is like. Resolves to the exit
 * code: 0, or 1 if it is damaged or cannot be read.
 */
export function storeCheck(path: string, io: StoreIo): Promise<number> {
  return told(io, async () => {
    const report = await checkStore(path);
    io.out(`${report.path}: ${describeStore(report)}\n`);
    if (report.damaged === 0) return EXIT.ok;
    io.err(
      `mangrove: ${counted(report.damaged, 'record')} damaged; the server passes over them, and serves the others:\n`,
    );
    for (const { table, key } of report.damagedRecords) io.err(`  ${table} ${key}\n`);
    if (report.damaged > report.damagedRecords.length) io.err('  …\n');
    return EXIT.failed;
  });
}

/**
 * `mangrove store backup <path> <to>`: copies a store to a new folder, also while a server has it open. Resolves to the exit
 * code.
 */
export function storeBackup(path: string, to: string, io: StoreIo): Promise<number> {
  return told(io, async () => {
    const report = await backupStore(path, to);
    io.out(`${report.path}: ${describeStore(report)}\n`);
    if (report.damaged > 0)
      io.err(`mangrove: ${counted(report.damaged, 'record')} of it damaged, as in the store itself\n`);
    return EXIT.ok;
  });
}

/** `mangrove store compact <path>`: gives back the free space inside a store that no server has open. Resolves to the exit code. */
export function storeCompact(path: string, io: StoreIo): Promise<number> {
  return told(io, async () => {
    const report = await compactStore(path);
    io.out(`${report.path}: ${bytesText(report.bytesBefore)} before, ${bytesText(report.bytes)} now\n`);
    return EXIT.ok;
  });
}

async function told(io: StoreIo, act: () => Promise<number>): Promise<number> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof StoreOpenError)) throw error;
    io.err(`mangrove: ${error.message}\n`);
    return EXIT.failed;
  }
}

function describeStore({ bytes, records, version, generation, createdAt }: StoreReport): string {
  const made = new Date(createdAt).toISOString();
  return `${bytesText(bytes)}, ${counted(records, 'record')}, format ${version}, generation ${generation}, made ${made}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function bytesText(bytes: number): string {
  if (bytes < 10 * 1024) return `${bytes} bytes`;
  if (bytes < 10 * 1024 * 1024) return `${Math.round(bytes / 1024)} KiB`;
  return `${Math.round(bytes / (1024 * 1024))} MiB`;
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Environment } from './environment.js';
import { messageOf } from './errors.js';
import { FORMAT_KEY, encodeFormat, newGeneration, readFormat } from './store-format.js';
import { verifyFile } from './verify-file.js';
import type { Verification } from './verify-file.js';

/**
 * The process in which a store is looked at and copied: whatever is wrong with the file ends this process and no other one. It
 * prints one line of JSON, a {@link Verification}.
 *
 * - `verify-main.js verify <folder> <budget in ms>`
 * - `verify-main.js copy <folder> <new folder> <plain | compact>`: prints what the copy is like.
 */
async function main([command, folder = '.', ...rest]: readonly string[]): Promise<Verification> {
  if (command === 'copy') return copy(folder, rest[0] ?? '', rest[1] === 'compact');
  const verification = verifyFile(join(folder, 'data.mdb'), Number(rest[0]));
  if (verification.verdict !== 'sound') return verification;
  try {
    await openOnce(folder);
    return verification;
  } catch (error) {
    return { verdict: 'damaged', why: messageOf(error) };
  }
}

/** What LMDB itself cannot open, it cannot open here. */
async function openOnce(folder: string): Promise<void> {
  const environment = new Environment({ path: folder, sync: 'commit', readOnly: true });
  environment.get('meta', FORMAT_KEY);
  await environment.close();
}

/** A copy of a state, also while a server has the store open. A plain one is of a new generation; a compact one replaces the store. */
async function copy(folder: string, to: string, isCompact: boolean): Promise<Verification> {
  mkdirSync(to, { recursive: true });
  const source = new Environment({ path: folder, sync: 'commit', readOnly: true });
  await source.copyTo(to, isCompact);
  await source.close();
  const target = new Environment({ path: to, sync: 'commit' });
  const reading = readFormat(target.get('meta', FORMAT_KEY) ?? new Uint8Array());
  if (reading.kind !== 'known') return { verdict: 'damaged', why: 'the record of its format is damaged' };
  const generation = isCompact ? reading.format.generation : newGeneration();
  // Written in any case: the sync of this transaction is the one of the copy.
  await target.write([
    { table: 'meta', key: FORMAT_KEY, value: encodeFormat({ ...reading.format, generation }) },
  ]);
  await target.close();
  return verifyFile(join(to, 'data.mdb'), Number.MAX_SAFE_INTEGER);
}

main(process.argv.slice(2)).then(
  (verification) => process.stdout.write(`${JSON.stringify(verification)}\n`),
  (error: unknown) => {
    const failed: Verification = { verdict: 'failed', why: messageOf(error) };
    process.stdout.write(`${JSON.stringify(failed)}\n`);
  },
);

import { NO_PAGE, PageError, PageFile, looksLikeLmdb, readMetas } from './page-file.js';
import type { Tree } from './page-file.js';
import { PageWalk, byBytes, byNumber, compareCounters, noteFree, tablesOf } from './page-walk.js';
import type { RecordVisitor } from './page-walk.js';
import { TABLES, isSound } from './seal.js';
import type { TableName } from './seal.js';
import { FORMAT_KEY, readFormat } from './store-format.js';
import type { StoreFormat } from './store-format.js';

/** A record whose checksum is wrong. */
export interface DamagedRecord {
  readonly table: string;
  /** In hexadecimal digits. */
  readonly key: string;
}

/** What is found out about a file without opening it. */
export type Verification =
  | {
      readonly verdict: 'sound';
      readonly format: StoreFormat;
      /** The number of its last transaction. */
      readonly transaction: number;
      readonly records: number;
      /** Whether all of it was read; else the rest is checked when it is read. */
      readonly complete: boolean;
      /** How many records are damaged, of those that were read. They are passed over. */
      readonly damaged: number;
      /** The first hundred of them. */
      readonly damagedRecords: readonly DamagedRecord[];
    }
  | { readonly verdict: 'damaged' | 'foreign' | 'newer'; readonly why: string }
  /** It could not be found out, or not be done: no space, no permission. */
  | { readonly verdict: 'failed'; readonly why: string };

/** At most so many damaged records are named. */
const MOST_NAMED = 100;

/**
 * Reads a store's file as bytes and finds out whether LMDB may open it: whether every page that its trees refer to is there
 * and is what it should be; and compares the checksums of records, as far as the time goes.
 *
 * @param budgetMs how long leaves and records are read; inner pages are always read.
 */
export function verifyFile(path: string, budgetMs: number): Verification {
  const file = new PageFile(path);
  try {
    return verify(file, performance.now() + budgetMs);
  } catch (error) {
    if (!(error instanceof PageError) && !(error instanceof RangeError)) throw error;
    const isForeign = error instanceof PageError && error.isForeign;
    const isOurs = !isForeign && (file.size === 0 || looksLikeLmdb(file));
    return { verdict: isOurs ? 'damaged' : 'foreign', why: error.message };
  } finally {
    file.close();
  }
}

function verify(file: PageFile, deadline: number): Verification {
  const [meta] = readMetas(file);
  const walk = new PageWalk(file, meta);
  const tables = tablesOf(walk, meta.main);
  const seen = new Seen();
  const known = tables.get('meta');
  if (known === undefined)
    return { verdict: 'foreign', why: 'it is an LMDB file, but not a store of Mangrove' };
  walk.whole(known, byBytes, seen.visitor('meta'));
  if (seen.format === undefined)
    return { verdict: 'foreign', why: 'it does not say that it is a store of Mangrove' };
  if (seen.format.kind === 'newer') {
    const { version } = seen.format;
    return { verdict: 'newer', why: `it has format ${version}, and this version knows formats up to 1` };
  }
  if (seen.format.kind === 'damaged')
    return { verdict: 'damaged', why: 'the record of its format is damaged' };
  walk.whole(meta.free, byNumber, (_, ids) => noteFree(walk, ids));
  const complete = walkTables(walk, tables, seen, deadline);
  return {
    verdict: 'sound',
    format: seen.format.format,
    transaction: meta.transaction,
    records: seen.records,
    complete,
    damaged: seen.damaged,
    damagedRecords: seen.named,
  };
}

/** Inner pages of all tables first: they decide what is found at all. Then leaves, until the time is over. */
function walkTables(
  walk: PageWalk,
  tables: ReadonlyMap<string, Tree>,
  seen: Seen,
  deadline: number,
): boolean {
  const pending = [...tables]
    .filter(([name]) => name !== 'meta')
    .map(([name, tree]) => ({ name, tree, groups: walk.branches(tree, byBytes) }));
  // Small tables first: all of them are needed at once.
  pending.sort((a, b) => a.tree.leaves - b.tree.leaves);
  for (const { name, tree, groups } of pending) {
    const visitor = seen.visitor(name);
    let records = 0;
    let overflows = 0;
    for (const group of groups) {
      if (performance.now() > deadline) return false;
      const found = walk.leaves(group, byBytes, visitor);
      records += found.records;
      overflows += found.overflows;
    }
    if (tree.root !== NO_PAGE) compareCounters(tree, records, overflows);
  }
  return true;
}

class Seen {
  records = 0;
  damaged = 0;
  readonly named: DamagedRecord[] = [];
  format: ReturnType<typeof readFormat> | undefined;

  visitor(name: string): RecordVisitor {
    if (!isTable(name)) throw new PageError(`it has an unknown table ${JSON.stringify(name)}`);
    if (name === 'quarantine') return () => {};
    return (key, value) => {
      this.records += 1;
      if (name === 'meta' && key.equals(FORMAT_KEY)) this.format = readFormat(value);
      else if (!isSound(name, key, value)) this.#note(name, key);
    };
  }

  #note(table: string, key: Buffer): void {
    this.damaged += 1;
    if (this.named.length < MOST_NAMED) this.named.push({ table, key: key.toString('hex') });
  }
}

function isTable(name: string): name is TableName {
  return Object.hasOwn(TABLES, name);
}

import { PageFile, readMetas } from '../../src/engines/lmdb/page-file.js';
import { PageWalk, byBytes, tablesOf } from '../../src/engines/lmdb/page-walk.js';
import { isSound } from '../../src/engines/lmdb/seal.js';
import type { TableName } from '../../src/engines/lmdb/seal.js';

/** All records of a file whose checksums are right: table and key → value; and the number of its last transaction. */
export function soundRecords(path: string): {
  readonly transaction: number;
  readonly records: ReadonlyMap<string, string>;
} {
  const file = new PageFile(path);
  try {
    const [meta] = readMetas(file);
    const walk = new PageWalk(file, meta);
    const records = new Map<string, string>();
    for (const [name, tree] of tablesOf(walk, meta.main)) {
      walk.whole(tree, byBytes, (key, value) => {
        if (isSound(name as TableName, key, value))
          records.set(`${name} ${key.toString('hex')}`, value.toString('latin1'));
      });
    }
    return { transaction: meta.transaction, records };
  } finally {
    file.close();
  }
}

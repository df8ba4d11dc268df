import type { Instrumentation } from '../../broker/index.js';
import type { ChangeSet } from './change-set.js';
import type { Task } from './committer.js';
import type { Environment, KeyRange, RawRecord } from './environment.js';
import { TABLES, isSound } from './seal.js';
import type { TableName } from './seal.js';

/** What else changes when a damaged record is moved aside. */
export type Adjustment = (key: Buffer, changes: ChangeSet) => void;

/** What records need. */
export interface RecordsParts {
  readonly environment: Environment;
  readonly instrumentation: Instrumentation;
  /** Has a task done, some time. */
  readonly submit: (task: Task) => Promise<void>;
}

/**
 * Reads records and compares their checksums. A damaged one is passed over, counted, named in an event and moved aside to the
 * table `quarantine`, as it was found; all others are served.
 */
export class Records {
  readonly #environment: Environment;
  readonly #parts: RecordsParts;
  /** Damaged records that have been reported: table and key. */
  readonly #reported = new Set<string>();
  readonly #adjustments = new Map<TableName, Adjustment>();

  constructor(parts: RecordsParts) {
    this.#environment = parts.environment;
    this.#parts = parts;
  }

  /** How many damaged records were found. */
  get damaged(): number {
    return this.#reported.size;
  }

  /** Says what else changes when a record of this table is moved aside. */
  adjust(table: TableName, adjustment: Adjustment): void {
    this.#adjustments.set(table, adjustment);
  }

  /** The record, if there is one and it is sound. */
  get(table: TableName, key: Buffer): Uint8Array | undefined {
    const record = this.#environment.get(table, key);
    if (record === undefined || isSound(table, key, record)) return record;
    this.#report(table, key, record);
    return undefined;
  }

  *range(table: TableName, range: KeyRange): Iterable<RawRecord> {
    yield* this.#sound(table, this.#environment.range(table, range));
  }

  *all(table: TableName): Iterable<RawRecord> {
    yield* this.#sound(table, this.#environment.all(table));
  }

  *#sound(table: TableName, records: Iterable<RawRecord>): Iterable<RawRecord> {
    for (const record of records) {
      if (isSound(table, record.key, record.value)) yield record;
      else this.#report(table, Buffer.from(record.key), record.value);
    }
  }

  #report(table: TableName, key: Buffer, record: Uint8Array): void {
    const name = `${table} ${key.toString('hex')}`;
    if (this.#reported.has(name)) return;
    this.#reported.add(name);
    const { instrumentation, submit } = this.#parts;
    instrumentation.count('store.damaged');
    instrumentation.event('store.record.damaged', { table, key: key.toString('hex'), bytes: record.length });
    const apply = (changes: ChangeSet): void => this.#moveAside(table, key, changes);
    submit({ grows: false, bytes: record.length, apply }).catch((error: unknown) => {
      // A store that has failed stays as it is: the next one that opens it finds the record again.
      instrumentation.event('store.record.kept', { table, key: key.toString('hex'), why: String(error) });
    });
  }

  #moveAside(table: TableName, key: Buffer, changes: ChangeSet): void {
    const record = this.#environment.get(table, key);
    if (record === undefined || isSound(table, key, record)) return;
    changes.put('quarantine', Buffer.concat([Buffer.of(TABLES[table]), key]), Buffer.from(record));
    changes.remove(table, key);
    this.#adjustments.get(table)?.(key, changes);
  }
}

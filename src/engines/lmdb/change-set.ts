import type { Change } from './environment.js';
import type { TableName } from './seal.js';

/** What one transaction is to change, and what is to follow from its end. */
export class ChangeSet {
  readonly changes: Change[] = [];
  /** Bytes of what is written. */
  bytes = 0;
  readonly #finishers: (() => void)[] = [];
  readonly #committed: (() => void)[] = [];
  readonly #undo: (() => void)[] = [];

  put(table: TableName, key: Buffer, value: Buffer): void {
    this.changes.push({ table, key, value });
    this.bytes += key.length + value.length;
  }

  remove(table: TableName, key: Buffer): void {
    this.changes.push({ table, key, value: undefined });
  }

  /** Called when all operations have been put in, for what is written once a transaction. */
  onFinish(finish: () => void): void {
    this.#finishers.push(finish);
  }

  /** Called when the transaction is safe, before anybody is told. */
  onCommitted(effect: () => void): void {
    this.#committed.push(effect);
  }

  /** Called if the transaction was not made, in reverse order: takes back what was changed in memory. */
  onAborted(undo: () => void): void {
    this.#undo.push(undo);
  }

  finish(): void {
    for (const finish of this.#finishers) finish();
  }

  committed(): void {
    for (const effect of this.#committed) effect();
  }

  aborted(): void {
    for (let at = this.#undo.length - 1; at >= 0; at -= 1) this.#undo[at]!();
  }
}

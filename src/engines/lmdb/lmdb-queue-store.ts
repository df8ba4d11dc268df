import { BAND, DELAYED_BAND, StoreError } from '../../broker/index.js';
import type {
  QueueMessage,
  QueueOperation,
  QueueRecord,
  QueueStore,
  QueueStoreWatcher,
  RecordQuery,
  StoredQueue,
} from '../../broker/index.js';
import type { ChangeSet } from './change-set.js';
import type { Committer } from './committer.js';
import { dueKey, dueOf, numberKey, placeKey, placeOf } from './keys.js';
import { decodeMessage, decodeReturn, messageHead, sizeOf } from './message-record.js';
import type { RealmNames } from './names.js';
import { QueueCatalog } from './queue-catalog.js';
import { QueueState } from './queue-state.js';
import { QueueTransaction } from './queue-transaction.js';
import type { Records } from './records.js';

/** What the queue store shares with the other stores of the same file. */
export interface QueueStoreParts {
  readonly records: Records;
  readonly realms: RealmNames;
  readonly committer: Committer;
}

/** So many messages of a deleted queue are removed in one transaction. */
const SWEPT_AT_ONCE = 500;

/** What an operation writes at most besides its message, in bytes: pages that have other records too. */
const OVERHEAD = 4096;

/** Keeps the messages of queues in an LMDB file. */
export class LmdbQueueStore implements QueueStore {
  readonly durable = true;
  readonly #records: Records;
  readonly #realms: RealmNames;
  readonly #committer: Committer;
  readonly #catalog: QueueCatalog;
  /** realm → who is told */
  readonly #watchers = new Map<string, QueueStoreWatcher>();
  /** The transaction that is being put together. */
  #transaction: { readonly changes: ChangeSet; readonly queues: QueueTransaction } | undefined;
  #isSweeping = false;

  constructor(parts: QueueStoreParts) {
    this.#records = parts.records;
    this.#realms = parts.realms;
    this.#committer = parts.committer;
    this.#catalog = new QueueCatalog(parts.records, parts.realms);
    this.#records.adjust('messages', (key, changes) => this.#forget(placeOf(key).owner, changes));
    this.#mendCounters();
    this.#sweep();
  }

  watch(realm: string, watcher: QueueStoreWatcher): void {
    this.#watchers.set(realm, watcher);
    const { failure } = this.#committer;
    if (failure !== undefined) queueMicrotask(() => watcher.failed(failure));
  }

  /** Passes on that nothing will be confirmed any more. */
  tellFailed(why: string): void {
    for (const watcher of this.#watchers.values()) watcher.failed(why);
  }

  list(realm: string): readonly StoredQueue[] {
    return Array.from(this.#catalog.of(realm), ({ key, definition, messages, bytes, nextNumber }) => ({
      queue: key,
      definition,
      messages,
      bytes,
      nextNumber,
    }));
  }

  commit(operations: readonly QueueOperation[]): Promise<void> | undefined {
    if (operations.length === 0) return undefined;
    const deletes = operations.some(({ kind }) => kind === 'delete');
    const committed = this.#committer.submit({
      grows: operations.some(({ kind }) => kind === 'put'),
      bytes: operations.reduce((bytes, operation) => bytes + weightOf(operation), 0),
      apply: (changes) => {
        const { queues } = this.#transactionOf(changes);
        for (const operation of operations) queues.apply(operation);
      },
    });
    return deletes ? committed.then(() => this.#sweep()) : committed;
  }

  lease(query: RecordQuery): readonly QueueRecord[] | Promise<readonly QueueRecord[]> {
    if (this.#committer.failure !== undefined)
      return Promise.reject(new StoreError('failed', this.#committer.failure));
    const state = this.#catalog.find(query.queue);
    if (state === undefined) return [];
    const waiting = { ...query, before: Math.min(query.before, DELAYED_BAND * BAND) };
    const records = this.#read(state, waiting);
    const beyond = highestBeyondFrontier(state, records);
    if (beyond.length === 0) return lent(state, records);
    return this.#committer
      .submit({
        grows: false,
        bytes: OVERHEAD,
        apply: (changes) => {
          for (const position of beyond) this.#transactionOf(changes).queues.raiseFrontier(state, position);
        },
      })
      .then(() => this.#leaseWithin(state, waiting));
  }

  browse(query: RecordQuery): readonly QueueRecord[] {
    const state = this.#catalog.find(query.queue);
    return state === undefined ? [] : this.#read(state, query);
  }

  due(realm: string, now: number, limit: number, bytes = Number.POSITIVE_INFINITY): readonly QueueRecord[] {
    const found: QueueRecord[] = [];
    let room = bytes;
    if (limit <= 0) return found;
    for (const { queue, position } of this.#dueKeys(realm, now)) {
      const state = this.#catalog.byId(queue);
      const record = state && this.#readOne(state, position);
      if (record === undefined) continue;
      found.push(record);
      room -= sizeOf(record.message.publication);
      if (found.length >= limit || room <= 0) break;
    }
    return found;
  }

  nextDue(realm: string): number | undefined {
    for (const { at, queue } of this.#dueKeys(realm, Number.MAX_SAFE_INTEGER - 1))
      if (this.#catalog.byId(queue) !== undefined) return at;
    return undefined;
  }

  /** Writes down that nothing is handed out any more: the process ends as it should. */
  release(): Promise<void> {
    return this.#committer.submit({
      grows: false,
      bytes: OVERHEAD,
      apply: (changes) => {
        const { queues } = this.#transactionOf(changes);
        for (const state of this.#catalog.all())
          if (state.frontiers.some((frontier) => frontier > 0)) queues.lowerFrontiers(state);
      },
    });
  }

  #leaseWithin(state: QueueState, query: RecordQuery): readonly QueueRecord[] {
    const records = this.#read(state, query);
    // What came meanwhile may be beyond the frontier; it is for the next lease.
    const end = records.findIndex(({ position }) => !isWithinFrontier(state, position));
    return lent(state, end < 0 ? records : records.slice(0, end));
  }

  #read(state: QueueState, { after, before, limit, bytes }: RecordQuery): QueueRecord[] {
    const found: QueueRecord[] = [];
    if (limit <= 0 || (after !== undefined && after >= before) || before <= 0) return found;
    // Before the first place of all: from the beginning.
    const behind = after !== undefined && after >= 0;
    const start = placeKey(state.id, behind ? after : 0);
    const range = { start, end: placeKey(state.id, before), afterStart: behind };
    const records: { readonly position: number; readonly message: QueueMessage }[] = [];
    let room = bytes ?? Number.POSITIVE_INFINITY;
    for (const { key, value } of this.#records.range('messages', range)) {
      const message = decodeMessage(value);
      records.push({ position: placeOf(key).place, message });
      room -= sizeOf(message.publication);
      if (records.length >= limit || room <= 0) break;
    }
    const [first, last] = [records[0], records.at(-1)];
    if (first === undefined || last === undefined) return found;
    const returns = this.#returnsOf(state, first.position, last.position);
    for (const { position, message } of records)
      found.push(this.#record(state, position, message, returns.get(position)));
    return found;
  }

  #readOne(state: QueueState, position: number): QueueRecord | undefined {
    const key = placeKey(state.id, position);
    const record = this.#records.get('messages', key);
    if (record === undefined) return undefined;
    const returned = this.#records.get('returns', key);
    return this.#record(state, position, decodeMessage(record), returned && decodeReturn(returned));
  }

  #record(
    state: QueueState,
    position: number,
    message: QueueMessage,
    returned: number | undefined,
  ): QueueRecord {
    const { key: queue } = state;
    const { publication, deliveries, redelivered, death } = message;
    if (returned === undefined && (redelivered || !state.mayHaveBeenLeased(position)))
      return { queue, position, message };
    const again = { publication, deliveries: returned ?? deliveries, redelivered: true, death };
    return { queue, position, message: again };
  }

  /** position → how often it was delivered, of those that came back */
  #returnsOf(state: QueueState, first: number, last: number): ReadonlyMap<number, number> {
    const returns = new Map<number, number>();
    const range = { start: placeKey(state.id, first), end: placeKey(state.id, last + 1) };
    for (const { key, value } of this.#records.range('returns', range))
      returns.set(placeOf(key).place, decodeReturn(value));
    return returns;
  }

  *#dueKeys(realm: string, until: number): Iterable<ReturnType<typeof dueOf>> {
    const realmId = this.#realms.idOf(realm);
    if (realmId === undefined) return;
    const range = { start: dueKey(realmId, 0, 0, 0), end: dueKey(realmId, Math.floor(until) + 1, 0, 0) };
    for (const { key } of this.#records.range('due', range)) yield dueOf(key);
  }

  #transactionOf(changes: ChangeSet): { readonly queues: QueueTransaction } {
    if (this.#transaction?.changes !== changes) {
      const queues = new QueueTransaction(this.#catalog, this.#records, changes);
      this.#transaction = { changes, queues };
    }
    return this.#transaction;
  }

  #forget(queue: number, changes: ChangeSet): void {
    const state = this.#catalog.byId(queue);
    if (state !== undefined) this.#transactionOf(changes).queues.forget(state);
  }

  /** Counts again where the counters of a queue are lost. */
  #mendCounters(): void {
    for (const state of this.#catalog.all()) {
      if (this.#records.get('counters', numberKey(state.id)) !== undefined) continue;
      const range = { start: placeKey(state.id, 0), end: numberKey(state.id + 1) };
      for (const { key, value } of this.#records.range('messages', range)) {
        state.messages += 1;
        state.bytes += messageHead(value).size;
        state.nextNumber = Math.max(state.nextNumber, QueueState.numberOf(placeOf(key).place) + 1);
      }
      state.suspectAll();
    }
  }

  /** Removes the messages of deleted queues, some in each transaction. */
  #sweep(): void {
    const [queue] = this.#catalog.graves.keys();
    if (queue === undefined || this.#isSweeping) return;
    this.#isSweeping = true;
    const apply = (changes: ChangeSet): void => this.#sweepOne(queue, changes);
    this.#committer.submit({ grows: false, bytes: SWEPT_AT_ONCE * OVERHEAD, apply }).then(
      () => {
        this.#isSweeping = false;
        this.#sweep();
      },
      // The store has failed; the next one that opens the file goes on.
      () => (this.#isSweeping = false),
    );
  }

  #sweepOne(queue: number, changes: ChangeSet): void {
    const range = { start: placeKey(queue, 0), end: numberKey(queue + 1), limit: SWEPT_AT_ONCE };
    let swept = 0;
    for (const table of ['messages', 'returns'] as const) {
      for (const { key, value } of this.#records.range(table, range)) {
        swept += 1;
        changes.remove(table, Buffer.from(key));
        if (table === 'messages') this.#sweepDue(queue, key, value, changes);
      }
    }
    if (swept > 0) return;
    changes.remove('graves', numberKey(queue));
    changes.onCommitted(() => this.#catalog.graves.delete(queue));
  }

  #sweepDue(queue: number, key: Uint8Array, record: Uint8Array, changes: ChangeSet): void {
    const realmId = this.#catalog.graves.get(queue);
    const { dueAt } = messageHead(record);
    if (realmId === undefined || dueAt === undefined) return;
    changes.remove('due', dueKey(realmId, dueAt, queue, placeOf(key).place));
  }
}

function isWithinFrontier(state: QueueState, position: number): boolean {
  return QueueState.numberOf(position) < (state.frontiers[QueueState.bandOf(position)] ?? 0);
}

/** The highest position of each band that it is not in the file of that it may have been handed out. */
function highestBeyondFrontier(state: QueueState, records: readonly QueueRecord[]): readonly number[] {
  const highest = new Map<number, number>();
  for (const { position } of records)
    if (!isWithinFrontier(state, position)) highest.set(QueueState.bandOf(position), position);
  return [...highest.values()];
}

function lent(state: QueueState, records: readonly QueueRecord[]): readonly QueueRecord[] {
  for (const { position } of records) {
    const band = QueueState.bandOf(position);
    state.leased[band] = Math.max(state.leased[band] ?? 0, QueueState.numberOf(position) + 1);
  }
  return records;
}

function weightOf(operation: QueueOperation): number {
  return OVERHEAD + (operation.kind === 'put' ? sizeOf(operation.message.publication) : 0);
}

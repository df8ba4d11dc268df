import type { QueueKey, QueueOperation } from '../../broker/index.js';
import { assertNever } from '../../lib/index.js';
import type { ChangeSet } from './change-set.js';
import { dueKey, numberKey, placeKey } from './keys.js';
import {
  decodeReturn,
  encodeMessage,
  encodeReturn,
  messageHead,
  movedMessage,
  sizeOf,
} from './message-record.js';
import type { MessageHead } from './message-record.js';
import type { QueueCatalog } from './queue-catalog.js';
import { QueueState, encodeCounters } from './queue-state.js';
import type { Records } from './records.js';
import { SEAL_BYTES, seal } from './seal.js';

/** A record's number is written down in advance by so many, so that most leases need no write. */
const LEASE_AHEAD = 1024;

/** A message as the operations of this transaction have left it. */
interface Standing extends MessageHead {
  readonly record: Uint8Array;
  /** How often it was delivered, if it came back. */
  readonly returned: number | undefined;
}

/**
 * What the operations of one transaction change, put together against what is committed and what earlier operations of the
 * same transaction have changed.
 */
export class QueueTransaction {
  /** queue and position → the message, or undefined if it is gone */
  readonly #standing = new Map<string, Standing | undefined>();
  /** queue → the frontiers that are going to be written */
  readonly #touched = new Map<QueueState, number[]>();

  constructor(
    private readonly catalog: QueueCatalog,
    private readonly records: Records,
    private readonly changes: ChangeSet,
  ) {
    changes.onFinish(() => this.#writeCounters());
  }

  apply(operation: QueueOperation): void {
    switch (operation.kind) {
      case 'declare':
        this.#declare(operation.queue, operation.definition);
        return;
      case 'delete':
        this.#delete(operation.queue);
        return;
      case 'put':
        this.#put(operation);
        return;
      case 'remove':
        this.#remove(operation.queue, operation.position);
        return;
      case 'return':
        this.#return(operation);
        return;
      case 'move':
        this.#move(operation);
        return;
      default:
        assertNever(operation);
    }
  }

  /** Writes down that records up to this position may have been handed out. */
  raiseFrontier(state: QueueState, position: number): void {
    if (this.catalog.byId(state.id) !== state) return;
    const frontiers = this.#touch(state);
    const band = QueueState.bandOf(position);
    frontiers[band] = Math.max(frontiers[band] ?? 0, QueueState.numberOf(position) + LEASE_AHEAD);
  }

  /** Writes down that nothing is handed out. */
  lowerFrontiers(state: QueueState): void {
    this.#touch(state).fill(0);
    state.leased.fill(0);
  }

  /** A record that was found damaged is gone. */
  forget(state: QueueState): void {
    this.#touch(state);
    state.messages = Math.max(0, state.messages - 1);
    if (state.messages === 0) state.bytes = 0;
  }

  #declare(queue: QueueKey, definition: string): void {
    const state = this.catalog.give(queue, this.changes);
    this.#touch(state);
    if (state.definition !== definition) this.catalog.define(state, definition, this.changes);
  }

  #delete(queue: QueueKey): void {
    const state = this.catalog.find(queue);
    if (state === undefined) return;
    this.#touched.delete(state);
    this.catalog.bury(state, this.changes);
  }

  #put({ queue, position, message, dueAt }: Extract<QueueOperation, { kind: 'put' }>): void {
    const state = this.catalog.give(queue, this.changes);
    const number = QueueState.numberOf(position);
    if (number < state.nextNumber) this.#remove(queue, position);
    this.#touch(state);
    const key = placeKey(state.id, position);
    const record = encodeMessage(key, message, dueAt);
    this.#place(state, position, { dueAt, size: sizeOf(message.publication), record, returned: undefined });
  }

  #remove(queue: QueueKey, position: number): void {
    const state = this.catalog.find(queue);
    const message = state && this.#find(state, position);
    if (state !== undefined && message !== undefined) this.#takeOut(state, position, message);
  }

  #return({ queue, position, deliveries }: Extract<QueueOperation, { kind: 'return' }>): void {
    const state = this.catalog.find(queue);
    const message = state && this.#find(state, position);
    if (state === undefined || message === undefined) return;
    const { dueAt, size, record } = message;
    this.#standing.set(nameOf(state, position), { dueAt, size, record, returned: deliveries });
    const key = placeKey(state.id, position);
    this.changes.put('returns', key, encodeReturn(key, deliveries));
  }

  #move({ queue, position, to, dueAt }: Extract<QueueOperation, { kind: 'move' }>): void {
    const state = this.catalog.find(queue);
    const message = state && this.#find(state, position);
    if (state === undefined || message === undefined) return;
    this.#takeOut(state, position, message);
    if (to !== position) this.#remove(queue, to);
    const key = placeKey(state.id, to);
    const record = movedMessage(key, message.record, dueAt);
    this.#place(state, to, { dueAt, size: message.size, record, returned: message.returned });
  }

  #place(state: QueueState, position: number, message: Standing): void {
    const key = placeKey(state.id, position);
    this.changes.put(
      'messages',
      key,
      Buffer.from(message.record.buffer, message.record.byteOffset, message.record.length),
    );
    if (message.returned !== undefined) this.changes.put('returns', key, encodeReturn(key, message.returned));
    if (message.dueAt !== undefined) {
      const due = dueKey(state.realmId, message.dueAt, state.id, position);
      this.changes.put('due', due, seal('due', due, Buffer.alloc(SEAL_BYTES)));
    }
    this.#standing.set(nameOf(state, position), message);
    state.messages += 1;
    state.bytes += message.size;
    state.nextNumber = Math.max(state.nextNumber, QueueState.numberOf(position) + 1);
  }

  #takeOut(state: QueueState, position: number, message: Standing): void {
    this.#touch(state);
    const key = placeKey(state.id, position);
    this.changes.remove('messages', key);
    if (message.returned !== undefined) this.changes.remove('returns', key);
    if (message.dueAt !== undefined)
      this.changes.remove('due', dueKey(state.realmId, message.dueAt, state.id, position));
    this.#standing.set(nameOf(state, position), undefined);
    state.messages -= 1;
    state.bytes -= message.size;
  }

  #find(state: QueueState, position: number): Standing | undefined {
    const name = nameOf(state, position);
    if (this.#standing.has(name)) return this.#standing.get(name);
    const key = placeKey(state.id, position);
    const record = this.records.get('messages', key);
    if (record === undefined) return undefined;
    const returned = this.records.get('returns', key);
    const { dueAt, size } = messageHead(record);
    return { dueAt, size, record, returned: returned && decodeReturn(returned) };
  }

  /** The queue's counters are going to change. */
  #touch(state: QueueState): number[] {
    const known = this.#touched.get(state);
    if (known !== undefined) return known;
    const { messages, bytes, nextNumber } = state;
    this.changes.onAborted(() => Object.assign(state, { messages, bytes, nextNumber }));
    const frontiers = [...state.frontiers];
    this.#touched.set(state, frontiers);
    return frontiers;
  }

  #writeCounters(): void {
    for (const [state, frontiers] of this.#touched) {
      // What was handed out nears the frontier: it goes on without a transaction of its own.
      state.leased.forEach((leased, band) => {
        if (leased + LEASE_AHEAD / 2 > (frontiers[band] ?? 0) && leased > 0)
          frontiers[band] = leased + LEASE_AHEAD;
      });
      this.changes.put('counters', numberKey(state.id), encodeCounters(state, frontiers));
      this.changes.onCommitted(() => (state.frontiers = frontiers));
    }
  }
}

function nameOf(state: QueueState, position: number): string {
  return `${state.id} ${position}`;
}

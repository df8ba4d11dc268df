import type { QueueKey } from '../../broker/index.js';
import type { ChangeSet } from './change-set.js';
import { numberKey, numberOf, placeOf } from './keys.js';
import type { RealmNames } from './names.js';
import { QueueState, decodeQueue, encodeQueue, readCounters } from './queue-state.js';
import type { Records } from './records.js';
import { SEAL_BYTES, seal } from './seal.js';

const HIGHEST_ID = 0xffff_ffff;

/** All queues of all realms, by name and by number. Changed when a transaction is put together, taken back if it is not made. */
export class QueueCatalog {
  /** realm → name → queue */
  readonly #queues = new Map<string, Map<string, QueueState>>();
  /** number → queue */
  readonly #byId = new Map<number, QueueState>();
  /** deleted queue whose messages are still to be removed → its realm, by number */
  readonly graves = new Map<number, number>();
  #lastId = 0;

  constructor(
    private readonly records: Records,
    private readonly realms: RealmNames,
  ) {
    for (const { key, value } of records.all('graves'))
      this.graves.set(this.#seen(numberOf(key)), numberOf(value.subarray(SEAL_BYTES)));
    for (const { key, value } of records.all('queues')) this.#load(this.#seen(numberOf(key)), value);
    for (const { key } of records.all('counters')) this.#seen(numberOf(key));
    const last = records.range('messages', {
      start: numberKey(0),
      end: Buffer.alloc(12, 0xff),
      reverse: true,
      limit: 1,
    });
    for (const { key } of last) this.#seen(placeOf(key).owner);
  }

  of(realm: string): Iterable<QueueState> {
    return this.#queues.get(realm)?.values() ?? [];
  }

  all(): Iterable<QueueState> {
    return this.#byId.values();
  }

  find({ realm, queue }: QueueKey): QueueState | undefined {
    return this.#queues.get(realm)?.get(queue);
  }

  byId(id: number): QueueState | undefined {
    return this.#byId.get(id);
  }

  /** The queue; a new one if there is none. */
  give(key: QueueKey, changes: ChangeSet): QueueState {
    const known = this.find(key);
    if (known !== undefined) return known;
    if (this.#lastId === HIGHEST_ID) throw new RangeError('The store has no number left for a queue.');
    this.#lastId += 1;
    const state = new QueueState(this.#lastId, this.realms.give(key.realm, changes), {
      realm: key.realm,
      queue: key.queue,
    });
    this.#add(state);
    changes.onAborted(() => this.#remove(state));
    changes.put('queues', numberKey(state.id), encodeQueue(state));
    return state;
  }

  define(state: QueueState, definition: string, changes: ChangeSet): void {
    const before = state.definition;
    state.definition = definition;
    changes.onAborted(() => (state.definition = before));
    changes.put('queues', numberKey(state.id), encodeQueue(state));
  }

  /** Forgets the queue; its messages are removed later, little by little. */
  bury(state: QueueState, changes: ChangeSet): void {
    this.#remove(state);
    this.graves.set(state.id, state.realmId);
    changes.onAborted(() => {
      this.#add(state);
      this.graves.delete(state.id);
    });
    const key = numberKey(state.id);
    changes.remove('queues', key);
    changes.remove('counters', key);
    const grave = Buffer.concat([Buffer.alloc(SEAL_BYTES), numberKey(state.realmId)]);
    changes.put('graves', key, seal('graves', key, grave));
  }

  #load(id: number, record: Uint8Array): void {
    const { realmId, name, definition } = decodeQueue(record);
    const realm = this.realms.nameOf(realmId);
    if (realm === undefined || this.graves.has(id)) return;
    const state = new QueueState(id, realmId, { realm, queue: name });
    state.definition = definition;
    const counters = this.records.get('counters', numberKey(id));
    if (counters !== undefined) readCounters(state, counters);
    state.raiseFloors();
    this.#add(state);
  }

  #add(state: QueueState): void {
    let queues = this.#queues.get(state.key.realm);
    if (queues === undefined) this.#queues.set(state.key.realm, (queues = new Map()));
    queues.set(state.key.queue, state);
    this.#byId.set(state.id, state);
  }

  #remove(state: QueueState): void {
    this.#queues.get(state.key.realm)?.delete(state.key.queue);
    this.#byId.delete(state.id);
  }

  #seen(id: number): number {
    this.#lastId = Math.max(this.#lastId, id);
    return id;
  }
}

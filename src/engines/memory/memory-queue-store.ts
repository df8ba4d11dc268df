import type {
  QueueKey,
  QueueMessage,
  QueueOperation,
  QueueRecord,
  QueueStore,
  RecordQuery,
  StoredQueue,
} from '../../broker/index.js';
import { BAND, DELAYED_BAND } from '../../broker/index.js';
import { SortedChunks } from './sorted-chunks.js';

/** The first position of messages that wait for their time. */
const DELAYED = DELAYED_BAND * BAND;

/** One message in its place. */
class Entry implements QueueRecord {
  /** Number of its entry in the list of what is due; 0 if it has none. */
  dueNumber = 0;
  readonly minor = 0;

  constructor(
    readonly queue: QueueKey,
    readonly position: number,
    readonly message: QueueMessage,
    readonly dueAt: number | undefined,
  ) {}

  get major(): number {
    return this.position;
  }
}

/** When a message is due. */
interface Due {
  readonly major: number;
  readonly minor: number;
  readonly entry: Entry;
}

class MemoryQueue {
  readonly entries = new SortedChunks<Entry>();
  definition: string | undefined;
  bytes = 0;
  nextNumber = 0;

  constructor(readonly key: QueueKey) {}
}

class MemoryRealm {
  /** name → queue */
  readonly queues = new Map<string, MemoryQueue>();
  readonly due = new SortedChunks<Due>();
  #dueNumber = 0;

  queueOf(key: QueueKey): MemoryQueue {
    let queue = this.queues.get(key.queue);
    if (queue === undefined) {
      queue = new MemoryQueue({ realm: key.realm, queue: key.queue });
      this.queues.set(key.queue, queue);
    }
    return queue;
  }

  put(queue: MemoryQueue, position: number, message: QueueMessage, dueAt: number | undefined): void {
    const entry = new Entry(queue.key, position, message, dueAt);
    const replaced = queue.entries.set(entry);
    if (replaced !== undefined) this.#forget(queue, replaced);
    queue.bytes += message.publication.size;
    queue.nextNumber = Math.max(queue.nextNumber, (position % BAND) + 1);
    if (dueAt === undefined) return;
    this.#dueNumber += 1;
    entry.dueNumber = this.#dueNumber;
    this.due.set({ major: dueAt, minor: entry.dueNumber, entry });
  }

  remove(queue: MemoryQueue, position: number): Entry | undefined {
    const entry = queue.entries.delete(position, 0);
    if (entry !== undefined) this.#forget(queue, entry);
    return entry;
  }

  delete(queue: MemoryQueue): void {
    for (let first = queue.entries.first(); first !== undefined; first = queue.entries.first())
      this.remove(queue, first.position);
    this.queues.delete(queue.key.queue);
  }

  #forget(queue: MemoryQueue, entry: Entry): void {
    queue.bytes -= entry.message.publication.size;
    if (entry.dueNumber > 0) this.due.delete(entry.dueAt!, entry.dueNumber);
  }
}

/**
 * Keeps the messages of queues in this process: what is confirmed is confirmed at once, and gone with the process. How much it
 * holds is bounded by the broker's limits for queues.
 */
export class MemoryQueueStore implements QueueStore {
  readonly durable = false;
  /** realm → its queues */
  readonly #realms = new Map<string, MemoryRealm>();

  /** Nothing comes here but by the broker's own commits, so there is nobody to be told. */
  watch(): void {}

  list(realm: string): readonly StoredQueue[] {
    const queues = this.#realms.get(realm)?.queues.values() ?? [];
    return Array.from(queues, ({ key, definition, entries, bytes, nextNumber }) => ({
      queue: key,
      definition,
      messages: entries.size,
      bytes,
      nextNumber,
    }));
  }

  commit(operations: readonly QueueOperation[]): undefined {
    for (const operation of operations) this.#apply(this.#realmOf(operation.queue.realm), operation);
  }

  lease(query: RecordQuery): readonly QueueRecord[] {
    const { before } = query;
    return this.browse(before <= DELAYED ? query : { ...query, before: DELAYED });
  }

  browse({ queue, after, before, limit, bytes }: RecordQuery): readonly QueueRecord[] {
    const found: QueueRecord[] = [];
    const entries = this.#realms.get(queue.realm)?.queues.get(queue.queue)?.entries;
    if (entries === undefined || limit <= 0) return found;
    let room = bytes ?? Number.POSITIVE_INFINITY;
    entries.from(after === undefined ? -1 : after + 1, 0, (entry) => {
      if (entry.position >= before) return false;
      found.push(entry);
      room -= entry.message.publication.size;
      return found.length < limit && room > 0;
    });
    return found;
  }

  due(realm: string, now: number, limit: number, bytes = Number.POSITIVE_INFINITY): readonly QueueRecord[] {
    const found: QueueRecord[] = [];
    let room = bytes;
    this.#realms.get(realm)?.due.from(Number.NEGATIVE_INFINITY, 0, ({ major, entry }) => {
      if (major > now || found.length >= limit) return false;
      found.push(entry);
      room -= entry.message.publication.size;
      return room > 0;
    });
    return found;
  }

  nextDue(realm: string): number | undefined {
    return this.#realms.get(realm)?.due.first()?.major;
  }

  #apply(realm: MemoryRealm, operation: QueueOperation): void {
    if (operation.kind === 'put') {
      realm.put(realm.queueOf(operation.queue), operation.position, operation.message, operation.dueAt);
      return;
    }
    if (operation.kind === 'declare') {
      realm.queueOf(operation.queue).definition = operation.definition;
      return;
    }
    const queue = realm.queues.get(operation.queue.queue);
    if (queue === undefined) return;
    if (operation.kind === 'delete') {
      realm.delete(queue);
      return;
    }
    const entry = realm.remove(queue, operation.position);
    if (entry === undefined || operation.kind === 'remove') return;
    if (operation.kind === 'return') {
      const { publication, death } = entry.message;
      const message = { publication, deliveries: operation.deliveries, redelivered: true, death };
      realm.put(queue, entry.position, message, entry.dueAt);
    } else realm.put(queue, operation.to, entry.message, operation.dueAt);
  }

  #realmOf(name: string): MemoryRealm {
    let realm = this.#realms.get(name);
    if (realm === undefined) {
      realm = new MemoryRealm();
      this.#realms.set(name, realm);
    }
    return realm;
  }
}

import type {
  Death,
  QueueKey,
  QueueMessage,
  QueueOperation,
  QueueRecord,
  QueueStore,
  StoredQueue,
} from '../broker/index.js';
import { BAND, DELAYED_BAND, sizeOfHeaders } from '../broker/index.js';
import { checkSame } from './checks.js';
import type { PublicationWishes } from './sample-publications.js';
import { publicationText, samplePublication } from './sample-publications.js';
import type { TestRunner } from './subprotocol-contract.js';

/** A queue store under test. */
export interface QueueStoreSample {
  /** For the title: `memory`, `lmdb`, … */
  readonly engine: string;
  /** Opens a store with nothing in it. */
  readonly open: () => Promise<OpenedQueueStore>;
}

/** A store for one test. */
export interface OpenedQueueStore {
  readonly store: QueueStore;
  /** The same store after its process has ended unforeseen; absent if nothing is left then. */
  readonly reopen?: () => Promise<QueueStore>;
  close(): Promise<void>;
}

const REALM = 'realm1';
const JOBS: QueueKey = { realm: REALM, queue: 'jobs' };
/** Beyond all positions that are handed out. */
const END = 10 * BAND;

/** Proves that a store keeps the contract of {@link QueueStore}. A failure is an Error thrown by its test. */
export function queueStoreContract(runner: TestRunner, sample: QueueStoreSample): void {
  runner.describe(`the queue store ${sample.engine}`, () => {
    const it: Define = (title, body) =>
      runner.it(title, async () => {
        const opened = await sample.open();
        try {
          await body(new Stage(opened.store), opened);
        } finally {
          await opened.close();
        }
      });
    defineReading(it);
    defineChanging(it);
    defineCommits(it);
    defineKnowledge(it);
    defineTime(it);
    defineEnd(it);
  });
}

type Define = (title: string, body: (stage: Stage, opened: OpenedQueueStore) => Promise<void>) => unknown;

function defineReading(it: Define): void {
  it('gives back what was put, whole', async (stage) => {
    const wishes: PublicationWishes = {
      id: 7,
      topic: 'jobs',
      session: 5,
      publishedAt: 1000,
      expiresAt: 5000,
      spelling: '/queue/jobs',
      headers: new Map([['x', 'ä']]),
    };
    const death: Death = {
      reason: 'rejected',
      queue: 'a',
      deliveries: 3,
      at: 900,
      first: { reason: 'expired', queue: 'b' },
    };
    const message = { publication: samplePublication(wishes), deliveries: 0, redelivered: false, death };
    await stage.commit(put(1, { message }));
    const [record] = await stage.lease();
    const found = record!.message;
    checkSame(publicationText(found.publication), publicationText(samplePublication(wishes)), 'publication');
    checkSame(
      [record!.queue, record!.position, found.deliveries, found.redelivered, found.death],
      [JOBS, 1, 0, false, death],
      'the rest',
    );
  });

  it('reads in the order of the positions, whatever the order of the puts', async (stage) => {
    const positions = [5, 1, 9 * BAND + 2, BAND, BAND + 7, 3, 0];
    await stage.commit(...positions.map((position) => put(position)));
    const sorted = positions.toSorted((one, other) => one - other);
    checkSame(places(await stage.lease()), sorted, 'leased');
    checkSame(places(stage.browse()), sorted, 'browsed');
  });

  it('reads after a place, before a place, and no more than wanted', async (stage) => {
    await stage.commit(...[1, 2, 3, 4, 5, 6].map((position) => put(position)));
    checkSame(places(stage.browse({ after: 2, before: 5 })), [3, 4], 'between');
    checkSame(places(await stage.lease({ after: 2, before: 3 })), [], 'nothing between');
    checkSame(places(await stage.lease({ after: 1, limit: 3 })), [2, 3, 4], 'limited');
    checkSame(places(stage.browse({ limit: 0 })), [], 'none wanted');
    checkSame(places(stage.browse({ after: -1, limit: 1 })), [1], 'from before the first');
  });

  it('reads nothing of what it does not know', async (stage) => {
    await stage.commit(put(1));
    checkSame(places(stage.browse({ queue: { realm: REALM, queue: 'other' } })), [], 'another queue');
    checkSame(places(await stage.lease({ queue: { realm: 'other', queue: 'jobs' } })), [], 'another realm');
    checkSame(stage.store.list('other'), [], 'the queues of another realm');
    checkSame(stage.store.nextDue('other'), undefined, 'what is due there');
  });

  it('never leases what is delayed, and shows it to who browses for it', async (stage) => {
    const delayed = DELAYED_BAND * BAND;
    await stage.commit(put(1), put(delayed + 2), put(delayed + 9 * BAND + 3));
    checkSame(places(await stage.lease({ before: delayed + 10 * BAND })), [1], 'leased');
    checkSame(
      places(stage.browse({ after: 1, before: delayed + 10 * BAND })),
      [delayed + 2, delayed + 9 * BAND + 3],
      'browsed',
    );
  });

  it('ends a read with the record that reaches the bytes', async (stage) => {
    await stage.commit(...[1, 2, 3, 4, 5].map((position) => putOf(1000, position)));
    checkSame(places(await stage.lease({ bytes: 2500 })), [1, 2, 3], 'leased');
    checkSame(places(stage.browse({ after: 1, bytes: 2000 })), [2, 3], 'browsed');
    checkSame(places(stage.browse({ after: 3, bytes: 1 })), [4], 'the smallest read');
    checkSame(places(stage.browse({ limit: 2, bytes: 10_000 })), [1, 2], 'more bytes than records');
  });

  it('keeps the order of many, of which some are taken from the middle', async (stage) => {
    const all = Array.from({ length: 3000 }, (_, position) => position);
    for (let from = 0; from < all.length; from += 500)
      await stage.commit(...all.slice(from, from + 500).map((position) => put(position)));
    await stage.commit(...all.filter((position) => position % 3 === 0).map(remove));
    const rest = all.filter((position) => position % 3 !== 0);
    const found: number[] = [];
    for (let after: number | undefined; ; after = found.at(-1)) {
      const records = stage.browse({ after, limit: 100 });
      if (records.length === 0) break;
      found.push(...places(records));
    }
    checkSame(found, rest, 'what is left');
  });
}

function defineChanging(it: Define): void {
  it('removes, and passes over what is not there', async (stage) => {
    await stage.commit(put(1), put(2));
    await stage.commit(remove(1), remove(7), remove(1));
    await stage.commit({ kind: 'remove', queue: { realm: REALM, queue: 'none' }, position: 1 });
    checkSame(places(stage.browse()), [2], 'what is left');
    checkSame(stage.queue(), { messages: 1, bytes: 1 }, 'counters');
  });

  it('notes what came back, in its place; and passes over what is not there', async (stage) => {
    await stage.commit(put(1), put(2));
    await stage.commit(
      { kind: 'return', queue: JOBS, position: 1, deliveries: 3 },
      { kind: 'return', queue: JOBS, position: 9, deliveries: 3 },
    );
    const told = stage
      .browse()
      .map(({ position, message }) => [position, message.deliveries, message.redelivered]);
    checkSame(
      told,
      [
        [1, 3, true],
        [2, 0, false],
      ],
      'messages',
    );
    checkSame(stage.queue(), { messages: 2, bytes: 2 }, 'counters');
  });

  it('moves with all that it knows; and passes over what is not there', async (stage) => {
    const delayed = DELAYED_BAND * BAND + 1;
    await stage.commit(put(delayed, { dueAt: 500 }));
    await stage.commit({ kind: 'return', queue: JOBS, position: delayed, deliveries: 2 });
    await stage.commit(
      { kind: 'move', queue: JOBS, position: delayed, to: 4 * BAND + 2, dueAt: 900 },
      { kind: 'move', queue: JOBS, position: 77, to: 78, dueAt: undefined },
    );
    const [record, ...others] = stage.browse({ before: 20 * BAND });
    checkSame([record!.position, record!.message.deliveries, others.length], [4 * BAND + 2, 2, 0], 'moved');
    checkSame([stage.store.nextDue(REALM), stage.queue()], [900, { messages: 1, bytes: 1 }], 'known of it');
  });

  it('deletes a queue with all that it holds, and nothing else', async (stage) => {
    const other = { realm: REALM, queue: 'other' };
    await stage.commit({ kind: 'declare', queue: JOBS, definition: 'x' }, put(1, { dueAt: 5 }), put(2));
    await stage.commit(put(1, { queue: other, dueAt: 6 }));
    await stage.commit({ kind: 'delete', queue: JOBS });
    await stage.commit({ kind: 'delete', queue: { realm: REALM, queue: 'none' } });
    checkSame(places(stage.browse()), [], 'messages');
    checkSame(places(stage.browse({ queue: other })), [1], 'messages of another queue');
    checkSame([stage.store.nextDue(REALM), places(stage.store.due(REALM, 100, 10))], [6, [1]], 'due');
    checkSame(stage.queue()?.messages ?? 0, 0, 'counters');
    await stage.commit(put(9));
    checkSame(places(stage.browse()), [9], 'made again');
  });
}

function defineCommits(it: Define): void {
  it('makes a batch whole, over several queues, in its order', async (stage) => {
    const other = { realm: REALM, queue: 'other' };
    await stage.commit(put(1));
    await stage.commit(remove(1), put(1, { queue: other }), put(2), remove(2), put(3));
    checkSame([places(stage.browse()), places(stage.browse({ queue: other }))], [[3], [1]], 'messages');
  });

  it('shows nothing before it is confirmed', async (stage) => {
    const pending = stage.store.commit([put(1), put(2)]);
    if (pending !== undefined) checkSame(places(stage.browse()), [], 'before');
    await pending;
    checkSame(places(stage.browse()), [1, 2], 'after');
  });

  it('makes commits in the order in which they were asked for', async (stage) => {
    const pending: (Promise<void> | undefined)[] = [];
    for (let i = 0; i < 50; i += 1) {
      pending.push(stage.store.commit([put(i)]));
      if (i % 2 === 1) pending.push(stage.store.commit([remove(i)]));
    }
    await Promise.all(pending);
    checkSame(
      places(stage.browse()),
      Array.from({ length: 25 }, (_, i) => 2 * i),
      'what is left',
    );
  });

  it('makes an empty batch', async (stage) => {
    await stage.commit();
    checkSame(stage.store.list(REALM), [], 'queues');
  });
}

function defineKnowledge(it: Define): void {
  it('counts messages and bytes, and knows a number that was not given', async (stage) => {
    const headers = new Map([['ab', 'c']]);
    const publication = samplePublication({ id: 1, bytes: 10, headers });
    await stage.commit(put(3 * BAND + 6, { message: messageOf(publication) }), put(9));
    const [known] = stage.store.list(REALM);
    checkSame(
      [known!.queue, known!.messages, known!.bytes, known!.nextNumber >= 10],
      [JOBS, 2, 11 + sizeOfHeaders(headers), true],
      'known',
    );
  });

  it('knows what was declared, the last time', async (stage) => {
    await stage.commit({ kind: 'declare', queue: JOBS, definition: 'one' });
    await stage.commit({ kind: 'declare', queue: JOBS, definition: '{"two":"ä"}' }, put(1));
    await stage.commit(remove(1));
    checkSame(
      stage.store.list(REALM).map(({ queue, definition, messages }) => [queue.queue, definition, messages]),
      [['jobs', '{"two":"ä"}', 0]],
      'queues',
    );
  });
}

function defineTime(it: Define): void {
  it('names what is due, the earliest first, as often as it is asked', async (stage) => {
    const other = { realm: REALM, queue: 'other' };
    await stage.commit(put(1, { dueAt: 300 }), put(2), put(3, { dueAt: 100 }));
    await stage.commit(put(4, { queue: other, dueAt: 200 }));
    checkSame(stage.store.nextDue(REALM), 100, 'the first');
    for (let again = 0; again < 2; again += 1) {
      checkSame(places(stage.store.due(REALM, 200, 10)), [3, 4], 'due at 200');
      checkSame(places(stage.store.due(REALM, 1000, 2)), [3, 4], 'two of those due at 1000');
    }
    checkSame(places(stage.store.due(REALM, 99, 10)), [], 'due at 99');
  });

  it('ends what is due with the record that reaches the bytes', async (stage) => {
    await stage.commit(...[1, 2, 3].map((position) => putOf(1000, position, position)));
    checkSame(places(stage.store.due(REALM, 100, 10, 1500)), [1, 2], 'two of them');
    checkSame(places(stage.store.due(REALM, 100, 10, 1)), [1], 'at least one');
  });

  it('names no more what is gone, and names what was put off when it is due then', async (stage) => {
    await stage.commit(put(1, { dueAt: 100 }), put(2, { dueAt: 150 }));
    await stage.commit(remove(1), { kind: 'move', queue: JOBS, position: 2, to: 2, dueAt: 400 });
    checkSame([places(stage.store.due(REALM, 399, 10)), stage.store.nextDue(REALM)], [[], 400], 'at 399');
    checkSame([places(stage.store.due(REALM, 400, 10)), places(stage.browse())], [[2], [2]], 'at 400');
    await stage.commit({ kind: 'move', queue: JOBS, position: 2, to: 2, dueAt: undefined });
    checkSame(stage.store.nextDue(REALM), undefined, 'in the end');
  });

  it('still names what came back', async (stage) => {
    await stage.commit(put(1, { dueAt: 100 }));
    await stage.commit({ kind: 'return', queue: JOBS, position: 1, deliveries: 1 });
    checkSame(places(stage.store.due(REALM, 100, 10)), [1], 'due');
  });
}

function defineEnd(it: Define): void {
  it('D1: has what was confirmed when its process has ended unforeseen, in order, once', async (stage, {
    reopen,
  }) => {
    if (reopen === undefined) return;
    await stage.commit(
      { kind: 'declare', queue: JOBS, definition: 'x' },
      put(1),
      put(2, { dueAt: 50 }),
      put(3),
    );
    await stage.commit(remove(1), { kind: 'return', queue: JOBS, position: 3, deliveries: 4 });
    const again = new Stage(await reopen());
    checkSame(places(again.browse()), [2, 3], 'messages');
    checkSame(again.browse()[1]!.message.deliveries, 4, 'count');
    const [known] = again.store.list(REALM);
    checkSame([known!.definition, known!.messages, known!.nextNumber >= 4], ['x', 2, true], 'known');
    checkSame(again.store.nextDue(REALM), 50, 'due');
  });

  it('says of what it leased, and of nothing that came later, that it may have been given', async (stage, {
    reopen,
  }) => {
    if (reopen === undefined) return;
    await stage.commit(put(1), put(2));
    await stage.lease();
    const again = new Stage(await reopen());
    const nextNumber = again.store.list(REALM)[0]!.nextNumber;
    await again.commit(put(nextNumber));
    checkSame(
      again.browse().map(({ message }) => message.redelivered),
      [true, true, false],
      'redelivered',
    );
  });
}

/** A store, and short ways to ask it. */
class Stage {
  constructor(readonly store: QueueStore) {}

  async commit(...operations: readonly QueueOperation[]): Promise<void> {
    await this.store.commit(operations);
  }

  browse(query: Partial<Parameters<QueueStore['browse']>[0]> = {}): readonly QueueRecord[] {
    return this.store.browse({ queue: JOBS, after: undefined, before: END, limit: 10_000, ...query });
  }

  async lease(query: Partial<Parameters<QueueStore['lease']>[0]> = {}): Promise<readonly QueueRecord[]> {
    return this.store.lease({ queue: JOBS, after: undefined, before: END, limit: 10_000, ...query });
  }

  /** The counters of the queue. */
  queue(): Pick<StoredQueue, 'messages' | 'bytes'> | undefined {
    const known = this.store.list(REALM).find(({ queue }) => queue.queue === JOBS.queue);
    return known && { messages: known.messages, bytes: known.bytes };
  }
}

interface PutWishes {
  readonly queue?: QueueKey;
  readonly message?: QueueMessage;
  readonly dueAt?: number;
}

function put(position: number, { queue = JOBS, message, dueAt }: PutWishes = {}): QueueOperation {
  const publication = samplePublication({ id: position + 1, topic: queue.queue, bytes: 1 });
  return { kind: 'put', queue, position, message: message ?? messageOf(publication), dueAt };
}

function putOf(bytes: number, position: number, dueAt?: number): QueueOperation {
  const publication = samplePublication({ id: position + 1, topic: 'jobs', bytes });
  return put(position, { message: messageOf(publication), ...(dueAt === undefined ? {} : { dueAt }) });
}

function remove(position: number): QueueOperation {
  return { kind: 'remove', queue: JOBS, position };
}

function messageOf(publication: QueueMessage['publication']): QueueMessage {
  return { publication, deliveries: 0, redelivered: false, death: undefined };
}

function places(records: readonly QueueRecord[]): number[] {
  return records.map(({ position }) => position);
}

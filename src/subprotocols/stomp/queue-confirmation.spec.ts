import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StompClients, settled } from '../../../test/support/stomp-client.js';
import type { QueueOperation, QueueStore, QueueStoreWatcher, RecordQuery } from '../../broker/index.js';
import { StoreError } from '../../broker/index.js';
import { memoryStore } from '../../engines/memory/index.js';

/** A durable store whose commits wait until they are let go. */
class HeldStore implements QueueStore {
  readonly durable = true;
  /** Commits go through at once. */
  open = false;
  readonly #inner = memoryStore().queues;
  #waiting: (() => void)[] = [];
  #failing: ((error: Error) => void)[] = [];

  watch(realm: string, watcher: QueueStoreWatcher): void {
    this.#inner.watch(realm, watcher);
  }

  list(realm: string): ReturnType<QueueStore['list']> {
    return this.#inner.list(realm);
  }

  commit(operations: readonly QueueOperation[]): Promise<void> | undefined {
    if (this.open) return this.#inner.commit(operations);
    return new Promise((resolve, reject) => {
      this.#failing.push(reject);
      this.#waiting.push(() => {
        void this.#inner.commit(operations);
        resolve();
      });
    });
  }

  lease(query: RecordQuery): ReturnType<QueueStore['lease']> {
    return this.#inner.lease(query);
  }

  browse(query: RecordQuery): ReturnType<QueueStore['browse']> {
    return this.#inner.browse(query);
  }

  due(realm: string, now: number, limit: number): ReturnType<QueueStore['due']> {
    return this.#inner.due(realm, now, limit);
  }

  nextDue(realm: string): number | undefined {
    return this.#inner.nextDue(realm);
  }

  /** Everything that was asked for is safe. */
  async letGo(): Promise<void> {
    while (this.#waiting.length > 0) {
      for (const commit of this.#waiting.splice(0)) commit();
      this.#failing = [];
      await settled();
    }
  }

  /** Everything that was asked for is refused. */
  async refuse(code: 'full' | 'failed'): Promise<void> {
    this.#waiting = [];
    for (const fail of this.#failing.splice(0)) fail(new StoreError(code, 'no'));
    await settled();
  }
}

const peers = new StompClients();
let store: HeldStore;

beforeEach(() => {
  store = new HeldStore();
  peers.given({ stores: { queues: store }, transientQueues: memoryStore().queues });
});

afterEach(async () => {
  store.open = true;
  await store.letGo();
  peers.end();
});

const send = (body: string, extra = ''): string => `SEND\ndestination:/queue/a\n${extra}\n${body}\0`;
const subscribe = (extra = '', destination = '/queue/a'): string =>
  `SUBSCRIBE\nid:s\ndestination:${destination}\n${extra}\n\0`;
const ackOf = (frame: string | undefined): string => /\nack:([^\n]*)/.exec(frame ?? '')?.[1] ?? '';
const told = (frames: string[]): string[] =>
  frames.map((frame) =>
    frame.startsWith('MESSAGE\n')
      ? frame.slice(frame.indexOf('\n\n') + 2, -1)
      : frame.slice(0, frame.indexOf('\n\n')),
  );

describe('confirmations', () => {
  it('STOMP-37: the RECEIPT of a SEND comes when it is safe, and so does its MESSAGE', async () => {
    const c = peers.connect().say(subscribe(), send('1', 'receipt:1\n'));
    expect(c.heard()).toEqual([]);
    await store.letGo();
    expect(told(c.heard())).toEqual(['RECEIPT\nreceipt-id:1', '1']);
  });

  it('a SEND with persistent:false is confirmed at once', async () => {
    const c = peers.connect().say(send('1', 'persistent:false\nreceipt:1\n'));
    expect(told(c.heard())).toEqual(['RECEIPT\nreceipt-id:1']);
    await store.letGo();
  });

  it('hold back nothing: a hundred of them are open at a time', async () => {
    const c = peers.connect();
    for (let i = 0; i < 100; i += 1) c.say(send(String(i), `receipt:${i}\n`));
    c.say('SUBSCRIBE\nid:t\ndestination:/topic/t\nreceipt:t\n\n\0');
    expect(told(c.heard())).toEqual(['RECEIPT\nreceipt-id:t']);
    await store.letGo();
    expect(c.heard()).toHaveLength(100);
  });

  it.each(['ACK', 'NACK'])('the RECEIPT of an %s comes when it is safe', async (command) => {
    const c = peers.connect().say(subscribe('ack:client-individual\n'), send('1'));
    await store.letGo();
    const [message] = c.heard();
    c.say(`${command}\nid:${ackOf(message)}\nrequeue:false\nreceipt:1\n\n\0`);
    expect(c.heard()).toEqual([]);
    await store.letGo();
    expect(told(c.heard())).toEqual(['RECEIPT\nreceipt-id:1']);
  });

  it('the RECEIPT of a COMMIT comes when all of it is safe', async () => {
    const c = peers
      .connect()
      .say('SUBSCRIBE\nid:t\ndestination:/topic/t\n\n\0', 'BEGIN\ntransaction:t\n\n\0');
    c.say(send('1', 'transaction:t\n'), 'SEND\ndestination:/topic/t\ntransaction:t\n\n2\0');
    c.say('COMMIT\ntransaction:t\nreceipt:c\n\n\0');
    expect(c.heard()).toEqual([]);
    await store.letGo();
    expect(told(c.heard()).sort()).toEqual(['2', 'RECEIPT\nreceipt-id:c']);
  });

  it.each([
    ['SEND with a receipt', send('1', 'receipt:1\n'), ['RECEIPT\nreceipt-id:1', 'RECEIPT\nreceipt-id:9']],
    ['SEND without one', send('1'), ['RECEIPT\nreceipt-id:9']],
    [
      'COMMIT',
      `BEGIN\ntransaction:t\n\n\0${send('1', 'transaction:t\n')}COMMIT\ntransaction:t\n\n\0`,
      ['RECEIPT\nreceipt-id:9'],
    ],
  ])('STOMP-37: DISCONNECT’s RECEIPT waits for a %s', async (_what, frames, receipts) => {
    const c = peers.connect().say(frames, 'DISCONNECT\nreceipt:9\n\n\0');
    expect(c.heard()).toEqual([]);
    await store.letGo();
    expect(told(c.heard())).toEqual(receipts);
    const d = peers.connect().say(subscribe());
    expect(told(d.heard())).toEqual(['1']);
  });

  it('STOMP-37: DISCONNECT’s RECEIPT waits for an ACK', async () => {
    const c = peers.connect().say(subscribe('ack:client\n'), send('1'));
    await store.letGo();
    c.say(`ACK\nid:${ackOf(c.heard()[0])}\n\n\0`, 'DISCONNECT\nreceipt:9\n\n\0');
    expect(c.heard()).toEqual([]);
    await store.letGo();
    expect(told(c.heard())).toEqual(['RECEIPT\nreceipt-id:9']);
  });

  it('a broken connection cancels none of them', async () => {
    const c = peers.connect().say(send('1'));
    c.close();
    await store.letGo();
    expect(told(peers.connect().say(subscribe()).heard())).toEqual(['1']);
  });

  it('UNSUBSCRIBE of a subscription that is not in force yet ends it, in the order of the frames', async () => {
    const c = peers
      .connect()
      .say(subscribe('x-max-length:5\nreceipt:1\n'), 'UNSUBSCRIBE\nid:s\nreceipt:2\n\n\0');
    expect(c.heard()).toEqual([]);
    await store.letGo();
    expect(told(c.heard())).toEqual(['RECEIPT\nreceipt-id:1', 'RECEIPT\nreceipt-id:2']);
    c.say(send('1'));
    await store.letGo();
    expect(c.heard()).toEqual([]);
  });

  it('UNSUBSCRIBE of a durable subscription that is not in force yet forgets it', async () => {
    const c = peers.connect().say(subscribe('durable:true\n', '/topic/t'));
    c.say('UNSUBSCRIBE\nid:s\ndurable:true\nreceipt:2\n\n\0');
    await store.letGo();
    expect(told(c.heard())).toEqual(['RECEIPT\nreceipt-id:2']);
    c.say('SEND\ndestination:/topic/t\n\nx\0', subscribe('durable:true\nreceipt:3\n', '/topic/t'));
    await store.letGo();
    expect(told(c.heard())).toEqual(['RECEIPT\nreceipt-id:3']);
  });

  it('an id may be used again before the server has let go of the one before', async () => {
    const c = peers.connect().say(subscribe('x-max-length:5\n'), 'UNSUBSCRIBE\nid:s\n\n\0');
    c.say('SUBSCRIBE\nid:s\ndestination:/queue/b\nreceipt:3\n\n\0', 'SEND\ndestination:/queue/b\n\nb\0');
    await store.letGo();
    expect(told(c.heard())).toEqual(['RECEIPT\nreceipt-id:3', 'b']);
  });

  it('D4: a full store refuses a SEND, and the client is told', async () => {
    const c = peers.connect().say(send('1', 'receipt:7\n'));
    await store.refuse('full');
    expect(c.heard()[0]).toMatch(/^ERROR\nmessage:unavailable\ncontent-type:text\/plain\nreceipt-id:7\n/);
    expect(c.link.closeReason?.kind).toBe('overloaded');
  });

  it('D3: nothing is confirmed after the store has failed', async () => {
    const c = peers.connect().say(send('1', 'receipt:7\n'), 'DISCONNECT\nreceipt:9\n\n\0');
    await store.refuse('failed');
    expect(c.heard().map((frame) => frame.split('\n')[0])).toEqual(['ERROR']);
  });

  it('STOMP-57: a COMMIT that the store refuses has settled nothing', async () => {
    const c = peers.connect().say(subscribe('ack:client\n'), send('1'));
    await store.letGo();
    c.say('BEGIN\ntransaction:t\n\n\0', `ACK\nid:${ackOf(c.heard()[0])}\ntransaction:t\n\n\0`);
    c.say(send('2', 'transaction:t\n'), 'COMMIT\ntransaction:t\nreceipt:c\n\n\0');
    await store.refuse('full');
    expect(c.heard()[0]).toMatch(/^ERROR\nmessage:unavailable\n.*\nreceipt-id:c\n/);
    await store.letGo();
    const d = peers.connect().say(subscribe());
    await store.letGo();
    expect(told(d.heard())).toEqual(['1']);
  });
});

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Environment } from '../../src/engines/lmdb/environment.js';
import type { LmdbStores } from '../../src/engines/lmdb/index.js';
import { StompPeer, testServices } from '../../src/testing/index.js';
import type { StompPeerFrame, TestServices } from '../../src/testing/index.js';
import { LmdbFolder } from './lmdb-folder.js';

let folder: LmdbFolder;
let stores: LmdbStores;
let services: TestServices;
/** The tables that each transaction of LMDB has changed. */
let transactions: ReadonlySet<string>[];
let disk: 'sound' | 'broken';

beforeEach(async () => {
  folder = new LmdbFolder();
  transactions = [];
  disk = 'sound';
  stores = await folder.open();
  const write = Environment.prototype.write;
  jest.spyOn(Environment.prototype, 'write').mockImplementation(function (this: Environment, changes) {
    transactions.push(new Set(changes.map(({ table }) => table)));
    return disk === 'sound' ? write.call(this, changes) : Promise.reject(new Error('The disk is gone.'));
  });
  services = testServices({ stores, history: [{ match: 'audit.#' }] });
});

afterEach(async () => {
  jest.restoreAllMocks();
  await folder.remove();
});

/** A client that has made its queue, and begun a transaction with a message, a retained event and one for the history. */
async function begun(): Promise<StompPeer> {
  const peer = StompPeer.connect(services);
  peer.publish('/queue/orders', 'first', { receipt: 'made' });
  await frames(peer, 1);
  transactions.length = 0;
  const transaction = 'tx';
  peer.send('BEGIN', { transaction });
  peer.publish('/topic/state.lamp', 'on', { transaction, retain: 'true' });
  peer.publish('/queue/orders', 'second', { transaction });
  peer.publish('/topic/audit.in', 'entry', { transaction });
  return peer;
}

/** Takes frames until so many have come. */
async function frames(peer: StompPeer, count: number): Promise<StompPeerFrame[]> {
  const taken = peer.take();
  for (const deadline = performance.now() + 3000; taken.length < count && performance.now() < deadline;) {
    await new Promise((go) => setImmediate(go));
    taken.push(...peer.take());
  }
  return taken;
}

/** How much of the transaction a store holds: messages of the queue, retained events, entries of the history. */
async function held(of: LmdbStores): Promise<readonly number[]> {
  const [queue] = of.queues.list('realm1');
  const pattern = { match: 'multi', text: '#' } as const;
  const kept = await of.retained.match('realm1', { pattern, now: 0, limit: 9 });
  const page = await of.history.read('realm1', { pattern, now: 0, limit: 9 });
  return [(queue?.messages ?? 0) - 1, kept.publications.length, page.publications.length];
}

describe('a transaction with a message, a retained event and one for a history', () => {
  it('D1: is one transaction of the store, so that no crash can leave a part of it', async () => {
    const peer = await begun();
    peer.send('COMMIT', { transaction: 'tx', receipt: 'done' });
    expect((await frames(peer, 1)).map(({ headers }) => headers['receipt-id'])).toEqual(['done']);
    const writing = transactions.filter((tables) =>
      ['messages', 'retained', 'history'].some((name) => tables.has(name)),
    );
    expect(writing).toHaveLength(1);
    expect([...(writing[0] ?? [])]).toEqual(expect.arrayContaining(['messages', 'retained', 'history']));
    expect(await held(await folder.openCopy())).toEqual([1, 1, 1]);
    peer.disconnect();
  });

  it('D1 D3: leaves nothing behind if the disk fails', async () => {
    const peer = await begun();
    const listener = StompPeer.connect(services);
    listener.subscribe('/topic/#', { receipt: 's' });
    await frames(listener, 1);
    disk = 'broken';
    peer.send('COMMIT', { transaction: 'tx', receipt: 'done' });
    expect((await frames(peer, 1)).map(({ command }) => command)).toEqual(['ERROR']);
    expect(listener.take()).toEqual([]);
    expect(await held(await folder.openCopy())).toEqual([0, 0, 0]);
    peer.disconnect();
    listener.disconnect();
  });

  it('shows each event once to who subscribes while it is on its way', async () => {
    const peer = await begun();
    peer.send('COMMIT', { transaction: 'tx', receipt: 'done' });
    const late = StompPeer.connect(services);
    late.subscribe('/topic/audit.in', { history: '5' });
    late.subscribe('/topic/state.lamp', { 'get-retained': 'true' });
    const plain = StompPeer.connect(services);
    plain.subscribe('/topic/#');
    await frames(peer, 1);
    const bodies = async (of: StompPeer): Promise<string[]> =>
      (await frames(of, 2)).map(({ body }) => body.toString()).sort();
    expect(await bodies(late)).toEqual(['entry', 'on']);
    expect(await bodies(plain)).toEqual(['entry', 'on']);
    // Whatever came a second time would come before what is published now.
    peer.publish('/topic/audit.in', 'later').publish('/topic/state.lamp', 'off');
    expect(await bodies(late)).toEqual(['later', 'off']);
    expect(await bodies(plain)).toEqual(['later', 'off']);
    for (const one of [peer, late, plain]) one.disconnect();
  });
});

import { copyFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { open } from 'lmdb';
import { BAND, DELAYED_BAND } from '../../src/broker/index.js';
import type { QueueOperation } from '../../src/broker/index.js';
import { Environment } from '../../src/engines/lmdb/environment.js';
import { StoreOpenError, backupStore, checkStore, compactStore } from '../../src/engines/lmdb/index.js';
import { FORMAT_KEY, encodeFormat } from '../../src/engines/lmdb/store-format.js';
import { verifyFile } from '../../src/engines/lmdb/verify-file.js';
import { samplePublication } from '../../src/testing/index.js';
import { StoreChild } from './child-process.js';
import { LmdbFolder } from './lmdb-folder.js';
import { soundRecords } from './sound-records.js';

jest.setTimeout(60_000);

const PAGE = 4096;
const jobs = { realm: 'realm1', queue: 'jobs' };
const everything = { queue: jobs, after: undefined, before: 10 * BAND, limit: 1000 };

function put(number: number, bytes = 20 + number): QueueOperation {
  const publication = samplePublication({ id: number + 1, topic: 'jobs', bytes });
  const message = { publication, deliveries: 0, redelivered: false, death: undefined };
  return { kind: 'put', queue: jobs, position: number, message, dueAt: number % 7 === 0 ? 5000 : undefined };
}

/** A store with some of everything, closed. */
async function fill(folder: LmdbFolder): Promise<void> {
  const stores = await folder.open({ reserveBytes: 0 });
  for (let number = 0; number < 60; number += 20)
    await stores.queues.commit(Array.from({ length: 20 }, (_, at) => put(number + at)));
  await stores.queues.commit([put(60, 9000), { kind: 'return', queue: jobs, position: 3, deliveries: 2 }]);
  for (let id = 1; id <= 8; id += 1) {
    const publication = samplePublication({ id, topic: `t.${id % 3}` });
    await stores.retained.put('realm1', publication);
    await stores.history.append('realm1', publication, { entries: 2, bytes: 1000 });
  }
  await stores.close();
}

/** How opening was refused. */
async function refusal(opening: Promise<unknown>): Promise<string> {
  const error = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StoreOpenError)) throw new Error(`It was opened, or: ${String(error)}`);
  return error.code;
}

let folder: LmdbFolder;
let template: LmdbFolder;
/** A sound file, without the room behind its last page. */
let sound: Buffer;
beforeAll(async () => {
  template = new LmdbFolder();
  await fill(template);
  const environment = new Environment({ path: template.path, sync: 'commit' });
  sound = readFileSync(template.file).subarray(0, environment.sizeBytes());
  await environment.close();
});
afterAll(() => template.remove());
beforeEach(() => {
  folder = new LmdbFolder();
  mkdirSync(folder.path);
});
afterEach(() => folder.remove());

const size = (share: number) => PAGE * Math.round((share * sound.length) / PAGE);
const zeroed = (from: number, length: number) =>
  Buffer.from(sound).fill(0, from, Math.min(from + length, sound.length));
const DAMAGES: readonly (readonly [string, string, () => Buffer])[] = [
  ['is empty', 'damaged', () => Buffer.alloc(0)],
  ['has one byte', 'foreign', () => sound.subarray(0, 1)],
  ['has 100 bytes', 'foreign', () => sound.subarray(0, 100)],
  ['has one page', 'damaged', () => sound.subarray(0, PAGE)],
  ['has only its meta pages', 'damaged', () => sound.subarray(0, 2 * PAGE)],
  ['has a quarter of its pages', 'damaged', () => sound.subarray(0, size(0.25))],
  ['has half of its pages', 'damaged', () => sound.subarray(0, size(0.5))],
  ['has a tenth of its pages', 'damaged', () => sound.subarray(0, size(0.1))],
  ['is all zeros', 'foreign', () => Buffer.alloc(sound.length)],
  ['begins with zeros', 'foreign', () => zeroed(0, PAGE)],
  ['has a second page of zeros', 'damaged', () => zeroed(PAGE, PAGE)],
  ['has zeros behind its meta pages', 'damaged', () => zeroed(2 * PAGE, sound.length)],
  ['has zeros in its first half', 'damaged', () => zeroed(2 * PAGE, size(0.5))],
  ['has zeros in its second half', 'damaged', () => zeroed(size(0.5), sound.length)],
  [
    'has the same page twice',
    'damaged',
    () => Buffer.concat([sound.subarray(0, PAGE), sound.subarray(0, PAGE), sound.subarray(2 * PAGE)]),
  ],
  [
    'has its meta pages in the wrong order',
    'damaged',
    () => Buffer.concat([sound.subarray(PAGE, 2 * PAGE), sound.subarray(0, PAGE), sound.subarray(2 * PAGE)]),
  ],
  [
    'lost a page in the middle',
    'damaged',
    () => Buffer.concat([sound.subarray(0, size(0.4)), sound.subarray(size(0.4) + PAGE)]),
  ],
  ['is a text', 'foreign', () => Buffer.from('once upon a time '.repeat(1000))],
  ['is noise', 'foreign', () => Buffer.from(sound.map((byte, at) => (byte * 31 + at * 17) & 0xff))],
  [
    'is noise behind its meta pages',
    'damaged',
    () => Buffer.from(sound.map((byte, at) => (at < 2 * PAGE ? byte : (byte + at) & 0xff))),
  ],
];

describe('the LMDB engine and a file that is not what was written', () => {
  it.each(DAMAGES)('D6: does not open a file that %s', async (_, code, damage) => {
    const damaged = damage();
    writeFileSync(folder.file, damaged);
    expect(await refusal(folder.open())).toBe(code);
    expect(readFileSync(folder.file).equals(damaged)).toBe(true);
  });

  it('D6: does not open an LMDB file of another program', async () => {
    const other = open({ path: folder.path, overlappingSync: false });
    await other.put('a', 1);
    await other.close();
    expect(await refusal(folder.open())).toBe('foreign');
  });

  it('D6: does not make an empty store where one is missing', async () => {
    await fill(folder);
    truncateSync(folder.file, 0);
    expect(await refusal(folder.open())).toBe('damaged');
    copyFileSync(template.file, folder.file);
    await (await folder.open()).close();
  });

  it('D6: does not go back to a state before what was confirmed', async () => {
    await fill(folder);
    const older = readFileSync(folder.file);
    const stores = await folder.open();
    await stores.queues.commit([put(100)]);
    await stores.close();
    writeFileSync(folder.file, older);
    expect(await refusal(folder.open())).toBe('rolled-back');
  });

  it('D12: does not open a file of a newer format', async () => {
    await fill(folder);
    const environment = new Environment({ path: folder.path, sync: 'commit' });
    const value = encodeFormat({ version: 2, generation: 'f'.repeat(16), createdAt: 1 });
    await environment.write([{ table: 'meta', key: FORMAT_KEY, value }]);
    await environment.close();
    expect(await refusal(folder.open())).toBe('newer');
  });

  it('D12: reads a file of format 1, made by its first version', async () => {
    const golden = fileURLToPath(new URL('golden/format-1.mdb.gz', import.meta.url));
    writeFileSync(folder.file, gunzipSync(readFileSync(golden)));
    const { queues, retained, history } = await folder.open();
    const orders = { realm: 'realm1', queue: 'orders' };
    expect(queues.list('realm1')).toEqual([
      { queue: orders, definition: '{"durable":true}', messages: 3, bytes: 10_023, nextNumber: 3 },
    ]);
    const [whole, large, delayed] = queues.browse({
      queue: orders,
      after: undefined,
      before: 2 ** 53 - 1,
      limit: 9,
    });
    expect(whole!.position).toBe(5 * BAND);
    expect(whole!.message.death).toEqual({
      reason: 'rejected',
      queue: 'a',
      deliveries: 3,
      at: 1_700_000_000_500,
      first: { reason: 'expired', queue: 'b' },
    });
    const { publication } = whole!.message;
    expect(publication).toMatchObject({
      id: 1,
      topic: 'orders',
      headers: new Map([['colour', 'grün']]),
      spelling: '/queue/orders',
      publishedAt: 1_700_000_000_001,
      expiresAt: 4_000_000_000_000,
      audience: {
        eligible: { authids: new Set(['ann', 'bob']) },
        exclude: { sessions: new Set([9]), authroles: new Set(['guest']) },
      },
      publisher: { session: 7, authid: 'joe', authrole: 'user' },
      origin: {
        protocol: 'stomp',
        session: 7,
        principal: { authid: 'joe', authrole: 'user', authmethod: 'ticket', authprovider: 'static' },
      },
    });
    expect(Buffer.from(publication.payload.body().bytes).toString()).toBe('{"n":1}');
    expect(publication.payload.body().contentType).toBe('application/json');
    expect([large!.message.deliveries, large!.message.redelivered]).toEqual([2, true]);
    expect(large!.message.publication.payload.size).toBe(10_000);
    expect(delayed!.position).toBe(DELAYED_BAND * BAND + 2);
    expect(delayed!.message.publication.payload.values()).toEqual({ args: [1], kwargs: { a: 2 } });
    expect(queues.nextDue('realm1')).toBe(3_000_000_000_000);
    const pattern = { match: 'exact', text: 'state.lamp' } as const;
    const [lamp] = (await retained.match('realm1', { pattern, now: 0, limit: 9 })).publications;
    expect(Buffer.from(lamp!.payload.body().bytes).toString()).toBe('on');
    const page = await history.read('realm1', {
      pattern: { match: 'prefix', text: 'audit.' },
      now: 0,
      limit: 9,
    });
    expect([page.publications.map(({ id }) => id), page.complete]).toEqual([[6, 7], false]);
  });
});

describe('the LMDB engine and single bits that have changed', () => {
  it('D7: never takes a changed record for a sound one, whichever bit it is', () => {
    const before = soundRecords(template.file);
    const verdicts = { refused: 0, named: 0, unharmed: 0 };
    for (let bit = 0; bit < 8 * sound.length; bit += 997) {
      const flipped = Buffer.from(sound);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(folder.file, flipped);
      const verification = verifyFile(folder.file, 60_000);
      if (verification.verdict !== 'sound' || verification.transaction < before.transaction) {
        verdicts.refused += 1;
        continue;
      }
      const { records } = soundRecords(folder.file);
      for (const [key, value] of records)
        if (before.records.get(key) !== value) throw new Error(`Bit ${bit} changed ${key} in silence.`);
      expect(before.records.size - records.size).toBe(verification.damaged);
      verdicts[verification.damaged > 0 ? 'named' : 'unharmed'] += 1;
    }
    expect(Object.values(verdicts).every((count) => count > 20)).toBe(true);
  });

  it('D7: names a damaged record, moves it aside and serves the others', async () => {
    const damaged = Buffer.from(sound);
    // The payload of the 61st message is the only run of so many x.
    const at = damaged.indexOf('x'.repeat(3000));
    damaged[at + 5]! ^= 4;
    writeFileSync(folder.file, damaged);
    const events: unknown[] = [];
    const event = (name: string, fields: object): unknown => events.push([name, fields]);
    const instrumentation = { count() {}, event, defect() {} };
    const stores = await folder.open({ verifyMs: 0, instrumentation });
    expect(stores.queues.browse(everything).map(({ position }) => position)).toEqual(
      Array.from({ length: 60 }, (_, number) => number),
    );
    expect(stores.damagedRecords).toBe(1);
    expect(events).toContainEqual([
      'store.record.damaged',
      expect.objectContaining({ table: 'messages', key: '000000010000000000003c' }),
    ]);
    await stores.queues.commit([put(200)]);
    expect(stores.queues.list('realm1')[0]).toMatchObject({ messages: 61 });
    await stores.close();
    expect(await checkStore(folder.path)).toMatchObject({ damaged: 0 });
  });

  it('D7: counts again where the counters of a queue are damaged', async () => {
    await fill(folder);
    const environment = new Environment({ path: folder.path, sync: 'commit' });
    const [counters] = environment.all('counters');
    const broken = Buffer.from(counters!.value);
    broken[20]! ^= 1;
    await environment.write([{ table: 'counters', key: Buffer.from(counters!.key), value: broken }]);
    await environment.close();
    const { queues } = await folder.open();
    expect(queues.list('realm1')[0]).toMatchObject({ messages: 61, nextNumber: 61 });
    expect(queues.browse(everything)[0]!.message.redelivered).toBe(true);
  });
});

describe('the lock of a store', () => {
  const lockFile = () => join(folder.path, 'mangrove.lock');
  const identity = (): Record<string, unknown> =>
    JSON.parse(readFileSync(lockFile(), 'utf8')) as Record<string, unknown>;

  it('D8: refuses a second store on one folder, in this process and in another', async () => {
    const child = new StoreChild('hold', { store: { path: folder.path } });
    await child.told(1);
    await expect(folder.open()).rejects.toThrow(`is open in process ${child.pid}.`);
    await child.kill();
    const stores = await folder.open();
    expect(await refusal(folder.open())).toBe('locked');
    await stores.close();
    expect(existsSync(lockFile())).toBe(false);
  });

  it.each([
    ['a process that has ended', { pid: 2 ** 22 + 1 }],
    ['a process whose number another one has now', { pid: 1, started: '1' }],
    ['a process that ran before the system was started', { boot: 'another' }],
  ])('D8: takes over the lock of %s', async (_, changes) => {
    const stores = await folder.open();
    const lock = { ...identity(), ...changes };
    await stores.close();
    writeFileSync(lockFile(), JSON.stringify(lock));
    const again = await folder.open();
    expect(identity()).toMatchObject({ pid: process.pid });
    await again.close();
  });

  it('D8: takes over a lock in another container or one that was not written whole, if nobody touches it', async () => {
    writeFileSync(lockFile(), '{"pid":');
    await (await folder.open()).close();
  });
});

describe('copies of a store', () => {
  it('D9: copies what a running server has confirmed, as another generation', async () => {
    await fill(folder);
    const stores = await folder.open();
    await stores.queues.commit([put(100)]);
    const to = `${folder.path}-copy`;
    const report = await backupStore(folder.path, to);
    expect(report).toMatchObject({ damaged: 0, version: 1 });
    expect(report.generation).not.toBe(stores.generation);
    const copy = await folder.open({ path: to });
    expect(copy.generation).toBe(report.generation);
    expect(copy.queues.browse(everything)).toHaveLength(62);
    expect(await refusal(backupStore(folder.path, to))).toBe('unreadable');
  });

  it('D10: gives back free space, with all that is kept', async () => {
    const stores = await folder.open();
    for (let number = 0; number < 40; number += 1) await stores.queues.commit([put(number, 50_000)]);
    for (let number = 0; number < 39; number += 1)
      await stores.queues.commit([{ kind: 'remove', queue: jobs, position: number }]);
    expect(await refusal(compactStore(folder.path))).toBe('locked');
    await stores.close();
    const { bytes, bytesBefore, generation } = await compactStore(folder.path);
    expect(bytes).toBeLessThan(bytesBefore / 10);
    const again = await folder.open();
    expect([again.generation, again.queues.browse(everything).length]).toEqual([generation, 1]);
  });
});

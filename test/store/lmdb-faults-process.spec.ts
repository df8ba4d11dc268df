import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { BAND } from '../../src/broker/index.js';
import type { QueueOperation } from '../../src/broker/index.js';
import { placeKey } from '../../src/engines/lmdb/keys.js';
import { verifyFile } from '../../src/engines/lmdb/verify-file.js';
import { samplePublication } from '../../src/testing/index.js';
import { StoreChild, runChild, told } from './child-process.js';
import { readTrace, tracer } from './disk-trace.js';
import type { DiskEvent } from './disk-trace.js';
import { LmdbFolder } from './lmdb-folder.js';
import { soundRecords } from './sound-records.js';

jest.setTimeout(60_000);

const jobs = { realm: 'realm1', queue: 'jobs' };
const everything = { queue: jobs, after: undefined, before: 10 * BAND, limit: 1_000_000 };

function put(number: number, bytes = 100): QueueOperation {
  const publication = samplePublication({ id: number + 1, topic: 'jobs', bytes });
  const message = { publication, deliveries: 0, redelivered: false, death: undefined };
  return { kind: 'put', queue: jobs, position: 5 * BAND + number, message, dueAt: undefined };
}
const remove = (number: number): QueueOperation => ({
  kind: 'remove',
  queue: jobs,
  position: 5 * BAND + number,
});

let folder: LmdbFolder;
let base = '';
beforeEach(() => {
  folder = new LmdbFolder();
  base = mkdtempSync(join(tmpdir(), 'mangrove-faults-'));
});
afterEach(async () => {
  await folder.remove();
  rmSync(base, { recursive: true, force: true });
});

describe('the LMDB engine in a process that is killed', () => {
  it.each(['commit', 'interval'] as const)(
    'D1: has what was confirmed, once, in order (sync: %s)',
    async (sync) => {
      const stored = new Set<number>();
      const taken = new Set<number>();
      for (let round = 0; round < 4; round += 1) {
        const child = new StoreChild('burst', { store: { path: folder.path, sync } });
        await child.told(500 * (round + 1));
        const { lines } = await child.kill();
        for (const line of lines) {
          const [what, number] = line.split(' ');
          if (what === 'confirmed') stored.add(Number(number));
          // From here on it may be gone; from `removed` on it is.
          if (what === 'removing' || what === 'removed') taken.add(Number(number));
          if (what === 'removed') stored.delete(Number(number));
        }
        const stores = await folder.open({ sync });
        const found = stores.queues.browse(everything).map(({ position }) => position - 5 * BAND);
        expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
        const missing = [...stored].filter((number) => !found.includes(number) && !taken.has(number));
        expect(missing).toEqual([]);
        const back = lines.filter((line) => line.startsWith('removed ')).map((line) => Number(line.slice(8)));
        expect(back.filter((number) => found.includes(number))).toEqual([]);
        await stores.close();
      }
      expect(stored.size).toBeGreaterThan(500);
    },
  );
});

describe('the LMDB engine and the loss of power', () => {
  const file = () => join(base, 'store', 'data.mdb');

  async function trace(): Promise<{ readonly before: Buffer; readonly events: readonly DiskEvent[] }> {
    const store = { path: join(base, 'store'), reserveBytes: 0 };
    await runChild('sequence', { store, count: 1, bytes: 3000 });
    const before = readFileSync(file());
    await runChild('sequence', { store, count: 25, bytes: 700 }, tracer(join(base, 'trace')));
    return { before, events: readTrace(join(base, 'trace'), file()) };
  }

  it('D2: confirms only what has been synced, and can be opened after any loss of what has not', async () => {
    const { before, events } = await trace();
    const images = new Images(before);
    let confirmed = 0;
    let checked = 0;
    for (const event of events) {
      if (event.kind === 'told' && event.text.startsWith('confirmed ')) {
        confirmed = Number(event.text.slice('confirmed '.length)) + 1;
        expect(images.unsyncedPages).toBe(0);
      }
      images.add(event);
      for (let loss = 0; loss < 3; loss += 1) {
        const path = join(base, 'image');
        writeFileSync(path, images.afterLoss());
        expect(verifyFile(path, 60_000)).toMatchObject({ verdict: 'sound', complete: true, damaged: 0 });
        const { records } = soundRecords(path);
        for (let number = 0; number < confirmed; number += 1)
          expect(records.has(`messages ${placeKey(1, 5 * BAND + number).toString('hex')}`)).toBe(true);
        checked += 1;
      }
    }
    expect([confirmed, checked > 200]).toEqual([25, true]);
  });

  it('D2: goes back to the last sync of an interval, whatever was written since', async () => {
    const first = await folder.open();
    await first.queues.commit(Array.from({ length: 30 }, (_, number) => put(number)));
    await first.close();
    const stores = await folder.open({ sync: 'interval', intervalMs: 1_000_000 });
    const synced = readFileSync(folder.file);
    for (let number = 30; number < 60; number += 1)
      await stores.queues.commit([put(number), remove(number - 30)]);
    const path = join(base, 'lost');
    mkdirSync(path);
    // Meta pages are new, every other page is as it was.
    const image = readFileSync(folder.file);
    for (let page = 2; page * 4096 < synced.length; page += 2)
      synced.copy(image, page * 4096, page * 4096, (page + 1) * 4096);
    writeFileSync(join(path, 'data.mdb'), image);
    copyFileSync(join(folder.path, 'mangrove.mark'), join(path, 'mangrove.mark'));
    writeFileSync(
      join(path, 'mangrove.synced'),
      afterRestart(readFileSync(join(folder.path, 'mangrove.synced'))),
    );
    const events: string[] = [];
    const instrumentation = { count() {}, event: (name: string) => events.push(name), defect() {} };
    const { queues } = await folder.open({ path, sync: 'interval', instrumentation });
    expect(events).toContain('store.set-back');
    expect(queues.browse(everything).map(({ position }) => position - 5 * BAND)).toEqual(
      Array.from({ length: 30 }, (_, number) => number),
    );
  });
});

describe('the LMDB engine under load', () => {
  it('D10: reuses the pages of what is gone, also while it is read', async () => {
    const stores = await folder.open({ reserveBytes: 0 });
    for (let number = 0; number < 2000; number += 10) {
      const numbers = Array.from({ length: 10 }, (_, at) => number + at);
      await stores.queues.commit(numbers.map((one) => put(one, 2000)));
      expect(stores.queues.browse(everything)).toHaveLength(10);
      await stores.queues.commit(numbers.map(remove));
    }
    expect(statSync(folder.file).size).toBeLessThan(3 * 1024 * 1024);
  });

  it('D10: tells once when the file has grown beyond its mark', async () => {
    const events: string[] = [];
    const instrumentation = { count() {}, event: (name: string) => events.push(name), defect() {} };
    const stores = await folder.open({ watermarkBytes: 300_000, instrumentation });
    for (let number = 0; number < 20; number += 1) await stores.queues.commit([put(number, 30_000)]);
    expect(events.filter((name) => name === 'store.watermark')).toHaveLength(1);
  });

  it('D11: is ready at once with a long queue, and needs no memory for it', async () => {
    const store = { path: folder.path };
    const empty = told(await runChild('ready', { store }));
    await runChild('fill', { store, count: 200_000 });
    const full = told(await runChild('ready', { store }));
    expect([full.messages, full.first]).toEqual([200_000, 1]);
    expect(full.readyMs).toBeLessThan(5000);
    expect((full.rssKiB as number) - (empty.rssKiB as number)).toBeLessThan(50 * 1024);
  });

  it('D13: goes by no clock of its own', async () => {
    const stores = await folder.open({ commitDeadlineMs: 1000 });
    const DAY = 86_400_000;
    const clock = jest.spyOn(Date, 'now');
    try {
      for (const [number, jump] of [-DAY, DAY, 0].entries()) {
        clock.mockReturnValue(1_700_000_000_000 + jump);
        await stores.queues.commit([{ ...put(number), dueAt: 1000 + number } as QueueOperation]);
      }
    } finally {
      clock.mockRestore();
    }
    expect(stores.queues.nextDue('realm1')).toBe(1000);
    expect(stores.queues.due('realm1', 1001, 9)).toHaveLength(2);
    expect(stores.failure).toBeUndefined();
  });

  it('confirms at least 8 times as many with 100 in flight as with one', async () => {
    const stores = await folder.open({ path: join(base, 'store') });
    let next = 0;
    const rate = async (workers: number, each: number): Promise<number> => {
      const begin = performance.now();
      const work = async (): Promise<void> => {
        for (let left = each; left > 0; left -= 1) await stores.queues.commit([put((next += 1))]);
      };
      await Promise.all(Array.from({ length: workers }, work));
      return (workers * each) / (performance.now() - begin);
    };
    const one = await rate(1, 100);
    expect((await rate(100, 20)) / one).toBeGreaterThan(8);
  });
});

/** The states that a disk may be in when the power fails: what was synced, and any part of what was not. */
class Images {
  readonly #synced: Buffer;
  #unsynced: Extract<DiskEvent, { kind: 'write' }>[] = [];
  #random = 1;

  constructor(before: Buffer) {
    this.#synced = Buffer.concat([before, Buffer.alloc(1024 * 1024)]);
  }

  add(event: DiskEvent): void {
    if (event.kind === 'sync') {
      for (const write of this.#unsynced) this.#apply(this.#synced, write);
      this.#unsynced = [];
    } else if (event.kind === 'write') {
      if (event.isSyncedItself) this.#apply(this.#synced, event);
      else this.#unsynced.push(event);
    }
  }

  /** Pages of LMDB that are not synced; the room behind the last page does not matter. */
  get unsyncedPages(): number {
    return this.#unsynced.filter(({ bytes }) => bytes.some((byte) => byte !== 0)).length;
  }

  afterLoss(): Buffer {
    const image = Buffer.from(this.#synced);
    for (const write of this.#unsynced) {
      this.#random = (this.#random * 48_271) % 0x7fff_ffff;
      if (this.#random % 2 === 0) this.#apply(image, write);
    }
    return image;
  }

  #apply(image: Buffer, { at, bytes }: { readonly at: number; readonly bytes: Buffer }): void {
    bytes.copy(image, at);
  }
}

/** The note of the last sync as another start of the system would find it. */
function afterRestart(note: Buffer): Buffer {
  const changed = Buffer.from(note);
  // Behind the checksum and its length, the id of the start.
  changed.write('0', 8);
  if (changed.equals(note)) changed.write('1', 8);
  changed.writeUInt32LE(crc32(changed.subarray(4)), 0);
  return changed;
}

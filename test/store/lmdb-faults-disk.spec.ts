import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mountDisk, runChild, told } from './child-process.js';

jest.setTimeout(60_000);

let base = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'mangrove-faults-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** Runs a process under strace, which makes calls fail: only those of one file if it is named. */
function strace(inject: string, file?: string): readonly string[] {
  const only = file === undefined ? [] : ['-P', file];
  return ['strace', '-f', '-qq', '-o', join(base, 'trace'), ...only, '-e', inject];
}

describe('the LMDB engine on a disk that fails', () => {
  it.each([1, 2, 5])('D3: confirms nothing from the first failed sync on (sync %i)', async (when) => {
    const store = { path: join(base, 'store') };
    await runChild('sequence', { store, count: 1 });
    const inject = strace(`inject=fdatasync:error=EIO:when=${when}+`);
    const ended = await runChild('sequence', { store, count: 8 }, inject);
    expect(ended.code).toBe(0);
    expect(told(ended)).toEqual({ failure: 'Input/output error', failures: 1 });
    const outcomes = ended.lines.filter((line) => /^(?:confirmed|refused)/.test(line));
    const first = outcomes.findIndex((line) => line.startsWith('refused'));
    expect(outcomes.slice(first)).toEqual(
      outcomes.slice(first).map((_, at) => `refused ${first + at} failed`),
    );
    expect(ended.lines.join()).not.toContain('unhandled');
  });

  it('D3: confirms nothing any more once the sync of an interval has failed', async () => {
    const store = { path: join(base, 'store'), sync: 'interval', intervalMs: 5 } as const;
    await runChild('sequence', { store, count: 1 });
    const inject = strace('inject=fdatasync:error=EIO:when=3+');
    const ended = await runChild('sequence', { store, count: 3000 }, inject);
    expect(told(ended)).toEqual({ failure: expect.stringMatching(/could not be synced/), failures: 1 });
    expect(ended.lines).toContain('refused 2999 failed');
  });

  it('D5: gives up on a commit that does not come back, and refuses all others at once', async () => {
    const store = { path: join(base, 'store'), commitDeadlineMs: 300 };
    await runChild('sequence', { store, count: 1 });
    const inject = strace('inject=fdatasync:delay_enter=3000000:when=3+');
    const ended = await runChild('sequence', { store, count: 4 }, inject);
    expect(told(ended)).toEqual({ failure: 'A commit was not done within 300 ms.', failures: 1 });
    expect(ended.lines).toEqual(expect.arrayContaining(['confirmed 0', 'refused 3 failed', 'closed']));
  });

  it('D5: refuses all that follows once a meta page could not be written', async () => {
    const store = { path: join(base, 'store'), commitDeadlineMs: 500 };
    const file = join(store.path, 'data.mdb');
    await runChild('sequence', { store, count: 1 });
    await runChild('sequence', { store, count: 3 }, strace('trace=pwrite64,pwritev', file));
    // A meta page is written as 128 bytes, in one of two places.
    const writes = readFileSync(join(base, 'trace'), 'latin1').match(/^.*pwrite(?:64|v)\(.*$/gm)!;
    const metas = writes.flatMap((line, at) => (/, 128, (?:40|4136)\)/.test(line) ? [at + 1] : []));
    expect(metas.length).toBeGreaterThan(2);
    const inject = strace(`inject=pwrite64,pwritev:error=ENOSPC:when=${metas[0]}`, file);
    const ended = await runChild('sequence', { store, count: 3 }, inject);
    expect(told(ended)).toEqual({ failure: expect.stringMatching(/No space left/), failures: 1 });
    expect(ended.lines.slice(0, 3)).toEqual(['refused 0 failed', 'refused 1 failed', 'refused 2 failed']);
    expect(ended.lines.join()).not.toContain('unhandled');
  });
});

describe('the LMDB engine on a full disk', () => {
  let disk = '';
  let unmount = (): void => {};
  beforeEach(() => {
    disk = join(base, 'disk');
    mkdirSync(disk);
    unmount = mountDisk(disk, 16).unmount;
  });
  afterEach(() => unmount());

  it('D4: refuses what needs room, lets consumers drain the full disk, and recovers', async () => {
    const store = { path: join(disk, 'store'), reserveBytes: 2 * 1024 * 1024 };
    const ended = await runChild('full', { store });
    const { refused, stored, drained, again, failure, events } = told(ended);
    expect([refused, again, failure]).toEqual(['full', 'confirmed', undefined]);
    expect(stored).toBeGreaterThan(100);
    expect(drained).toBe(Math.floor((stored as number) / 2));
    expect(events).toEqual(expect.arrayContaining(['store.full', 'store.room']));
    expect([ended.code, ended.lines.join()]).toEqual([0, expect.not.stringContaining('unhandled')]);
  });

  it('D4: keeps what needs no room until there is some, where nothing is reserved', async () => {
    const store = { path: join(disk, 'store'), reserveBytes: 0 };
    const ended = await runChild('starved', { store, disk, size: 1024 * 1024 });
    expect(told(ended)).toEqual({ refused: 'full', removed: true, again: 'confirmed', left: 19 });
    expect([ended.code, ended.lines.join()]).toEqual([0, expect.not.stringContaining('unhandled')]);
  });
});

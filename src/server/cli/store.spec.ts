import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openLmdbStore } from '../../engines/lmdb/index.js';
import { samplePublication } from '../../testing/index.js';
import { storeBackup, storeCheck, storeCompact } from './store.js';

let base = '';
let path = '';
let out = '';
let err = '';
const io = { out: (text: string) => void (out += text), err: (text: string) => void (err += text) };

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'mangrove-cli-store-'));
  path = join(base, 'store');
  [out, err] = ['', ''];
  const stores = await openLmdbStore({ path });
  await stores.retained.put('realm1', samplePublication({ id: 1, bytes: 5000 }));
  await stores.close();
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe('mangrove store check', () => {
  it('says what a store is like', async () => {
    expect(await storeCheck(path, io)).toBe(0);
    expect(out).toMatch(/store: \d+ KiB, 4 records, format 1, generation [0-9a-f]{16}, made 20\d\d-/);
    expect(err).toBe('');
  });

  it('D7: names damaged records and exits with 1', async () => {
    const file = readFileSync(join(path, 'data.mdb'));
    file[file.indexOf('x'.repeat(4000)) + 7]! ^= 1;
    writeFileSync(join(path, 'data.mdb'), file);
    expect(await storeCheck(path, io)).toBe(1);
    expect(err).toBe(
      'mangrove: 1 record damaged; the server passes over them, and serves the others:\n  retained 00000001\n',
    );
  });

  it('D8: refuses a store that a server has open', async () => {
    const stores = await openLmdbStore({ path });
    expect(await storeCheck(path, io)).toBe(1);
    expect(err).toContain(`mangrove: ${path} is open in process ${process.pid}.`);
    await stores.close();
  });

  it('refuses a folder without a store', async () => {
    expect(await storeCheck(base, io)).toBe(1);
    expect(err).toBe(`mangrove: There is no store in ${base}: it has no file data.mdb.\n`);
  });
});

describe('mangrove store backup', () => {
  it('D9: makes a copy that can be checked, and none where something is', async () => {
    const to = join(base, 'copy');
    expect(await storeBackup(path, to, io)).toBe(0);
    expect(await storeCheck(to, io)).toBe(0);
    expect(await storeBackup(path, to, io)).toBe(1);
    expect(err).toBe(`mangrove: ${to} is not empty: a copy needs a folder of its own.\n`);
  });
});

describe('mangrove store compact', () => {
  it('says how much it has saved', async () => {
    expect(await storeCompact(path, io)).toBe(0);
    expect(out).toMatch(/store: \d+ [KM]iB before, \d+ KiB now\n/);
    expect(await storeCheck(path, io)).toBe(0);
  });
});

import { describe, expect, it } from '@jest/globals';
import { OrderCheck } from './trace.js';

const DATA = '19</store/data.mdb>';
const ROOT = '20</store/data.mdb>';
const OPEN = `1 openat(AT_FDCWD</>, "/store/data.mdb", O_WRONLY|O_DSYNC|O_CLOEXEC) = ${ROOT}`;
const page = (n: number): string => `2 pwrite64(${DATA}, "\\2\\0mark-${n}-end\\0\\10", 4096, 16384) = 4096`;
const root = `2 pwrite64(${ROOT}, "\\0\\0\\2\\0", 128, 4136) = 128`;
const unsyncedRoot = `2 pwrite64(${DATA}, "\\0\\0\\2\\0", 128, 4136) = 128`;
const sync = `2 fdatasync(${DATA}) = 0`;
const receipt = (n: number): string =>
  `1 write(25<socket:[71]>, "\\201.RECEIPT\\nreceipt-id:order-${n}\\n\\n\\0", 40) = 40`;

function check(...lines: string[]) {
  const order = new OrderCheck('/store');
  for (const line of [OPEN, ...lines]) order.line(line);
  return order.report();
}

describe('the trace', () => {
  it('proves a receipt behind write, sync, and a root that was written through', () => {
    const report = check(page(1), sync, root, receipt(1));
    expect(report).toEqual({ receipts: 1, syncs: 1, proved: 1, violations: [] });
  });

  it('proves a receipt behind write, root, and a sync of both', () => {
    expect(check(page(1), unsyncedRoot, sync, receipt(1)).violations).toEqual([]);
  });

  it('proves several receipts in one write', () => {
    const both = `1 writev(25<TCP:[127.0.0.1:8080->127.0.0.1:9]>, [{iov_base="\\201.RECEIPT\\nreceipt-id:order-1\\n\\n\\0\\201.RECEIPT\\nreceipt-id:order-2\\n\\n\\0", iov_len=80}], 1) = 80`;
    expect(check(page(1), page(2), sync, root, both)).toMatchObject({ receipts: 2, proved: 2 });
  });

  it('names a receipt without a sync', () => {
    expect(check(page(1), unsyncedRoot, receipt(1), sync).violations).toEqual([
      'RECEIPT order-1 left in line 4: it had been written with its root, and no sync had returned',
    ]);
  });

  it('names a receipt of something that was never written', () => {
    expect(check(page(1), sync, root, receipt(2)).violations).toEqual([
      'RECEIPT order-2 left in line 5: nothing of it had been written to the store',
    ]);
  });

  it('names a receipt between the sync and the root', () => {
    expect(check(page(1), sync, receipt(1), root).violations).toEqual([
      'RECEIPT order-1 left in line 4: it had been synced, and its root had not',
    ]);
  });

  it('does not count a sync that began before the write had returned', () => {
    const began = `3 fdatasync(${DATA} <unfinished ...>`;
    const returned = '3 <... fdatasync resumed>) = 0';
    const report = check(unsyncedRoot, began, page(1), returned, root, receipt(1));
    expect(report.violations).toHaveLength(1);
  });

  it('does not count a sync that has not returned when the receipt leaves', () => {
    const began = `3 fdatasync(${DATA} <unfinished ...>`;
    const returned = '3 <... fdatasync resumed>) = 0';
    expect(check(page(1), unsyncedRoot, began, receipt(1), returned).violations).toHaveLength(1);
  });

  it('follows a write that was interrupted by other threads, from its beginning to its return', () => {
    const began = `2 pwrite64(${DATA}, "mark-1-end", 4096, 16384 <unfinished ...>`;
    const returned = '2 <... pwrite64 resumed>) = 4096';
    expect(check(began, '1 write(1<pipe:[5]>, "x", 1) = 1', returned, sync, root, receipt(1))).toMatchObject({
      proved: 1,
    });
    expect(check(began, `3 fdatasync(${DATA}) = 0`, returned, root, receipt(1)).violations).toHaveLength(1);
  });

  it('does not count a sync that failed, or one of another file', () => {
    const failed = `2 fdatasync(${DATA}) = -1 EIO (Input/output error)`;
    const other = '2 fdatasync(7</other/data.mdb>) = 0';
    for (const line of [failed, other]) {
      expect(check(page(1), line, root, receipt(1)).violations).toHaveLength(1);
    }
  });
});

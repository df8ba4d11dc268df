import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Sorted } from './sorted-chunks.js';
import { SortedChunks } from './sorted-chunks.js';

function all(list: SortedChunks<Sorted>, major = -1, limit = Number.POSITIVE_INFINITY): number[] {
  const found: number[] = [];
  if (limit <= 0) return found;
  list.from(major, 0, (item) => found.push(item.major) < limit);
  return found;
}

describe('SortedChunks', () => {
  it('holds the same as a sorted list, whatever is added and taken out', () => {
    const change = fc.record({ major: fc.nat(3000), add: fc.boolean() });
    const property = fc.property(
      fc.array(change, { maxLength: 2000, size: 'max' }),
      fc.nat(3000),
      (changes, from) => {
        const list = new SortedChunks<Sorted>();
        const model = new Set<number>();
        for (const { major, add } of changes) {
          if (add) {
            expect(list.set({ major, minor: 0 }) !== undefined).toBe(model.has(major));
            model.add(major);
          } else expect(list.delete(major, 0) !== undefined).toBe(model.delete(major));
        }
        const sorted = [...model].toSorted((one, other) => one - other);
        expect(all(list)).toEqual(sorted);
        expect(all(list, from, 5)).toEqual(sorted.filter((major) => major >= from).slice(0, 5));
        expect([list.size, list.first()?.major, list.last()?.major]).toEqual([
          sorted.length,
          sorted[0],
          sorted.at(-1),
        ]);
        expect(list.get(from, 0)?.major).toBe(model.has(from) ? from : undefined);
      },
    );
    fc.assert(property, { numRuns: 30 });
  });

  it('orders by the minor number where the major one is the same', () => {
    const list = new SortedChunks<Sorted>();
    for (const minor of [3, 1, 2]) list.set({ major: 7, minor });
    const minors: number[] = [];
    list.from(7, 2, ({ minor }) => minors.push(minor) > 0);
    expect(minors).toEqual([2, 3]);
  });

  it('keeps its order over many chunks, filled at the end and emptied at the front', () => {
    const list = new SortedChunks<Sorted>();
    for (let major = 0; major < 5000; major += 1) list.set({ major, minor: 0 });
    for (let major = 0; major < 4000; major += 1) list.delete(major, 0);
    expect([list.size, list.first()!.major, all(list, 4500, 2)]).toEqual([1000, 4000, [4500, 4501]]);
  });
});

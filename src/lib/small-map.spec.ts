import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SmallMap } from './small-map.js';

describe('SmallMap', () => {
  it('does what a map does, whatever is set, deleted and cleared', () => {
    const command = fc.record({
      kind: fc.constantFrom('set', 'delete', 'clear'),
      key: fc.integer({ max: 3, min: 0 }),
    });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const small = new SmallMap<number, string>();
        const map = new Map<number, string>();
        for (const [at, { kind, key }] of commands.entries()) {
          if (kind === 'set') {
            small.set(key, `value ${at}`);
            map.set(key, `value ${at}`);
          } else if (kind === 'delete') expect(small.delete(key)).toBe(map.delete(key));
          else {
            small.clear();
            map.clear();
          }
          expect(small.size).toBe(map.size);
          expect([...small.keys()]).toEqual([...map.keys()]);
          expect([...small.values()]).toEqual([...map.values()]);
          for (const each of [0, 1, 2, 3]) {
            expect(small.get(each)).toBe(map.get(each));
            expect(small.has(each)).toBe(map.has(each));
          }
        }
      }),
    );
  });

  it('lets entries be deleted while it is walked', () => {
    const map = new SmallMap<number, string>();
    for (const key of [1, 2, 3]) map.set(key, `value ${key}`);
    const seen: number[] = [];
    for (const key of map.keys()) {
      seen.push(key);
      map.delete(key);
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(map.size).toBe(0);
  });

  it('takes `undefined` for a key like any other', () => {
    const map = new SmallMap<number | undefined, string>();
    expect(map.get(undefined)).toBeUndefined();
    map.set(undefined, 'nothing');
    expect(map.get(undefined)).toBe('nothing');
    expect([...map.keys()]).toEqual([undefined]);
  });
});

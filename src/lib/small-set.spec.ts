import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SmallSet } from './small-set.js';

describe('SmallSet', () => {
  it('does what a set does, whatever is added and deleted', () => {
    const members = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
    const command = fc.record({ adds: fc.boolean(), at: fc.integer({ max: 2, min: 0 }) });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const small = new SmallSet<object>();
        const set = new Set<object>();
        for (const { adds, at } of commands) {
          const member = members[at]!;
          if (adds) {
            small.add(member);
            set.add(member);
          } else expect(small.delete(member)).toBe(set.delete(member));
          expect(small.size).toBe(set.size);
          expect([...small]).toEqual([...set]);
          for (const each of members) expect(small.has(each)).toBe(set.has(each));
        }
      }),
    );
  });

  it('lets members be deleted while it is walked', () => {
    const set = new SmallSet<{ readonly name: string }>();
    for (const name of ['a', 'b', 'c']) set.add({ name });
    const seen: string[] = [];
    for (const member of set) {
      seen.push(member.name);
      set.delete(member);
    }
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(set.size).toBe(0);
  });
});

import { describe, expect, it } from '@jest/globals';
import { memoryStore } from '../../engines/memory/index.js';
import { samplePublication } from '../../testing/index.js';
import { RetainedTiers } from './retained-tiers.js';

const FOR_SOME = { exclude: { authids: new Set(['eve']) } };
const QUERY = { pattern: { match: 'prefix', text: '' }, now: 0, limit: 100 } as const;

/** Ids of what is retained in a realm, page by page. */
function idsIn(tiers: RetainedTiers, realm: string, limit = 100): number[] {
  const ids: number[] = [];
  let after: string | undefined;
  for (;;) {
    const page = tiers.match(realm, { ...QUERY, limit, after });
    if (page instanceof Promise) return ids;
    ids.push(...page.publications.map(({ id }) => id));
    after = page.stopped ?? page.publications.at(-1)?.topic;
    if (after === undefined) return ids;
  }
}

function make(): RetainedTiers {
  return new RetainedTiers(memoryStore().retained);
}

describe('two tiers of retained events', () => {
  it('WAMP-158: keep one for all and a later one for some, the later one first', () => {
    const tiers = make();
    tiers.put('r', samplePublication({ id: 1, topic: 'a' }));
    tiers.put('r', samplePublication({ id: 2, topic: 'a', audience: FOR_SOME }));
    tiers.put('r', samplePublication({ id: 3, topic: 'a', audience: FOR_SOME }));
    expect(idsIn(tiers, 'r')).toEqual([3, 1]);
    tiers.put('r', samplePublication({ id: 4, topic: 'a' }));
    expect(idsIn(tiers, 'r')).toEqual([4]);
  });

  it('WAMP-160: forget both together', () => {
    const tiers = make();
    tiers.put('r', samplePublication({ id: 1, topic: 'a' }));
    tiers.put('r', samplePublication({ id: 2, topic: 'a', audience: FOR_SOME }));
    tiers.delete('r', 'a');
    expect(idsIn(tiers, 'r')).toEqual([]);
  });

  it.each([1, 2, 3, 7, 100])('give all of both, by topic, in pages of %d', (limit) => {
    const tiers = make();
    const expected: number[] = [];
    for (let at = 100; at < 140; at += 1) {
      const both = at % 3 === 0 && at % 2 === 0;
      if (at % 3 !== 0 || both) tiers.put('r', samplePublication({ id: at, topic: `t${at}` }));
      if (at % 3 === 0)
        tiers.put('r', samplePublication({ id: at + 1000, topic: `t${at}`, audience: FOR_SOME }));
      if (at % 3 === 0) expected.push(at + 1000);
      if (at % 3 !== 0 || both) expected.push(at);
    }
    expect(idsIn(tiers, 'r', limit)).toEqual(expected);
  });

  it.each([
    ['r', '\0restricted\0r'],
    ['\0r', '\0\0\0r'],
    ['\0restricted\0r', '\0\0\0restricted\0r'],
    ['', '\0restricted\0'],
  ])('A12: of realm %j are not those of realm %j', (one, other) => {
    const tiers = make();
    tiers.put(one, samplePublication({ id: 1, topic: 'a' }));
    tiers.put(one, samplePublication({ id: 2, topic: 'a', audience: FOR_SOME }));
    expect([idsIn(tiers, other), idsIn(tiers, one)]).toEqual([[], [2, 1]]);
  });
});

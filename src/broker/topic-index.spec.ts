import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Pattern } from './address.js';
import { canonicalPattern } from './address.js';
import { TopicIndex } from './topic-index.js';

/** What each policy means, in the plainest way: the oracle. */
function matches({ match, text }: Pattern, address: string): boolean {
  if (match === 'exact') return text === address;
  if (match === 'prefix') return address.startsWith(text);
  const components = (list: readonly string[], words: readonly string[]): boolean => {
    const [first, ...rest] = list;
    if (first === undefined) return words.length === 0;
    if (first === '#' && match === 'multi') {
      return words.some((_, at) => components(rest, words.slice(at))) || components(rest, []);
    }
    const [word, ...others] = words;
    return word !== undefined && (first === '' || first === word) && components(rest, others);
  };
  return components(text.split('.'), address.split('.'));
}

const word = fc.constantFrom('a', 'b', 'ab', 'c');
const address = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join('.'));
const pattern: fc.Arbitrary<Pattern> = fc
  .oneof(
    address.map((text) => ({ match: 'exact' as const, text })),
    fc
      .tuple(address, fc.nat(4))
      .map(([text, cut]) => ({ match: 'prefix' as const, text: text.slice(0, cut) })),
    fc
      .array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 5 })
      .map((words) => ({ match: 'wildcard' as const, text: words.join('.') })),
    fc
      .array(fc.constantFrom('a', 'b', '', '#'), { minLength: 1, maxLength: 5 })
      .map((words) => ({ match: 'multi' as const, text: words.join('.') })),
  )
  .map(canonicalPattern);

function all(index: TopicIndex<string>, text: string): string[] {
  const found: string[] = [];
  index.matchAll(text, (value) => found.push(value));
  return found.sort();
}

describe('TopicIndex', () => {
  it.each<[Pattern['match'], string, string[]]>([
    ['prefix', '', ['a', 'wampum', 'Wamp.x']],
    ['prefix', 'w', ['wampum']],
    ['prefix', 'wam', ['wampum']],
    ['prefix', 'wamp', ['wamp', 'wamp.x', 'wamp.x.y', 'wampum']],
    ['prefix', 'wamp.', ['wamp.x', 'wamp.x.y']],
    ['wildcard', '', ['a', 'wampum']],
    ['wildcard', '.x', ['Wamp.x']],
    ['wildcard', '..', []],
    ['wildcard', 'wamp..', ['wamp.x.y']],
    ['multi', '#', ['a', 'wampum', 'Wamp.x']],
    ['multi', '#.x', ['Wamp.x']],
    ['multi', '.#', ['a', 'wampum', 'Wamp.x']],
    ['multi', 'wamp.#', ['wamp', 'wamp.x', 'wamp.x.y']],
    ['multi', 'wamp.#.y', ['wamp.x.y']],
  ])(
    'P9: keeps what is the router\'s from patterns that do not begin with wamp: %s "%s"',
    (match, text, found) => {
      const index = new TopicIndex<string>();
      index.set({ match, text }, 'it');
      const addresses = ['a', 'wamp', 'wamp.x', 'wamp.x.y', 'wampum', 'Wamp.x'];
      expect(addresses.filter((one) => all(index, one).length > 0)).toEqual(found);
    },
  );

  it('finds exactly what the oracle finds, while patterns come and go', () => {
    fc.assert(
      fc.property(
        fc.array(pattern, { maxLength: 20 }),
        fc.array(address, { maxLength: 10 }),
        (patterns, addresses) => {
          const index = new TopicIndex<string>();
          const present = new Map<string, Pattern>();
          for (const one of patterns) {
            const key = `${one.match} ${one.text}`;
            // Named a second time, a pattern leaves.
            if (present.delete(key)) index.delete(one);
            else {
              index.set(one, key);
              present.set(key, one);
            }
            expect(index.get(one)).toBe(present.has(key) ? key : undefined);
          }
          expect(index.size).toBe(present.size);
          for (const text of addresses) {
            const expected = [...present].filter(([, one]) => matches(one, text)).map(([key]) => key);
            expect(all(index, text)).toEqual(expected.sort());
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('prefers exact, then the longest prefix, then the longest literal run from the left', () => {
    const index = new TopicIndex<string>();
    const set = (match: Pattern['match'], text: string): void => index.set({ match, text }, text);
    for (const text of ['a1.b2..d4.e5', 'a1.b2.c33..e5', 'a1.b2..d4.e5..g7', 'a1.b2..d4..f6.g7'])
      set('wildcard', text);
    set('prefix', 'a1.b2.c3');
    set('prefix', 'a1.b2.c3.d4');
    set('exact', 'a1.b2.c3.d4.e55');
    expect(index.bestMatch('a1.b2.c3.d4.e55')).toBe('a1.b2.c3.d4.e55');
    expect(index.bestMatch('a1.b2.c3.d98.e74')).toBe('a1.b2.c3');
    expect(index.bestMatch('a1.b2.c3.d4.e325')).toBe('a1.b2.c3.d4');
    // A prefix beats every wildcard: c33 begins with c3.
    expect(index.bestMatch('a1.b2.c33.d4.e5')).toBe('a1.b2.c3');
    index.delete({ match: 'prefix', text: 'a1.b2.c3' });
    expect(index.bestMatch('a1.b2.c33.d4.e5')).toBe('a1.b2.c33..e5');
    expect(index.bestMatch('a1.b2.c88.d4.e5')).toBe('a1.b2..d4.e5');
    expect(index.bestMatch('a1.b2.c88.d4.e5.f6.g7')).toBe('a1.b2..d4.e5..g7');
    expect(index.bestMatch('a2.b2.c2.d2.e2')).toBeUndefined();
  });

  it('matches private addresses by their exact text alone', () => {
    const index = new TopicIndex<string>();
    index.set({ match: 'prefix', text: '' }, 'everything');
    index.set({ match: 'multi', text: '#' }, 'many');
    index.set({ match: 'wildcard', text: '.' }, 'two');
    index.set({ match: 'exact', text: '#reply.x' }, 'mine');
    expect(all(index, '#reply.x')).toEqual(['mine']);
    expect(index.bestMatch('#reply.y')).toBeUndefined();
  });

  it('B6: answers hostile patterns in time that their number of words bounds', () => {
    const index = new TopicIndex<number>();
    for (let i = 0; i < 100; i += 1)
      index.set(
        {
          match: 'multi',
          text: Array(i + 2)
            .fill('#')
            .join('.'),
        },
        i,
      );
    const words = Array(200).fill('a').join('.');
    let found = 0;
    index.matchAll(words, () => (found += 1));
    expect(found).toBe(100);
  });

  it('B6: visits a pattern that ends in # once, however often it is reached', () => {
    const index = new TopicIndex<string>();
    for (const text of ['#.a.#', 'a.#', '#', '#.a.#.b.#', '#.b']) index.set({ match: 'multi', text }, text);
    expect(all(index, 'a.a.b.a.b')).toEqual(['#', '#.a.#', '#.a.#.b.#', '#.b', 'a.#']);
    expect(all(index, 'a.a.b.a.b')).toEqual(['#', '#.a.#', '#.a.#.b.#', '#.b', 'a.#']);
    expect(all(index, 'b.c')).toEqual(['#']);
  });

  it('finds what changes after a look-up that was dear, as often as it changes', () => {
    const index = new TopicIndex<string>();
    const words = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    // Every word or any in its place: each of these goes along with the address up to its last word.
    for (let n = 0; n < 256; n += 1) {
      const text = [...words.map((each, at) => (((n >> at) & 1) === 0 ? each : '')), 'not'].join('.');
      index.set({ match: 'wildcard', text }, text);
    }
    const topic = [...words, 'last'].join('.');
    expect(all(index, topic)).toEqual([]);
    expect(all(index, topic)).toEqual([]);
    index.set({ match: 'multi', text: 'a.#' }, 'one');
    expect(all(index, topic)).toEqual(['one']);
    index.set({ match: 'multi', text: 'a.#' }, 'another');
    expect(all(index, topic)).toEqual(['another']);
    index.set({ match: 'wildcard', text: '.b.c.d.e.f.g.h.' }, 'two');
    expect(all(index, topic)).toEqual(['another', 'two']);
    index.delete({ match: 'multi', text: 'a.#' });
    expect(all(index, topic)).toEqual(['two']);
    expect(all(index, topic)).toEqual(['two']);
  });

  it('B7: keeps nothing of what has left', () => {
    const index = new TopicIndex<number>();
    for (let i = 0; i < 2000; i += 1) {
      const match = (['exact', 'prefix', 'wildcard', 'multi'] as const)[i % 4]!;
      const text = `t${i}.x.${match === 'wildcard' ? '' : 'y'}.${match === 'multi' ? '#' : 'z'}`;
      index.set({ match, text }, i);
      if (match !== 'exact') expect(index.nodes).toBeGreaterThan(0);
      index.delete({ match, text });
    }
    expect(index.size).toBe(0);
    expect(index.nodes).toBe(0);
  });
});

import type { Pattern } from '../../src/router/index.js';

/** A rule as the oracle reads it: with words as people write them, or as WAMP does. */
export interface OracleRule {
  readonly match: string;
  readonly kind?: 'exact' | 'prefix' | 'wildcard';
}

/** All sequences of these words, 1 to `depth` of them. */
export function addresses(words: readonly string[], depth: number): string[] {
  let level = words.map((word) => word);
  const all = [...level];
  for (let length = 2; length <= depth; length += 1) {
    level = level.flatMap((address) => words.map((word) => `${address}.${word}`));
    all.push(...level);
  }
  return all;
}

/** All patterns of subscriptions over these words, 1 to `depth` steps of them. */
export function subscriptions(words: readonly string[], depth: number): Pattern[] {
  const exact = addresses(words, depth).map((text): Pattern => ({ match: 'exact', text }));
  const wild = addresses([...words, ''], depth)
    .filter((text) => text.split('.').includes(''))
    .map((text): Pattern => ({ match: 'wildcard', text }));
  const multi = addresses([...words, '', '#'], depth)
    .filter((text) => text.split('.').includes('#'))
    .map((text): Pattern => ({ match: 'multi', text }));
  const begun = addresses(words, depth - 1).flatMap((text) => [text, `${text}.`, text.slice(0, -1)]);
  const prefix = [...new Set(['', ...begun])].map((text): Pattern => ({ match: 'prefix', text }));
  return [...exact, ...wild, ...multi, ...prefix];
}

/** All rules over these words, 1 to `depth` steps of them, in both notations. */
export function rules(words: readonly string[], depth: number): OracleRule[] {
  const written = addresses([...words, '*', '#'], depth).map((match): OracleRule => ({ match }));
  const prefixes = subscriptions(words, depth).flatMap(({ match, text }): OracleRule[] =>
    match === 'prefix' && !text.split('.').slice(0, -1).includes('') ? [{ match: text, kind: match }] : [],
  );
  return [...written, ...prefixes];
}

/** Prefixes of the test end in one of so many first words. */
const PREFIX_WORDS = 4;

/**
 * Which addresses of a universe something is about: written anew, with regular expressions, from what the pages say. Patterns
 * of subscriptions do not see addresses of the router, unless they begin with its word, and never those of users.
 */
export class Oracle {
  /** One bit for each address. */
  readonly #universe: readonly string[];

  /**
   * @param words that rules and patterns are made of, and one that none of them names.
   * @param longer words that begin like those, for prefixes: a prefix ends in one place, so an address needs one at most.
   * @param depth how long addresses are: as long as two patterns with `#` need that have nothing else in common.
   */
  constructor(words: readonly string[], longer: readonly string[], depth: number) {
    const plain = addresses(words, depth);
    const begun = plain.flatMap((address) => {
      const parts = address.split('.');
      // Each longer word stands in for one that is there, so that none comes twice.
      return parts
        .slice(0, PREFIX_WORDS)
        .flatMap((part, at) =>
          part === words[0] ? longer.map((word) => parts.with(at, word).join('.')) : [],
        );
    });
    this.#universe = [...new Set([...plain, ...begun])];
  }

  /** The addresses, in the order of their bits: the first has the highest one. */
  get addresses(): readonly string[] {
    return this.#universe;
  }

  /** A set as one octet for each address, in their order: 1 if it is in the set. */
  flags(set: bigint): Buffer {
    const bits = set.toString(2).padStart(this.#universe.length, '0');
    return Buffer.from(bits, 'latin1').map((digit) => digit - 48) as Buffer;
  }

  /** What is delivered to a subscription. */
  seen({ match, text }: Pattern): bigint {
    return this.#set((address) => {
      if (match === 'exact') return address === text;
      if (/^user\.[^.]+\.(?:queue|topic)\./.test(address)) return false;
      if (/^wamp(?:\.|$)/.test(address) && !/^wamp(?:\.|$)/.test(text)) return false;
      return match === 'prefix' ? address.startsWith(text) : expression(text, '').test(dotted(address));
    });
  }

  /** What a rule allows. */
  allowed(rule: OracleRule): bigint {
    return this.#set((address) => {
      if (/^wamp(?:\.|$)/.test(address) && !/^wamp(?:\.|$)/.test(rule.match)) return false;
      if (/^user\.[^.]+\.(?:queue|topic)\./.test(address) && !rule.match.startsWith('user.')) return false;
      return isAbout(rule, address);
    });
  }

  /** What a rule denies: all that its letters say. */
  denied(rule: OracleRule): bigint {
    return this.#set((address) => isAbout(rule, address));
  }

  #set(has: (address: string) => boolean): bigint {
    let bits = '0b';
    for (const address of this.#universe) bits += has(address) ? '1' : '0';
    return BigInt(bits);
  }
}

function isAbout({ match, kind }: OracleRule, address: string): boolean {
  if (kind === 'prefix') return address.startsWith(match);
  return kind === 'exact' ? address === match : expression(match, '*').test(dotted(address));
}

/** Each word with a dot behind it. */
function dotted(address: string): string {
  return `${address}.`;
}

const EXPRESSIONS = new Map<string, RegExp>();

function expression(text: string, one: string): RegExp {
  const key = `${one} ${text}`;
  let made = EXPRESSIONS.get(key);
  if (made === undefined) {
    const source = text.split('.').map((word) => {
      if (word === one) return String.raw`[^.]*\.`;
      return word === '#' ? String.raw`(?:[^.]*\.)*` : String.raw`${word}\.`;
    });
    made = new RegExp(`^${source.join('')}$`);
    EXPRESSIONS.set(key, made);
  }
  return made;
}

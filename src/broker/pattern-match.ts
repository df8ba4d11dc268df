import type { Pattern } from './address.js';
import { MANY, isHiddenFrom, isReserved } from './address.js';

/** The word of a configuration rule that stands for exactly one word; `#` stands for any number of them. */
const ANY_WORD = '*';

/** The pattern that a configuration rule such as `orders.*` or `audit.#` means. */
export function rulePattern(match: string): Pattern {
  const words = match.split('.');
  if (!words.includes(ANY_WORD) && !words.includes(MANY)) return { match: 'exact', text: match };
  return { match: 'multi', text: words.map((word) => (word === ANY_WORD ? '' : word)).join('.') };
}

/**
 * Tells of one address after another whether the pattern matches it, as the index of subscriptions would: private addresses
 * are matched by exact patterns only, those of the router (`wamp.…`) also by patterns that begin with that word.
 */
export function matcherOf(pattern: Pattern): (address: string) => boolean {
  const { match, text } = pattern;
  if (match === 'exact') return (address) => address === text;
  if (match === 'prefix') return (address) => address.startsWith(text) && !isHiddenFrom(pattern, address);
  const words = text.split('.');
  const begin = literalPrefix(pattern);
  const matches = match === 'multi' && words.includes(MANY) ? matchesMany : matchesEach;
  return (address) =>
    address.startsWith(begin) && !isHiddenFrom(pattern, address) && matches(words, address.split('.'));
}

/** The text that every address begins with that the pattern matches. */
export function literalPrefix({ match, text }: Pattern): string {
  if (match === 'exact' || match === 'prefix') return text;
  const words = text.split('.');
  const wild = words.findIndex((word) => word === '' || (match === 'multi' && word === MANY));
  if (wild < 0) return text;
  const literal = words.slice(0, wild).join('.');
  // `a.#` matches `a` too, `a.` and one word more does not.
  return words[wild] === MANY || wild === 0 ? literal : `${literal}.`;
}

/**
 * Tells of one pattern after another whether a configuration rule matches every address that the pattern matches. In doubt
 * it says no.
 */
export function coverOf(rule: Pattern): (pattern: Pattern) => boolean {
  const matches = matcherOf(rule);
  const words = rule.text.split('.');
  return ({ match, text }) => {
    if (match === 'exact') return matches(text);
    if (rule.match === 'exact' || (isReserved(text) && !isReserved(rule.text))) return false;
    const parts = text.split('.');
    // Prefixes are made of characters: the last word may go on, and other words may follow.
    if (match === 'prefix') parts.splice(-1, 1, '', MANY);
    return matchesMany(words, parts);
  };
}

function matchesEach(pattern: readonly string[], words: readonly string[]): boolean {
  if (pattern.length !== words.length) return false;
  return pattern.every((word, at) => word === '' || word === words[at]);
}

/**
 * Each `#` takes as few words as it can; if that fails later, only the last of them has to take one more. Where the words are
 * a pattern's, its `#` is matched by a `#` only, and its empty word by an empty one too.
 */
function matchesMany(pattern: readonly string[], words: readonly string[]): boolean {
  let [at, word] = [0, 0];
  let [manyAt, taken] = [-1, 0];
  while (word < words.length) {
    const expected = pattern[at];
    if (expected === MANY) {
      manyAt = at;
      taken = word;
      at += 1;
    } else if (at < pattern.length && isOneWord(expected, words[word])) {
      at += 1;
      word += 1;
    } else if (manyAt >= 0) {
      taken += 1;
      word = taken;
      at = manyAt + 1;
    } else {
      return false;
    }
  }
  while (pattern[at] === MANY) at += 1;
  return at === pattern.length;
}

function isOneWord(expected: string | undefined, word: string | undefined): boolean {
  return expected === '' ? word !== MANY : expected === word;
}

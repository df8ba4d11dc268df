import { SelectorFault } from './tokens.js';

/** A character of a pattern; undefined is `_`, which stands for any one. */
type Place = string | undefined;

/** Finds one piece of a pattern in a text. */
interface Finder {
  readonly length: number;
  /** Where the piece first stands at or after `from`, its end being `until` at most; -1 if nowhere. */
  find(text: string, from: number, until: number): number;
}

/** The longest piece between two `%` that holds a `_`: one bit of a number for each place. */
const LONGEST_WILD_PIECE = 31;
/** Characters below this are looked up in a table: a map takes ten times as long. */
const TABLE = 128;

/**
 * A LIKE pattern [JMS 2.0 §3.8.1.1]: `_` stands for any one character, `%` for any number of them; the escape character
 * makes the next one plain. Matches in time linear in the text whatever the pattern is: the pieces between `%` are looked for
 * one after the other, never going back. Characters are UTF-16 units.
 *
 * @throws SelectorFault if the escape character stands before nothing that needs it, or a piece with `_` is too long.
 */
export function likeMatcher(pattern: string, escape: string | undefined): (text: string) => boolean {
  const pieces = piecesOf(pattern, escape);
  const [first = [], ...others] = pieces;
  if (others.length === 0) return (text) => text.length === first.length && standsAt(first, text, 0);
  const last = others.pop() ?? [];
  const finders = others.filter((piece) => piece.length > 0).map(finderOf);
  return (text) => {
    const until = text.length - last.length;
    if (until < first.length || !standsAt(first, text, 0) || !standsAt(last, text, until)) return false;
    let at = first.length;
    for (const finder of finders) {
      const found = finder.find(text, at, until);
      if (found < 0) return false;
      at = found + finder.length;
    }
    return true;
  };
}

function piecesOf(pattern: string, escape: string | undefined): Place[][] {
  const pieces: Place[][] = [[]];
  for (let at = 0; at < pattern.length; at += 1) {
    const piece = pieces.at(-1)!;
    const character = pattern[at]!;
    if (character === escape) {
      at += 1;
      const plain = pattern[at];
      if (plain !== '%' && plain !== '_' && plain !== escape) {
        throw new SelectorFault('The escape character stands before %, _ or itself', 0);
      }
      piece.push(plain);
    } else if (character === '%') pieces.push([]);
    else piece.push(character === '_' ? undefined : character);
  }
  return pieces;
}

function standsAt(piece: readonly Place[], text: string, at: number): boolean {
  return piece.every((place, index) => place === undefined || place === text[at + index]);
}

function finderOf(piece: readonly Place[]): Finder {
  return piece.includes(undefined) ? wildFinder(piece) : plainFinder(piece.join(''));
}

/** Knuth, Morris and Pratt: after a mismatch it goes on with the longest beginning that still fits. */
function plainFinder(piece: string): Finder {
  const { length } = piece;
  const units = Uint16Array.from({ length }, (_, at) => piece.charCodeAt(at));
  /** matched characters → how many of them are a beginning again */
  const fallback = new Uint16Array(length + 1);
  for (let at = 1, matched = 0; at < length; at += 1) {
    while (matched > 0 && units[at] !== units[matched]) matched = fallback[matched]!;
    if (units[at] === units[matched]) matched += 1;
    fallback[at + 1] = matched;
  }
  const find = (text: string, from: number, until: number): number => {
    let matched = 0;
    for (let at = from; at < until; at += 1) {
      const unit = text.charCodeAt(at);
      while (matched > 0 && unit !== units[matched]) matched = fallback[matched]!;
      if (unit === units[matched]) matched += 1;
      if (matched === length) return at + 1 - length;
    }
    return -1;
  };
  return { length, find };
}

/** Shift-And: bit n of the state says that the last n + 1 characters are the beginning of the piece. */
function wildFinder(piece: readonly Place[]): Finder {
  const { length } = piece;
  if (length > LONGEST_WILD_PIECE) {
    throw new SelectorFault(`Between two % with a _ may be ${LONGEST_WILD_PIECE} characters`, 0);
  }
  let anywhere = 0;
  for (const [index, place] of piece.entries()) if (place === undefined) anywhere |= 1 << index;
  /** character → the places that it may stand at: of the first ones in a table, of the others in a map */
  const table = new Int32Array(TABLE).fill(anywhere);
  const others = new Map<number, number>();
  for (const [index, place] of piece.entries()) {
    const unit = place?.charCodeAt(0);
    if (unit === undefined) continue;
    if (unit < TABLE) table[unit]! |= 1 << index;
    else others.set(unit, (others.get(unit) ?? anywhere) | (1 << index));
  }
  const whole = 1 << (length - 1);
  const find = (text: string, from: number, until: number): number => {
    let state = 0;
    for (let at = from; at < until; at += 1) {
      const unit = text.charCodeAt(at);
      const places = unit < TABLE ? table[unit]! : (others.get(unit) ?? anywhere);
      state = ((state << 1) | 1) & places;
      if ((state & whole) !== 0) return at + 1 - length;
    }
    return -1;
  };
  return { length, find };
}

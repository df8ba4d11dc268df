/** What a selector is refused for, for people: it holds nothing of the input. */
export class SelectorFault extends Error {
  /** @param at where the fault is: index of a character. */
  constructor(what: string, at: number) {
    super(`${what} (character ${at + 1})`);
    this.name = 'SelectorFault';
  }
}

/** The reserved words [JMS 2.0 §3.8.1.1], in any case. */
const WORDS = ['AND', 'BETWEEN', 'ESCAPE', 'FALSE', 'IN', 'IS', 'LIKE', 'NOT', 'NULL', 'OR', 'TRUE'] as const;
/** The signs, longer ones before those that they begin with. */
const SIGNS = ['<>', '<=', '>=', '=', '<', '>', '+', '-', '*', '/', '(', ')', ','] as const;

/** One of the reserved words. */
export type Word = (typeof WORDS)[number];
/** One of the signs. */
export type Sign = (typeof SIGNS)[number];

/** One token, and where it begins. */
export type Token =
  | { readonly kind: 'end'; readonly at: number }
  | { readonly kind: 'word'; readonly word: Word; readonly at: number }
  | { readonly kind: 'sign'; readonly sign: Sign; readonly at: number }
  | { readonly kind: 'identifier'; readonly name: string; readonly at: number }
  | { readonly kind: 'text'; readonly text: string; readonly at: number }
  | { readonly kind: 'number'; readonly value: number; readonly at: number };

const RESERVED: ReadonlyMap<string, Word> = new Map(WORDS.map((word) => [word, word]));

const BLANK = /\s/;
const DIGIT = /\d/;
const IDENTIFIER_START = /[\p{L}\p{Nl}_$]/u;
const IDENTIFIER_PART = /[\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}_$]/u;
/** Decimal, without the leading zero that would be octal in Java; a suffix as Java allows it. */
const NUMBER = /(?:0|[1-9]\d*|\d+(?=[.eE])|(?=\.\d))(?:\.\d*)?(?:[eE][+-]?\d+)?[lLdDfF]?/y;

/** Cuts a selector into tokens, one at each call of {@link Tokens.next}. */
export class Tokens {
  #at = 0;

  constructor(private readonly text: string) {}

  /**
   * The next token; `end` again and again after the last.
   *
   * @throws SelectorFault for what is no token.
   */
  next(): Token {
    const { text } = this;
    while (this.#at < text.length && BLANK.test(text[this.#at]!)) this.#at += 1;
    const at = this.#at;
    const character = text[at];
    if (character === undefined) return { kind: 'end', at };
    if (character === "'") return { kind: 'text', text: this.#quoted("'"), at };
    if (character === '"') return { kind: 'identifier', name: this.#quotedName(), at };
    if (DIGIT.test(character) || (character === '.' && DIGIT.test(text[at + 1] ?? ''))) {
      return { kind: 'number', value: this.#number(), at };
    }
    if (IDENTIFIER_START.test(this.#character())) return this.#word();
    const sign = SIGNS.find((candidate) => text.startsWith(candidate, at));
    if (sign === undefined) throw new SelectorFault('No selector holds such a character', at);
    this.#at += sign.length;
    return { kind: 'sign', sign, at };
  }

  /** A string literal or a quoted identifier: the quote itself is written twice. */
  #quoted(quote: string): string {
    const { text } = this;
    const begin = this.#at;
    let value = '';
    for (let at = begin + 1; ;) {
      const end = text.indexOf(quote, at);
      if (end < 0) throw new SelectorFault('A quote is not closed', begin);
      value += text.slice(at, end);
      this.#at = end + 1;
      if (text[end + 1] !== quote) return value;
      value += quote;
      at = end + 2;
    }
  }

  #quotedName(): string {
    const at = this.#at;
    const name = this.#quoted('"');
    if (name === '') throw new SelectorFault('A name is empty', at);
    return name;
  }

  #number(): number {
    const at = this.#at;
    NUMBER.lastIndex = at;
    const written = NUMBER.exec(this.text)?.[0] ?? '';
    this.#at += written.length;
    const digits = written.replace(/[lLdDfF]$/, '');
    const value = Number(digits);
    const exact = !/[.eE]/.test(digits);
    const fits = exact || !/[lL]$/.test(written);
    if (written === '' || !fits || !Number.isFinite(value) || IDENTIFIER_PART.test(this.#character())) {
      throw new SelectorFault('A number is malformed', at);
    }
    return value;
  }

  #word(): Token {
    const at = this.#at;
    let character = this.#character();
    while (character !== '' && IDENTIFIER_PART.test(character)) {
      this.#at += character.length;
      character = this.#character();
    }
    const name = this.text.slice(at, this.#at);
    const word = RESERVED.get(name.toUpperCase());
    return word === undefined ? { kind: 'identifier', name, at } : { kind: 'word', word, at };
  }

  /** The character at the current place, both halves of a surrogate pair; empty at the end. */
  #character(): string {
    const code = this.text.codePointAt(this.#at);
    return code === undefined ? '' : String.fromCodePoint(code);
  }
}

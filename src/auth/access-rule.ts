import type { Action, Pattern } from '../broker/index.js';
import { MANY, canonicalPattern, rulePattern } from '../broker/index.js';
import { MOST_STEPS } from './pattern-sets.js';

/**
 * What a rule allows or denies: the actions of the broker; `disclose`: to show who publishes or calls, and to be told who
 * calls; `takeover`: to take a procedure from another principal that holds it (WAMP `force_reregister`).
 */
export type Right = Action | 'disclose' | 'takeover';

/** All rights, in the order in which people think of them. */
export const RIGHTS = [
  'publish',
  'subscribe',
  'call',
  'register',
  'consume',
  'disclose',
  'takeover',
] as const satisfies readonly Right[];

/** Who matches gets, or loses, some rights to some addresses. */
export interface AccessRule {
  /**
   * The addresses: words joined by dots, of which `*` stands for one word and `#` for any number of them, none included. The
   * words `{authid}`, `{authrole}` and `{realm}` stand for those of whoever asks. The queue `jobs` is `queue.jobs`. Only a rule
   * that begins with the word `wamp` is about `wamp.…`, and only one that begins with `user` allows to publish to users' own topics.
   */
  readonly match: string;
  /** Reads `match` as WAMP does instead: an empty word of a wildcard stands for one word, a prefix is made of characters. */
  readonly kind?: 'exact' | 'prefix' | 'wildcard';
  /** Default: none. */
  readonly allow?: readonly Right[];
  /** Taken away whatever other rules allow. Default: none. */
  readonly deny?: readonly Right[];
  /**
   * How much callers and publishers are trusted that this rule allows it; of several rules the lowest number counts. Default:
   * nothing is said about it.
   */
  readonly trustlevel?: number;
}

/** What the words in braces stand for. */
export interface Variables {
  /** Undefined: nobody has vouched for the name. */
  readonly authid: string | undefined;
  readonly authrole: string;
  readonly realm: string;
}

const VARIABLES = ['authid', 'authrole', 'realm'] as const;
/** First words that have a meaning of their own: nobody gets it by a name. */
const MEANINGFUL: ReadonlySet<string> = new Set(['wamp', 'user', 'queue']);
/** What separates words or stands for others in an address, in any of the notations, and what addresses cannot hold. */
const UNSAFE = /[\s./*#%{}\p{Cc}\p{Cs}]/u;
const MOST_CHARACTERS = 1024;
/** How destinations of STOMP begin, which no address does: a rule that denied one would deny nothing. */
const DESTINATION = /^\/(?:topic|queue|user|rpc|temp-queue|reply-queue)\//;

/** The pattern of a rule, its variables not replaced yet. */
export function templateOf({ match, kind }: Pick<AccessRule, 'match' | 'kind'>): Pattern {
  return canonicalPattern(kind === undefined ? rulePattern(match) : { match: kind, text: match });
}

/** Whether a rule's pattern depends on who asks. */
export function hasVariables({ match }: Pick<AccessRule, 'match'>): boolean {
  return match.split('.').some((word) => variableOf(word) !== undefined);
}

/**
 * The pattern for somebody, each variable one word of it. Undefined if a value is no such word (it is empty, or holds what
 * separates words or stands for others), or if it would lend the rule the meaning of a first word.
 */
export function patternFor(template: Pattern, values: Variables): Pattern | undefined {
  const words: string[] = [];
  for (const [at, word] of template.text.split('.').entries()) {
    const name = variableOf(word);
    const value = name === undefined ? word : values[name];
    if (value === undefined) return undefined;
    if (name !== undefined && !isWord(value)) return undefined;
    if (name !== undefined && at === 0 && MEANINGFUL.has(value)) return undefined;
    words.push(value);
  }
  return { match: template.match, text: words.join('.') };
}

/**
 * What a rule denies to somebody: as {@link patternFor}, but a name that is no such word lets nobody escape. Any number of words
 * stand for it then, because nobody knows how others write it in an address. Undefined if nobody has vouched for a name.
 */
export function denialFor(template: Pattern, values: Variables): Pattern | undefined {
  const words = template.text.split('.');
  const named = words.map(variableOf).filter((name) => name !== undefined);
  if (named.some((name) => values[name] === undefined)) return undefined;
  if (named.every((name) => isWord(values[name]))) return patternFor(template, values);
  const wide = words.map((word) => {
    const name = variableOf(word);
    if (name === undefined) return word;
    return isWord(values[name]) ? values[name] : MANY;
  });
  // A prefix is made of characters: its last word may go on, and other words may follow.
  if (template.match === 'prefix') wide.splice(-1, 1, MANY);
  return { match: 'multi', text: wide.join('.') };
}

/** Whether a value can stand for one word of an address. */
function isWord(value: string | undefined): value is string {
  return value !== undefined && value !== '' && !UNSAFE.test(value);
}

/** What is wrong with a rule, as a continuation of “allowed is”, and which key it is about; undefined if nothing is. */
export function faultOfRule(
  rule: AccessRule,
): { readonly key: keyof AccessRule; readonly allowed: string } | undefined {
  const match = faultOfMatch(rule);
  if (match !== undefined) return { key: 'match', allowed: match };
  const { allow = [], deny = [], trustlevel } = rule;
  if (allow.length + deny.length === 0)
    return { key: 'allow', allowed: 'at least one right in allow or deny' };
  if (allow.some((right) => deny.includes(right)))
    return { key: 'deny', allowed: 'no right that the same rule allows' };
  if (trustlevel === undefined) return undefined;
  const isRanked = allow.includes('call') || allow.includes('publish');
  return isRanked ? undefined : { key: 'trustlevel', allowed: 'one only if the rule allows call or publish' };
}

function faultOfMatch({ match, kind }: AccessRule): string | undefined {
  if (match.length > MOST_CHARACTERS) return `at most ${MOST_CHARACTERS} characters`;
  if (/[\s\p{Cc}]/u.test(match)) return 'words without white space and control characters';
  if (DESTINATION.test(match))
    return 'addresses, no destinations: `/topic/orders/new` is `orders.new`, `/queue/jobs` is `queue.jobs`';
  const words = match.split('.');
  if (words.length >= MOST_STEPS) return `at most ${MOST_STEPS - 1} words`;
  if (words.some((word) => /[{}]/.test(word) && variableOf(word) === undefined))
    return 'in braces only {authid}, {authrole} and {realm}, each a whole word';
  return kind === undefined ? faultOfWords(words) : faultOfUri(words, kind);
}

function faultOfWords(words: readonly string[]): string | undefined {
  if (words.includes(''))
    return 'words joined by dots, none of them empty (WAMP’s own notation needs `kind`)';
  const isPart = words.some((word) => word.length > 1 && /[*#]/.test(word));
  return isPart ? '`*` and `#` only as whole words: `*` stands for one word, `#` for any number' : undefined;
}

function faultOfUri(words: readonly string[], kind: 'exact' | 'prefix' | 'wildcard'): string | undefined {
  if (words.some((word) => word.includes('#') || word === '*'))
    return 'no `*` and `#` with `kind`: in WAMP’s notation an empty word of a wildcard stands for one word';
  if (kind === 'wildcard') return undefined;
  const last = words[words.length - 1] ?? '';
  if (kind === 'exact') return words.includes('') ? 'words joined by dots, none of them empty' : undefined;
  if (words.slice(0, -1).includes('')) return 'words joined by dots, of which only the last may be empty';
  // `a.{authid}` would be a prefix of everybody's whose name begins with that one.
  return variableOf(last) === undefined ? undefined : 'a prefix in which a dot follows the variable';
}

function variableOf(word: string): keyof Variables | undefined {
  return VARIABLES.find((name) => word === `{${name}}`);
}

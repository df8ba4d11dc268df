import type { Pattern } from '../broker/index.js';
import { MANY } from '../broker/index.js';

/** One step of a pattern: what may stand there in an address. */
export type Step =
  | { readonly kind: 'word'; readonly text: string }
  /** One word that begins so. */
  | { readonly kind: 'begin'; readonly text: string }
  /** One word of any value. */
  | { readonly kind: 'one' }
  /** Zero or more words of any value. */
  | { readonly kind: 'many' };

/** How many steps a pattern may have that others are compared with: its states are the bits of one number. */
export const MOST_STEPS = 30;
/** Comparisons that take longer than that end with no. No pattern that people write comes near it. */
const MOST_STATES = 10_000;

const ONE: Step = { kind: 'one' };
const ANY_NUMBER: Step = { kind: 'many' };

/** The words that a pattern is about, one step each. Prefixes are made of characters: their last word may go on. */
export function stepsOf({ match, text }: Pattern): readonly Step[] {
  const words = text.split('.');
  if (match === 'exact') return words.map(wordStep);
  if (match === 'prefix') {
    const last = words.pop() ?? '';
    return [...words.map(wordStep), { kind: 'begin', text: last }, ANY_NUMBER];
  }
  const steps = words.map((word) => {
    if (word === '') return ONE;
    return match === 'multi' && word === MANY ? ANY_NUMBER : wordStep(word);
  });
  // No address is without words.
  return steps.every(({ kind }) => kind === 'many') ? [ONE, ANY_NUMBER] : steps;
}

/**
 * Whether everything that matches the pattern matches the rule. Exact, but for comparisons of absurd size, which end with no:
 * where the pattern allows any word, a word is tried that the rule does not name, because what takes that takes every other.
 *
 * @param rule of at most `MOST_STEPS` steps.
 * @param except a first word: addresses that begin with it do not count.
 */
export function contains(rule: readonly Step[], pattern: readonly Step[], except?: string): boolean {
  const accepted = 1 << rule.length;
  /** What is left to be tried: so many steps of the pattern are done, and the rule may be at these of its steps. */
  const open: { readonly at: number; readonly states: number; readonly begun: boolean }[] = [
    { at: 0, states: settled(rule, 1), begun: false },
  ];
  const seen = new Set<number>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { at, states, begun } = next;
    if (states === 0) return false;
    const step = pattern[at];
    if (step === undefined) {
      if ((states & accepted) === 0) return false;
      continue;
    }
    if (step.kind !== 'many') {
      const counts = begun || except === undefined || !isWord(step, except);
      if (counts) open.push({ at: at + 1, states: advanced(rule, states, step), begun: true });
      continue;
    }
    // The states are 31 bits, so the sum is exact.
    const key = (at * 2 + (begun ? 1 : 0)) * 2 ** 31 + states;
    if (seen.has(key)) continue;
    if (seen.add(key).size > MOST_STATES) return false;
    open.push({ at: at + 1, states, begun }, { at, states: advanced(rule, states, ONE), begun: true });
  }
  return true;
}

/**
 * Whether an address matches the rule; as `contains`, faster. Each `#` takes as few words as it can; if that fails later, only
 * the last of them has to take one more.
 */
export function takes(rule: readonly Step[], words: readonly string[]): boolean {
  let [at, word] = [0, 0];
  let [manyAt, taken] = [-1, 0];
  while (word < words.length) {
    const step = rule[at];
    if (step?.kind === 'many') {
      manyAt = at;
      taken = word;
      at += 1;
    } else if (step !== undefined && takesWord(step, words[word]!)) {
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
  while (rule[at]?.kind === 'many') at += 1;
  return at === rule.length;
}

function takesWord(step: Step, word: string): boolean {
  if (step.kind === 'word') return step.text === word;
  return step.kind === 'begin' ? word.startsWith(step.text) : true;
}

/**
 * Whether any address matches both; exact.
 *
 * @param except a first word: addresses that begin with it do not count.
 */
export function overlaps(rule: readonly Step[], pattern: readonly Step[], except?: string): boolean {
  const open: { readonly at: number; readonly by: number; readonly begun: boolean }[] = [
    { at: 0, by: 0, begun: false },
  ];
  const seen = new Set<number>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { at, by, begun } = next;
    const key = ((begun ? 1 : 0) * (rule.length + 1) + at) * (pattern.length + 1) + by;
    if (seen.has(key)) continue;
    seen.add(key);
    const [one, other] = [rule[at], pattern[by]];
    if (one === undefined && other === undefined && begun) return true;
    if (one?.kind === 'many') open.push({ at: at + 1, by, begun });
    if (other?.kind === 'many') open.push({ at, by: by + 1, begun });
    if (one === undefined || other === undefined || !shareWord(one, other)) continue;
    if (!begun && except !== undefined && (isWord(one, except) || isWord(other, except))) continue;
    open.push({
      at: one.kind === 'many' ? at : at + 1,
      by: other.kind === 'many' ? by : by + 1,
      begun: true,
    });
  }
  return false;
}

function wordStep(text: string): Step {
  return { kind: 'word', text };
}

function isWord(step: Step, text: string): boolean {
  return step.kind === 'word' && step.text === text;
}

/** The steps that the rule may be at after one more word, of which the step says what it may be. */
function advanced(rule: readonly Step[], states: number, step: Step): number {
  let next = 0;
  for (const [at, own] of rule.entries()) {
    if ((states & (1 << at)) === 0) continue;
    if (own.kind === 'many') next |= 1 << at;
    else if (takesAll(own, step)) next |= 1 << (at + 1);
  }
  return settled(rule, next);
}

/** With the steps that need no word. */
function settled(rule: readonly Step[], states: number): number {
  let all = states;
  for (const [at, { kind }] of rule.entries()) {
    if (kind === 'many' && (all & (1 << at)) !== 0) all |= 1 << (at + 1);
  }
  return all;
}

/** Whether a step of a rule takes every word that a step of a pattern may be. */
function takesAll(own: Step, step: Step): boolean {
  if (own.kind === 'one' || own.kind === 'many') return true;
  if (own.kind === 'word') return isWord(step, own.text);
  if (step.kind === 'word' || step.kind === 'begin') return step.text.startsWith(own.text);
  return own.text === '';
}

/** Whether there is a word that both may be. */
function shareWord(one: Step, other: Step): boolean {
  if (one.kind === 'one' || one.kind === 'many' || other.kind === 'one' || other.kind === 'many') return true;
  if (one.kind === 'word') {
    return other.kind === 'word' ? one.text === other.text : one.text.startsWith(other.text);
  }
  if (other.kind === 'word') return other.text.startsWith(one.text);
  return one.text.startsWith(other.text) || other.text.startsWith(one.text);
}

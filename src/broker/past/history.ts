import type { Pattern } from '../address.js';
import { canonicalPattern } from '../address.js';
import { coverOf, matcherOf, rulePattern } from '../pattern-match.js';
import type { HistoryBounds } from '../ports/history-store.js';

/** Topics of which the broker keeps the last events; the first rule that matches counts. */
export interface HistoryRule {
  /** Words joined by dots; `*` stands for one word, `#` for any number. */
  readonly match: string;
  /** Events that each topic keeps. Default 100. */
  readonly entries?: number | undefined;
  /** Bytes of payloads and headers that each topic keeps. Default 1 MiB. */
  readonly bytes?: number | undefined;
}

const DEFAULT_BOUNDS: HistoryBounds = { entries: 100, bytes: 1024 * 1024 };

/** For how many topics it is remembered which rule they have. */
const REMEMBERED = 4096;

interface Rule {
  readonly matches: (topic: string) => boolean;
  readonly covers: (pattern: Pattern) => boolean;
  readonly bounds: HistoryBounds;
}

/** Tells which topics have a history, and how much of it. */
export class HistoryRules {
  /** What the rules match, in their order. */
  readonly patterns: readonly Pattern[];
  readonly #rules: readonly Rule[];
  /** topic → what its rule says; undefined if none matches */
  readonly #known = new Map<string, HistoryBounds | undefined>();

  constructor(rules: readonly HistoryRule[]) {
    this.patterns = rules.map(({ match }) => canonicalPattern(rulePattern(match)));
    this.#rules = rules.map(({ match, entries, bytes }) => {
      const pattern = rulePattern(match);
      const bounds = { entries: entries ?? DEFAULT_BOUNDS.entries, bytes: bytes ?? DEFAULT_BOUNDS.bytes };
      return { matches: matcherOf(pattern), covers: coverOf(pattern), bounds };
    });
  }

  /** Whether there is no rule at all. */
  get none(): boolean {
    return this.#rules.length === 0;
  }

  /** What is kept of a topic; undefined if it has no history. */
  boundsOf(topic: string): HistoryBounds | undefined {
    if (this.none) return undefined;
    const known = this.#known.get(topic);
    if (known !== undefined || this.#known.has(topic)) return known;
    const bounds = this.#rules.find(({ matches }) => matches(topic))?.bounds;
    // Topics that come once only must not stay for ever.
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(topic, bounds);
    return bounds;
  }

  /** Whether every topic that the pattern matches has a history; no, if it takes more than one rule to say so. */
  cover(pattern: Pattern): boolean {
    return this.#rules.some(({ covers }) => covers(pattern));
  }
}

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AccessRule, Pattern, PatternRights, Principal } from '../../src/router/index.js';
import type { Answer, Asking, ManyDoor } from './in-process-doors.js';
import { InProcess } from './in-process-doors.js';
import type { OracleRule } from './rights-oracle.js';
import { Oracle, addresses, rules, subscriptions } from './rights-oracle.js';

/** How many steps rules have at most; `npm run test:rights` takes 4. */
const DEPTH = Number(process.env['MANGROVE_RIGHTS_DEPTH'] ?? 3);
/** Of patterns: the slice that every run of the tests has is a short one. */
const PATTERN_DEPTH = DEPTH > 3 ? DEPTH : DEPTH - 1;
const WORDS = ['a', 'b', 'wamp'];
/** Also a word that nobody names. */
const UNIVERSE = [...WORDS, 'z'];
/** Words that begin like others. */
const LONGER = ['ax', 'bx', 'wampx', 'wamx'];
/** Those of the topics that are published to: one for a prefix that is a word, one for a word of the router. */
const LONGER_TOPICS = ['ax', 'wampx'];
const MINUTES_20 = 1_200_000;
/** A report with more than that helps nobody. */
const SHOWN = 20;

const WHO: Principal = { authid: 'u', authrole: 'r', authmethod: 'ticket', authprovider: 'static' };
/** What is said if it is done, or if it is allowed and nobody is there to do it. */
const TAKEN = new Set(['yes', 'wamp.error.no_such_procedure']);
const NO = 'wamp.error.not_authorized';
const ALL: readonly AccessRule[] = [
  { match: '#', allow: ['subscribe'] },
  { match: 'wamp.#', allow: ['subscribe'] },
];

/** One way to use a rule, and what follows from it. */
interface Kind {
  readonly depth: number;
  readonly patterns: PatternRights;
  readonly rulesFor: (rule: OracleRule) => readonly AccessRule[];
  /** Topics that may be subscribed to one by one. */
  readonly open: (oracle: Oracle, rule: OracleRule) => bigint;
  /** Whether a subscription to a pattern that sees these topics is taken. */
  readonly takes: (open: bigint, oracle: Oracle, rule: OracleRule) => (seen: bigint) => boolean;
}

/** What was counted, and what was wrong. */
interface Tally {
  verdicts: number;
  deliveries: number;
  readonly leaks: string[];
  readonly refusals: string[];
  readonly differences: string[];
}

const { stackTraceLimit } = Error;
let bed: InProcess;

// Refusals come by the hundred thousand, and nobody reads where they were made.
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});
beforeEach(() => {
  bed = new InProcess(WHO);
});
afterEach(() => bed.close());

function emptyTally(): Tally {
  return { verdicts: 0, deliveries: 0, leaks: [], refusals: [], differences: [] };
}

/** Fails if anything was wrong; the whole run says how much was compared. */
function report(title: string, { leaks, refusals, differences, ...counted }: Tally, since: number): void {
  const wrong = { leaks: leaks.length, refusals: refusals.length, differences: differences.length };
  if (DEPTH > 3) {
    const numbers = { ...counted, ...wrong, seconds: Math.round((Date.now() - since) / 1000) };
    process.stdout.write(`${title}: ${JSON.stringify(numbers)}\n`);
  }
  const first = [leaks, refusals, differences].map((list) => list.slice(0, SHOWN));
  expect(first).toEqual([[], [], []]);
}

/** Compares verdicts with the oracle's, and the doors with each other. */
function compareAnswers(
  doors: Readonly<Record<string, readonly Answer[]>>,
  expected: readonly string[],
  what: (at: number) => string,
  tally: Tally,
): void {
  const named = Object.entries(doors);
  for (const [at, due] of expected.entries()) {
    for (const [door, answers] of named) {
      const answer = answers[at];
      if (answer === undefined) continue;
      tally.verdicts += 1;
      if (answer === due) continue;
      const list = TAKEN.has(due) ? 'refusals' : TAKEN.has(answer) ? 'leaks' : 'differences';
      tally[list].push(`${door} ${what(at)}: ${answer}, not ${due}`);
    }
  }
}

/** The topics that are published to, and which of the patterns see them. */
class Topics {
  readonly oracle: Oracle;
  readonly names: readonly string[];
  readonly #places: ReadonlyMap<string, number>;
  /** For each pattern, the places of the topics that it sees. */
  readonly #seen: readonly (readonly number[])[];
  readonly #flags: readonly Buffer[];

  constructor(patterns: readonly Pattern[], depth: number) {
    this.oracle = new Oracle(UNIVERSE, LONGER_TOPICS, depth);
    this.names = this.oracle.addresses;
    this.#places = new Map(this.names.map((name, at) => [name, at]));
    this.#flags = patterns.map((pattern) => this.oracle.flags(this.oracle.seen(pattern)));
    this.#seen = this.#flags.map((flags) => [...flags.keys()].filter((at) => flags[at] === 1));
  }

  /** How many events each pattern is to get, if it is taken. */
  expected(open: Buffer): number[] {
    return this.#seen.map((seen) => {
      let count = 0;
      for (const at of seen) count += open[at]!;
      return count;
    });
  }

  /** Compares the events of one door with those it is to have. Other events than ours are of the router. */
  compare(door: ManyDoor, open: Buffer, due: readonly number[], wrong: Wrong): number {
    const got = due.map(() => 0);
    const before = new Set<number>();
    let deliveries = 0;
    door.take((pattern, topic) => {
      const at = this.#places.get(topic);
      if (at === undefined) return;
      deliveries += 1;
      got[pattern]! += 1;
      const event = pattern * this.names.length + at;
      if (open[at] === 0) wrong.leak(pattern, topic);
      else if (this.#flags[pattern]![at] === 0) wrong.event(pattern, `sees ${topic}`);
      else if (before.has(event)) wrong.event(pattern, `has ${topic} twice`);
      before.add(event);
    });
    for (const [pattern, count] of due.entries())
      if (got[pattern] !== count) wrong.event(pattern, `has ${got[pattern]} events of ${count}`);
    return deliveries;
  }
}

/** Told of events that should not be, or not be there. */
interface Wrong {
  leak(pattern: number, topic: string): void;
  event(pattern: number, what: string): void;
}

/** Subscribes to everything under every rule through every door, and publishes to every topic. */
async function bruteForce({ depth, patterns, ...kind }: Kind): Promise<Tally> {
  const tally = emptyTally();
  const patternDepth = Math.min(depth, PATTERN_DEPTH);
  const asked = subscriptions(WORDS, patternDepth);
  // Two patterns of so many words, and `#` in both, may have nothing shorter in common.
  const oracle = new Oracle(UNIVERSE, LONGER, 2 * (depth - 1));
  const seen = asked.map((pattern) => oracle.seen(pattern));
  const topics = new Topics(asked, patternDepth);
  /** Sets of topics whose events have been compared. */
  const known = new Set<bigint>();
  for (const rule of rules(WORDS, depth)) {
    const named = JSON.stringify(rule);
    const what = (at: number): string => `${named} ${asked[at]!.match} ${asked[at]!.text}`;
    bed.authorizer.replace({ roles: [{ role: 'r', rules: kind.rulesFor(rule) }], patterns });
    const open = kind.open(oracle, rule);
    const takes = kind.takes(open, oracle, rule);
    const allowed = seen.map((set, at) => (asked[at]!.match === 'exact' ? (set & open) !== 0n : takes(set)));
    const doors = Object.entries(bed.open());
    const answers: Record<string, readonly Answer[]> = {};
    for (const [name, door] of doors) answers[name] = await door.subscribe(asked);
    const verdicts = allowed.map((isAllowed) => (isAllowed ? 'yes' : NO));
    compareAnswers(answers, verdicts, what, tally);
    // Rules that allow the same leave the same subscriptions, unless events are filtered by the rules.
    const isNew = patterns === 'filtered' || !known.has(open);
    known.add(open);
    if (isNew) await bed.publish(topics.names);
    const flags = topics.oracle.flags(kind.open(topics.oracle, rule));
    const events = isNew ? topics.expected(flags) : asked.map(() => 0);
    for (const [name, door] of doors) {
      const due = events.map((count, at) => (allowed[at] && answers[name]![at] !== undefined ? count : 0));
      const leak = (at: number, topic: string): void =>
        void tally.leaks.push(`${name} ${what(at)}: ${topic}`);
      const event = (at: number, fault: string): void =>
        void tally.differences.push(`${name} ${what(at)} ${fault}`);
      tally.deliveries += topics.compare(door, flags, due, { leak, event });
      door.close();
    }
  }
  return tally;
}

/** Asks every door for every address, one after the other: there is one procedure of each name. */
async function askAll(action: Asking, depth: number): Promise<Tally> {
  const tally = emptyTally();
  const names = addresses(UNIVERSE, depth);
  const oracle = new Oracle(UNIVERSE, [], depth);
  const taken = action === 'call' ? 'wamp.error.no_such_procedure' : 'yes';
  for (const rule of rules(WORDS, depth)) {
    bed.authorizer.replace({ roles: [{ role: 'r', rules: [{ ...rule, allow: [action] }] }] });
    const answers: Record<string, readonly Answer[]> = {};
    for (const [door, session] of Object.entries(bed.open())) {
      answers[door] = await session.ask(action, names);
      session.close();
    }
    const expected = [...oracle.flags(oracle.allowed(rule))].map((flag, at) => {
      // Whatever the rules say, only the router speaks and answers there.
      if (action !== 'call' && /^wamp(?:\.|$)/.test(names[at]!)) return 'wamp.error.invalid_uri';
      return flag === 1 ? taken : NO;
    });
    compareAnswers(answers, expected, (at) => `${action} ${JSON.stringify(rule)} ${names[at]}`, tally);
  }
  return tally;
}

/** What every rule allows by itself. */
const allowing = {
  rulesFor: (rule: OracleRule) => [{ ...rule, allow: ['subscribe'] }] as const,
  open: (oracle: Oracle, rule: OracleRule) => oracle.allowed(rule),
} as const;

/** What is left of everything if a rule denies some of it. */
const denying = {
  rulesFor: (rule: OracleRule): readonly AccessRule[] => [...ALL, { ...rule, deny: ['subscribe'] }],
  open: (oracle: Oracle, rule: OracleRule) => {
    const all = oracle.allowed({ match: '#' }) | oracle.allowed({ match: 'wamp.#' });
    return all & ~oracle.denied(rule);
  },
} as const;

const KINDS: Readonly<Record<string, Kind>> = {
  'only patterns that one rule contains': {
    ...allowing,
    depth: DEPTH,
    patterns: 'contained',
    takes: (open) => {
      const outside = ~open;
      return (seen) => (seen & outside) === 0n;
    },
  },
  'only patterns of which no rule denies any topic': {
    ...denying,
    depth: DEPTH - 1,
    patterns: 'contained',
    takes: (_open, oracle, rule) => {
      const denied = oracle.denied(rule);
      const [all, own] = [oracle.allowed({ match: '#' }), oracle.allowed({ match: 'wamp.#' })];
      return (seen) => (seen & denied) === 0n && ((seen & ~all) === 0n || (seen & ~own) === 0n);
    },
  },
  'of patterns that are filtered exactly the topics that a rule allows': {
    ...allowing,
    depth: DEPTH - 1,
    patterns: 'filtered',
    takes: (open) => (seen) => (seen & open) !== 0n,
  },
  'of patterns that are filtered no topic that a rule denies': {
    ...denying,
    depth: DEPTH - 1,
    patterns: 'filtered',
    takes: (_open, oracle) => {
      const all = oracle.allowed({ match: '#' }) | oracle.allowed({ match: 'wamp.#' });
      return (seen) => (seen & all) !== 0n;
    },
  },
};

describe('the rights of four doors, all patterns against all rules', () => {
  it.each(Object.entries(KINDS))(
    'Z1 A10: STOMP, WAMP, a local client and the client of Nest have %s',
    async (title, kind) => {
      const since = Date.now();
      const tally = await bruteForce(kind);
      report(title, tally, since);
      expect(tally.verdicts).toBeGreaterThan(DEPTH > 3 ? 60_000 : 5000);
      expect(tally.deliveries).toBeGreaterThan(1000);
      expect(bed.guests).toBe(0);
    },
    MINUTES_20,
  );

  it.each(['publish', 'call', 'register'] as const)(
    'Z1 A10: STOMP, WAMP, a local client and the client of Nest may %s exactly what a rule allows',
    async (action) => {
      const since = Date.now();
      const tally = await askAll(action, DEPTH - 1);
      report(action, tally, since);
      expect(tally.verdicts).toBeGreaterThan(DEPTH > 3 ? 60_000 : 2000);
    },
    MINUTES_20,
  );
});

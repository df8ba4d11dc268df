import type { Action, Decision, Pattern } from '../broker/index.js';
import { isReserved, isUserTopic, literalPrefix } from '../broker/index.js';
import type { AccessRule, Right, Variables } from './access-rule.js';
import { RIGHTS, denialFor, hasVariables, patternFor, templateOf } from './access-rule.js';
import { OWN_PROCEDURES, RENEWAL } from './meta-procedures.js';
import type { Step } from './pattern-sets.js';
import { contains, overlaps, stepsOf, takes } from './pattern-sets.js';

/** What becomes of a subscription to a pattern that no one rule contains. */
export type PatternRights = 'contained' | 'filtered' | 'refused';

/** What the rules say: yes and how, no, or nothing, in which case others may be asked. */
export type Judgement = Decision | undefined;

/** A rule, made ready for somebody. */
interface ReadyRule {
  readonly pattern: Pattern;
  readonly steps: readonly Step[];
  /** The text that every address begins with that it matches. */
  readonly begin: string;
  /** It was written for `wamp.…`. */
  readonly namesRouter: boolean;
  /** It was written for topics of users. */
  readonly namesUsers: boolean;
  /** It does not begin with something that stands for others. */
  readonly beginsLiterally: boolean;
  readonly trustlevel: number | undefined;
}

/** What is asked about. */
class Target implements Pattern {
  readonly match: Pattern['match'];
  readonly text: string;
  #steps: readonly Step[] | undefined;
  #words: readonly string[] | undefined;

  constructor(pattern: Pattern) {
    this.match = pattern.match;
    this.text = pattern.text;
  }

  /** Made for the first rule that needs them, and for all of them. */
  get steps(): readonly Step[] {
    return (this.#steps ??= stepsOf(this));
  }

  get words(): readonly string[] {
    return (this.#words ??= this.text.split('.'));
  }
}

const ROUTER_WORD = 'wamp';

const YES: Decision = { allow: true, disclose: false };
const NO: Decision = { allow: false };
const FILTERED: Decision = { allow: true, filtered: true };
/** To be filtered, unless somebody else allows all of it. */
export const FILTERED_AT_LEAST: Decision = { ...FILTERED };

/** What is said of longer addresses is not kept, in characters. */
const LONGEST_REMEMBERED = 1024;

/** Rules without variables mean the same for everybody: rule → made ready */
const READY = new WeakMap<AccessRule, ReadyRule>();
const NOBODY: Variables = { authid: undefined, authrole: '', realm: '' };

/** What the rules mean for one principal, or for all principals that they mean the same for. */
export class RoleView {
  readonly #allowing: Readonly<Record<Right, readonly ReadyRule[]>>;
  readonly #denying: Readonly<Record<Right, readonly ReadyRule[]>>;
  /** action and address → what the rules say; the oldest first */
  readonly #known = new Map<string, Judgement>();

  constructor(
    rules: readonly AccessRule[],
    values: Variables,
    private readonly patterns: PatternRights,
    /** How many answers about addresses are kept. */
    private readonly remembered: number,
  ) {
    this.#allowing = perRight(readyRules(rules, 'allow', (rule) => readyFor(rule, values, patternFor)));
    this.#denying = perRight(readyRules(rules, 'deny', (rule) => readyFor(rule, values, denialFor)));
  }

  /** Whether a rule that is about nothing else allows it. */
  names(action: Action, { match, text }: Pattern): boolean {
    return (
      action !== 'call' &&
      match === 'exact' &&
      this.#allowing[action].some(({ pattern }) => pattern.match === 'exact' && pattern.text === text)
    );
  }

  judge(action: Action, target: Pattern): Judgement {
    if (target.match !== 'exact') return this.#judgePattern(action, target);
    if (target.text.length > LONGEST_REMEMBERED) return this.#judgeAddress(action, new Target(target));
    const key = `${action} ${target.text}`;
    if (this.#known.has(key)) return this.#known.get(key);
    const judgement = this.#judgeAddress(action, new Target(target));
    if (this.#known.size >= this.remembered) this.#forgetOldest();
    this.#known.set(key, judgement);
    return judgement;
  }

  #judgeAddress(action: Action, target: Target): Judgement {
    if (action === 'call' && target.text === RENEWAL) return YES;
    if (this.#denies(action, target)) return NO;
    if (action === 'call' && OWN_PROCEDURES.has(target.text)) return YES;
    return this.#allows(action, target);
  }

  #judgePattern(action: Action, pattern: Pattern): Judgement {
    const target = new Target(pattern);
    const isSubscription = action === 'subscribe';
    if (isSubscription && this.patterns === 'refused') return NO;
    const denied = this.#denies(action, target);
    const allowed = denied ? undefined : this.#allows(action, target);
    if (allowed !== undefined) return allowed;
    const isFiltered = isSubscription && this.patterns === 'filtered' && this.#allowsSome(target);
    if (denied) return isFiltered ? FILTERED : NO;
    return isFiltered ? FILTERED_AT_LEAST : undefined;
  }

  #allows(action: Action, target: Target): Judgement {
    const covering = this.#allowing[action].filter((rule) => covers(rule, action, target));
    if (covering.length === 0) return undefined;
    const levels = covering.flatMap(({ trustlevel }) => (trustlevel === undefined ? [] : [trustlevel]));
    return {
      allow: true,
      disclose: this.#grants('disclose', action, target),
      ...(action === 'register' && { takeover: this.#grants('takeover', action, target) }),
      ...(levels.length > 0 && { trustlevel: Math.min(...levels) }),
    };
  }

  /** Whether a right that goes with an action is given for a target. */
  #grants(right: 'disclose' | 'takeover', action: Action, target: Target): boolean {
    return (
      this.#allowing[right].some((rule) => covers(rule, action, target)) &&
      !this.#denying[right].some((rule) => touches(rule, target))
    );
  }

  #denies(action: Action, target: Target): boolean {
    return this.#denying[action].some((rule) => touches(rule, target));
  }

  /** Whether a subscription to the pattern would have anything to deliver. */
  #allowsSome({ text, steps }: Target): boolean {
    return this.#allowing.subscribe.some((rule) =>
      overlaps(rule.steps, steps, isReserved(text) && rule.namesRouter ? undefined : ROUTER_WORD),
    );
  }

  #forgetOldest(): void {
    for (const key of this.#known.keys()) {
      this.#known.delete(key);
      return;
    }
  }
}

function perRight<T>(make: (right: Right) => T): Readonly<Record<Right, T>> {
  return Object.fromEntries(RIGHTS.map((right) => [right, make(right)])) as Record<Right, T>;
}

/** The rules of a list, ready for somebody, by right. */
function readyRules(
  rules: readonly AccessRule[],
  list: 'allow' | 'deny',
  make: (rule: AccessRule) => ReadyRule | undefined,
): (right: Right) => readonly ReadyRule[] {
  const ready = rules.flatMap((rule) => {
    const made = rule[list] === undefined ? undefined : make(rule);
    return made === undefined ? [] : [{ rights: rule[list] ?? [], made }];
  });
  return (right) => ready.filter(({ rights }) => rights.includes(right)).map(({ made }) => made);
}

function readyFor(rule: AccessRule, values: Variables, replace: typeof patternFor): ReadyRule | undefined {
  if (hasVariables(rule)) return makeReady(rule, values, replace);
  const known = READY.get(rule);
  if (known !== undefined) return known;
  const ready = makeReady(rule, NOBODY, replace);
  if (ready !== undefined) READY.set(rule, ready);
  return ready;
}

function makeReady(rule: AccessRule, values: Variables, replace: typeof patternFor): ReadyRule | undefined {
  const template = templateOf(rule);
  const pattern = replace(template, values);
  if (pattern === undefined) return undefined;
  const steps = stepsOf(pattern);
  const [first] = steps;
  const isWritten = first?.kind === 'word' || (first?.kind === 'begin' && first.text !== '');
  return {
    pattern,
    steps,
    begin: literalPrefix(pattern),
    namesRouter: isReserved(template.text),
    namesUsers: template.text.startsWith('user.'),
    beginsLiterally: isWritten,
    trustlevel: rule.trustlevel,
  };
}

/** Whether a rule that allows something is about all of the target. */
function covers(rule: ReadyRule, action: Action, target: Target): boolean {
  const { text, match } = target;
  if (isReserved(text) && !rule.namesRouter) return false;
  if (match === 'exact') return matches(rule, target) && (rule.namesUsers || !isOfUser(action, text));
  // Whoever registers a pattern answers calls that others may have meant for somebody else [WAMP AP Pattern-based Registrations].
  const isOwn = rule.pattern.match === match && rule.pattern.text === text;
  if (action === 'register' && !rule.beginsLiterally && !isOwn) return false;
  return contains(rule.steps, target.steps, isReserved(text) ? undefined : ROUTER_WORD);
}

/** Whether a rule that denies something is about any of the target. */
function touches(rule: ReadyRule, target: Target): boolean {
  const { text, match } = target;
  if (match === 'exact') return matches(rule, target);
  return overlaps(rule.steps, target.steps, isReserved(text) ? undefined : ROUTER_WORD);
}

function matches({ pattern, steps, begin }: ReadyRule, target: Target): boolean {
  const { text } = target;
  if (pattern.match === 'exact') return text === pattern.text;
  if (!text.startsWith(begin)) return false;
  return pattern.match === 'prefix' || takes(steps, target.words);
}

/** Procedures and queues of such a name are nobody's own. */
function isOfUser(action: Action, text: string): boolean {
  return (action === 'publish' || action === 'subscribe') && isUserTopic(text);
}

import type { Action, Authorizer, AuthorizerHost, Decision, Pattern, Principal } from '../broker/index.js';
import type { AccessRule } from './access-rule.js';
import { faultOfRule, hasVariables } from './access-rule.js';
import type { DynamicAuthorizer } from './dynamic-authorizer.js';
import { isEmbedder, isRouter } from './insiders.js';
import type { Step } from './pattern-sets.js';
import { overlaps, stepsOf } from './pattern-sets.js';
import type { PatternRights } from './role-view.js';
import { FILTERED_AT_LEAST, RoleView } from './role-view.js';

/** What those who have a role may do. */
export interface RoleRights {
  /** The role that the login gave. Several entries of one role add up. */
  readonly role: string;
  /** The realms in which this holds. Default: all. */
  readonly realms?: readonly string[];
  /** The ways to log in (`authmethod`: `ticket`, `jwt`, …) for which this holds. Default: all. */
  readonly methods?: readonly string[];
  readonly rules: readonly AccessRule[];
}

/** What {@link roles} takes. */
export interface RolesOptions {
  /** A role without an entry may do nothing but what `everyone` may. */
  readonly roles?: readonly RoleRights[];
  /** Rules for every role besides its own, for those without an entry and clients without a login too. Default: none. */
  readonly everyone?: readonly AccessRule[];
  /**
   * What becomes of a subscription to a pattern: `contained`: it is refused unless one rule allows all that it matches, and none
   * denies any of it; `filtered`: else it is taken, and only events of topics are delivered that may be subscribed to one by
   * one; `refused`: patterns cannot be subscribed to. Default `contained`.
   */
  readonly patterns?: PatternRights;
  /**
   * Procedures that decide about others, such as that of a dynamic authenticator: only a rule that names one exactly, without
   * wildcards, lets register it, none a pattern that reaches it, and clients never call it. Default: none.
   */
  readonly guarded?: readonly string[];
  /** Asked where no rule says anything, neither yes nor no. Default: that is a no. */
  readonly defer?: Authorizer | DynamicAuthorizer;
}

/** An authorizer whose rules can be changed while the router runs. */
export interface RolesAuthorizer extends Authorizer {
  /**
   * Other rules from now on; what sessions hold is asked about again, and taken away if they may not have it any more. Who is
   * deferred to stays, and what is guarded.
   *
   * @throws Error for a rule that makes no sense; then nothing has changed.
   */
  replace(options: RuleOptions): void;
}

/** What of the options may be replaced. */
type RuleOptions = Omit<RolesOptions, 'defer' | 'guarded'>;

/**
 * Rights by role: rules that allow, and rules that deny and win. What no rule allows is not allowed. The router itself may call
 * anything, and so may code of this process on its own behalf (its role is
 * `local` or, in a Nest application, `application`), as long as that role has no entry.
 *
 * @throws Error for a rule that makes no sense.
 */
export function roles(options: RolesOptions): RolesAuthorizer {
  return new RoleTable(options);
}

/** How many answers about addresses are kept for a principal, and for all who have the same rights. */
const REMEMBERED_BY_ONE = 50;
const REMEMBERED_BY_ALL = 2000;

const ALLOWED: Decision = { allow: true, disclose: true, takeover: true };
const DENIED: Decision = { allow: false };

class RoleTable implements RolesAuthorizer {
  readonly #defer: Authorizer | DynamicAuthorizer | undefined;
  /** A procedure that decides about others, and the steps of its URI. */
  readonly #guarded: readonly { readonly uri: string; readonly steps: readonly Step[] }[];
  #host: AuthorizerHost | undefined;
  #rights: Rights;

  constructor({ defer, guarded = [], ...options }: RolesOptions) {
    this.#defer = defer;
    this.#guarded = guarded.map((uri) => ({ uri, steps: stepsOf({ match: 'exact', text: uri }) }));
    this.#rights = new Rights(options);
  }

  get trustlevels(): boolean {
    return this.#rights.trustlevels || this.#defer?.trustlevels === true;
  }

  start(host: AuthorizerHost): void {
    this.#host = host;
    this.#defer?.start?.(host);
  }

  replace(options: RuleOptions): void {
    this.#rights = new Rights(options);
    this.#host?.changed();
  }

  decide(principal: Principal, action: Action, target: Pattern, realm: string): Decision | Promise<Decision> {
    const defer = this.#defer;
    const guarded =
      defer !== undefined && 'guard' in defer ? defer.guard(principal, action, target) : undefined;
    if (guarded !== undefined) return guarded;
    if (isRouter(principal)) return action === 'call' ? ALLOWED : DENIED;
    if (isEmbedder(principal) && !this.#rights.knows(principal.authrole)) return ALLOWED;
    const view = this.#rights.viewOf(principal, realm);
    if (this.#isGuarded(action, target) && !view.names(action, target)) return DENIED;
    const judgement = view.judge(action, target);
    // A pattern that the rules would have filtered may still be allowed as a whole.
    const isOpen = judgement === undefined || judgement === FILTERED_AT_LEAST;
    if (defer === undefined || !isOpen) return judgement ?? DENIED;
    const decision = defer.decide(principal, action, target, realm);
    if (judgement === undefined) return decision;
    const either = (settled: Decision): Decision => (settled?.allow === true ? settled : judgement);
    return decision instanceof Promise ? decision.then(either) : either(decision);
  }

  /** Whether only who is named for it may do that. */
  #isGuarded(action: Action, target: Pattern): boolean {
    if (this.#guarded.length === 0 || (action !== 'register' && action !== 'call')) return false;
    if (target.match === 'exact') return this.#guarded.some(({ uri }) => uri === target.text);
    const asked = stepsOf(target);
    return this.#guarded.some(({ steps }) => overlaps(steps, asked));
  }
}

/** One set of rules. */
class Rights {
  readonly trustlevels: boolean;
  /** Whoever the rules mean the same for shares a view: role, method and realm, or the principal itself → view */
  readonly #shared = new Map<string, RoleView>();
  readonly #own = new WeakMap<Principal, Map<string, RoleView>>();
  readonly #everyone: readonly AccessRule[];
  readonly #roles: readonly RoleRights[];
  readonly #names: ReadonlySet<string>;
  readonly #patterns: PatternRights;

  constructor({ roles: entries = [], everyone = [], patterns = 'contained' }: RuleOptions) {
    this.#everyone = everyone;
    this.#roles = entries;
    this.#names = new Set(entries.map(({ role }) => role));
    this.#patterns = patterns;
    const all = [...everyone, ...entries.flatMap(({ rules }) => rules)];
    for (const rule of all) check(rule);
    this.trustlevels = all.some(({ trustlevel }) => trustlevel !== undefined);
  }

  knows(role: string): boolean {
    return this.#names.has(role);
  }

  viewOf(principal: Principal, realm: string): RoleView {
    const own = this.#own.get(principal)?.get(realm);
    if (own !== undefined) return own;
    const view = this.#makeView(principal, realm);
    const views = this.#own.get(principal);
    if (views === undefined) this.#own.set(principal, new Map([[realm, view]]));
    else views.set(realm, view);
    return view;
  }

  #makeView({ authid, authrole, authmethod }: Principal, realm: string): RoleView {
    const entries = this.#roles.filter(
      ({ role, realms, methods }) =>
        role === authrole && realms?.includes(realm) !== false && methods?.includes(authmethod) !== false,
    );
    const rules = [...this.#everyone, ...entries.flatMap((entry) => entry.rules)];
    const vouched = authmethod === 'anonymous' ? undefined : authid;
    const values = { authid: vouched, authrole, realm };
    const make = (remembered: number): RoleView => new RoleView(rules, values, this.#patterns, remembered);
    // A role that nobody listed may come from a token: such names are without number.
    if (rules.some(hasVariables) || !this.knows(authrole)) return make(REMEMBERED_BY_ONE);
    const key = JSON.stringify([authrole, realm, this.#roles.map((entry) => entries.includes(entry))]);
    let view = this.#shared.get(key);
    if (view === undefined) this.#shared.set(key, (view = make(REMEMBERED_BY_ALL)));
    return view;
  }
}

function check(rule: AccessRule): void {
  const fault = faultOfRule(rule);
  if (fault === undefined) return;
  throw new Error(
    `The ${fault.key} of the rule ${JSON.stringify(rule.match)} is wrong; allowed is ${fault.allowed}.`,
  );
}

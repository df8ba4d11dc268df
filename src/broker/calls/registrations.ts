import type { SmallSet } from '../../lib/index.js';
import type { Pattern } from '../address.js';
import type { Refusal } from '../errors.js';
import type { InvocationPolicy } from './invocation-policy.js';
import type { Headers, Payload } from '../payload.js';
import type { Passthru, Unpacking } from '../passthru.js';
import { unpacks } from '../passthru.js';
import type { Identity, Origin } from '../publication.js';
import type { ProcedureView } from '../sessions/realm-view.js';
import type { SessionEntry } from '../sessions/session-entry.js';
import { affinityOf } from '../shards.js';

/** What an endpoint can do as a callee; the dealer decides by the features of the callee that it picked. */
export interface EndpointFeatures {
  /** Understands `interrupt` [WAMP AP Call Canceling]. */
  readonly callCanceling: boolean;
  /** May answer with progressive results [WAMP AP Progressive Call Results]. */
  readonly progressiveResults: boolean;
  /**
   * What its answer `wamp.error.unavailable` does [WAMP AP Call Re-Routing]: `always`, the call goes to the next callee, or the
   * caller is told that there is none; `shared`, only where several callees may share the procedure, else the answer is passed
   * on. Default: it is passed on.
   */
  readonly callReroute?: 'always' | 'shared' | undefined;
  /** Ends by itself what takes longer than it is told, with `wamp.error.timeout` [WAMP AP Call Timeouts]. Default false. */
  readonly callTimeout?: boolean;
  /** Takes the arguments of a call in parts, by `invokeMore` [WAMP AP Progressive Call Invocations]. Default false. */
  readonly progressiveInvocations?: boolean;
  /** Takes calls with a payload that the router does not look into [WAMP AP Payload Passthru Mode]. Default false. */
  readonly passthruCalls?: Unpacking;
  /** As a caller: takes such results. Default false. */
  readonly passthruResults?: Unpacking;
  /** As a publisher: may leave such testaments behind. Default false. */
  readonly passthruEvents?: Unpacking;
  /** Bytes of the longest message that it takes. Default: any. */
  readonly maxAnswerBytes?: number | undefined;
}

/** What a callee asks for. */
export interface RegisterCommand {
  readonly pattern: Pattern;
  /** Ask to be told who calls. Default false. */
  readonly discloseCaller?: boolean;
  /** Who of several callees gets a call [WAMP AP Shared Registration]. Default `single`: there is one callee. */
  readonly policy?: InvocationPolicy | undefined;
  /** How many calls it takes before it has answered any, at least 1. Default: as many as a callee may have. */
  readonly concurrency?: number | undefined;
  /**
   * Take the procedure from whoever holds it, who is told. For those whose authorizer's decision says `takeover`, and for the
   * principal that holds it, unless that is anonymous. Default false.
   */
  readonly takeOver?: boolean | undefined;
  /** It wants to end by itself what takes longer than a caller has asked for, if it can. Default false. */
  readonly forwardTimeout?: boolean | undefined;
}

/** A callee as the dealer sees it. */
export interface Callee {
  readonly origin: Origin;
  readonly entry: Pick<SessionEntry, 'shown' | 'quiet' | 'within'>;
  readonly detached: boolean;
  readonly features: EndpointFeatures;
  /** Registrations that it holds. */
  readonly registrations: SmallSet<Registration>;
  /** Those with a pattern, for the limit. */
  patternRegistrations: number;
  /** Invocations that it has yet to answer. */
  readonly invocations: SmallSet<Invocation>;
  invoke(invocation: Invocation): void;
  /** One more part of the arguments. */
  invokeMore(invocation: Invocation, part: CallPart): void;
  /** Passed over if the callee cannot be interrupted. */
  interrupt(invocation: Invocation, mode: 'kill' | 'killnowait', why: Refusal): void;
  /** Told that somebody else took a registration away. */
  revoked(what: Registration, why: Refusal): void;
}

/** One callee's share in a procedure, or in a pattern of procedures. */
export class Registration {
  readonly kind = 'registration';
  /** Router-scope id [WAMP BP IDs]: of the procedure, whoever shares it. */
  readonly id: number;
  readonly pattern: Pattern;
  /** The callee wants to know who calls [WAMP AP Caller Identification]. */
  readonly discloseCaller: boolean;
  /** How many calls it takes before it has answered any. */
  readonly concurrency: number;
  /** It wants to end by itself what takes longer than a caller has asked for. */
  readonly forwardTimeout: boolean;
  /** Whether calls are still routed to it. */
  active = true;
  /** Calls that it has yet to answer. */
  open = 0;

  constructor(
    readonly procedure: Procedure,
    readonly callee: Callee,
    wishes: Omit<RegisterCommand, 'pattern'>,
  ) {
    this.id = procedure.id;
    this.pattern = procedure.pattern;
    this.discloseCaller = wishes.discloseCaller === true;
    this.concurrency = wishes.concurrency ?? Number.POSITIVE_INFINITY;
    this.forwardTimeout = wishes.forwardTimeout === true;
  }
}

/** What narrows down who may get a call. */
export interface Errand {
  /** All calls of a procedure with the same key go to the same callee. Default: its policy decides. */
  readonly shard?: string | undefined;
  /** More parts of its arguments follow. Default false. */
  readonly progressive?: boolean | undefined;
  /** The payload is the business of caller and callee alone. */
  readonly passthru?: Passthru | undefined;
}

/** A further part of a call's arguments [WAMP AP Progressive Call Invocations]. */
export interface CallPart {
  readonly payload: Payload;
  /** More parts follow. */
  readonly progressive: boolean;
}

/** A procedure, or a pattern of procedures, and the callees that share it, in the order of their registration. */
export class Procedure implements ProcedureView {
  /** Who may be called, the oldest first. */
  readonly registrations: Registration[] = [];
  /** session, as others see it → its shares, those of its parts too; in the order in which they came */
  readonly #shares = new Map<number, number>();
  /** The place of the next callee in turn, for `roundrobin`. */
  #next = 0;

  constructor(
    /** Router-scope id [WAMP BP IDs]. */
    readonly id: number,
    readonly pattern: Pattern,
    /** As the first callee wanted it; the others want the same. */
    readonly policy: InvocationPolicy,
    /** A number that nobody can foresee, for `random`. */
    private readonly random: () => number,
    /** When it was made, in ms since the Unix epoch. */
    readonly since: number,
  ) {}

  /** See `ProcedureView`. */
  get callees(): readonly number[] {
    return [...this.#shares.keys()];
  }

  /** See `ProcedureView`. */
  isOfferedBy(session: number): boolean {
    return this.#shares.has(session);
  }

  add(registration: Registration): void {
    this.registrations.push(registration);
    const { shown } = registration.callee.entry;
    this.#shares.set(shown, (this.#shares.get(shown) ?? 0) + 1);
  }

  /** Takes a callee out; true if it was the last one. */
  remove(registration: Registration): boolean {
    const at = this.registrations.indexOf(registration);
    if (at >= 0) {
      this.registrations.splice(at, 1);
      const { shown } = registration.callee.entry;
      const left = (this.#shares.get(shown) ?? 0) - 1;
      if (left > 0) this.#shares.set(shown, left);
      else this.#shares.delete(shown);
      // Whose turn it is does not change: it moves up with the others.
      if (at < this.#next) this.#next -= 1;
    }
    return this.registrations.length === 0;
  }

  /**
   * The callee for a call; undefined if none is free. Who has as many calls as it takes, or as any callee may have (`most`),
   * is passed over [WAMP AP Shared Registration], and so is who lacks what the call needs.
   *
   * @param tried callees that have said that they cannot take it.
   */
  pick(errand: Errand, most: number, tried?: ReadonlySet<Registration>): Registration | undefined {
    const { registrations, policy } = this;
    if (registrations.length === 1 || errand.shard !== undefined) {
      const only = errand.shard === undefined ? registrations[0] : shardOf(registrations, errand.shard);
      return only !== undefined && fits(only, errand, most, tried) ? only : undefined;
    }
    if (policy === 'random')
      return this.#anyOf(registrations.filter((each) => fits(each, errand, most, tried)));
    const count = registrations.length;
    const start = policy === 'roundrobin' ? this.#next : 0;
    for (let step = 0; step < count; step += 1) {
      const at = policy === 'last' ? count - 1 - step : (start + step) % count;
      if (!fits(registrations[at]!, errand, most, tried)) continue;
      if (policy === 'roundrobin') this.#next = at + 1;
      return registrations[at];
    }
    return undefined;
  }

  /** Whether any callee has what a call needs, free or not. */
  serves(errand: Errand): boolean {
    return this.registrations.some((each) => isAble(each, errand));
  }

  #anyOf(free: readonly Registration[]): Registration | undefined {
    return free[this.random() % free.length];
  }
}

function fits(
  registration: Registration,
  errand: Errand,
  most: number,
  tried: ReadonlySet<Registration> | undefined,
): boolean {
  const { callee, open, concurrency } = registration;
  if (open >= concurrency || callee.invocations.size >= most || callee.detached) return false;
  return isAble(registration, errand) && tried?.has(registration) !== true;
}

/** Whether a callee has what a call needs. */
function isAble({ callee }: Registration, { progressive, passthru }: Errand): boolean {
  if (progressive !== true && passthru === undefined) return true;
  const { callCanceling, progressiveInvocations, passthruCalls } = callee.features;
  // Whoever is sent arguments in parts must understand that no more will come.
  const takesParts = progressiveInvocations === true && callCanceling;
  return (progressive !== true || takesParts) && (passthru === undefined || unpacks(passthruCalls, passthru));
}

/**
 * The callee that has a key: the one whose session and the key have the highest hash together, so that a callee that comes or
 * goes moves no more keys than its own.
 */
function shardOf(registrations: readonly Registration[], key: string): Registration | undefined {
  let best: Registration | undefined;
  let highest = -1;
  for (const registration of registrations) {
    const affinity = affinityOf(registration.callee.origin.session, key);
    if (affinity <= highest) continue;
    highest = affinity;
    best = registration;
  }
  return best;
}

/** One call, as its callee sees it. */
export interface Invocation {
  readonly registration: Registration;
  readonly procedure: string;
  readonly payload: Payload;
  readonly headers: Headers | undefined;
  /** Who calls, if the callee may know. */
  readonly caller: Identity | undefined;
  readonly origin: Origin;
  /** The callee may answer with progressive results. */
  readonly receiveProgress: boolean;
  /** ms until an answer is due. */
  readonly timeoutMs: number;
  /** What the callee has to watch over itself, in ms; undefined if the dealer does [WAMP AP Call Timeouts]. */
  readonly forwardedTimeoutMs: number | undefined;
  /** More parts of its arguments follow. */
  readonly progressive: boolean;
  /** How much the authorizer trusts the caller [WAMP AP Call Trust Levels]. */
  readonly trustlevel: number | undefined;
  readonly passthru: Passthru | undefined;
  /** Whether the caller has had its final answer, or left. What the callee still says is then ignored. */
  readonly ended: boolean;
  /** What the callee's endpoint knows it by: set by that endpoint, and read by nobody else. Default undefined. */
  mark: unknown;
}

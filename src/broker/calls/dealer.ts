import type { Clock, CoarseTimers, SmallMap, SmallSet } from '../../lib/index.js';
import { isReserved } from '../address.js';
import type { Pattern } from '../address.js';
import type { Caller, CallCommand } from './calls.js';
import { Call, Calls, NO_CALLEE, sizeOfCall } from './calls.js';
import type { Refusal } from '../errors.js';
import type { Holdings } from '../limit-faults.js';
import { callFault, registrationFault } from '../limit-faults.js';
import type { BrokerLimits } from '../limits.js';
import type { Observers } from '../sessions/observers.js';
import type { Outcome } from '../outcome.js';
import { RouterCallee } from './router-callee.js';
import type { Principal } from '../ports/authenticator.js';
import type { Decision } from '../ports/authorizer.js';
import type { CancelMode } from '../ports/endpoint.js';
import type { Instrumentation } from '../ports/instrumentation.js';
import type { Callee, CallPart, RegisterCommand } from './registrations.js';
import { Procedure, Registration } from './registrations.js';
import type { Request } from '../request.js';
import type { SessionEntry } from '../sessions/session-entry.js';
import { TopicIndex } from '../topic-index.js';

/** Who registers and calls: an attachment. */
export interface Party extends Caller, Callee, Holdings {
  readonly entry: Callee['entry'] & Pick<SessionEntry, 'unlisted'>;
  readonly registrations: SmallSet<Registration>;
  readonly calls: SmallMap<Request, Call>;
  patternRegistrations: number;
  callBytes: number;
}

/** What a dealer is made of. */
export interface DealerParts {
  readonly limits: BrokerLimits;
  readonly clock: Clock;
  readonly instrumentation: Instrumentation;
  readonly observers: Observers;
  readonly timers: CoarseTimers;
  /** Carries a change out in a run of the broker. */
  readonly run: (change: () => void) => void;
  /** An id of router scope [WAMP BP IDs]. */
  readonly nextId: () => number;
  /** A number that nobody can foresee. */
  readonly random: () => number;
}

/** The procedures of one realm and the calls of them: the commands of attachments, once they are admitted. */
export class Dealer {
  /** Shares of callees in procedures. */
  registrations = 0;
  /** New calls are refused, but for the router's own. */
  draining = false;
  /** What the router answers itself. */
  readonly router: RouterCallee;
  readonly #procedures = new TopicIndex<Procedure>();
  /** id → procedure, in the order in which they came */
  readonly #byId = new Map<number, Procedure>();
  readonly #calls: Calls;

  constructor(private readonly parts: DealerParts) {
    const { timers, limits, run, instrumentation } = parts;
    this.#calls = new Calls(timers, limits, run);
    this.router = new RouterCallee({
      instrumentation,
      answer: (by, call, outcome) => run(() => this.#answer(by, call, outcome)),
    });
  }

  /** All that is registered, in the order in which it came. */
  all(): Iterable<Procedure> {
    return this.#byId.values();
  }

  ofId(id: number): Procedure | undefined {
    return this.#byId.get(id);
  }

  /** What is registered with this very pattern. */
  get(pattern: Pattern): Procedure | undefined {
    return this.#procedures.get(pattern);
  }

  /** Where a call would go; what belongs to the router goes to no registration, whatever its pattern. */
  bestMatch(uri: string): Procedure | undefined {
    return isReserved(uri) ? undefined : this.#procedures.bestMatch(uri);
  }

  /** Calls without their final answer. */
  get calls(): number {
    return this.#calls.open;
  }

  /** Offers a procedure, alone or as one of those that share it [WAMP AP Shared Registration]. */
  register(by: Party, request: Request, command: RegisterCommand, mayTakeOver: boolean): void {
    this.parts.run(() => {
      if (by.detached) return;
      const { pattern, policy = 'single', takeOver = false } = command;
      const known = this.#procedures.get(pattern);
      const fault =
        registrationFault(this.parts.limits, by, pattern) ??
        (known === undefined ? undefined : conflictOf(known, by, command, mayTakeOver));
      if (fault !== undefined) {
        by.answer(request, { kind: 'refused', ...fault });
        return;
      }
      const lost = known !== undefined && takeOver ? [...known.registrations] : [];
      for (const registration of lost) this.#remove(registration);
      const registration = new Registration(this.#procedureOf(pattern, policy), by, command);
      this.#add(registration, by);
      by.answer(request, { kind: 'registered', registration });
      for (const each of lost) each.callee.revoked(each, TAKEN_OVER);
    });
  }

  /** Withdraws a registration; calls in progress may still be answered. Refused if it is over, or another's, or none. */
  unregister(by: Party, request: Request, registration: Registration | undefined): void {
    this.parts.run(() => {
      if (by.detached) return;
      if (registration === undefined || registration.callee !== by || !registration.active) {
        by.answer(request, { kind: 'refused', ...NO_SUCH_REGISTRATION });
        return;
      }
      this.#remove(registration);
      by.answer(request, { kind: 'unregistered' });
    });
  }

  /** Takes a registration from its callee, who is told why [WAMP AP Registration Revocation]. Within a run. */
  revoke(registration: Registration, why: Refusal): void {
    if (!registration.active) return;
    this.#remove(registration);
    registration.callee.revoked(registration, why);
  }

  /** Finds a callee for a call and hands it over. */
  call(from: Party, request: Request, command: CallCommand, decision: Decision): void {
    this.parts.run(() => {
      if (from.detached) return;
      const call = this.#callOf(from, request, command, decision);
      if (call instanceof Call) this.#calls.start(call);
      else from.answer(request, { kind: 'refused', ...call });
    });
  }

  /** A further part of a call's arguments; passed over if the call waits for none. */
  more(from: Party, request: Request, part: CallPart): void {
    this.parts.run(() => {
      const call = from.calls.get(request);
      if (call !== undefined) this.#calls.more(call, part);
    });
  }

  /** Ends a call on the broker's own behalf. */
  stop(from: Party, request: Request, why: Refusal): void {
    this.parts.run(() => {
      const call = from.calls.get(request);
      if (call !== undefined) this.#calls.stop(call, why);
    });
  }

  /** The caller gives a call up; a request that is not waiting is passed over. */
  cancel(from: Party, request: Request, mode: CancelMode): void {
    this.parts.run(() => {
      const call = from.calls.get(request);
      if (call !== undefined) this.#calls.cancel(call, mode);
    });
  }

  /** What somebody says to a call; ignored if it is too late, or the call is another callee's. */
  answer(by: Party, call: Call, outcome: Outcome): void {
    this.parts.run(() => this.#answer(by, call, outcome));
  }

  /** Removes all that somebody who has left held; the other sides of open calls are told. Within a run. */
  leave(party: Party): void {
    for (const registration of party.registrations) this.#remove(registration);
    for (const invocation of party.invocations)
      if (invocation instanceof Call) this.#calls.calleeGone(invocation);
    for (const call of party.calls.values()) this.#calls.callerGone(call);
  }

  #callOf(from: Party, request: Request, command: CallCommand, decision: Decision): Call | Refusal {
    const { limits } = this.parts;
    const { procedure } = command;
    const found = isReserved(procedure) ? this.router.find(command) : this.#procedures.bestMatch(procedure);
    if (found === undefined) return NO_SUCH_PROCEDURE;
    // The router's own clients ask a procedure who may do what: others still end what they had begun.
    const isTooLate = this.draining && !from.entry.unlisted;
    const fault = isTooLate ? SHUTTING_DOWN : callFault(limits, from, sizeOfCall(command));
    if (fault !== undefined) return fault;
    const registration = found instanceof Procedure ? this.#calleeOf(found, command) : found;
    if (!(registration instanceof Registration)) return registration;
    const timeoutMs = Math.min(command.timeoutMs ?? limits.callTimeoutMs, limits.maxCallTimeoutMs);
    const mayDisclose = decision.disclose !== false;
    const { trustlevel } = decision;
    return new Call(from, request, registration, command, { mayDisclose, timeoutMs, trustlevel });
  }

  #calleeOf(procedure: Procedure, command: CallCommand): Registration | Refusal {
    const picked = procedure.pick(command, this.parts.limits.callsPerCallee);
    return picked ?? (procedure.serves(command) ? NO_CALLEE : FEATURE_MISSING);
  }

  #procedureOf(pattern: RegisterCommand['pattern'], policy: Procedure['policy']): Procedure {
    const known = this.#procedures.get(pattern);
    if (known !== undefined) return known;
    const { nextId, random, clock } = this.parts;
    const procedure = new Procedure(nextId(), pattern, policy, random, clock.wallTime());
    this.#procedures.set(pattern, procedure);
    this.#byId.set(procedure.id, procedure);
    return procedure;
  }

  #add(registration: Registration, by: Party): void {
    const { procedure, pattern } = registration;
    procedure.add(registration);
    by.registrations.add(registration);
    if (pattern.match !== 'exact') by.patternRegistrations += 1;
    this.registrations += 1;
    if (!this.#isTold(registration)) return;
    const { observers } = this.parts;
    const { shown } = by.entry;
    if (procedure.registrations.length === 1) observers.tell('procedureCreated', shown, procedure);
    observers.tell('registered', shown, procedure);
  }

  #remove(registration: Registration): void {
    if (!registration.active) return;
    const { procedure, callee, pattern } = registration;
    registration.active = false;
    const isOver = procedure.remove(registration);
    if (isOver) {
      this.#procedures.delete(pattern);
      this.#byId.delete(procedure.id);
    }
    callee.registrations.delete(registration);
    if (pattern.match !== 'exact') callee.patternRegistrations -= 1;
    this.registrations -= 1;
    if (!this.#isTold(registration)) return;
    const { observers } = this.parts;
    const { shown } = callee.entry;
    observers.tell('unregistered', shown, procedure);
    if (isOver) observers.tell('procedureDeleted', shown, procedure);
  }

  /** Whether those who watch are told that a callee has come or gone: not of a second share of the same session. */
  #isTold({ callee: { entry }, procedure: { registrations } }: Registration): boolean {
    if (entry.quiet || !this.parts.observers.any) return false;
    return (
      entry.within === undefined ||
      !registrations.some(({ callee }) => callee.entry !== entry && callee.entry.shown === entry.shown)
    );
  }

  #answer(by: Callee, call: Call, outcome: Outcome): void {
    if (call.registration.callee === by) this.#calls.answer(call, outcome);
  }
}

/** Why a callee may not join those that hold a procedure, or take it from them, if so. */
function conflictOf(
  known: Procedure,
  by: Party,
  { policy = 'single', takeOver = false }: RegisterCommand,
  mayTakeOver: boolean,
): Refusal | undefined {
  if (takeOver) return mayTakeOver || isOwn(known, by.origin.principal) ? undefined : NOT_TO_TAKE;
  if (known.policy !== policy) {
    const reason = `The procedure is registered already, with the policy ${known.policy}, not ${policy}.`;
    return { code: 'policy_mismatch', reason };
  }
  const isHeld = known.registrations.some(({ callee }) => callee === by);
  return policy === 'single' || isHeld ? PROCEDURE_EXISTS : undefined;
}

/** Whether all who hold a procedure are that principal, in other sessions: those that it has lost without a word, most likely. */
function isOwn({ registrations }: Procedure, principal: Principal): boolean {
  const { authid, authrole, authmethod, authprovider } = principal;
  if (authmethod === 'anonymous') return false;
  return registrations.every(({ callee: { origin } }) => {
    const other = origin.principal;
    const isSameName = other.authid === authid && other.authrole === authrole;
    return isSameName && other.authmethod === authmethod && other.authprovider === authprovider;
  });
}

const SHUTTING_DOWN: Refusal = { code: 'unavailable', reason: 'The server is shutting down.' };
const PROCEDURE_EXISTS: Refusal = {
  code: 'procedure_exists',
  reason: 'The procedure is registered already.',
};
const NOT_TO_TAKE: Refusal = {
  code: 'not_authorized',
  reason: 'Not authorized to take the procedure from its callee.',
};
const TAKEN_OVER: Refusal = { code: 'taken_over', reason: 'Another session has taken the procedure over.' };
const FEATURE_MISSING: Refusal = {
  code: 'feature_missing',
  reason: 'The callee lacks a feature that the call needs.',
};
const NO_SUCH_REGISTRATION: Refusal = {
  code: 'no_such_registration',
  reason: 'This session holds no such registration.',
};
const NO_SUCH_PROCEDURE: Refusal = { code: 'no_such_procedure', reason: 'No such procedure.' };

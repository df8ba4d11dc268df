import type { CoarseTimers, SmallMap, Timer } from '../../lib/index.js';
import type { Refusal } from '../errors.js';
import type { BrokerLimits } from '../limits.js';
import type { Outcome } from '../outcome.js';
import type { Passthru } from '../passthru.js';
import { unpacks } from '../passthru.js';
import type { Headers, Payload } from '../payload.js';
import { sizeOfHeaders } from '../payload.js';
import type { CancelMode } from '../ports/endpoint.js';
import type { Identity, Origin } from '../publication.js';
import type {
  CallPart,
  EndpointFeatures,
  Errand,
  Invocation,
  Procedure,
  Registration,
} from './registrations.js';
import type { Request } from '../request.js';
import { workVerdictOf } from './work-verdict.js';

/** What a caller asks for. */
export interface CallCommand extends Errand {
  readonly procedure: string;
  readonly payload: Payload;
  readonly headers?: Headers | undefined;
  /** How long to wait for the answer, or between two progressive ones, in ms; bounded by the limits. */
  readonly timeoutMs?: number | undefined;
  /** The caller takes progressive results. Default false. */
  readonly receiveProgress?: boolean;
  /** Tell the callee who calls. Default false. */
  readonly disclose?: boolean;
}

/** What a callee answers with. */
export interface Answer {
  readonly payload: Payload;
  readonly headers?: Headers | undefined;
  readonly passthru?: Passthru | undefined;
}

/** A caller as the dealer sees it. */
export interface Caller {
  readonly origin: Origin;
  readonly identity: Identity;
  readonly features: EndpointFeatures;
  readonly detached: boolean;
  /** request → the call that it waits for */
  readonly calls: SmallMap<Request, Call>;
  /** Bytes of payloads and headers in those calls. */
  callBytes: number;
  /** Passed over once the caller has left. */
  answer(request: Request, outcome: Outcome): void;
}

/** What the broker has decided about a call. */
export interface CallTerms {
  /** Callees may be told who calls. */
  readonly mayDisclose: boolean;
  readonly timeoutMs: number;
  readonly trustlevel: number | undefined;
}

/** The broker's record of one call, until its one final answer. */
export class Call implements Invocation {
  ended = false;
  mark: unknown = undefined;
  /** The caller asked to cancel with `kill`: the callee's answer is still awaited. */
  canceling = false;
  /** The deadline of the next answer. */
  timer: Timer | undefined;
  /** Callees that have said that they cannot take it. */
  tried: Set<Registration> | undefined;
  /** A part of the result was told, or a second one of the arguments: the call stays where it is. */
  begun = false;
  /** More parts of its arguments follow. */
  progressive: boolean;
  /** Bytes of payload and headers. */
  readonly size: number;
  readonly timeoutMs: number;
  readonly trustlevel: number | undefined;
  /** Whether callees may be told who calls. */
  private readonly mayDisclose: boolean;

  constructor(
    readonly from: Caller,
    readonly request: Request,
    /** Whose it is now. */
    public registration: Registration,
    readonly command: CallCommand,
    { mayDisclose, timeoutMs, trustlevel }: CallTerms,
  ) {
    this.size = sizeOfCall(command);
    this.mayDisclose = mayDisclose;
    this.timeoutMs = timeoutMs;
    this.trustlevel = trustlevel;
    this.progressive = command.progressive === true;
  }

  get caller(): Identity | undefined {
    const asked = this.command.disclose === true || this.registration.discloseCaller;
    return asked && this.mayDisclose ? this.from.identity : undefined;
  }

  get origin(): Origin {
    return this.from.origin;
  }

  get procedure(): string {
    return this.command.procedure;
  }

  get payload(): Payload {
    return this.command.payload;
  }

  get headers(): Headers | undefined {
    return this.command.headers;
  }

  get receiveProgress(): boolean {
    return this.command.receiveProgress === true && this.registration.callee.features.progressiveResults;
  }

  get forwardedTimeoutMs(): number | undefined {
    const { forwardTimeout, callee } = this.registration;
    if (!forwardTimeout || callee.features.callTimeout !== true) return undefined;
    return this.command.timeoutMs === undefined ? undefined : this.timeoutMs;
  }

  get passthru(): Passthru | undefined {
    return this.command.passthru;
  }

  /** Whether it can still be given to somebody else: nothing of its work has been seen, and somebody waits for it. */
  get movable(): boolean {
    return !this.begun && !this.canceling;
  }
}

/** Bytes of payload and headers. */
export function sizeOfCall({ payload, headers }: CallCommand): number {
  return payload.size + sizeOfHeaders(headers);
}

/**
 * The life of a call: each gets exactly one final outcome, whichever of answer, cancel, deadline, caller's and callee's loss
 * comes first. The record is closed before anybody is told, so that whatever races it finds nothing left to do.
 */
export class Calls {
  /** Calls without their final answer. */
  open = 0;

  constructor(
    private readonly timers: CoarseTimers,
    private readonly limits: BrokerLimits,
    private readonly run: (change: () => void) => void,
  ) {}

  /** Records a call and hands it to its callee. */
  start(call: Call): void {
    this.open += 1;
    call.from.calls.set(call.request, call);
    call.from.callBytes += call.size;
    this.#arm(call);
    give(call);
  }

  /** The callee's answer; `progress` keeps the call open [WAMP AP Progressive Call Results]. */
  answer(call: Call, outcome: Outcome): void {
    if (call.ended) return;
    const isUnreadable = isOpaque(outcome, call.from.features);
    if (outcome.kind === 'progress') {
      // A progressive result that nobody asked for, or can read, is dropped: the final one is still to come.
      if (!call.receiveProgress || isUnreadable) return;
      call.begun = true;
      this.#arm(call);
      call.from.answer(call.request, outcome);
      return;
    }
    if (isUnreadable) this.#finish(call, { kind: 'refused', ...UNREADABLE });
    else if (isNotTaken(call, outcome) && call.movable) this.#move(call);
    else this.#finish(call, outcome);
  }

  /** A further part of the arguments; whoever has given the call up sends none [WAMP AP Progressive Call Invocations]. */
  more(call: Call, part: CallPart): void {
    if (call.ended || call.canceling || !call.progressive) return;
    call.begun = true;
    call.progressive = part.progressive;
    this.#arm(call);
    call.registration.callee.invokeMore(call, part);
  }

  /** Ends a call on the broker's own behalf; both sides are told. */
  stop(call: Call, why: Refusal): void {
    if (call.ended) return;
    this.#end(call);
    call.registration.callee.interrupt(call, 'killnowait', why);
    call.from.answer(call.request, { kind: 'refused', ...why });
  }

  /** The caller gives up [WAMP AP Call Canceling]. */
  cancel(call: Call, mode: CancelMode): void {
    if (call.ended || call.canceling) return;
    const { callee } = call.registration;
    // A callee that cannot be interrupted gets no INTERRUPT, whatever mode was asked for.
    const effective = callee.features.callCanceling ? mode : 'skip';
    if (effective === 'kill') {
      call.canceling = true;
      callee.interrupt(call, 'kill', CANCELED);
      return;
    }
    this.#end(call);
    if (effective === 'killnowait') callee.interrupt(call, 'killnowait', CANCELED);
    call.from.answer(call.request, { kind: 'refused', ...CANCELED });
  }

  /** The caller is gone: nobody waits for the answer any more [WAMP BP Caller Leaving]. */
  callerGone(call: Call): void {
    if (call.ended) return;
    this.#end(call);
    call.registration.callee.interrupt(call, 'killnowait', CALLER_GONE);
  }

  /** The callee is gone: the caller is told at once [WAMP BP Callee Leaving]. */
  calleeGone(call: Call): void {
    if (!call.ended) this.#finish(call, { kind: 'refused', ...CALLEE_GONE });
  }

  /**
   * Gives the call to a callee that has not been asked [WAMP AP Call Re-Routing]; its time goes on. If there is none, the
   * caller is told so.
   */
  #move(call: Call): void {
    (call.tried ??= new Set()).add(call.registration);
    const { command, registration, tried } = call;
    const isSharded = command.shard !== undefined;
    const next = isSharded
      ? undefined
      : registration.procedure.pick(command, this.limits.callsPerCallee, tried);
    if (next === undefined) {
      this.#finish(call, { kind: 'refused', ...NO_CALLEE });
      return;
    }
    const { forwardedTimeoutMs } = call;
    take(call);
    call.mark = undefined;
    call.registration = next;
    // Whoever watches over the time of one callee need not do so for the next.
    if (call.forwardedTimeoutMs !== forwardedTimeoutMs) this.#arm(call);
    give(call);
  }

  #arm(call: Call): void {
    call.timer?.cancel();
    // A callee that watches over the time itself is not trusted to do so for ever.
    const ms = call.forwardedTimeoutMs === undefined ? call.timeoutMs : this.limits.maxCallTimeoutMs;
    call.timer = this.timers.schedule(ms, () => this.run(() => this.stop(call, TIMED_OUT)));
  }

  #finish(call: Call, outcome: Outcome): void {
    this.#end(call);
    call.from.answer(call.request, outcome);
  }

  #end(call: Call): void {
    call.ended = true;
    call.timer?.cancel();
    call.timer = undefined;
    call.from.calls.delete(call.request);
    call.from.callBytes -= call.size;
    take(call);
    this.open -= 1;
  }
}

/** A call is its callee's now. */
function give(call: Call): void {
  const { registration } = call;
  registration.open += 1;
  registration.callee.invocations.add(call);
  registration.callee.invoke(call);
}

/** A call is its callee's no more. */
function take(call: Call): void {
  const { registration } = call;
  registration.open -= 1;
  registration.callee.invocations.delete(call);
}

/** Whether an answer is packed, in a way that its caller has not said to understand. */
function isOpaque(outcome: Outcome, { passthruResults }: EndpointFeatures): boolean {
  const { kind } = outcome;
  if (kind !== 'result' && kind !== 'progress' && kind !== 'failed') return false;
  return outcome.passthru !== undefined && !unpacks(passthruResults, outcome.passthru);
}

/** Whether an answer says that the call was not begun, and that this is to be more than the caller's business. */
function isNotTaken({ registration }: Call, outcome: Outcome): boolean {
  if (outcome.kind === 'refused') return outcome.code === 'callee_unavailable';
  if (outcome.kind !== 'failed' || workVerdictOf(outcome.error) !== 'not_taken') return false;
  const { callReroute } = registration.callee.features;
  return callReroute === 'always' || (callReroute === 'shared' && isShared(registration.procedure));
}

function isShared({ policy }: Procedure): boolean {
  return policy !== 'single';
}

/** The refusal of a call that no callee takes. */
export const NO_CALLEE: Refusal = {
  code: 'callee_unavailable',
  reason: 'No callee can take the call now.',
};
const UNREADABLE: Refusal = {
  code: 'feature_missing',
  reason: 'The result is packed in a way that the caller has not announced.',
};
const CANCELED: Refusal = { code: 'canceled', reason: 'The call was canceled.' };
const CALLER_GONE: Refusal = { code: 'canceled', reason: 'The caller has left.' };
const CALLEE_GONE: Refusal = { code: 'callee_gone', reason: 'The callee left before it answered.' };
const TIMED_OUT: Refusal = { code: 'timeout', reason: 'The callee did not answer in time.' };

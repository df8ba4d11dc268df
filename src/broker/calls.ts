import type { CoarseTimers, Timer } from '../lib/index.js';
import type { Refusal } from './errors.js';
import type { Outcome } from './outcome.js';
import type { Headers, Payload } from './payload.js';
import { sizeOfHeaders } from './payload.js';
import type { CancelMode } from './ports/endpoint.js';
import type { Identity, Origin } from './publication.js';
import type { Invocation, Registration } from './registrations.js';
import type { Request } from './request.js';

/** What a caller asks for. */
export interface CallCommand {
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
}

/** A caller as the dealer sees it. */
export interface Caller {
  readonly origin: Origin;
  readonly detached: boolean;
  /** request → the call that it waits for */
  readonly calls: Map<Request, Call>;
  /** Bytes of payloads and headers in those calls. */
  callBytes: number;
  /** Passed over once the caller has left. */
  answer(request: Request, outcome: Outcome): void;
}

/** The broker's record of one call, until its one final answer. */
export class Call implements Invocation {
  ended = false;
  /** The caller asked to cancel with `kill`: the callee's answer is still awaited. */
  canceling = false;
  /** The deadline of the next answer. */
  timer: Timer | undefined;
  /** Bytes of payload and headers. */
  readonly size: number;

  constructor(
    readonly from: Caller,
    readonly request: Request,
    readonly registration: Registration,
    readonly caller: Identity | undefined,
    readonly timeoutMs: number,
    private readonly command: CallCommand,
  ) {
    this.size = command.payload.size + sizeOfHeaders(command.headers);
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
    private readonly run: (change: () => void) => void,
  ) {}

  /** Records a call and hands it to its callee. */
  start(call: Call): void {
    this.open += 1;
    call.from.calls.set(call.request, call);
    call.from.callBytes += call.size;
    call.registration.callee.invocations.add(call);
    this.#arm(call);
    call.registration.callee.invoke(call);
  }

  /** The callee's answer; `progress` keeps the call open [WAMP AP Progressive Call Results]. */
  answer(call: Call, outcome: Outcome): void {
    if (call.ended) return;
    if (outcome.kind === 'progress') {
      // A progressive result that nobody asked for is dropped: the final one is still to come.
      if (!call.receiveProgress) return;
      this.#arm(call);
      call.from.answer(call.request, outcome);
      return;
    }
    this.#end(call);
    call.from.answer(call.request, outcome);
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
    if (call.ended) return;
    this.#end(call);
    call.from.answer(call.request, { kind: 'refused', ...CALLEE_GONE });
  }

  #expired(call: Call): void {
    if (call.ended) return;
    this.#end(call);
    call.registration.callee.interrupt(call, 'killnowait', TIMED_OUT);
    call.from.answer(call.request, { kind: 'refused', ...TIMED_OUT });
  }

  #arm(call: Call): void {
    call.timer?.cancel();
    call.timer = this.timers.schedule(call.timeoutMs, () => this.run(() => this.#expired(call)));
  }

  #end(call: Call): void {
    call.ended = true;
    call.timer?.cancel();
    call.timer = undefined;
    call.from.calls.delete(call.request);
    call.from.callBytes -= call.size;
    call.registration.callee.invocations.delete(call);
    this.open -= 1;
  }
}

const CANCELED: Refusal = { code: 'canceled', reason: 'The call was canceled.' };
const CALLER_GONE: Refusal = { code: 'canceled', reason: 'The caller has left.' };
const CALLEE_GONE: Refusal = { code: 'callee_gone', reason: 'The callee left before it answered.' };
const TIMED_OUT: Refusal = { code: 'timeout', reason: 'The callee did not answer in time.' };

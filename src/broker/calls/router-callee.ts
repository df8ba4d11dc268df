import { SmallSet } from '../../lib/index.js';
import { isReserved } from '../address.js';
import type { Call, CallCommand, Caller } from './calls.js';
import type { Refusal } from '../errors.js';
import type { Outcome } from '../outcome.js';
import { Payload } from '../payload.js';
import type { Instrumentation } from '../ports/instrumentation.js';
import type { Callee, Invocation } from './registrations.js';
import { Procedure, Registration } from './registrations.js';

/** What the router answers: a result, an error with a URI as a callee would give it, or a refusal of the broker's own. */
export type RouterAnswer =
  | {
      readonly kind: 'result';
      readonly args: readonly unknown[];
      readonly kwargs?: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'failed'; readonly error: string; readonly args?: readonly unknown[] }
  | ({ readonly kind: 'refused' } & Refusal);

/** The arguments of an event of the router's own, or what makes them if somebody may hear it. */
export type Announced = readonly unknown[] | (() => readonly unknown[]);

/** A call of a procedure that the router answers itself. */
export interface OwnCall {
  readonly caller: Caller;
  readonly procedure: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** Nobody waits for the answer any more: it was cancelled, took too long, or the caller has left. */
  readonly isOver: boolean;
}

/** Answers calls, now or later. */
export type OwnProcedure = (call: OwnCall) => RouterAnswer | Promise<RouterAnswer>;

/** What the router's own procedures are answered through. */
export interface RouterCalleeParts {
  readonly instrumentation: Instrumentation;
  /** The answer to a call. */
  readonly answer: (by: Callee, call: Call, outcome: Outcome) => void;
}

/**
 * The router as a callee: it answers what is called under `wamp.` itself. It is nobody's session, and its procedures are no
 * registrations; its calls are calls like all others, with their limits, time-outs and one final answer.
 */
export class RouterCallee implements Callee {
  readonly origin: Callee['origin'] = ROUTER_ORIGIN;
  readonly entry: Callee['entry'] = { shown: 0, quiet: true, within: undefined };
  readonly detached = false;
  readonly features: Callee['features'] = { callCanceling: false, progressiveResults: false };
  readonly registrations = new SmallSet<Registration>();
  readonly patternRegistrations = 0;
  readonly invocations = new SmallSet<Invocation>();
  /** URI → the procedure, and what answers it */
  readonly #known = new Map<string, { readonly registration: Registration; readonly answer: OwnProcedure }>();

  constructor(private readonly parts: RouterCalleeParts) {}

  /** @throws Error if the URI is not the router's, or is provided already. */
  provide(uri: string, answer: OwnProcedure): void {
    if (!isReserved(uri)) throw new Error(`${uri} is not under wamp.`);
    if (this.#known.has(uri)) throw new Error(`${uri} is provided already.`);
    const pattern = { match: 'exact', text: uri } as const;
    const procedure = new Procedure(0, pattern, 'single', () => 0, 0);
    this.#known.set(uri, { registration: new Registration(procedure, this, {}), answer });
  }

  /** What answers a call, if anything does; a refusal if the call needs what the router does not do. */
  find({ procedure, progressive, passthru, shard }: CallCommand): Registration | Refusal | undefined {
    const known = this.#known.get(procedure);
    if (known === undefined) return undefined;
    const isPlain = progressive !== true && passthru === undefined && shard === undefined;
    return isPlain ? known.registration : TOO_MUCH;
  }

  invoke(invocation: Invocation): void {
    // Every invocation is a call.
    const call = invocation as Call;
    const known = this.#known.get(call.procedure);
    if (known === undefined) return;
    const values = readValues(call.payload);
    if (values === undefined) {
      this.#tell(call, UNREADABLE);
      return;
    }
    try {
      const answer = known.answer({
        caller: call.from,
        procedure: call.procedure,
        ...values,
        get isOver(): boolean {
          return call.ended;
        },
      });
      if (!(answer instanceof Promise)) this.#tell(call, answer);
      else
        answer.then((later) => this.#tell(call, later)).catch((error: unknown) => this.#failed(call, error));
    } catch (error) {
      this.#failed(call, error);
    }
  }

  /** Never called: the router has not said that it takes parts. */
  invokeMore(): void {}

  /** Never told: the router has not said that it can be interrupted. What comes too late is ignored. */
  interrupt(): void {}

  /** Nobody takes a procedure of the router's. */
  revoked(): void {}

  #tell(call: Call, answer: RouterAnswer): void {
    this.parts.answer(this, call, outcomeOf(answer));
  }

  #failed(call: Call, error: unknown): void {
    this.parts.instrumentation.defect('router.procedure', error);
    this.parts.answer(this, call, FAILED);
  }
}

function readValues(payload: Payload): Pick<OwnCall, 'args' | 'kwargs'> | undefined {
  try {
    return payload.values();
  } catch {
    return undefined;
  }
}

function outcomeOf(answer: RouterAnswer): Outcome {
  switch (answer.kind) {
    case 'result':
      return { kind: 'result', payload: Payload.ofValues(answer.args, answer.kwargs), headers: undefined };
    case 'failed':
      return {
        kind: 'failed',
        error: answer.error,
        payload: Payload.ofValues(answer.args),
        headers: undefined,
      };
    default:
      return answer;
  }
}

/** Where that comes from which the router says itself. No client has the session 0. */
export const ROUTER_ORIGIN: Callee['origin'] = Object.freeze({
  protocol: 'router',
  session: 0,
  principal: Object.freeze({
    authid: 'router',
    authrole: 'router',
    authmethod: 'internal',
    authprovider: 'router',
  }),
});

const TOO_MUCH: Refusal = {
  code: 'feature_missing',
  reason: 'The router takes neither arguments in parts, nor packed ones, nor a choice among callees.',
};
const UNREADABLE: RouterAnswer = {
  kind: 'failed',
  error: 'wamp.error.invalid_argument',
  args: ['The arguments cannot be read.'],
};
const FAILED: Outcome = { kind: 'refused', code: 'internal', reason: 'The procedure failed.' };

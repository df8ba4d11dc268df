import type {
  Attachment,
  Broker,
  Consumer,
  Delivery,
  Endpoint,
  EndpointFeatures,
  Eviction,
  Invocation,
  Outcome,
  Principal,
  Publication,
  Refusal,
  Registration,
  Request,
  Subscription,
} from '../../broker/index.js';
import type { Clock } from '../../lib/index.js';
import { ERROR_URIS } from '../../subprotocols/index.js';
import type { FailedOutcome } from './errors.js';
import { MangroveError, closedError, errorOfOutcome } from './errors.js';

/** What a command came to, if it did not fail. */
export type Success = Exclude<Outcome, FailedOutcome | { readonly kind: 'progress' }>;

/** Hears of one command's outcome. */
export interface Settler {
  readonly progress?: ((outcome: Extract<Outcome, { readonly kind: 'progress' }>) => void) | undefined;
  readonly resolve: (outcome: Success) => void;
  readonly reject: (error: unknown) => void;
}

/** Where the endpoints of one client live. */
export interface LocalHost {
  readonly broker: Broker;
  readonly principal: Principal;
  /** What handlers are parts of: the attachment of the client's own commands. */
  readonly whole?: Attachment;
  /** It is the router's own, of which nobody is told: such clients come and go with every login. */
  readonly unlisted: boolean;
  readonly clock: Clock;
  /** Told what handlers threw, if no caller is told, and defects. */
  readonly report: (error: unknown) => void;
}

/**
 * Code of this process as the broker sees it: attached like a socket's session, with a principal that is asked about at
 * the authorizer like any other. One endpoint for a client's own commands, and one for each of its handlers, so that a
 * handler that lags behind holds back nothing but itself.
 */
export abstract class LocalEndpoint implements Endpoint {
  readonly features: EndpointFeatures = {
    callCanceling: true,
    progressiveResults: true,
    callReroute: 'shared',
  };
  readonly attachment: Attachment;
  /** Resolves when the endpoint is over: with an error if nobody here wanted that. */
  readonly ended: Promise<MangroveError | undefined>;
  /** Commands that wait for their outcome. */
  readonly #pending = new Set<Settler>();
  /** Settled when the last command has been admitted; undefined while none waits for that. */
  #admission: Promise<void> | undefined;
  #tellEnded: (why: MangroveError | undefined) => void = () => {};
  #over = false;

  constructor(protected readonly host: LocalHost) {
    this.ended = new Promise((resolve) => (this.#tellEnded = resolve));
    const { broker, principal, whole, unlisted } = host;
    this.attachment = broker.attach(this, principal, { within: whole, unlisted });
  }

  get over(): boolean {
    return this.#over;
  }

  /** Issues a command and resolves with its outcome. Commands are carried out in order, whatever an authorizer awaits. */
  request(command: (request: Request) => Promise<void> | undefined): Promise<Success> {
    return new Promise((resolve, reject) => this.issue({ resolve, reject }, command));
  }

  /** Issues a command after those before it; its outcome goes to the settler, once. */
  issue(settler: Settler, command: (request: Request) => Promise<void> | undefined): void {
    if (this.#over) {
      settler.reject(closedError());
      return;
    }
    this.#pending.add(settler);
    if (this.#admission !== undefined) this.#after(this.#admission.then(() => command(settler)));
    else {
      const admission = command(settler);
      if (admission !== undefined) this.#after(admission);
    }
  }

  /** Nobody waits for the outcome any more. */
  forget(settler: Settler): void {
    this.#pending.delete(settler);
  }

  answer(request: Request, outcome: Outcome): void {
    // Every request that this endpoint has made is a Settler; one that was forgotten is passed over.
    const settler = request as Settler;
    if (!this.#pending.has(settler)) return;
    if (outcome.kind === 'progress') {
      settler.progress?.(outcome);
      return;
    }
    this.#pending.delete(settler);
    if (outcome.kind === 'refused' || outcome.kind === 'failed') settler.reject(errorOfOutcome(outcome));
    else settler.resolve(outcome);
  }

  abstract deliver(subscription: Subscription, publication: Publication): boolean;
  abstract invoke(invocation: Invocation): void;
  abstract interrupt(invocation: Invocation, mode: 'kill' | 'killnowait', why: Refusal): void;

  /** Called for handlers of messages only. */
  consume(_delivery: Delivery): boolean {
    return true;
  }

  /** Never called: nobody here browses. */
  exhausted(_consumer: Consumer): void {}

  /** The only thing that this endpoint held was taken away. */
  revoked(_what: Subscription | Registration | Consumer, why: Refusal): void {
    this.end(errorOfRefusal(why));
  }

  evict(why: Eviction): void {
    this.end(errorOfRefusal(why));
  }

  /** Ends the endpoint and all that it holds; commands that wait are rejected. Once. */
  end(why?: MangroveError): void {
    if (this.#over) return;
    this.#over = true;
    this.attachment.detach();
    for (const settler of this.#pending) settler.reject(why ?? closedError());
    this.#pending.clear();
    this.#tellEnded(why);
  }

  #after(admission: Promise<void>): void {
    const admitted = admission.catch(this.host.report).then(() => {
      if (this.#admission === admitted) this.#admission = undefined;
    });
    this.#admission = admitted;
  }
}

/** The error that a refusal is for code of this process. */
function errorOfRefusal({ code, reason }: Refusal): MangroveError {
  return new MangroveError(ERROR_URIS[code], [reason]);
}

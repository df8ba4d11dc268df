import type { Pattern } from './address.js';
import { canonicalPattern, isPrivatePattern, patternKey } from './address.js';
import { Backlog } from './backlog.js';
import type { Answer, CallCommand, Caller } from './calls.js';
import { Call } from './calls.js';
import type { Refusal } from './errors.js';
import type { BrokerLimits } from './limits.js';
import type { Outcome } from './outcome.js';
import type { Action, Authorizer, Decision } from './ports/authorizer.js';
import type { Principal } from './ports/authenticator.js';
import type { CancelMode, Endpoint } from './ports/endpoint.js';
import type { Instrumentation } from './ports/instrumentation.js';
import { Permissions, isSettled, refusal, refusalOf } from './permissions.js';
import type { Identity, Origin, Publication, PublishCommand } from './publication.js';
import type { Callee, EndpointFeatures, Invocation, Registration } from './registrations.js';
import type { Request } from './request.js';
import type { Subscriber, Subscription } from './subscriptions.js';

/** What a subscriber asks for. */
export interface SubscribeCommand {
  /** The endpoint's own name for the subscription, unique within the attachment. */
  readonly key: string;
  readonly pattern: Pattern;
  /** Leave out what this attachment publishes. Default false. */
  readonly noLocal?: boolean;
}

/** What a callee asks for. */
export interface RegisterCommand {
  readonly pattern: Pattern;
  /** Ask to be told who calls. Default false. */
  readonly discloseCaller?: boolean;
}

/**
 * Asked before each publication and call: nothing if it may go on, else a promise of whether it may. The process's memory
 * is guarded here.
 */
export type AdmissionGate = () => Promise<boolean> | undefined;

/** What an attachment needs from its broker: the commands, once they are admitted. */
export interface Core {
  readonly realm: string;
  readonly limits: BrokerLimits;
  readonly authorizer: Authorizer;
  readonly instrumentation: Instrumentation;
  readonly admission: AdmissionGate;
  run(change: () => void): void;
  publish(from: Attachment, request: Request, command: PublishCommand, acknowledge: boolean): void;
  commit(from: Attachment, request: Request, commands: readonly PublishCommand[]): void;
  subscribe(by: Attachment, request: Request, command: SubscribeCommand): void;
  unsubscribe(by: Attachment, request: Request, subscription: Subscription): void;
  register(by: Attachment, request: Request, command: RegisterCommand): void;
  unregister(by: Attachment, request: Request, registration: Registration): void;
  startCall(from: Attachment, request: Request, command: CallCommand, mayDisclose: boolean): void;
  cancel(call: Call, mode: CancelMode): void;
  answer(call: Call, outcome: Outcome): void;
  detach(attachment: Attachment): void;
  evict(attachment: Attachment, why: Refusal): void;
}

/**
 * What one endpoint may do, and all that it holds: nothing of an endpoint is kept anywhere else, and `detach` removes it.
 *
 * Each command has one final outcome, given by `endpoint.answer`. A method returns a promise only if the command has to wait
 * for an admission (an authorizer that answers later); the caller then holds back what the same client sent afterwards.
 */
export class Attachment implements Subscriber, Caller, Callee {
  /** The endpoint's session id, of global scope [WAMP BP IDs]. */
  readonly session: number;
  readonly identity: Identity;
  readonly principal: Principal;
  /** key → subscription */
  readonly subscriptions = new Map<string, Subscription>();
  /** Registrations that this endpoint holds. */
  readonly registrations = new Set<Registration>();
  /** request → the call that it waits for, as a caller */
  readonly calls = new Map<Request, Call>();
  /** Invocations that this endpoint has yet to answer, as a callee. */
  readonly invocations = new Set<Invocation>();
  /** Subscriptions with a pattern, for the limit. */
  patternSubscriptions = 0;
  /** Registrations with a pattern, for the limit. */
  patternRegistrations = 0;
  /** Bytes of payloads and headers in open calls, for the limit. */
  callBytes = 0;
  detached = false;
  readonly #backlog: Backlog;
  readonly #permissions: Permissions;
  /** Whether the endpoint takes deliveries now. */
  #flowing = true;

  constructor(
    private readonly broker: Core,
    readonly endpoint: Endpoint,
    readonly origin: Origin,
  ) {
    const { session, principal } = origin;
    this.session = session;
    this.principal = principal;
    this.identity = { session, authid: principal.authid, authrole: principal.authrole };
    this.#permissions = new Permissions(broker, principal);
    this.#backlog = new Backlog(broker.limits.backlogMessages, broker.limits.backlogBytes);
  }

  get features(): EndpointFeatures {
    return this.endpoint.features;
  }

  /** How many publications wait for this endpoint to take them. */
  get backlogSize(): number {
    return this.#backlog.size;
  }

  /** Publishes one event. Success is told only if `acknowledge`, a refusal always. */
  publish(request: Request, command: PublishCommand, acknowledge = false): Promise<void> | undefined {
    return this.#admitted(request, () => this.#publish(request, command, acknowledge));
  }

  /**
   * Publishes several events in one run, contiguous for every subscriber, or none of them if one is refused (answered once,
   * for the first that is).
   */
  commit(request: Request, commands: readonly PublishCommand[]): Promise<void> | undefined {
    return this.#admitted(request, () => this.#commit(request, commands));
  }

  /** Asks whether a later publication to the topic would be allowed; refuses the request if not, else says nothing. */
  examine(request: Request, topic: string): Promise<void> | undefined {
    const fault = this.#permissions.faultOf(exact(topic), true);
    if (fault !== undefined) return this.#refuse(request, fault);
    return this.#decided(request, 'publish', exact(topic), false, () => undefined);
  }

  /** Subscribes. The answer comes before the first event; a key that is in use is answered `already`. */
  subscribe(request: Request, command: SubscribeCommand): Promise<void> | undefined {
    const pattern = canonicalPattern(command.pattern);
    const fault = this.#permissions.faultOf(pattern, false);
    if (fault !== undefined) return this.#refuse(request, fault);
    // A reply address is a capability: whoever was given it may listen, and the authorizer has no rule for it.
    if (isPrivatePattern(pattern)) {
      this.broker.subscribe(this, request, { ...command, pattern });
      return undefined;
    }
    return this.#decided(request, 'subscribe', pattern, false, () => {
      this.broker.subscribe(this, request, { ...command, pattern });
      return undefined;
    });
  }

  /** Ends a subscription that this attachment holds; another's, or none, is refused with `no_such_subscription`. */
  unsubscribe(request: Request, subscription: Subscription | undefined): void {
    if (subscription === undefined || subscription.attachment !== this || !subscription.active) {
      this.#refuse(request, NO_SUCH_SUBSCRIPTION);
      return;
    }
    this.broker.unsubscribe(this, request, subscription);
  }

  /** Offers a procedure, or a pattern of them. */
  register(request: Request, command: RegisterCommand): Promise<void> | undefined {
    const pattern = canonicalPattern(command.pattern);
    const fault = this.#permissions.faultOf(pattern, true);
    if (fault !== undefined) return this.#refuse(request, fault);
    return this.#decided(request, 'register', pattern, command.discloseCaller, () => {
      this.broker.register(this, request, { ...command, pattern });
      return undefined;
    });
  }

  /** Withdraws a registration that this attachment holds; calls in progress may still be answered. */
  unregister(request: Request, registration: Registration | undefined): void {
    if (registration === undefined || registration.callee !== this || !registration.active) {
      this.#refuse(request, NO_SUCH_REGISTRATION);
      return;
    }
    this.broker.unregister(this, request, registration);
  }

  /** Calls a procedure. The request gets exactly one final outcome, after any number of progressive ones. */
  call(request: Request, command: CallCommand): Promise<void> | undefined {
    return this.#admitted(request, () => this.#call(request, command));
  }

  /** Gives a call up. A request that is not waiting (answered already, or never made) is passed over in silence. */
  cancel(request: Request, mode: CancelMode): void {
    this.broker.run(() => {
      const call = this.calls.get(request);
      if (call !== undefined) this.broker.cancel(call, mode);
    });
  }

  /** Answers an invocation; with `progress` it stays open. Ignored if the invocation has ended, or is another callee's. */
  yield(invocation: Invocation, { payload, headers }: Answer, progress = false): void {
    this.#answer(invocation, { kind: progress ? 'progress' : 'result', payload, headers });
  }

  /** Answers an invocation with an error of the callee's own, passed to the caller unchanged. */
  fail(invocation: Invocation, error: string, { payload, headers }: Answer): void {
    this.#answer(invocation, { kind: 'failed', error, payload, headers });
  }

  /** Refuses an invocation on the broker's own behalf: the callee cannot take it. */
  decline(invocation: Invocation, refusal: Refusal): void {
    this.#answer(invocation, { kind: 'refused', ...refusal });
  }

  /** There is room again: hands over what was kept back, in order, until the endpoint wants no more. */
  resume(): void {
    if (this.detached || this.#flowing) return;
    this.broker.run(() => {
      if (this.detached) return;
      this.#flowing = true;
      while (this.#flowing) {
        const entry = this.#backlog.shift();
        if (entry === undefined) return;
        this.#hand(entry.subscription, entry.publication);
      }
    });
  }

  /** Removes everything that this endpoint holds; open calls are ended and their other sides told. Once. */
  detach(): void {
    if (!this.detached) this.broker.detach(this);
  }

  /** Gives one publication to the endpoint, or keeps it back while the endpoint takes no more. For the broker. */
  offer(subscription: Subscription, publication: Publication): void {
    if (this.#flowing) {
      this.#hand(subscription, publication);
      return;
    }
    if (this.#backlog.push(subscription, publication)) return;
    const { backlogMessages, backlogBytes } = this.broker.limits;
    const bounds = `${backlogMessages} events of ${backlogBytes} bytes in all may be kept back`;
    this.broker.evict(this, refusal('limit_exceeded', `Too slow: ${bounds}.`));
  }

  /** Drops what is kept back for a subscription that is over. For the broker. */
  discard(subscription: Subscription): void {
    this.#backlog.discard(subscription);
  }

  /** Drops all that is kept back. For the broker. */
  clearBacklog(): void {
    this.#backlog.clear();
  }

  /** Tells the endpoint an outcome. For the broker. */
  answer(request: Request, outcome: Outcome): void {
    if (this.detached) return;
    try {
      this.endpoint.answer(request, outcome);
    } catch (error) {
      this.#failed('endpoint.answer', error);
    }
  }

  /** Hands a call to the endpoint. For the broker. */
  invoke(invocation: Invocation): void {
    try {
      this.endpoint.invoke(invocation);
    } catch (error) {
      this.#failed('endpoint.invoke', error);
    }
  }

  /** Tells the endpoint, if it can hear it, that a call was given up. For the broker. */
  interrupt(invocation: Invocation, mode: 'kill' | 'killnowait', why: Refusal): void {
    if (this.detached || !this.endpoint.features.callCanceling) return;
    try {
      this.endpoint.interrupt(invocation, mode, why);
    } catch (error) {
      this.#failed('endpoint.interrupt', error);
    }
  }

  #hand(subscription: Subscription, publication: Publication): void {
    try {
      if (!this.endpoint.deliver(subscription, publication)) this.#flowing = false;
    } catch (error) {
      this.#failed('endpoint.deliver', error);
    }
  }

  /** A defect of one endpoint must cost nobody else anything: it is reported, and the endpoint is evicted. */
  #failed(where: string, error: unknown): void {
    this.broker.instrumentation.defect(where, error);
    this.broker.evict(this, FAILED);
  }

  #publish(request: Request, command: PublishCommand, acknowledge: boolean): Promise<void> | undefined {
    const pattern = exact(command.topic);
    const fault = this.#permissions.faultOf(pattern, true);
    if (fault !== undefined) return this.#refuse(request, fault);
    return this.#decided(request, 'publish', pattern, command.disclose, () => {
      this.broker.publish(this, request, command, acknowledge);
      return undefined;
    });
  }

  #commit(request: Request, commands: readonly PublishCommand[]): Promise<void> | undefined {
    for (const command of commands) {
      const fault = this.#permissions.faultOf(exact(command.topic), true);
      if (fault !== undefined) return this.#refuse(request, fault);
    }
    const decisions: (Decision | Promise<Decision>)[] = commands.map((command) =>
      this.#permissions.decide('publish', exact(command.topic)),
    );
    const apply = (all: readonly Decision[]): void => {
      const index = all.findIndex(
        (decision, at) => refusalOf(decision, commands[at]?.disclose) !== undefined,
      );
      if (index >= 0) this.#refuse(request, refusalOf(all[index]!, commands[index]?.disclose)!);
      else this.broker.commit(this, request, commands);
    };
    if (decisions.every(isSettled)) {
      apply(decisions);
      return undefined;
    }
    return Promise.all(decisions).then((all) => {
      if (!this.detached) apply(all);
    });
  }

  #call(request: Request, command: CallCommand): Promise<void> | undefined {
    const pattern = exact(command.procedure);
    const fault = this.#permissions.faultOf(pattern, false);
    if (fault !== undefined) return this.#refuse(request, fault);
    return this.#decided(request, 'call', pattern, command.disclose, (decision) => {
      this.broker.startCall(this, request, command, decision.disclose !== false);
      return undefined;
    });
  }

  /** Goes on at once, or when the gate lets it, or refuses. */
  #admitted(request: Request, go: () => Promise<void> | undefined): Promise<void> | undefined {
    const gate = this.broker.admission();
    if (gate === undefined) return go();
    return gate.then((open) => {
      if (this.detached) return undefined;
      return open ? go() : this.#refuse(request, OVERLOADED);
    });
  }

  #answer(invocation: Invocation, outcome: Outcome): void {
    if (!(invocation instanceof Call) || invocation.registration.callee !== this) return;
    this.broker.run(() => this.broker.answer(invocation, outcome));
  }

  #refuse(request: Request, refusal: Refusal): undefined {
    this.broker.run(() => this.answer(request, { kind: 'refused', ...refusal }));
    return undefined;
  }

  /** Asks the authorizer, now or later, and goes on if the answer is yes. */
  #decided(
    request: Request,
    action: Action,
    pattern: Pattern,
    disclose: boolean | undefined,
    go: (decision: Decision) => undefined,
  ): Promise<void> | undefined {
    const decision = this.#permissions.decide(action, pattern);
    if (!isSettled(decision)) return this.#decidedLater(request, decision, disclose, go);
    const refused = refusalOf(decision, disclose);
    return refused === undefined ? go(decision) : this.#refuse(request, refused);
  }

  async #decidedLater(
    request: Request,
    pending: Promise<Decision>,
    disclose: boolean | undefined,
    go: (decision: Decision) => undefined,
  ): Promise<void> {
    const decision = await pending;
    if (this.detached) return;
    const refused = refusalOf(decision, disclose);
    if (refused === undefined) go(decision);
    else this.#refuse(request, refused);
  }
}

const NO_SUCH_SUBSCRIPTION = refusal('no_such_subscription', 'This session holds no such subscription.');
const NO_SUCH_REGISTRATION = refusal('no_such_registration', 'This session holds no such registration.');
const OVERLOADED = refusal('unavailable', 'The server is short of memory.');
const FAILED = refusal('internal', 'The session failed.');

function exact(text: string): Pattern {
  return { match: 'exact', text };
}

/** The key of a subscription whose owner knows it by its pattern alone (WAMP). */
export function keyOf(pattern: Pattern): string {
  return patternKey(canonicalPattern(pattern));
}

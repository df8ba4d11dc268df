import { SmallMap, SmallSet } from '../lib/index.js';
import type { Pattern } from './address.js';
import { canonicalPattern } from './address.js';
import type { Applicant } from './rights/admission.js';
import { Admission } from './rights/admission.js';
import type { Batch } from './batch.js';
import { CallDoor } from './calls/call-door.js';
import { Confirmations } from './confirmations.js';
import type { Core } from './core.js';
import type { Answer, Call, CallCommand } from './calls/calls.js';
import type { Party } from './calls/dealer.js';
import type { Refusal } from './errors.js';
import type { Outcome } from './outcome.js';
import { Outlet } from './outlet.js';
import type { Principal } from './ports/authenticator.js';
import { EndpointGuard } from './endpoint-guard.js';
import type { CancelMode, Endpoint } from './ports/endpoint.js';
import type { Action, Decision } from './ports/authorizer.js';
import { Permissions, refusal } from './rights/permissions.js';
import { identityOf, trusted } from './publication.js';
import type { Identity, Origin, PublishCommand } from './publication.js';
import type { ConsumeCommand, Consumer, EnqueueCommand, Settlement } from './queues/consumer.js';
import { Burden } from './queues/burden.js';
import type { QueueConsumer, Receiver } from './queues/queue-consumer.js';
import type { Examined } from './rights/queue-questions.js';
import { QueueDoor } from './queue-door.js';
import type {
  CallPart,
  EndpointFeatures,
  Invocation,
  RegisterCommand,
  Registration,
} from './calls/registrations.js';
import { Rights } from './rights/rights.js';
import type { Request } from './request.js';
import type { AttachOptions } from './sessions/session-entry.js';
import { SessionEntry } from './sessions/session-entry.js';
import type { SubscribeCommand } from './subscribe-command.js';
import type { Subscriber, Subscription } from './subscriptions.js';
import { Testaments } from './sessions/testaments.js';

/**
 * What one endpoint may do, and all that it holds: nothing of an endpoint is kept anywhere else, and `detach` removes it.
 *
 * Each command has one final outcome, given by `endpoint.answer`. A method returns a promise only if the command has to wait
 * for an admission (an authorizer that answers later); the caller then holds back what the same client sent afterwards.
 */
export class Attachment implements Applicant, Subscriber, Receiver, Party {
  /** The endpoint's session id, of global scope [WAMP BP IDs]. */
  readonly session: number;
  /** What others may see of it. */
  readonly entry: SessionEntry;
  /** What it may do. */
  readonly rights: Rights;
  /** key → subscription */
  readonly subscriptions = new SmallMap<string, Subscription>();
  /** key → consumer */
  readonly consumers = new SmallMap<string, QueueConsumer>();
  /** Messages of queues that this endpoint has yet to settle. */
  readonly burden: Burden;
  /** Registrations that this endpoint holds. */
  readonly registrations = new SmallSet<Registration>();
  /** request → the call that it waits for, as a caller */
  readonly calls = new SmallMap<Request, Call>();
  /** Invocations that this endpoint has yet to answer, as a callee. */
  readonly invocations = new SmallSet<Invocation>();
  /** Events that are published when the session ends. */
  readonly testaments: Testaments;
  /** Subscriptions with a pattern, for the limit. */
  patternSubscriptions = 0;
  /** Registrations with a pattern, for the limit. */
  patternRegistrations = 0;
  /** Bytes of payloads and headers in open calls, for the limit. */
  callBytes = 0;
  detached = false;
  /** What it has its endpoint given. For the broker. */
  readonly outlet: Outlet<Attachment>;
  readonly #confirmations: Confirmations;
  readonly #admission: Admission;
  readonly #queueDoor: QueueDoor;
  readonly #callDoor: CallDoor;
  readonly #guard: EndpointGuard;
  #origin: Origin;
  #identity: Identity;

  constructor(
    private readonly broker: Core<Attachment>,
    readonly endpoint: Endpoint,
    from: Origin,
    options: AttachOptions = {},
  ) {
    this.session = from.session;
    this.#origin = from;
    this.#identity = identityOf(from);
    this.entry = new SessionEntry(this, options, broker.past.now);
    this.burden = new Burden(broker.limits);
    this.testaments = new Testaments(broker.limits, {
      faultOf: (topic) => this.#admission.faultOf(topic, true),
      permits: (topic) => this.permits('publish', topic),
    });
    const permissions = new Permissions(broker, this);
    this.#admission = new Admission(broker, this, permissions);
    this.rights = new Rights(broker, this, permissions, (why) => broker.evict(this, why));
    this.#queueDoor = new QueueDoor(broker.queues, this.#admission, this);
    this.#callDoor = new CallDoor(broker.dealer, this.#admission, this);
    this.#guard = new EndpointGuard(endpoint, this, (where, error) => this.#failed(where, error));
    this.outlet = new Outlet<Attachment>(broker, this, this.#guard);
    this.#confirmations = new Confirmations(this);
  }

  /** Who it is: a new object whenever the principal is renewed. */
  get origin(): Origin {
    return this.#origin;
  }

  get principal(): Principal {
    return this.#origin.principal;
  }

  /** The same, as others may be told. */
  get identity(): Identity {
    return this.#identity;
  }

  get features(): EndpointFeatures {
    return this.endpoint.features;
  }

  /** How many publications wait for this endpoint to take them. */
  get backlogSize(): number {
    return this.outlet.backlog.size;
  }

  /** Publishes one event. Success is told only if `acknowledge`, a refusal always. */
  publish(request: Request, command: PublishCommand, acknowledge = false): Promise<void> | undefined {
    return this.#admission.gated(request, () => this.#publish(request, command, acknowledge));
  }

  /**
   * Publishes, enqueues and settles together: all of it, safe in the store and then in one run, contiguous for every
   * subscriber; or nothing, if one item is refused (answered once, for the first that is).
   */
  commit(request: Request, batch: Batch): Promise<void> | undefined {
    return this.#queueDoor.commit(request, batch, (admitted) =>
      this.broker.committing.commit(this, request, admitted),
    );
  }

  /** Asks now what a later batch with that item will ask; refuses the request if it would be refused, else says nothing. */
  examine(request: Request, item: Examined): Promise<void> | undefined {
    return this.#queueDoor.examine(request, item);
  }

  /**
   * Puts a message into a queue, which is made if it is not there. Success, when it is safe, is told only if `acknowledge`; a
   * refusal always (`queue_full`, `unavailable` if the store is full or has failed).
   */
  enqueue(request: Request, command: EnqueueCommand, acknowledge = false): Promise<void> | undefined {
    return this.#queueDoor.enqueue(request, command, acknowledge);
  }

  /**
   * Consumes a queue, which is made if it is not there, or shows it, or takes up a durable subscription. The answer comes
   * before the first message; `queue_in_use` and `queue_mismatch` say why not.
   */
  consume(request: Request, command: ConsumeCommand): Promise<void> | undefined {
    return this.#queueDoor.consume(request, command);
  }

  /**
   * Ends a consumer that this attachment holds; another's, or none, is refused with `no_such_consumer`. What it has not
   * settled goes back, and that is not counted. `forget`: a durable subscription ends for good, with all that it holds.
   */
  release(request: Request, consumer: Consumer | undefined, forget = false): void {
    this.#queueDoor.release(request, consumer, forget);
  }

  /**
   * Settles deliveries that this attachment was given. Success, when it is safe, is told only if `acknowledge`; a refusal
   * always: of those that are another's (`no_such_consumer`), or if the store has failed.
   */
  settle(request: Request, settlements: readonly Settlement[], acknowledge = false): void {
    this.#queueDoor.settle(request, settlements, acknowledge);
  }

  /** Subscribes. The answer comes before the first event; a key that is in use is answered `already`. */
  subscribe(request: Request, command: SubscribeCommand): Promise<void> | undefined {
    const pattern = canonicalPattern(command.pattern);
    const fault = this.#admission.faultOf(pattern, false);
    if (fault !== undefined) return this.refuse(request, fault);
    return this.#admission.decided(request, 'subscribe', pattern, false, (decision) => {
      this.broker.subscribing.subscribe(this, request, {
        ...command,
        pattern,
        sees: this.rights.filter(decision, pattern),
      });
      return undefined;
    });
  }

  /** Ends a subscription that this attachment holds; another's, or none, is refused with `no_such_subscription`. */
  unsubscribe(request: Request, subscription: Subscription | undefined): void {
    if (subscription === undefined || subscription.attachment !== this || !subscription.active) {
      this.refuse(request, NO_SUCH_SUBSCRIPTION);
      return;
    }
    this.broker.subscribing.unsubscribe(this, request, subscription);
  }

  /** Offers a procedure, or a pattern of them, alone or as one of those that share it. */
  register(request: Request, command: RegisterCommand): Promise<void> | undefined {
    return this.#callDoor.register(request, command);
  }

  /** Withdraws a registration that this attachment holds; calls in progress may still be answered. */
  unregister(request: Request, registration: Registration | undefined): void {
    this.#callDoor.unregister(request, registration);
  }

  /** Calls a procedure. The request gets exactly one final outcome, after any number of progressive ones. */
  call(request: Request, command: CallCommand): Promise<void> | undefined {
    return this.#callDoor.call(request, command);
  }

  /**
   * A further part of the arguments of a call that was made with `progressive`; passed over if the call has ended, or its
   * last part has come. The callee stays the same.
   */
  callMore(request: Request, part: CallPart): Promise<void> | undefined {
    return this.#callDoor.more(request, part);
  }

  /** Gives a call up. A request that is not waiting (answered already, or never made) is passed over in silence. */
  cancel(request: Request, mode: CancelMode): void {
    this.broker.dealer.cancel(this, request, mode);
  }

  /** Answers an invocation; with `progress` it stays open. Ignored if the invocation has ended, or is another callee's. */
  yield(invocation: Invocation, { payload, headers, passthru }: Answer, progress = false): void {
    const kind = progress ? 'progress' : 'result';
    this.#callDoor.answer(invocation, { kind, payload, headers, passthru });
  }

  /** Answers an invocation with an error of the callee's own, passed to the caller unchanged. */
  fail(invocation: Invocation, error: string, { payload, headers, passthru }: Answer): void {
    this.#callDoor.answer(invocation, { kind: 'failed', error, payload, headers, passthru });
  }

  /** Refuses an invocation on the broker's own behalf: the callee cannot take it. */
  decline(invocation: Invocation, refusal: Refusal): void {
    this.#callDoor.answer(invocation, { kind: 'refused', ...refusal });
  }

  /** There is room again: hands over what was kept back, in order, until the endpoint wants no more. */
  resume(): void {
    this.outlet.resume();
  }

  /** What the principal may do, for procedures of the router; a promise, which does not reject, if the authorizer needs time. */
  permits(action: Action, pattern: Pattern): Decision | Promise<Decision> {
    return this.rights.permits(action, pattern);
  }

  /**
   * The client has proved again who it is: the same authid, which the caller of this checks. Role and expiry may be others, and
   * what it holds is asked about again.
   */
  renew(principal: Principal): void {
    this.broker.run(() => {
      if (this.detached) return;
      this.#origin = { ...this.#origin, principal };
      this.#identity = identityOf(this.#origin);
      this.rights.renewed();
    });
  }

  /** Removes everything that this endpoint holds; open calls are ended and their other sides told. Once. */
  detach(): void {
    if (!this.detached) this.broker.detach(this);
  }

  /** Tells an outcome once something is safe, in the order of the commands; see `Confirmations`. For the broker. */
  confirm(
    request: Request,
    outcome: Outcome | undefined,
    safe: Promise<Refusal | undefined> | undefined,
  ): void {
    this.#confirmations.add(request, outcome, safe);
  }

  /** Tells the endpoint that it lost something. For the broker. */
  revoked(what: Subscription | Registration | Consumer, why: Refusal): void {
    this.#guard.revoked(what, why);
  }

  /** Carries a change out in a run of the broker. */
  run(change: () => void): void {
    this.broker.run(change);
  }

  /** Tells the endpoint an outcome. For the broker. */
  answer(request: Request, outcome: Outcome): void {
    this.#guard.answer(request, outcome);
  }

  /** Tells the endpoint that a command is refused. For the broker. */
  refuse(request: Request, why: Refusal): undefined {
    this.broker.run(() => this.answer(request, { kind: 'refused', ...why }));
    return undefined;
  }

  /** Tells the endpoint that its browsing consumer has been shown all there was. For the broker. */
  exhausted(consumer: Consumer): void {
    this.#guard.exhausted(consumer);
  }

  /** Hands a call to the endpoint. For the broker. */
  invoke(invocation: Invocation): void {
    this.#guard.invoke(invocation);
  }

  /** Hands a further part of a call's arguments to the endpoint. For the broker. */
  invokeMore(invocation: Invocation, part: CallPart): void {
    this.#guard.invokeMore(invocation, part);
  }

  /** Tells the endpoint, if it can hear it, that a call was given up. For the broker. */
  interrupt(invocation: Invocation, mode: 'kill' | 'killnowait', why: Refusal): void {
    this.#guard.interrupt(invocation, mode, why);
  }

  /** A defect of one endpoint must cost nobody else anything: it is reported, and the endpoint is evicted. */
  #failed(where: string, error: unknown): void {
    this.broker.instrumentation.defect(where, error);
    this.broker.evict(this, FAILED);
  }

  #publish(request: Request, command: PublishCommand, acknowledge: boolean): Promise<void> | undefined {
    const pattern: Pattern = { match: 'exact', text: command.topic };
    const fault = this.#admission.faultOf(pattern, true);
    if (fault !== undefined) return this.refuse(request, fault);
    return this.#admission.decided(request, 'publish', pattern, command.disclose, ({ trustlevel }) => {
      const admitted = trustlevel === undefined ? command : trusted(command, trustlevel);
      this.broker.publish(this, request, admitted, acknowledge);
      return undefined;
    });
  }
}

const NO_SUCH_SUBSCRIPTION = refusal('no_such_subscription', 'This session holds no such subscription.');
const FAILED = refusal('internal', 'The session failed.');

import type {
  Answer,
  Arguments,
  AttachOptions,
  Attachment,
  Broker,
  CallPart,
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
  SettlementVerdict,
  Subscription,
  WorkVerdict,
} from '../../broker/index.js';
import { Payload } from '../../broker/index.js';
import { SmallMap, assertNever } from '../../lib/index.js';
import { ERROR_URIS } from '../error-uris.js';
import type { DoorRefusal } from './addresses.js';
import type { WampConsumer } from './consumers.js';
import { Consumers } from './consumers.js';
import { answerDetailsOf, callDetailsOf } from './call-details.js';
import type { Cargo, Hello, RequestName, Role, Roles } from './codec/index.js';
import { eventDetailsOf, invocationDetailsOf } from './deliveries.js';
import type { Carrier } from './details.js';
import { NO_DETAILS, UNSPEAKABLE, cargoOf } from './details.js';
import { NOT_REPRESENTABLE, TOO_LONG } from './errors.js';
import type { EventForm } from './events.js';
import { encodeEvent, eventFormOf } from './events.js';
import type { FeatureName, Offered } from './announcements.js';
import { calleeFeaturesOf } from './callee-features.js';
import { Invocations } from './invocations.js';
import { LateParts } from './late-parts.js';
import type { Output } from './output.js';
import type { Profile, Quirks } from './profile.js';
import { quirksOf } from './profile.js';
import { RequestSequence } from './request-ids.js';

/** A request of the client while its outcome is pending. */
export class WampRequest {
  /** Nothing is said about its outcome: an unacknowledged PUBLISH, or a call that its client has forgotten. */
  silent = false;
  /** It is with the broker, and has not had its answer. */
  isDue = false;
  /** Of CALL: the procedure, while more parts of the arguments follow. */
  partial: string | undefined;

  constructor(
    readonly name: RequestName,
    readonly id: number,
    /** The id that an UNSUBSCRIBE or UNREGISTER is about, or that the consumer of a queue will have. */
    readonly subject = 0,
  ) {}
}

/** What a live session needs from its connection. */
export interface Host {
  readonly output: Output;
  readonly profile: Profile;
  readonly offered: Offered;
  /** Ends the connection with ABORT wamp.error.protocol_violation. */
  violate(message: string): undefined;
  /** Ends the connection because the broker said so. */
  evicted(why: Eviction): void;
  /** Adds to a counter. */
  count(counter: string): void;
  /** ms since the Unix epoch. */
  wallTime(): number;
  /** An id that nothing else has. */
  newId(): number;
}

/**
 * One WAMP session, from WELCOME to its end: the broker's view of a client. A connection that says HELLO again after
 * GOODBYE gets another one.
 */
export class LiveSession implements Endpoint {
  readonly features: EndpointFeatures;
  readonly attachment: Attachment;
  readonly roles: Roles;
  readonly quirks: Quirks;
  readonly output: Output;
  readonly profile: Profile;
  /** Which features are switched on. */
  readonly offered: Offered;
  /** subscription id → subscription */
  readonly subscriptions = new SmallMap<number, Subscription>();
  /** registration id → registration */
  readonly registrations = new SmallMap<number, Registration>();
  /** request id of CALL → the call that waits for its answer */
  readonly calls = new SmallMap<number, WampRequest>();
  readonly lateParts = new LateParts();
  readonly invocations = new Invocations();
  /** The queues that the client consumes. */
  readonly consumers = new Consumers();
  /** How many requests are with the broker and have not had their answer. */
  #due = 0;
  #whenAnswered: (() => void) | undefined;
  /** For profiles that want them in sequence. */
  readonly #requestIds = new RequestSequence();

  constructor(
    private readonly host: Host,
    broker: Broker,
    principal: Principal,
    hello: Hello,
    attachOptions: AttachOptions = {},
  ) {
    this.output = host.output;
    this.profile = host.profile;
    this.offered = host.offered;
    this.roles = hello.roles;
    this.quirks = quirksOf(hello, host.profile);
    const { maxMessageBytes: maxAnswerBytes } = host.output;
    this.features = calleeFeaturesOf(hello.roles, host, this.quirks, maxAnswerBytes);
    this.attachment = broker.attach(this, principal, { protocol: 'wamp', ...attachOptions });
  }

  deliver(subscription: Subscription, publication: Publication): boolean {
    // Set by `answer`, and by nobody else.
    const form = subscription.form as EventForm;
    this.output.sendFrame(publication.encodeOnce(form, encodeEvent));
    return !this.output.congested;
  }

  /** A message: an INVOCATION for who has registered, an EVENT for who has subscribed. */
  consume(delivery: Delivery): boolean {
    const entry = this.consumers.of(delivery.consumer);
    const cargo = this.#cargoOf(delivery.publication);
    if (entry === undefined) this.settle(delivery, 'not_taken');
    else if (entry.role === 'subscriber') this.#sendMessage(entry, delivery, cargo ?? UNSPEAKABLE);
    else if (cargo !== undefined) this.#invokeWith(entry, delivery, cargo);
    // Somebody else may be able to read it; if nobody is, it dies of its number of deliveries.
    else this.settle(delivery, 'failed');
    return !this.output.congested;
  }

  /** Never called: no client of WAMP browses. */
  exhausted(_consumer: Consumer): void {}

  invoke(invocation: Invocation): void {
    const cargo = this.#cargoOf(invocation);
    if (cargo === undefined) {
      this.attachment.decline(invocation, NOT_REPRESENTABLE);
      return;
    }
    const details = callDetailsOf(invocation, cargo, invocation.progressive, this.offered);
    const request = this.invocations.issue(invocation);
    const registration = invocation.registration.id;
    if (this.output.offer({ name: 'invocation', request, registration, details, cargo })) return;
    this.invocations.close(invocation);
    this.attachment.decline(invocation, TOO_LONG);
  }

  invokeMore(invocation: Invocation, { payload, progressive }: CallPart): void {
    const request = this.invocations.idOf(invocation);
    if (request === undefined) return;
    const cargo = this.#cargoOf({ payload, passthru: invocation.passthru });
    if (cargo !== undefined) {
      const details = callDetailsOf(invocation, cargo, progressive, this.offered);
      const registration = invocation.registration.id;
      if (this.output.offer({ name: 'invocation', request, registration, details, cargo })) return;
    }
    this.interrupt(invocation, 'killnowait');
    this.attachment.decline(invocation, cargo === undefined ? NOT_REPRESENTABLE : TOO_LONG);
  }

  interrupt(invocation: Invocation, mode: 'kill' | 'killnowait'): void {
    const request = this.invocations.idOf(invocation);
    if (request === undefined) return;
    if (mode === 'killnowait') this.invocations.close(invocation);
    this.output.send({ name: 'interrupt', request, options: { mode } });
  }

  answer(request: Request, outcome: Outcome): void {
    if (!(request instanceof WampRequest)) {
      // The answer of a consumer: WAMP has no words to tell it that the store refused to hear of it.
      if (outcome.kind === 'refused') this.host.count('wamp.settlements_refused');
      return;
    }
    if (request.name === 'call' && outcome.kind !== 'progress') this.#ended(request);
    if (request.name === 'register' || request.name === 'subscribe') this.#answered(request, outcome);
    if (!request.silent) this.#tell(request, outcome);
    if (outcome.kind === 'progress' || !request.isDue) return;
    request.isDue = false;
    this.#due -= 1;
    if (this.#due === 0) this.#whenAnswered?.();
  }

  /** A request goes to the broker now, and its client waits for the answer. */
  expect(request: WampRequest): void {
    request.isDue = true;
    this.#due += 1;
  }

  /** Calls back, once, when every request that is with the broker has had its answer: now, or from inside the last one. */
  answered(callback: () => void): void {
    if (this.#due === 0) callback();
    else this.#whenAnswered = callback;
  }

  /** Tells those clients that understand it [WAMP AP Subscription Revocation], [WAMP AP Registration Revocation]. */
  revoked(what: Subscription | Registration | Consumer, why: Refusal): void {
    switch (what.kind) {
      case 'subscription':
        this.subscriptions.delete(what.interest.id);
        return this.#tellRevoked('subscriber', what.interest.id, why);
      case 'registration':
        this.registrations.delete(what.id);
        return this.#tellRevoked('callee', what.id, why);
      case 'consumer': {
        const entry = this.consumers.of(what);
        if (entry === undefined) return;
        this.consumers.end(entry);
        return this.#tellRevoked(entry.role, entry.id, why);
      }
      default:
        return assertNever(what);
    }
  }

  evict(why: Eviction): void {
    this.host.evicted(why);
  }

  /** Answers a request with ERROR; the text for people is the only argument. Says nothing if the request is silent. */
  refuse(request: WampRequest, { error, reason }: DoorRefusal): undefined {
    if (request.silent) return undefined;
    const args = this.output.format.serializer.encode([reason]);
    const cargo = { args, kwargs: undefined };
    const { name, id } = request;
    this.output.send({ name: 'error', to: name, request: id, details: NO_DETAILS, error, cargo });
    return undefined;
  }

  /** Whether a feature is on at both ends: here, and for this role of the client. */
  shares(role: Role, feature: FeatureName): boolean {
    return this.offered[feature] && this.roles.get(role)?.has(feature) === true;
  }

  /** Ends the connection: the client broke the protocol. */
  violate(message: string): undefined {
    return this.host.violate(message);
  }

  /** Whether a new request may have this id [WAMP BP IDs]; if not, the connection is ended. */
  takesRequest(id: number): boolean {
    if (this.profile.requestGaps) return true;
    if (this.#requestIds.takes(id)) return true;
    this.violate('Request ids must be sequential.');
    return false;
  }

  /** The arguments that came with a message; they are not decoded. */
  payloadOf({ args, kwargs, contentType }: Cargo): Payload {
    return Payload.ofSlices(this.output.format.serializer.name, args, kwargs, contentType);
  }

  /** What becomes of a message, by what its consumer said; of one that is settled already: nothing. */
  settle(delivery: Delivery, verdict: WorkVerdict): void {
    this.attachment.settle(SETTLEMENT, [{ delivery, verdict: SETTLEMENT_OF[verdict] }]);
  }

  /** A callee says that it cannot take the call now: it goes to another one, if there is. */
  countNotTaken(): void {
    this.host.count('wamp.calls_not_taken');
  }

  /** When something that lasts so long is over, in ms since the Unix epoch. */
  timeIn(ms: number | undefined): number | undefined {
    return ms === undefined ? undefined : this.host.wallTime() + ms;
  }

  /** An id for a consumer of a queue, which has none of the broker's. */
  newId(): number {
    return this.host.newId();
  }

  /** What a callee answered. Headers that cannot be used are left out: there is nobody to be told. */
  answerOf(cargo: Cargo): Answer {
    if (cargo.fault !== undefined) this.host.count('wamp.headers_dropped');
    return { payload: this.payloadOf(cargo), headers: cargo.headers, passthru: cargo.passthru };
  }

  #tell(request: WampRequest, outcome: Outcome): void {
    const { output } = this;
    const { id } = request;
    switch (outcome.kind) {
      case 'published':
      case 'enqueued':
        return output.send({ name: 'published', request: id, publication: outcome.publication });
      case 'subscribed':
        return this.#subscribed(id, outcome.subscription);
      case 'consuming':
        return this.#consuming(request);
      case 'released':
        return request.name === 'unregister'
          ? output.send({ name: 'unregistered', request: id })
          : output.send({ name: 'unsubscribed', request: id });
      case 'unsubscribed':
        this.subscriptions.delete(request.subject);
        return output.send({ name: 'unsubscribed', request: id });
      case 'registered':
        this.registrations.set(outcome.registration.id, outcome.registration);
        return output.send({ name: 'registered', request: id, registration: outcome.registration.id });
      case 'unregistered':
        this.registrations.delete(request.subject);
        return output.send({ name: 'unregistered', request: id });
      case 'progress':
      case 'result':
        return this.#result(request, outcome);
      case 'failed':
        return this.#failed(request, outcome);
      case 'refused':
        return this.refuse(request, { error: ERROR_URIS[outcome.code], reason: outcome.reason });
      case 'committed':
      case 'settled':
        // No WAMP message asks for it.
        return;
      default:
        return assertNever(outcome);
    }
  }

  /** The entry of a consumer that the broker has said yes or no to; those who asked meanwhile hear it too. */
  #answered(request: WampRequest, outcome: Outcome): void {
    const entry = this.consumers.ofId(request.name === 'register' ? 'callee' : 'subscriber', request.subject);
    if (entry === undefined || entry.consumer !== undefined) return;
    if (outcome.kind === 'consuming') entry.consumer = outcome.consumer;
    else this.consumers.end(entry);
    for (const another of entry.waiting.splice(0)) this.answer(another, outcome);
  }

  #consuming({ name, id, subject }: WampRequest): void {
    if (name === 'register') this.output.send({ name: 'registered', request: id, registration: subject });
    else this.output.send({ name: 'subscribed', request: id, subscription: subject });
  }

  #sendMessage({ id }: WampConsumer, delivery: Delivery, cargo: Arguments): void {
    const details = eventDetailsOf(delivery, cargo, this.offered);
    const publication = delivery.publication.id;
    this.output.send({ name: 'event', subscription: id, publication, details, cargo });
  }

  #invokeWith({ id }: WampConsumer, delivery: Delivery, cargo: Arguments): void {
    const details = invocationDetailsOf(delivery, cargo, this.offered);
    const request = this.invocations.issue(delivery);
    if (this.output.offer({ name: 'invocation', request, registration: id, details, cargo })) return;
    this.invocations.close(delivery);
    this.settle(delivery, 'failed');
  }

  /** What a message carries, as this client reads it; undefined if its serializer cannot say it. */
  #cargoOf(carrier: Carrier): Arguments | undefined {
    return cargoOf(carrier, this.output.format.serializer, this.quirks.barePayload);
  }

  #tellRevoked(role: 'subscriber' | 'callee', id: number, why: Refusal): void {
    const reason = ERROR_URIS[why.code];
    if (role === 'subscriber') {
      if (this.quirks.silentRevocation || !this.shares('subscriber', 'subscription_revocation')) return;
      this.output.send({ name: 'unsubscribed', request: 0, revoked: { subscription: id, reason } });
    } else {
      if (!this.shares('callee', 'registration_revocation')) return;
      this.output.send({ name: 'unregistered', request: 0, revoked: { registration: id, reason } });
    }
  }

  #subscribed(request: number, subscription: Subscription): void {
    const { interest } = subscription;
    subscription.form = eventFormOf(interest, this.output.format, this.offered, this.quirks.barePayload);
    this.subscriptions.set(interest.id, subscription);
    this.output.send({ name: 'subscribed', request, subscription: interest.id });
  }

  #result(request: WampRequest, outcome: OutcomeOf<'progress' | 'result'>): void {
    const isProgress = outcome.kind === 'progress';
    const cargo = this.#cargoOf(outcome);
    if (cargo !== undefined) {
      const details = answerDetailsOf(outcome, cargo, isProgress);
      if (this.output.offer({ name: 'result', request: request.id, details, cargo })) return;
    }
    const { code, reason } = cargo === undefined ? NOT_REPRESENTABLE : TOO_LONG;
    this.refuse(request, { error: ERROR_URIS[code], reason });
    if (!isProgress) return;
    // A stream with a hole in it would be taken for a whole one.
    request.silent = true;
    this.attachment.cancel(request, 'killnowait');
  }

  #failed({ name, id }: WampRequest, outcome: OutcomeOf<'failed'>): void {
    const cargo = this.#cargoOf(outcome) ?? NO_ARGUMENTS;
    const details = answerDetailsOf(outcome, cargo, false);
    this.output.send({ name: 'error', to: name, request: id, details, error: outcome.error, cargo });
  }

  /** A call has had its final answer; what is still under way of its arguments is for nobody. */
  #ended(request: WampRequest): void {
    this.calls.delete(request.id);
    if (request.partial !== undefined) this.lateParts.expect(request.id, request.partial);
  }
}

type OutcomeOf<K extends Outcome['kind']> = Extract<Outcome, { readonly kind: K }>;

/** The request of every settlement: only a refusal comes back. */
const SETTLEMENT: Request = Object.freeze({});
const SETTLEMENT_OF = { done: 'ack', not_taken: 'release', failed: 'requeue' } as const satisfies Record<
  WorkVerdict,
  SettlementVerdict
>;
const NO_ARGUMENTS = { args: undefined, kwargs: undefined, contentType: undefined, fault: undefined };

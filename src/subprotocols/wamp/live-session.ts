import type {
  Attachment,
  Broker,
  Endpoint,
  EndpointFeatures,
  Headers,
  Invocation,
  Outcome,
  Principal,
  Publication,
  Refusal,
  Registration,
  Request,
  Subscription,
} from '../../broker/index.js';
import { Payload } from '../../broker/index.js';
import { assertNever } from '../../lib/index.js';
import { ERROR_URIS } from '../error-uris.js';
import type { DoorRefusal } from './addresses.js';
import type { Cargo, Details, Hello, RequestName, Roles } from './codec/index.js';
import { NO_DETAILS, annotated, argumentsFor, identified } from './details.js';
import type { EventForm } from './events.js';
import { encodeEvent, eventFormOf } from './events.js';
import { Invocations } from './invocations.js';
import type { Output } from './output.js';
import type { Profile, Quirks } from './profile.js';
import { quirksOf } from './profile.js';

/** A request of the client while its outcome is pending. */
export class WampRequest {
  /** Nothing is said about its outcome: an unacknowledged PUBLISH, or a call that its client has forgotten. */
  silent = false;

  constructor(
    readonly name: RequestName,
    readonly id: number,
    /** What an UNSUBSCRIBE or UNREGISTER is about: its id. */
    readonly subject = 0,
  ) {}
}

/** What a live session needs from its connection. */
export interface Host {
  readonly output: Output;
  readonly profile: Profile;
  /** Ends the connection with ABORT wamp.error.protocol_violation. */
  violate(message: string): undefined;
  /** Ends the connection because the broker said so. */
  evicted(why: Refusal): void;
  /** Adds to a counter. */
  count(counter: string): void;
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
  /** subscription id → subscription */
  readonly subscriptions = new Map<number, Subscription>();
  /** registration id → registration */
  readonly registrations = new Map<number, Registration>();
  /** request id of CALL → the call that waits for its answer */
  readonly calls = new Map<number, WampRequest>();
  readonly invocations = new Invocations();
  /** Requests that are with the broker and have not had their answer. */
  readonly #due = new Set<Request>();
  #whenAnswered: (() => void) | undefined;
  /** The last request id, for profiles that want them in sequence. */
  #lastRequest = 0;

  constructor(
    private readonly host: Host,
    broker: Broker,
    principal: Principal,
    hello: Hello,
  ) {
    this.output = host.output;
    this.profile = host.profile;
    this.roles = hello.roles;
    this.quirks = quirksOf(hello, host.profile);
    this.features = featuresOf(hello.roles, this.quirks);
    this.attachment = broker.attach(this, principal, 'wamp');
  }

  deliver(subscription: Subscription, publication: Publication): boolean {
    // Set by `answer`, and by nobody else.
    const form = subscription.form as EventForm;
    this.output.sendFrame(publication.encodeOnce(form, encodeEvent));
    return !this.output.congested;
  }

  invoke(invocation: Invocation): void {
    const { registration, headers, payload, receiveProgress, procedure, caller } = invocation;
    const cargo = argumentsFor(payload, this.output.format.serializer.name);
    if (cargo === undefined) {
      this.attachment.decline(invocation, UNSPEAKABLE);
      return;
    }
    let details: Details = registration.pattern.match === 'exact' ? NO_DETAILS : { procedure };
    if (receiveProgress) details = { ...details, receive_progress: true };
    details = annotated(identified(details, 'caller', caller), cargo, headers);
    const request = this.invocations.issue(invocation);
    this.output.send({ name: 'invocation', request, registration: registration.id, details, cargo });
  }

  interrupt(invocation: Invocation, mode: 'kill' | 'killnowait'): void {
    const request = this.invocations.idOf(invocation);
    if (request === undefined) return;
    if (mode === 'killnowait') this.invocations.close(invocation);
    this.output.send({ name: 'interrupt', request, options: { mode } });
  }

  answer(request: Request, outcome: Outcome): void {
    if (!(request instanceof WampRequest)) return;
    if (request.name === 'call' && outcome.kind !== 'progress') this.calls.delete(request.id);
    if (!request.silent) this.#tell(request, outcome);
    if (outcome.kind === 'progress' || !this.#due.delete(request)) return;
    if (this.#due.size === 0) this.#whenAnswered?.();
  }

  /** A request goes to the broker now, and its client waits for the answer. */
  expect(request: WampRequest): void {
    this.#due.add(request);
  }

  /** Calls back, once, when every request that is with the broker has had its answer: now, or from inside the last one. */
  answered(callback: () => void): void {
    if (this.#due.size === 0) callback();
    else this.#whenAnswered = callback;
  }

  /** Tells those clients that understand it [WAMP AP Subscription Revocation], [WAMP AP Registration Revocation]. */
  revoked(what: Subscription | Registration, why: Refusal): void {
    const reason = ERROR_URIS[why.code];
    if (what.kind === 'subscription') {
      const { id } = what.interest;
      this.subscriptions.delete(id);
      if (this.roles.get('subscriber')?.has('subscription_revocation') !== true) return;
      this.output.send({ name: 'unsubscribed', request: 0, revoked: { subscription: id, reason } });
    } else {
      const { id } = what;
      this.registrations.delete(id);
      if (this.roles.get('callee')?.has('registration_revocation') !== true) return;
      this.output.send({ name: 'unregistered', request: 0, revoked: { registration: id, reason } });
    }
  }

  evict(why: Refusal): void {
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

  /** Ends the connection: the client broke the protocol. */
  violate(message: string): undefined {
    return this.host.violate(message);
  }

  /** Whether a new request may have this id [WAMP BP IDs]; if not, the connection is ended. */
  takesRequest(name: RequestName, id: number): boolean {
    if (this.profile.requestGaps) {
      if (name !== 'call' || !this.calls.has(id)) return true;
      this.violate('A call with this request id is open.');
      return false;
    }
    const next = this.#lastRequest === MAX_ID ? 1 : this.#lastRequest + 1;
    if (id !== next) {
      this.violate('Request ids must be sequential.');
      return false;
    }
    this.#lastRequest = id;
    return true;
  }

  /** The arguments that came with a message; they are not decoded. */
  payloadOf({ args, kwargs, contentType }: Cargo): Payload {
    return Payload.ofSlices(this.output.format.serializer.name, args, kwargs, contentType);
  }

  /** What a callee answered. Headers that cannot be used are left out: there is nobody to be told. */
  answerOf(cargo: Cargo): { readonly payload: Payload; readonly headers: Headers | undefined } {
    if (cargo.fault !== undefined) this.host.count('wamp.headers_dropped');
    return { payload: this.payloadOf(cargo), headers: cargo.headers };
  }

  #tell(request: WampRequest, outcome: Outcome): void {
    const { output } = this;
    const { id } = request;
    switch (outcome.kind) {
      case 'published':
        return output.send({ name: 'published', request: id, publication: outcome.publication });
      case 'subscribed':
        return this.#subscribed(id, outcome.subscription);
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
        return this.#result(request, PROGRESS, outcome.payload, outcome.headers);
      case 'result':
        return this.#result(request, NO_DETAILS, outcome.payload, outcome.headers);
      case 'failed':
        return this.#failed(request, outcome.error, outcome.payload, outcome.headers);
      case 'refused':
        return this.refuse(request, { error: ERROR_URIS[outcome.code], reason: outcome.reason });
      case 'committed':
        // No WAMP message asks for it.
        return;
      default:
        return assertNever(outcome);
    }
  }

  #subscribed(request: number, subscription: Subscription): void {
    const { interest } = subscription;
    subscription.form = eventFormOf(interest, this.output.format);
    this.subscriptions.set(interest.id, subscription);
    this.output.send({ name: 'subscribed', request, subscription: interest.id });
  }

  #result(request: WampRequest, details: Details, payload: Payload, headers: Headers | undefined): void {
    const cargo = argumentsFor(payload, this.output.format.serializer.name);
    if (cargo !== undefined) {
      const annotations = annotated(details, cargo, headers);
      this.output.send({ name: 'result', request: request.id, details: annotations, cargo });
    } else if (details !== PROGRESS) {
      this.refuse(request, { error: ERROR_URIS[UNSPEAKABLE.code], reason: UNSPEAKABLE.reason });
    }
  }

  #failed(request: WampRequest, error: string, payload: Payload, headers: Headers | undefined): void {
    const cargo = argumentsFor(payload, this.output.format.serializer.name) ?? NO_ARGUMENTS;
    const { name, id } = request;
    const details = annotated(NO_DETAILS, cargo, headers);
    this.output.send({ name: 'error', to: name, request: id, details, error, cargo });
  }
}

const MAX_ID = 2 ** 53;
const PROGRESS: Details = Object.freeze({ progress: true });
const NO_ARGUMENTS = { args: undefined, kwargs: undefined, contentType: undefined, fault: undefined };
const UNSPEAKABLE = {
  code: 'payload_not_representable',
  reason: 'The payload cannot be written in the serializer of its receiver.',
} as const satisfies Refusal;

/**
 * Progressive results need a callee that can be told to stop [WAMP AP Progressive Call Results]; one that cannot has
 * neither feature.
 */
function featuresOf(roles: Roles, quirks: Quirks): EndpointFeatures {
  const callee = roles.get('callee');
  const callCanceling = callee?.has('call_canceling') === true || callee?.has('call_cancelling') === true;
  const streams = callee?.has('progressive_call_results') === true;
  return {
    callCanceling,
    progressiveResults: streams && (callCanceling || quirks.progressWithoutCanceling),
  };
}

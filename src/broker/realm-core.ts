import type { Clock, CoarseTimers, IdSource } from '../lib/index.js';
import { Ring } from '../lib/index.js';
import type { AdmissionGate, Core, RegisterCommand, SubscribeCommand } from './attachment.js';
import { Attachment } from './attachment.js';
import type { CallCommand } from './calls.js';
import { Call, Calls } from './calls.js';
import type { Refusal } from './errors.js';
import type { BrokerLimits } from './limits.js';
import type { Outcome } from './outcome.js';
import type { Principal } from './ports/authenticator.js';
import type { Authorizer } from './ports/authorizer.js';
import type { CancelMode, Endpoint } from './ports/endpoint.js';
import type { Instrumentation } from './ports/instrumentation.js';
import type { PublishCommand } from './publication.js';
import { Publication } from './publication.js';
import { Registration } from './registrations.js';
import type { Request } from './request.js';
import { Interest, Subscription } from './subscriptions.js';
import { TopicIndex } from './topic-index.js';

/** What a broker is made of. */
export interface BrokerParts {
  readonly realm: string;
  readonly limits: BrokerLimits;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly timers: CoarseTimers;
  readonly ids: IdSource;
  readonly instrumentation: Instrumentation;
  /** Asked before each publication and call. Default: all may go on. */
  readonly admission?: AdmissionGate;
}

/** How much a broker holds; all zero when nobody is attached. */
export interface BrokerStats {
  readonly sessions: number;
  readonly subscriptions: number;
  readonly interests: number;
  readonly registrations: number;
  readonly calls: number;
}

/**
 * The state of one realm, and the commands of its attachments after they have been admitted. Seen by attachments alone: what
 * anybody else wants, they ask an attachment for, and so the authorizer.
 *
 * Every change is one synchronous run: state first, then effects, in the order answer, deliveries, invocations. A command
 * issued from inside an effect waits until the run is over, so nothing changes while it is walked, and no lock is needed.
 */
export class RealmCore implements Core {
  readonly realm: string;
  readonly limits: BrokerLimits;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly instrumentation: Instrumentation;
  readonly admission: AdmissionGate;
  readonly #ids: IdSource;
  readonly #calls: Calls;
  readonly #attachments = new Set<Attachment>();
  readonly #interests = new TopicIndex<Interest>();
  readonly #registrations = new TopicIndex<Registration>();
  /** Commands that were issued during a run. */
  readonly #tail = new Ring<() => void>();
  #running = false;
  #draining = false;
  #nextRouterId = 1;
  #nextOrdinal = 1;
  #subscriptionCount = 0;
  #registrationCount = 0;

  constructor(parts: BrokerParts) {
    this.realm = parts.realm;
    this.limits = parts.limits;
    this.authorizer = parts.authorizer;
    this.clock = parts.clock;
    this.instrumentation = parts.instrumentation;
    this.#calls = new Calls(parts.timers, (change) => this.run(change));
    this.admission = parts.admission ?? (() => undefined);
    this.#ids = parts.ids;
  }

  get stats(): BrokerStats {
    return {
      sessions: this.#attachments.size,
      subscriptions: this.#subscriptionCount,
      interests: this.#interests.size,
      registrations: this.#registrationCount,
      calls: this.#calls.open,
    };
  }

  /** See `Broker`. */
  attach(endpoint: Endpoint, principal: Principal, protocol: string): Attachment {
    const attachment = new Attachment(this, endpoint, { protocol, session: this.#ids.id(), principal });
    this.#attachments.add(attachment);
    return attachment;
  }

  /** From now on new calls are refused with `unavailable`; those in progress are answered. */
  drain(): void {
    this.#draining = true;
  }

  /** Carries a change out now, or after the run that is going on. */
  run(change: () => void): void {
    if (this.#running) {
      this.#tail.push(change);
      return;
    }
    this.#running = true;
    let next: (() => void) | undefined = change;
    while (next !== undefined) {
      try {
        next();
      } catch (error) {
        this.instrumentation.defect('broker.run', error);
      }
      next = this.#tail.shift();
    }
    this.#running = false;
  }

  /** For attachments, like all that follows: the commands, after they have been admitted. */
  publish(from: Attachment, request: Request, command: PublishCommand, acknowledge: boolean): void {
    this.run(() => {
      if (from.detached) return;
      const publication = this.#publicationOf(from, command);
      if (acknowledge) from.answer(request, { kind: 'published', publication: publication.id });
      this.#route(from, command, publication);
    });
  }

  commit(from: Attachment, request: Request, commands: readonly PublishCommand[]): void {
    this.run(() => {
      if (from.detached) return;
      from.answer(request, { kind: 'committed' });
      for (const command of commands) this.#route(from, command, this.#publicationOf(from, command));
    });
  }

  subscribe(by: Attachment, request: Request, command: SubscribeCommand): void {
    this.run(() => {
      if (by.detached) return;
      const held = by.subscriptions.get(command.key);
      if (held !== undefined) {
        by.answer(request, { kind: 'subscribed', subscription: held, already: true });
        return;
      }
      const fault = this.#subscriptionFault(by, command);
      if (fault !== undefined) {
        by.answer(request, { kind: 'refused', ...fault });
        return;
      }
      const subscription = new Subscription(
        by,
        command.key,
        this.#interestIn(command),
        command.noLocal === true,
      );
      subscription.interest.add(subscription);
      by.subscriptions.set(command.key, subscription);
      if (command.pattern.match !== 'exact') by.patternSubscriptions += 1;
      this.#subscriptionCount += 1;
      by.answer(request, { kind: 'subscribed', subscription, already: false });
    });
  }

  unsubscribe(by: Attachment, request: Request, subscription: Subscription): void {
    this.run(() => {
      if (by.detached || !subscription.active) return;
      this.#removeSubscription(by, subscription);
      by.answer(request, { kind: 'unsubscribed' });
    });
  }

  register(by: Attachment, request: Request, command: RegisterCommand): void {
    this.run(() => {
      if (by.detached) return;
      const fault = this.#registrationFault(by, command);
      if (fault !== undefined) {
        by.answer(request, { kind: 'refused', ...fault });
        return;
      }
      const registration = new Registration(
        this.#nextRouterId++,
        command.pattern,
        by,
        command.discloseCaller === true,
      );
      this.#registrations.set(command.pattern, registration);
      by.registrations.add(registration);
      if (command.pattern.match !== 'exact') by.patternRegistrations += 1;
      this.#registrationCount += 1;
      by.answer(request, { kind: 'registered', registration });
    });
  }

  unregister(by: Attachment, request: Request, registration: Registration): void {
    this.run(() => {
      if (by.detached || !registration.active) return;
      this.#removeRegistration(by, registration);
      by.answer(request, { kind: 'unregistered' });
    });
  }

  startCall(from: Attachment, request: Request, command: CallCommand, mayDisclose: boolean): void {
    this.run(() => {
      if (from.detached) return;
      const registration = this.#registrations.bestMatch(command.procedure);
      if (registration === undefined) {
        from.answer(request, { kind: 'refused', ...NO_SUCH_PROCEDURE });
        return;
      }
      const call = this.#callOf(from, request, command, registration, mayDisclose);
      const fault = this.#callFault(from, call);
      if (fault === undefined) this.#calls.start(call);
      else from.answer(request, { kind: 'refused', ...fault });
    });
  }

  cancel(call: Call, mode: CancelMode): void {
    this.#calls.cancel(call, mode);
  }

  answer(call: Call, outcome: Outcome): void {
    this.#calls.answer(call, outcome);
  }

  /** Removes an attachment and all that it holds. */
  detach(attachment: Attachment): void {
    // Marked at once: a command that waits for an admission, or in the tail, must not revive it.
    attachment.detached = true;
    this.run(() => {
      if (!this.#attachments.delete(attachment)) return;
      attachment.clearBacklog();
      for (const subscription of attachment.subscriptions.values())
        this.#removeSubscription(attachment, subscription);
      for (const registration of attachment.registrations) this.#removeRegistration(attachment, registration);
      for (const invocation of attachment.invocations)
        if (invocation instanceof Call) this.#calls.calleeGone(invocation);
      for (const call of attachment.calls.values()) this.#calls.callerGone(call);
    });
  }

  /** Detaches an endpoint that did not ask for it, after the current run, and tells it why. */
  evict(attachment: Attachment, why: Refusal): void {
    if (attachment.detached) return;
    this.instrumentation.event('evicted', { realm: this.realm, session: attachment.session, code: why.code });
    this.detach(attachment);
    this.run(() => {
      try {
        attachment.endpoint.evict(why);
      } catch (error) {
        this.instrumentation.defect('endpoint.evict', error);
      }
    });
  }

  #publicationOf(from: Attachment, command: PublishCommand): Publication {
    const { topic, payload, headers, spelling } = command;
    const publisher = command.disclose === true ? from.identity : undefined;
    return new Publication(this.#ids.id(), topic, payload, headers, spelling, publisher, from.origin);
  }

  /** One event for every matching subscription [WAMP AP Pattern-based Subscriptions]. */
  #route(from: Attachment, command: PublishCommand, publication: Publication): void {
    const excluded = command.excludePublisher === true ? from : undefined;
    this.#interests.matchAll(publication.topic, (interest) => {
      const { subscriptions } = interest;
      for (let at = 0; at < subscriptions.length; at += 1) {
        const subscription = subscriptions[at]!;
        const { attachment } = subscription;
        if (attachment === excluded || attachment.detached) continue;
        if (subscription.noLocal && attachment === from) continue;
        attachment.offer(subscription, publication);
      }
    });
  }

  #interestIn(command: SubscribeCommand): Interest {
    const known = this.#interests.get(command.pattern);
    if (known !== undefined) return known;
    const interest = new Interest(this.#nextRouterId++, command.pattern, () => this.#nextOrdinal++);
    this.#interests.set(command.pattern, interest);
    return interest;
  }

  #subscriptionFault(by: Attachment, command: SubscribeCommand): Refusal | undefined {
    const { subscriptions, patternSubscriptions } = this.limits;
    if (by.subscriptions.size >= subscriptions) {
      return { code: 'limit_exceeded', reason: `A session may have ${subscriptions} subscriptions.` };
    }
    if (command.pattern.match !== 'exact' && by.patternSubscriptions >= patternSubscriptions) {
      return {
        code: 'limit_exceeded',
        reason: `A session may have ${patternSubscriptions} pattern subscriptions.`,
      };
    }
    return undefined;
  }

  #registrationFault(by: Attachment, command: RegisterCommand): Refusal | undefined {
    if (this.#registrations.get(command.pattern) !== undefined) {
      return { code: 'procedure_exists', reason: 'The procedure is registered already.' };
    }
    const { registrations, patternRegistrations } = this.limits;
    if (by.registrations.size >= registrations) {
      return { code: 'limit_exceeded', reason: `A session may have ${registrations} registrations.` };
    }
    if (command.pattern.match !== 'exact' && by.patternRegistrations >= patternRegistrations) {
      return {
        code: 'limit_exceeded',
        reason: `A session may have ${patternRegistrations} pattern registrations.`,
      };
    }
    return undefined;
  }

  #callFault(from: Attachment, { registration, size }: Call): Refusal | undefined {
    if (this.#draining) return { code: 'unavailable', reason: 'The server is shutting down.' };
    const { callsPerCaller, callsPerCallee, callBytes } = this.limits;
    if (from.calls.size >= callsPerCaller) {
      return { code: 'unavailable', reason: `A caller may have ${callsPerCaller} calls open.` };
    }
    if (from.callBytes + size > callBytes) {
      return { code: 'unavailable', reason: `Open calls of a caller may have ${callBytes} bytes.` };
    }
    if (registration.callee.invocations.size >= callsPerCallee) {
      return { code: 'callee_unavailable', reason: `A callee may have ${callsPerCallee} calls open.` };
    }
    return undefined;
  }

  #callOf(
    from: Attachment,
    request: Request,
    command: CallCommand,
    registration: Registration,
    mayDisclose: boolean,
  ): Call {
    const disclose = mayDisclose && (command.disclose === true || registration.discloseCaller);
    const { callTimeoutMs, maxCallTimeoutMs } = this.limits;
    const timeoutMs = Math.min(command.timeoutMs ?? callTimeoutMs, maxCallTimeoutMs);
    return new Call(from, request, registration, disclose ? from.identity : undefined, timeoutMs, command);
  }

  #removeSubscription(attachment: Attachment, subscription: Subscription): void {
    const { interest } = subscription;
    if (!subscription.active) return;
    if (interest.remove(subscription)) this.#interests.delete(interest.pattern);
    attachment.discard(subscription);
    attachment.subscriptions.delete(subscription.key);
    if (interest.pattern.match !== 'exact') attachment.patternSubscriptions -= 1;
    this.#subscriptionCount -= 1;
  }

  #removeRegistration(by: Attachment, registration: Registration): void {
    if (!registration.active) return;
    registration.active = false;
    this.#registrations.delete(registration.pattern);
    by.registrations.delete(registration);
    if (registration.pattern.match !== 'exact') by.patternRegistrations -= 1;
    this.#registrationCount -= 1;
  }
}

const NO_SUCH_PROCEDURE: Refusal = { code: 'no_such_procedure', reason: 'No such procedure.' };

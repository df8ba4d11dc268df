import type { Clock, CoarseTimers, IdSource } from '../lib/index.js';
import { Ring } from '../lib/index.js';
import type { AdmissionGate } from './rights/admission.js';
import type { BrokerParts, BrokerStats } from './broker-parts.js';
import { AbsentOwners } from './rights/absent-owners.js';
import { AuthorizerFailures } from './rights/authorizer-failures.js';
import { Attachment } from './attachment.js';
import { admits } from './audience.js';
import { Committing } from './committing.js';
import type { Core } from './core.js';
import { Dealer } from './calls/dealer.js';
import { Departed } from './sessions/departed.js';
import { InterestTable } from './interest-table.js';
import { Observers } from './sessions/observers.js';
import type { Announced } from './calls/router-callee.js';
import { ROUTER_ORIGIN } from './calls/router-callee.js';
import type { Refusal } from './errors.js';
import type { BrokerLimits } from './limits.js';
import { Past, bothOf, isRefusal } from './past/past.js';
import { Payload } from './payload.js';
import type { Principal } from './ports/authenticator.js';
import type { Authorizer } from './ports/authorizer.js';
import type { Endpoint } from './ports/endpoint.js';
import type { Instrumentation } from './ports/instrumentation.js';
import type { Death } from './ports/queue-store.js';
import type { AdmittedPublish } from './publication.js';
import { Publication } from './publication.js';
import type { QueueRealm } from './queues/queue-context.js';
import { Queues } from './queues/queues.js';
import type { Eviction } from './sessions/realm-view.js';
import { Rechecks } from './rights/rechecks.js';
import type { Request } from './request.js';
import { RetainedTiers } from './past/retained-tiers.js';
import { SessionTable } from './sessions/session-table.js';
import type { AttachOptions } from './sessions/session-entry.js';
import { Subscribing } from './subscribing.js';
import type { Subscription } from './subscriptions.js';
import type { Testament } from './sessions/testaments.js';

/**
 * The state of one realm, and the commands of its attachments after they have been admitted. Seen by attachments alone: what
 * anybody else wants, they ask an attachment for, and so the authorizer.
 *
 * Every change is one synchronous run: state first, then effects, in the order answer, deliveries, invocations. A command
 * issued from inside an effect waits until the run is over, so nothing changes while it is walked, and no lock is needed.
 */
export class RealmCore implements Core<Attachment> {
  readonly realm: string;
  readonly limits: BrokerLimits;
  readonly authorizer: Authorizer;
  readonly failures: AuthorizerFailures;
  readonly clock: Clock;
  /** For deadlines that need not be exact: of calls, rechecks and expiries. */
  readonly timers: CoarseTimers;
  readonly instrumentation: Instrumentation;
  readonly admission: AdmissionGate;
  /** What is kept of the topics: retained events, history. */
  readonly past: Past;
  readonly queues: Queues | undefined;
  readonly dealer: Dealer;
  readonly subscribing: Subscribing;
  readonly committing: Committing<Attachment>;
  readonly #absentOwners: AbsentOwners;
  readonly #departed: Departed<Attachment>;
  readonly rechecks: Rechecks;
  readonly #ids: IdSource;
  /** Those who are told of each change, such as the announcements of the meta API. */
  readonly observers: Observers;
  /** session → attachment, the hidden ones too */
  readonly sessions: SessionTable<Attachment>;
  /** pattern → its subscriptions */
  readonly interests: InterestTable;
  /** Commands that were issued during a run. */
  readonly #tail = new Ring<() => void>();
  #running = false;
  #nextRouterId = 1;

  constructor(parts: BrokerParts) {
    this.realm = parts.realm;
    this.limits = parts.limits;
    this.authorizer = parts.authorizer;
    this.failures = new AuthorizerFailures(parts);
    this.clock = parts.clock;
    this.timers = parts.timers;
    this.instrumentation = parts.instrumentation;
    this.admission = parts.admission ?? (() => undefined);
    this.observers = new Observers(parts.instrumentation);
    this.sessions = new SessionTable(this.observers);
    const nextId = (): number => this.#nextRouterId++;
    this.interests = new InterestTable({ clock: this.clock, nextId, observers: this.observers });
    this.#ids = parts.ids;
    const { stores, history = [], ...rest } = parts;
    const run = (change: () => void): void => this.run(change);
    this.rechecks = new Rechecks(this.timers, run);
    this.#absentOwners = new AbsentOwners(this, run);
    this.#departed = new Departed(this, (...testament) => this.#publishTestament(...testament));
    const retained = stores?.retained && new RetainedTiers(stores.retained);
    this.past = new Past({ ...rest, retained, history: stores?.history, rules: history });
    for (const pattern of this.past.remembered) this.interests.keep(pattern);
    this.queues = this.#queuesOf(parts);
    this.dealer = this.#dealerOf(parts);
    const { limits, interests, past, queues } = this;
    this.subscribing = new Subscribing({ limits, interests, run });
    this.committing = new Committing({
      past,
      queues,
      run,
      together: stores?.together?.bind(stores),
      publicationOf: (from, command) => this.#publicationOf(from, command),
      route: (from, publication) => this.#route(from, publication),
    });
  }

  get stats(): BrokerStats {
    return {
      sessions: this.sessions.size,
      subscriptions: this.subscribing.count,
      interests: this.interests.size,
      registrations: this.dealer.registrations,
      calls: this.dealer.calls,
      consumers: this.queues?.consumers ?? 0,
      deliveries: this.queues?.deliveries ?? 0,
      queues: this.queues?.size ?? 0,
    };
  }

  /** See `Broker`. */
  attach(endpoint: Endpoint, principal: Principal, options: AttachOptions): Attachment {
    const { protocol = 'local', session = this.#ids.id() } = options;
    const attachment = new Attachment(this, endpoint, { protocol, session, principal }, options);
    this.sessions.add(attachment);
    return attachment;
  }

  /** See `Broker`. */
  drain(): void {
    this.dealer.draining = true;
    this.queues?.stop();
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
  publish(from: Attachment, request: Request, command: AdmittedPublish, acknowledge: boolean): void {
    this.run(() => {
      if (from.detached) return;
      const publication = this.#publicationOf(from, command);
      const kept = this.past.keep(publication, command.retain === true);
      if (isRefusal(kept)) {
        from.answer(request, { kind: 'refused', ...kept });
        return;
      }
      const safe = bothOf(kept, this.queues?.keep(from, publication));
      from.confirm(
        request,
        acknowledge ? { kind: 'published', publication: publication.id } : undefined,
        safe,
      );
      this.#route(from, publication);
    });
  }

  /** Removes an attachment and all that it holds. */
  detach(attachment: Attachment): void {
    // Marked at once: a command that waits for an admission, or in the tail, must not revive it.
    attachment.detached = true;
    // Its parts end before it: nobody is told that a session has left that still holds something.
    for (const part of attachment.entry.parts ?? []) {
      part.entry.quiet = attachment.entry.quiet;
      this.detach(part as Attachment);
    }
    this.run(() => {
      if (!this.sessions.remove(attachment)) return;
      attachment.rights.end();
      attachment.outlet.clear();
      this.queues?.leave(attachment);
      this.subscribing.leave(attachment);
      attachment.entry.end((error) => this.instrumentation.defect('broker.ending', error));
      this.dealer.leave(attachment);
      this.sessions.left(attachment);
      if (!attachment.entry.quiet) this.#departed.execute(attachment);
    });
  }

  /** Detaches an endpoint that did not ask for it, after the current run, and tells it why. */
  evict(attachment: Attachment, why: Eviction, quietly = false): void {
    if (attachment.detached) return;
    attachment.entry.quiet = quietly;
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

  /** Takes a subscription away whose beginning cannot be read. */
  withdraw(subscription: Subscription, why: Refusal, told: boolean): void {
    this.subscribing.withdraw(subscription, why, told);
  }

  /** See `Broker`. The arguments are made only if somebody may hear them. */
  announce(topic: string, args: Announced, kwargs?: object): void {
    if (!this.interests.hearsTheRouter) return;
    this.run(() => {
      const values = typeof args === 'function' ? args() : args;
      const content = { topic, payload: Payload.ofValues(values, kwargs) };
      const now = this.clock.wallTime();
      this.#route(undefined, new Publication(this.#ids.id(), content, undefined, ROUTER_ORIGIN, now));
    });
  }

  /** See `Broker`. */
  reauthorize(affects: (principal: Principal) => boolean): void {
    this.run(() => {
      for (const attachment of this.sessions.all())
        if (!attachment.detached && affects(attachment.principal)) attachment.rights.recheck();
      this.#departed.outdated(affects);
      if (this.queues !== undefined) this.#absentOwners.recheck(this.queues, affects);
    });
  }

  /** For the queues: an event of nobody who is attached. */
  publishDead(publication: Publication, death: Death): void {
    void this.past.keep(publication, false);
    void this.queues?.keep(undefined, publication, death);
    this.#route(undefined, publication);
  }

  /** See `Departed`. */
  #publishTestament(from: Attachment, { event, ttlMs }: Testament, trustlevel: number | undefined): boolean {
    const expiresAt = ttlMs === undefined ? undefined : this.clock.wallTime() + ttlMs;
    const publication = this.#publicationOf(from, { ...event, expiresAt, trustlevel });
    const kept = this.past.keep(publication, event.retain === true);
    if (isRefusal(kept)) return false;
    void this.queues?.keep(from, publication);
    this.#route(from, publication);
    return true;
  }

  #publicationOf(from: Attachment, command: AdmittedPublish): Publication {
    const publisher = command.disclose === true ? from.identity : undefined;
    return new Publication(this.#ids.id(), command, publisher, from.origin, this.clock.wallTime());
  }

  /** One event for every matching subscription [WAMP AP Pattern-based Subscriptions]. */
  #route(from: Attachment | undefined, publication: Publication): void {
    const { expiresAt, audience, shard } = publication;
    if (expiresAt !== undefined && expiresAt <= publication.publishedAt) return;
    const excluded = publication.excludePublisher ? from : undefined;
    this.interests.matchAll(publication.topic, (interest) => {
      const { subscriptions } = interest;
      for (let at = 0; at < subscriptions.length; at += 1) {
        const subscription = subscriptions[at]!;
        const { attachment } = subscription;
        if (attachment === excluded || attachment.detached) continue;
        if (audience !== undefined && !admits(audience, attachment.identity)) continue;
        if (shard !== undefined && interest.isElsewhere(subscription, publication)) continue;
        if (subscription.gate !== undefined && !subscription.gate.passes(publication)) continue;
        attachment.outlet.offer(subscription, publication);
      }
    });
  }

  #queuesOf({ stores, transientQueues, queues = [], timers, ids }: BrokerParts): Queues | undefined {
    const store = stores?.queues;
    const transient = transientQueues ?? store;
    if (transient === undefined) return undefined;
    const { realm, limits, clock, instrumentation } = this;
    const run = (change: () => void): void => this.run(change);
    const sees: QueueRealm['sees'] = (owner, topic) => this.#absentOwners.sees(owner, topic);
    const publishDead: QueueRealm['publishDead'] = (publication, death) =>
      this.publishDead(publication, death);
    return new Queues(
      { realm, limits, clock, timers, ids, instrumentation, run, publishDead, sees },
      { transient, durable: store?.durable === true ? store : undefined },
      queues,
    );
  }

  #dealerOf({ limits, timers, ids }: BrokerParts): Dealer {
    const run = (change: () => void): void => this.run(change);
    const { clock, instrumentation, observers } = this;
    const sources = { nextId: () => this.#nextRouterId++, random: () => ids.id() };
    return new Dealer({ limits, timers, run, clock, instrumentation, observers, ...sources });
  }
}

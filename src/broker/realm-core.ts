import type { Clock, IdSource } from '../lib/index.js';
import { Ring } from '../lib/index.js';
import type { AdmissionGate } from './admission.js';
import type { BrokerParts, BrokerStats } from './broker-parts.js';
import type { Core } from './attachment.js';
import { Attachment } from './attachment.js';
import { admits } from './audience.js';
import type { Batch } from './batch.js';
import { Dealer } from './dealer.js';
import type { Refusal } from './errors.js';
import { gateOf } from './gate.js';
import { subscriptionFault } from './limit-faults.js';
import type { BrokerLimits } from './limits.js';
import type { KeptEvent } from './past.js';
import { Past, bothOf, isRefusal } from './past.js';
import type { Principal } from './ports/authenticator.js';
import type { Authorizer } from './ports/authorizer.js';
import type { Endpoint } from './ports/endpoint.js';
import type { Instrumentation } from './ports/instrumentation.js';
import type { Death } from './ports/queue-store.js';
import type { PublishCommand } from './publication.js';
import { Publication } from './publication.js';
import type { QueueRealm } from './queues/queue-context.js';
import type { QueueBatchItem } from './queues/queues.js';
import { Queues } from './queues/queues.js';
import type { Request } from './request.js';
import type { SubscribeCommand } from './subscribe-command.js';
import { Interest, Subscription } from './subscriptions.js';
import { TopicIndex } from './topic-index.js';

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
  /** What is kept of the topics: retained events, history. */
  readonly past: Past;
  readonly queues: Queues | undefined;
  readonly dealer: Dealer;
  readonly #ids: IdSource;
  readonly #attachments = new Set<Attachment>();
  readonly #interests = new TopicIndex<Interest>();
  /** Commands that were issued during a run. */
  readonly #tail = new Ring<() => void>();
  #running = false;
  #nextRouterId = 1;
  #nextOrdinal = 1;
  #subscriptionCount = 0;

  constructor(parts: BrokerParts) {
    this.realm = parts.realm;
    this.limits = parts.limits;
    this.authorizer = parts.authorizer;
    this.clock = parts.clock;
    this.instrumentation = parts.instrumentation;
    this.admission = parts.admission ?? (() => undefined);
    this.#ids = parts.ids;
    const { stores, history = [], ...rest } = parts;
    this.past = new Past({ ...rest, retained: stores?.retained, history: stores?.history, rules: history });
    this.queues = this.#queuesOf(parts);
    this.dealer = this.#dealerOf(parts);
  }

  get stats(): BrokerStats {
    return {
      sessions: this.#attachments.size,
      subscriptions: this.#subscriptionCount,
      interests: this.#interests.size,
      registrations: this.dealer.registrations,
      calls: this.dealer.calls,
      consumers: this.queues?.consumers ?? 0,
      deliveries: this.queues?.deliveries ?? 0,
      queues: this.queues?.size ?? 0,
    };
  }

  /** See `Broker`. */
  attach(endpoint: Endpoint, principal: Principal, protocol: string, session = this.#ids.id()): Attachment {
    const attachment = new Attachment(this, endpoint, { protocol, session, principal });
    this.#attachments.add(attachment);
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
  publish(from: Attachment, request: Request, command: PublishCommand, acknowledge: boolean): void {
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

  commit(from: Attachment, request: Request, batch: Batch): Promise<void> | undefined {
    let done = false;
    let resolve = (): void => {};
    this.run(() =>
      this.#commit(from, request, batch, () => {
        done = true;
        resolve();
      }),
    );
    return done ? undefined : new Promise((resolved) => (resolve = resolved));
  }

  subscribe(by: Attachment, request: Request, command: SubscribeCommand): void {
    this.run(() => {
      if (by.detached) return;
      const held = by.subscriptions.get(command.key);
      if (held !== undefined) {
        by.answer(request, { kind: 'subscribed', subscription: held, already: true });
        return;
      }
      const fault = subscriptionFault(this.limits, by, command);
      if (fault !== undefined) {
        by.answer(request, { kind: 'refused', ...fault });
        return;
      }
      const gate = gateOf(by.session, command);
      const subscription = new Subscription(by, command.key, this.#interestIn(command), gate);
      subscription.interest.add(subscription);
      by.subscriptions.set(command.key, subscription);
      if (isCostly(subscription)) by.patternSubscriptions += 1;
      this.#subscriptionCount += 1;
      if (command.retained === true || command.replay !== undefined) {
        by.beginReplay(subscription, request, command);
      } else {
        by.answer(request, { kind: 'subscribed', subscription, already: false });
      }
    });
  }

  unsubscribe(by: Attachment, request: Request, subscription: Subscription): void {
    this.run(() => {
      if (by.detached || !subscription.active) return;
      this.#removeSubscription(by, subscription);
      by.answer(request, { kind: 'unsubscribed' });
    });
  }

  /** Removes an attachment and all that it holds. */
  detach(attachment: Attachment): void {
    // Marked at once: a command that waits for an admission, or in the tail, must not revive it.
    attachment.detached = true;
    this.run(() => {
      if (!this.#attachments.delete(attachment)) return;
      attachment.clearBacklog();
      this.queues?.leave(attachment);
      for (const subscription of attachment.subscriptions.values())
        this.#removeSubscription(attachment, subscription);
      this.dealer.leave(attachment);
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

  /** Takes a subscription away whose beginning cannot be read. */
  withdraw(subscription: Subscription, why: Refusal, told: boolean): void {
    const by = subscription.attachment as Attachment;
    this.#removeSubscription(by, subscription);
    if (told) by.revoked(subscription, why);
  }

  /** For the queues: an event of nobody who is attached. */
  publishDead(publication: Publication, death: Death): void {
    void this.past.keep(publication, false);
    void this.queues?.keep(undefined, publication, death);
    this.#route(undefined, publication);
  }

  /** Makes a batch; `done` when it is made or refused. What is published is routed when the rest is safe. */
  #commit(from: Attachment, request: Request, batch: Batch, done: () => void): void {
    if (from.detached) return done();
    const events: KeptEvent[] = [];
    const items = batch.map((item): QueueBatchItem => {
      if (item.kind !== 'publish') return item;
      const publication = this.#publicationOf(from, item.command);
      events.push({ publication, retain: item.command.retain === true });
      return { kind: 'event', publication };
    });
    const reserved = this.past.reserve(events);
    if ('code' in reserved) {
      from.answer(request, { kind: 'refused', ...reserved });
      return done();
    }
    const told = (fault: Refusal | undefined): void => {
      reserved.end();
      if (fault === undefined) {
        let safe: Promise<Refusal | undefined> | undefined;
        for (const { publication, retain } of events) safe = bothOf(safe, this.#kept(publication, retain));
        from.confirm(request, { kind: 'committed' }, safe);
        for (const { publication } of events) this.#route(from, publication);
      } else from.answer(request, { kind: 'refused', ...fault });
      done();
    };
    if (this.queues === undefined) told(undefined);
    else this.queues.commit(from, items, told);
  }

  /** Keeps what a batch has published. A store that fails by now does not undo the batch, and is told in its place. */
  #kept(publication: Publication, retain: boolean): Promise<Refusal | undefined> | undefined {
    const kept = this.past.keep(publication, retain);
    return isRefusal(kept) ? Promise.resolve(kept) : kept;
  }

  #publicationOf(from: Attachment, command: PublishCommand): Publication {
    const publisher = command.disclose === true ? from.identity : undefined;
    return new Publication(this.#ids.id(), command, publisher, from.origin, this.clock.wallTime());
  }

  /** One event for every matching subscription [WAMP AP Pattern-based Subscriptions]. */
  #route(from: Attachment | undefined, publication: Publication): void {
    const { expiresAt, audience } = publication;
    if (expiresAt !== undefined && expiresAt <= publication.publishedAt) return;
    const excluded = publication.excludePublisher ? from : undefined;
    this.#interests.matchAll(publication.topic, (interest) => {
      const { subscriptions } = interest;
      for (let at = 0; at < subscriptions.length; at += 1) {
        const subscription = subscriptions[at]!;
        const { attachment } = subscription;
        if (attachment === excluded || attachment.detached) continue;
        if (audience !== undefined && !admits(audience, attachment.identity)) continue;
        if (subscription.gate !== undefined && !subscription.gate.passes(publication)) continue;
        attachment.offer(subscription, publication);
      }
    });
  }

  #queuesOf({ stores, transientQueues, queues = [], timers, ids }: BrokerParts): Queues | undefined {
    const store = stores?.queues;
    const transient = transientQueues ?? store;
    if (transient === undefined) return undefined;
    const { realm, limits, clock, instrumentation } = this;
    const run = (change: () => void): void => this.run(change);
    const publishDead: QueueRealm['publishDead'] = (publication, death) =>
      this.publishDead(publication, death);
    return new Queues(
      { realm, limits, clock, timers, ids, instrumentation, run, publishDead },
      { transient, durable: store?.durable === true ? store : undefined },
      queues,
    );
  }

  #dealerOf({ limits, timers, ids }: BrokerParts): Dealer {
    const run = (change: () => void): void => this.run(change);
    return new Dealer({ limits, timers, run, nextId: () => this.#nextRouterId++, random: () => ids.id() });
  }

  #interestIn(command: SubscribeCommand): Interest {
    const known = this.#interests.get(command.pattern);
    if (known !== undefined) return known;
    const interest = new Interest(this.#nextRouterId++, command.pattern, () => this.#nextOrdinal++);
    this.#interests.set(command.pattern, interest);
    return interest;
  }

  #removeSubscription(attachment: Attachment, subscription: Subscription): void {
    const { interest } = subscription;
    if (!subscription.active) return;
    if (interest.remove(subscription)) this.#interests.delete(interest.pattern);
    attachment.discard(subscription);
    attachment.subscriptions.delete(subscription.key);
    if (isCostly(subscription)) attachment.patternSubscriptions -= 1;
    this.#subscriptionCount -= 1;
  }
}

/** Whether a subscription makes every publication, or every one of its topic, dearer: it has a pattern or a filter. */
function isCostly({ interest, gate }: Subscription): boolean {
  return interest.pattern.match !== 'exact' || gate?.selects === true;
}

import type { Pattern } from './address.js';
import type { Attachment } from './attachment.js';
import type { BrokerLimits } from './limits.js';
import type { Principal } from './ports/authenticator.js';
import type { Endpoint } from './ports/endpoint.js';
import type { BrokerParts, BrokerStats } from './broker-parts.js';
import type { Recalled, RecallQuery, RecallSink } from './past/recall.js';
import { recall } from './past/recall.js';
import { RealmCore } from './realm-core.js';
import { LiveView } from './sessions/live-view.js';
import type { Eviction, RealmObserver, RealmView, SessionView } from './sessions/realm-view.js';
import type { Announced, OwnProcedure } from './calls/router-callee.js';
import type { RouterProcedure } from './calls/router-procedures.js';
import type { AttachOptions } from './sessions/session-entry.js';

/**
 * One realm: its topics and procedures. Speaks no protocol. Whoever wants something of it attaches an endpoint: there is no
 * other door, and so none around the authorizer.
 */
export class Broker {
  /** What the realm holds now, for those who show it. */
  readonly view: RealmView;
  readonly #core: RealmCore;

  constructor(parts: BrokerParts) {
    const core = new RealmCore(parts);
    this.#core = core;
    this.view = new LiveView(core.sessions, core.dealer, core.interests);
  }

  get realm(): string {
    return this.#core.realm;
  }

  get limits(): BrokerLimits {
    return this.#core.limits;
  }

  get stats(): BrokerStats {
    return this.#core.stats;
  }

  /** Whether it retains events [WAMP AP Event Retention]: it has a store for them. */
  get retains(): boolean {
    return this.#core.past.retains;
  }

  /** Whether it keeps a history of topics [WAMP AP Event History]: it has a store for them, and they are configured. */
  get remembers(): boolean {
    return this.#core.past.remembered.length > 0;
  }

  /** Whether callees and subscribers are told how much a caller or publisher is trusted: the authorizer says it. */
  get trustlevels(): boolean {
    return this.#core.authorizer.trustlevels === true;
  }

  /** Whether a topic of the pattern may have a history; of an exact one it is known. */
  mayRemember(pattern: Pattern): boolean {
    return this.#core.past.mayRemember(pattern);
  }

  /** Asks for a history, in the name of an attachment; see {@link recall}. */
  recall(asker: Attachment, query: RecallQuery, sink: RecallSink): Promise<Recalled> {
    return recall(asker, this.#core.past, query, sink);
  }

  /** Attaches an endpoint as the given principal, under a new session id. */
  attach(endpoint: Endpoint, principal: Principal, options: AttachOptions = {}): Attachment {
    return this.#core.attach(endpoint, principal, options);
  }

  /**
   * Answers calls of a procedure in the router's name. Callers are admitted and the authorizer is asked as for any call; no
   * client's registration, whatever its pattern, gets a call under `wamp.`.
   *
   * @throws Error if the URI is not under `wamp.`, or is provided already.
   */
  provide(uri: string, procedure: RouterProcedure): void {
    // Every caller is an attachment.
    this.#core.dealer.router.provide(uri, procedure as OwnProcedure);
  }

  /**
   * Publishes an event in the router's name, after the answers of the run that is going on; it is neither retained nor kept
   * in a history. Costs next to nothing if nobody may hear it: nobody has subscribed to anything under `wamp.`.
   */
  announce(topic: string, args: Announced, kwargs?: Readonly<Record<string, unknown>>): void {
    this.#core.announce(topic, args, kwargs);
  }

  /** Tells of each change from now on, of those kinds that the observer has a method for. */
  observe(observer: Partial<RealmObserver>): void {
    this.#core.observers.add(observer);
  }

  /** Ends a session that {@link view} shows, and tells it why. False if there is none with this id. */
  evict(session: number, why: Eviction): boolean {
    const attachment = this.#core.sessions.find(session);
    if (attachment === undefined) return false;
    this.#core.evict(attachment, why);
    return true;
  }

  /**
   * Ends all sessions that match, and returns their ids.
   *
   * @param how.quietly nobody else is told, and their testaments are dropped [WAMP AP Session Meta API]. Default false.
   */
  evictAll(
    matches: (session: SessionView) => boolean,
    why: Eviction,
    { quietly = false }: { readonly quietly?: boolean } = {},
  ): readonly number[] {
    const gone = [...this.#core.sessions.listed()].filter(({ entry }) => matches(entry));
    for (const attachment of gone) this.#core.evict(attachment, why, quietly);
    return gone.map(({ session }) => session);
  }

  /**
   * Rules, or what principals may do, have changed: asks again about all that they hold, and takes away what they may not hold
   * any more, with `endpoint.revoked`. Nothing is delivered to it after that. Where the authorizer takes its time, things stay
   * as they are until it has answered.
   *
   * @param affects whom it is about. Default: everybody.
   */
  reauthorize(affects: (principal: Principal) => boolean = () => true): void {
    this.#core.reauthorize(affects);
  }

  /** From now on new calls are refused with `unavailable`; those in progress are answered. */
  drain(): void {
    this.#core.drain();
  }
}

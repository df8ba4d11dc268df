import type { Attachment } from './attachment.js';
import type { BrokerLimits } from './limits.js';
import type { Principal } from './ports/authenticator.js';
import type { Endpoint } from './ports/endpoint.js';
import type { BrokerParts, BrokerStats } from './broker-parts.js';
import { RealmCore } from './realm-core.js';

/**
 * One realm: its topics and procedures. Speaks no protocol. Whoever wants something of it attaches an endpoint: there is no
 * other door, and so none around the authorizer.
 */
export class Broker {
  readonly #core: RealmCore;

  constructor(parts: BrokerParts) {
    this.#core = new RealmCore(parts);
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

  /** Whether callees are told how much a caller is trusted [WAMP AP Call Trust Levels]: the authorizer says it. */
  get ranksCallers(): boolean {
    return this.#core.authorizer.trustlevels === true;
  }

  /**
   * Attaches an endpoint as the given principal, under a new session id.
   *
   * @param protocol what the endpoint speaks, for code of this process; `local` if it is in this process itself.
   * @param session the id, if the router's source of ids gave it out before, for this endpoint only. Default: a new one.
   */
  attach(endpoint: Endpoint, principal: Principal, protocol = 'local', session?: number): Attachment {
    return this.#core.attach(endpoint, principal, protocol, session);
  }

  /** From now on new calls are refused with `unavailable`; those in progress are answered. */
  drain(): void {
    this.#core.drain();
  }
}

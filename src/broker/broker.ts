import type { Attachment } from './attachment.js';
import type { BrokerLimits } from './limits.js';
import type { Principal } from './ports/authenticator.js';
import type { Endpoint } from './ports/endpoint.js';
import type { BrokerParts, BrokerStats } from './realm-core.js';
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

  /**
   * Attaches an endpoint as the given principal, under a new session id.
   *
   * @param protocol what the endpoint speaks, for code of this process; `local` if it is in this process itself.
   */
  attach(endpoint: Endpoint, principal: Principal, protocol = 'local'): Attachment {
    return this.#core.attach(endpoint, principal, protocol);
  }

  /** From now on new calls are refused with `unavailable`; those in progress are answered. */
  drain(): void {
    this.#core.drain();
  }
}

import type { Principal } from '../../broker/index.js';
import type { Services } from '../../subprotocols/index.js';
import type { ConnectOptions, LocalClient } from './client.js';
import { EmbeddedClient } from './client.js';

/** The clients that a router has in this process, its own and those of whoever embeds it. */
export class LocalClients {
  readonly #open = new Set<EmbeddedClient>();
  #refusing = false;

  constructor(private readonly services: Pick<Services, 'realms' | 'clock' | 'timers' | 'instrumentation'>) {}

  /** Events that handlers are at, or that wait for them. */
  get busy(): number {
    let busy = 0;
    for (const client of this.#open) busy += client.busy;
    return busy;
  }

  /**
   * Makes a client.
   *
   * @param routerPrincipal whom the router itself acts as. Nobody but the router has a way to say that. Default: it is somebody
   * else's client, and whom the options name.
   * @throws Error if there is no such realm, or the router is closed.
   */
  connect(options: ConnectOptions, routerPrincipal?: Principal): LocalClient {
    if (this.#refusing) throw new Error('The router is closed.');
    const { realms, clock, timers, instrumentation } = this.services;
    const realm = options.realm ?? realms.defaultRealm;
    const broker = realms.find(realm);
    if (broker === undefined) throw new Error(`There is no realm ${realm}.`);
    const report = (error: unknown): void => instrumentation.defect('local.handler', error);
    const closed = (client: EmbeddedClient): void => void this.#open.delete(client);
    const client = new EmbeddedClient({ broker, clock, timers, routerPrincipal, report, closed }, options);
    this.#open.add(client);
    return client;
  }

  /** Makes no client any more. */
  refuse(): void {
    this.#refusing = true;
  }

  /** Ends all of them. */
  close(): void {
    for (const client of this.#open) client.close();
  }
}

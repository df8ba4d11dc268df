import type { BrokerParts, BrokerStats } from '../broker/index.js';
import { Broker } from '../broker/index.js';
import type { Realms, Subprotocol } from '../subprotocols/index.js';

/** The realms of one router: one broker each, which share nothing. */
export class RealmTable implements Realms {
  readonly defaultRealm: string;
  /** name → broker */
  readonly #brokers = new Map<string, Broker>();

  /** @throws Error if there is no realm, or one is named twice. */
  constructor(
    names: readonly string[],
    parts: Omit<BrokerParts, 'realm'>,
    subprotocols: readonly Subprotocol[],
  ) {
    const [first] = names;
    if (first === undefined) throw new Error('A router needs at least one realm.');
    this.defaultRealm = first;
    for (const realm of names) {
      if (this.#brokers.has(realm)) throw new Error(`The realm ${realm} is named twice.`);
      const broker = new Broker({ ...parts, realm });
      this.#brokers.set(realm, broker);
      for (const subprotocol of subprotocols) subprotocol.realmStarted?.(broker);
    }
  }

  get names(): readonly string[] {
    return [...this.#brokers.keys()];
  }

  /** Calls that wait for their answer and messages that wait for their acknowledgement, in all realms. */
  get openWork(): number {
    let open = 0;
    for (const broker of this.#brokers.values()) open += broker.stats.calls + broker.stats.deliveries;
    return open;
  }

  /** realm → what it holds */
  get stats(): Readonly<Record<string, BrokerStats>> {
    return Object.fromEntries([...this.#brokers].map(([name, broker]) => [name, broker.stats]));
  }

  find(name: string): Broker | undefined {
    return this.#brokers.get(name);
  }

  /** No new calls from now on. */
  drain(): void {
    for (const broker of this.#brokers.values()) broker.drain();
  }
}

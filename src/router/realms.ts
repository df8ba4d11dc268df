import type { BrokerParts, BrokerStats, Eviction, Principal, SessionView } from '../broker/index.js';
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

  /** Adds to every realm what the router answers itself. */
  provide(by: (broker: Broker) => void): void {
    for (const broker of this.#brokers.values()) by(broker);
  }

  /** Ends all sessions that match; says how many those were. */
  evict(matches: (session: SessionView, realm: string) => boolean, why: Eviction): number {
    let ended = 0;
    for (const [realm, broker] of this.#brokers)
      ended += broker.evictAll((session) => matches(session, realm), why).length;
    return ended;
  }

  /** Asks again about what is held. */
  reauthorize(affects: (principal: Principal, realm: string) => boolean = () => true): void {
    for (const [realm, broker] of this.#brokers) broker.reauthorize((principal) => affects(principal, realm));
  }

  /** No new calls from now on. */
  drain(): void {
    for (const broker of this.#brokers.values()) broker.drain();
  }
}

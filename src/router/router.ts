import type { IncomingMessage } from 'node:http';
import type { BrokerStats, Principal, SessionView, Stores } from '../broker/index.js';
import { DEFAULT_BROKER_LIMITS, noInstrumentation } from '../broker/index.js';
import { anonymous, defaultRights } from '../auth/index.js';
import { memoryStore } from '../engines/memory/index.js';
import { CoarseTimers } from '../lib/index.js';
import type { Services } from '../subprotocols/index.js';
import { DEFAULT_SESSION_LIMITS, provideRenewal, stomp, wamp } from '../subprotocols/index.js';
import type { AnyHttpServer, ListenOptions, Listener } from '../transport/index.js';
import { DEFAULT_TRANSPORT_LIMITS, SystemClock, Transport } from '../transport/index.js';
import { authenticatorHost } from './authenticator-host.js';
import { authorizerHost, exempt } from './authorizer-host.js';
import { contained } from './contained-instrumentation.js';
import { drain } from './drain.js';
import type { ConnectOptions, LocalClient } from './local/client.js';
import { LocalClients } from './local/clients.js';
import type { RouterOptions } from './options.js';
import type { ConnectAs } from './own-calls.js';
import { Pressure } from './pressure.js';
import { RandomIds } from './random-ids.js';
import { RealmTable } from './realms.js';
import { VERSION } from './version.js';

/** How much a router holds; everything is zero when nobody is connected. */
export interface RouterStats {
  /** Connected sockets, logged in or not. */
  readonly connections: number;
  /** Timers that are set for sessions and calls. */
  readonly timers: number;
  /** realm → what it holds */
  readonly realms: Readonly<Record<string, BrokerStats>>;
}

/** One endpoint that speaks STOMP and WAMP over one set of topics and procedures. */
export interface Router {
  /** The path of the endpoint. */
  readonly path: string;
  /** The realms, the default one first. */
  readonly realms: readonly string[];
  /** The WebSocket subprotocol tokens that are answered. */
  readonly tokens: readonly string[];
  /** Whether `drain` or `close` has begun. */
  readonly draining: boolean;
  /**
   * Why its store confirms nothing any more; undefined while all is well. A router that has a reason here refuses what it
   * would have to store, and has to be made anew.
   */
  readonly storeFailure: string | undefined;
  readonly stats: RouterStats;
  /**
   * Serves upgrade requests for the path on this server; requests for other paths go to the listeners that were there
   * before.
   */
  attach(server: AnyHttpServer): void;
  /** Gives the server back as it was found. Connections that are open stay open. */
  detach(server: AnyHttpServer): void;
  /**
   * Serves one upgrade request that somebody else's listener was given, whatever its path; the origin, the host and the
   * offered subprotocols are checked as for any other.
   *
   * @param rest octets that followed the head of the request.
   */
  upgrade(request: IncomingMessage, rest: Buffer): void;
  /**
   * Listens for clients that speak no WebSocket: STOMP over TCP, WAMP over RawSocket. They have the same sessions and count
   * against the same limits. A drain listens no more.
   *
   * @throws Error of the system (`EADDRINUSE`, …), if the certificate cannot be used, if the subprotocol is not spoken, or if
   * the router drains or is closed.
   */
  listen(options: ListenOptions): Promise<Listener>;
  /**
   * A client in this process, as the principal that is named here.
   *
   * @throws Error if there is no such realm, or the router is closed.
   */
  connect(options?: ConnectOptions): LocalClient;
  /**
   * Ends sessions, clients of this process too: a STOMP client is told `session killed`, a WAMP client
   * `wamp.close.killed`. They may come back, if they are let in.
   *
   * @param reason for people; clients are told.
   * @returns how many sessions were ended.
   */
  evict(matches: (session: SessionView, realm: string) => boolean, reason?: string): number;
  /**
   * What the authorizer decides has changed: asks again about all that these principals hold, and takes away what they may not
   * hold any more. Nothing is delivered to it after that.
   *
   * @param matches default: everybody.
   */
  reauthorize(matches?: (principal: Principal, realm: string) => boolean): void;
  /**
   * Refuses new sockets and calls, hands out no more messages of queues, lets what is in progress be answered and acknowledged
   * (for half of the time at most), has every session say good-bye, and resolves when all
   * have gone, after `withinMs` at the latest.
   */
  drain(withinMs: number): Promise<void>;
  /**
   * Ends what is left at once, clients in this process too, detaches from all servers, and closes the store: what was
   * confirmed is in it.
   */
  close(): Promise<void>;
}

/**
 * Makes a router for any Node HTTP server.
 *
 * @throws Error if two subprotocols claim one token, or a realm is named twice.
 */
export function createRouter(options: RouterOptions = {}): Router {
  const clock = options.clock ?? new SystemClock();
  const timers = new CoarseTimers(clock);
  const ids = options.ids ?? new RandomIds();
  const instrumentation = contained(options.instrumentation ?? noInstrumentation);
  const subprotocols = options.subprotocols ?? [stomp(), wamp()];
  const limits = {
    ...DEFAULT_TRANSPORT_LIMITS,
    ...DEFAULT_SESSION_LIMITS,
    ...DEFAULT_BROKER_LIMITS,
    ...options.limits,
  };
  const { authorizer: given = defaultRights() } = options;
  const authorizer = exempt(typeof given === 'function' ? { decide: given } : given);
  const pressure = new Pressure({
    limitBytes: options.memoryLimitBytes ?? systemMemoryLimit(),
    residentBytes: () => process.memoryUsage.rss(),
    clock,
  });
  const admission = (): Promise<boolean> | undefined => pressure.admit();
  const transient = memoryStore();
  const stores = options.store ?? transient;
  const { queues, history } = options;
  const kept = { stores, transientQueues: transient.queues, queues, history };
  const parts = { limits, authorizer, clock, timers, ids, instrumentation, admission, ...kept };
  const realms = new RealmTable(options.realms ?? ['realm1'], parts, subprotocols);
  const authenticator = options.authenticator ?? anonymous();
  const services: Services = {
    realms,
    limits,
    clock,
    timers,
    ids,
    authenticator,
    instrumentation,
    server: `mangrove/${VERSION}`,
  };
  const transport = new Transport({
    path: options.path ?? '/ws',
    subprotocols,
    services,
    limits,
    origins: options.origins ?? [],
    hosts: options.hosts,
    unnegotiated: options.unnegotiated ?? 'recognise',
    admit: (request) => (pressure.critical ? 503 : options.admit?.(request)),
  });
  pressure.start();
  const clients = new LocalClients(services);
  const router = new TransportRouter({ transport, realmTable: realms, clients, services, pressure, stores });
  realms.provide((broker) => provideRenewal(broker, services));
  const connect: ConnectAs = (principal, realm) => clients.connect({ realm }, principal);
  authorizer.start?.(authorizerHost({ connect, changed: (affects) => realms.reauthorize(affects) }));
  authenticator.start?.(authenticatorHost({ connect, instrumentation }));
  return router;
}

/** The limit that the system sets for this process (a container's memory), 0 if there is none. */
function systemMemoryLimit(): number {
  const limit = process.constrainedMemory() ?? 0;
  // No limit is reported as a number near 2^64.
  return Number.isSafeInteger(limit) ? limit : 0;
}

/** What a router is made of. */
interface RouterParts {
  readonly transport: Transport;
  readonly realmTable: RealmTable;
  readonly clients: LocalClients;
  readonly services: Services;
  readonly pressure: Pressure;
  readonly stores: Stores;
}

const KILLED = 'The session was ended by the server.';

class TransportRouter implements Router {
  #draining: Promise<void> | undefined;

  constructor(private readonly parts: RouterParts) {}

  get path(): string {
    return this.parts.transport.path;
  }

  get realms(): readonly string[] {
    return this.parts.realmTable.names;
  }

  get tokens(): readonly string[] {
    return this.parts.transport.tokens;
  }

  get draining(): boolean {
    return this.#draining !== undefined;
  }

  get storeFailure(): string | undefined {
    return this.parts.stores.failure;
  }

  get stats(): RouterStats {
    return {
      connections: this.parts.transport.connections,
      timers: this.parts.services.timers.size,
      realms: this.parts.realmTable.stats,
    };
  }

  attach(server: AnyHttpServer): void {
    this.parts.transport.attach(server);
  }

  detach(server: AnyHttpServer): void {
    this.parts.transport.detach(server);
  }

  upgrade(request: IncomingMessage, rest: Buffer): void {
    // Before anything else: an error on a socket that nobody listens to would end the process.
    request.socket.on('error', () => {});
    this.parts.transport.upgrade(request, rest);
  }

  listen(options: ListenOptions): Promise<Listener> {
    return this.parts.transport.listen(options);
  }

  connect(options: ConnectOptions = {}): LocalClient {
    return this.parts.clients.connect(options);
  }

  evict(matches: (session: SessionView, realm: string) => boolean, reason = KILLED): number {
    const why = { code: 'killed', reason, uri: 'wamp.close.killed' } as const;
    return this.parts.realmTable.evict(matches, why);
  }

  reauthorize(matches?: (principal: Principal, realm: string) => boolean): void {
    this.parts.realmTable.reauthorize(matches);
  }

  drain(withinMs: number): Promise<void> {
    this.#draining ??= this.#drain(withinMs);
    return this.#draining;
  }

  async close(): Promise<void> {
    this.#draining ??= Promise.resolve();
    this.parts.clients.refuse();
    this.parts.realmTable.drain();
    this.parts.clients.close();
    this.parts.pressure.stop();
    await this.parts.transport.close();
    await this.parts.stores.close();
  }

  #drain(withinMs: number): Promise<void> {
    this.parts.transport.stopAccepting();
    this.parts.realmTable.drain();
    return drain(
      {
        clock: this.parts.services.clock,
        openWork: () => this.parts.realmTable.openWork + this.parts.clients.busy,
        sessions: () => this.parts.transport.sessions,
        failed: (error) => this.parts.services.instrumentation.defect('session.closing', error),
      },
      withinMs,
    );
  }
}

import type {
  Authenticator,
  Authorizer,
  BrokerLimits,
  HistoryRule,
  Instrumentation,
  QueueRule,
  Stores,
} from '../broker/index.js';
import type { Clock, IdSource } from '../lib/index.js';
import type { SessionLimits, Subprotocol } from '../subprotocols/index.js';
import type { AdmitHook, TransportLimits, Unnegotiated } from '../transport/index.js';

/** What `createRouter` takes; everything has a default. */
export interface RouterOptions {
  /** The path of the WebSocket endpoint. Default `/ws`. */
  readonly path?: string;
  /** Realms that exist from the start; the first is the default one. Default `['realm1']`. */
  readonly realms?: readonly string[];
  /** The wire protocols. Default `[stomp(), wamp()]`. */
  readonly subprotocols?: readonly Subprotocol[];
  /** What to do with a client that offers no token: ask the subprotocols (`recognise`, default) or answer 400. */
  readonly unnegotiated?: Unnegotiated;
  /** Origins of browsers that may connect besides the server's own, exactly as browsers send them. Default none. */
  readonly origins?: readonly string[];
  /** Host names (without port) that are answered; others get 421. Default: all. */
  readonly hosts?: readonly string[];
  /** Finds out who a client is. Default: everybody is `anonymous`. */
  readonly authenticator?: Authenticator;
  /**
   * Decides who may do what, or the function alone that does. Default: all that the router itself does not refuse; but clients
   * without a login see nothing of others, and only clients of this process may end sessions ({@link defaultRights}).
   */
  readonly authorizer?: Authorizer | Authorizer['decide'];
  /** Asked before the 101: a status (400 … 599) refuses, undefined goes on. Default: none. */
  readonly admit?: AdmitHook;
  /**
   * Where durable queues, retained messages and histories are kept: for one, what `openLmdbStore` of `mangrove/lmdb` resolves
   * to. The router closes it when it is closed itself. Default: memory, and nothing survives the process.
   */
  readonly store?: Stores;
  /** Policies of queues; the first rule that matches counts. Default: none, so every queue has the defaults. */
  readonly queues?: readonly QueueRule[];
  /** Topics that keep their last events, and how many; the first rule that matches counts. Default: none. */
  readonly history?: readonly HistoryRule[];
  /** Limits of sockets, sessions and the broker; each has a default. */
  readonly limits?: Partial<TransportLimits & SessionLimits & BrokerLimits>;
  /**
   * Memory that the process may use, in bytes. From 80 % of it on publications and calls wait (5 s at most), from 90 % on new
   * sockets get 503. 0 switches this off. Default: the limit that the system sets for the process, if there is one.
   */
  readonly memoryLimitBytes?: number;
  /** Where counters, events and defects are reported. Default: nowhere. */
  readonly instrumentation?: Instrumentation;
  /** Time; for tests. */
  readonly clock?: Clock;
  /** Identifiers; for tests. */
  readonly ids?: IdSource;
}

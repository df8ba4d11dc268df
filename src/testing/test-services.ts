import type {
  Authenticator,
  Authorizer,
  BrokerLimits,
  HistoryRule,
  Instrumentation,
  QueueRule,
  QueueStore,
  Stores,
} from '../broker/index.js';
import { Broker, DEFAULT_BROKER_LIMITS, allowAll, noInstrumentation } from '../broker/index.js';
import { memoryStore } from '../engines/memory/index.js';
import { CoarseTimers } from '../lib/index.js';
import type { Services, SessionLimits } from '../subprotocols/index.js';
import { DEFAULT_SESSION_LIMITS, provideRenewal } from '../subprotocols/index.js';
import { ManualClock } from './manual-clock.js';
import { SequentialIds } from './sequential-ids.js';

/** What a test may set; the rest are defaults. */
export interface TestServicesOptions {
  readonly realms?: readonly string[];
  readonly authenticator?: Authenticator;
  readonly authorizer?: Authorizer;
  readonly brokerLimits?: Partial<BrokerLimits>;
  readonly limits?: Partial<SessionLimits>;
  readonly instrumentation?: Instrumentation;
  /** Default: memory. */
  readonly stores?: Partial<Stores>;
  /** Where queues are kept that need not be durable. Default: in `stores`. */
  readonly transientQueues?: QueueStore;
  /** Policies of queues. */
  readonly queues?: readonly QueueRule[];
  /** Topics with a history. */
  readonly history?: readonly HistoryRule[];
}

/** Services of a router without sockets, on a manual clock. */
export interface TestServices extends Services {
  readonly clock: ManualClock;
  readonly brokers: ReadonlyMap<string, Broker>;
}

/** Makes what sessions need, for tests without sockets: realms (`realm1` by default), a manual clock, foreseeable ids. */
export function testServices(options: TestServicesOptions = {}): TestServices {
  const clock = new ManualClock();
  const timers = new CoarseTimers(clock);
  const ids = new SequentialIds();
  const instrumentation = options.instrumentation ?? noInstrumentation;
  const stores = options.stores ?? memoryStore();
  const brokers = new Map<string, Broker>();
  for (const realm of options.realms ?? ['realm1']) {
    const limits = { ...DEFAULT_BROKER_LIMITS, ...options.brokerLimits };
    const authorizer = options.authorizer ?? allowAll;
    const { transientQueues, queues, history } = options;
    const kept = { stores, transientQueues, queues, history };
    brokers.set(
      realm,
      new Broker({ realm, limits, authorizer, clock, timers, ids, instrumentation, ...kept }),
    );
  }
  const limits = { ...DEFAULT_SESSION_LIMITS, ...options.limits };
  const [defaultRealm = 'realm1'] = brokers.keys();
  const authenticator = options.authenticator ?? anonymous;
  for (const broker of brokers.values())
    provideRenewal(broker, { authenticator, clock, instrumentation, limits, timers });
  return {
    clock,
    timers,
    ids,
    instrumentation,
    brokers,
    limits,
    server: 'mangrove/0.0.0',
    realms: { defaultRealm, find: (name) => brokers.get(name) },
    authenticator,
  };
}

const anonymous: Authenticator = {
  methods: ['anonymous'],
  begin: () => ({
    kind: 'accepted',
    principal: {
      authid: 'anonymous',
      authrole: 'anonymous',
      authmethod: 'anonymous',
      authprovider: 'static',
    },
  }),
};

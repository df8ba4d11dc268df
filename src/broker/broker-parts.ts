import type { Clock, CoarseTimers, IdSource } from '../lib/index.js';
import type { AdmissionGate } from './rights/admission.js';
import type { HistoryRule } from './past/history.js';
import type { BrokerLimits } from './limits.js';
import type { Authorizer } from './ports/authorizer.js';
import type { Instrumentation } from './ports/instrumentation.js';
import type { QueueStore } from './ports/queue-store.js';
import type { Stores } from './ports/stores.js';
import type { QueueRule } from './queues/queue-policy.js';

/** What a broker is made of. */
export interface BrokerParts {
  readonly realm: string;
  readonly limits: BrokerLimits;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly timers: CoarseTimers;
  readonly ids: IdSource;
  readonly instrumentation: Instrumentation;
  /** Asked before each publication and call. Default: all may go on. */
  readonly admission?: AdmissionGate;
  /** What queues, retained events and history are kept in. Default: nothing is kept. */
  readonly stores?: Partial<Stores> | undefined;
  /**
   * Where queues are kept that need not be durable, beside a durable store. Default: in `stores`, as all others. Without any
   * store of queues the commands for them are refused with `unavailable`.
   */
  readonly transientQueues?: QueueStore | undefined;
  /** Policies of queues; the first rule that matches counts. Default none. */
  readonly queues?: readonly QueueRule[] | undefined;
  /** Topics with a history; the first rule that matches counts. Default none. */
  readonly history?: readonly HistoryRule[] | undefined;
}

/** How much a broker holds; all zero when nobody is attached, but for the queues, which stay. */
export interface BrokerStats {
  readonly sessions: number;
  readonly subscriptions: number;
  readonly interests: number;
  readonly registrations: number;
  readonly calls: number;
  /** Consumers of queues. */
  readonly consumers: number;
  /** Messages given to consumers that have yet to settle them. */
  readonly deliveries: number;
  /** Queues that are known, whether or not somebody uses them. */
  readonly queues: number;
}

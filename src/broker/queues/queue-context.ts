import type { Clock, CoarseTimers, IdSource } from '../../lib/index.js';
import type { BrokerLimits } from '../limits.js';
import type { Death, DeathReason, QueueRecord, QueueStore } from '../ports/queue-store.js';
import type { Publication } from '../publication.js';
import type { Change, ChangeContext } from './change.js';
import type { Binding } from './policies.js';
import type { Home } from './queue-consumer.js';

/** What the queues of a realm need from it. */
export interface QueueRealm extends ChangeContext {
  readonly realm: string;
  readonly limits: BrokerLimits;
  readonly clock: Clock;
  readonly timers: CoarseTimers;
  readonly ids: IdSource;
  /** Whether the owner of a durable subscription, who is away, may be told of a topic. */
  sees(owner: Binding, topic: string): boolean;
  /** Publishes an event that nobody of those attached has published: a dead letter. Within a run. */
  publishDead(publication: Publication, death: Death): void;
}

/** A message that its queue gives up. */
export interface Burial {
  readonly home: Home;
  readonly record: QueueRecord;
  readonly reason: DeathReason;
  /** How often it was delivered. */
  readonly deliveries: number;
  /** If the change is refused, it waits again. */
  readonly returns: boolean;
}

/** What one queue needs from all that is around it. */
export interface QueueContext extends QueueRealm {
  /** Messages given to consumers that have yet to settle them. */
  deliveries: number;
  /** Stores that confirm nothing any more, and are not read either. */
  readonly failed: Set<QueueStore>;
  /** Nothing is handed out any more. */
  stopped: boolean;
  /** Plans the end of a message: out of its queue, and to where its dead letters go. */
  bury(change: Change, burial: Burial): void;
  /** A message of that store is due then, in ms since the Unix epoch. */
  due(store: QueueStore, at: number): void;
  /** The queue holds nothing that anybody could miss, and nobody uses it. */
  idle(home: Home): void;
}

import type { Clock } from '../lib/index.js';
import type { AdmissionRules } from './rights/admission.js';
import type { Batch } from './batch.js';
import type { Dealer } from './calls/dealer.js';
import type { BrokerLimits } from './limits.js';
import type { Past } from './past/past.js';
import type { AdmittedPublish } from './publication.js';
import type { Queues } from './queues/queues.js';
import type { Eviction } from './sessions/realm-view.js';
import type { Rechecks } from './rights/rechecks.js';
import type { Refusal } from './errors.js';
import type { Request } from './request.js';
import type { Subscribing } from './subscribing.js';
import type { Subscription } from './subscriptions.js';

/** What an attachment needs from its broker: the commands, once they are admitted. */
export interface Core<A> extends AdmissionRules {
  readonly realm: string;
  readonly limits: BrokerLimits;
  readonly clock: Clock;
  readonly past: Past;
  /** Undefined if the broker keeps no queues. */
  readonly queues: Queues | undefined;
  readonly dealer: Dealer;
  readonly rechecks: Rechecks;
  readonly subscribing: Subscribing;
  readonly committing: { commit(from: A, request: Request, batch: Batch): Promise<void> | undefined };
  run(change: () => void): void;
  publish(from: A, request: Request, command: AdmittedPublish, acknowledge: boolean): void;
  detach(attachment: A): void;
  evict(attachment: A, why: Eviction): void;
  withdraw(subscription: Subscription, why: Refusal, told: boolean): void;
}

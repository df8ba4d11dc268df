import { Backlog } from './backlog.js';
import type { EndpointGuard } from './endpoint-guard.js';
import type { Refusal } from './errors.js';
import type { BrokerLimits } from './limits.js';
import type { Outcome } from './outcome.js';
import { refusal } from './rights/permissions.js';
import type { Publication } from './publication.js';
import type { Delivery } from './queues/consumer.js';
import type { ReplayReceiver, ReplayRealm } from './past/replay.js';
import { Replays } from './past/replay.js';
import type { Request } from './request.js';
import type { SubscribeCommand } from './subscribe-command.js';
import type { Subscription } from './subscriptions.js';

/** What the outlet of an attachment needs of its realm. */
export interface OutletRealm<A> extends ReplayRealm {
  readonly limits: BrokerLimits;
  /** Undefined if the realm keeps no queues. */
  readonly queues: { resume(by: A): void } | undefined;
  evict(attachment: A, why: Refusal): void;
}

/** What an attachment has its endpoint given: events and messages, as long as the endpoint takes them; events are kept back else. */
export class Outlet<A extends { readonly detached: boolean }> implements ReplayReceiver {
  /** Whether the endpoint takes deliveries now. */
  flowing = true;
  readonly backlog: Backlog;
  /** Subscriptions that begin with the past, until they are live; made for the first of them. */
  #replays: Replays | undefined;

  constructor(
    private readonly realm: OutletRealm<A>,
    private readonly attachment: A,
    private readonly guard: EndpointGuard,
  ) {
    this.backlog = new Backlog(realm.limits.backlogMessages, realm.limits.backlogBytes);
  }

  get detached(): boolean {
    return this.attachment.detached;
  }

  /** Gives one publication to the endpoint, or keeps it back while the endpoint takes no more. */
  offer(subscription: Subscription, publication: Publication): void {
    if (this.flowing) {
      if (this.guard.deliver(subscription, publication) !== 'more') this.flowing = false;
    } else if (!this.backlog.push(subscription, publication)) this.overwhelmed();
  }

  /** Gives one message of a queue to the endpoint. False if it failed, and so has not got it. */
  hand(delivery: Delivery): boolean {
    const taken = this.guard.consume(delivery);
    if (taken !== 'more') this.flowing = false;
    return taken !== 'failed';
  }

  /** There is room again: hands over what was kept back, in order, until the endpoint wants no more. */
  resume(): void {
    if (this.detached || this.flowing) return;
    this.realm.run(() => {
      if (this.detached) return;
      this.flowing = true;
      while (this.flowing) {
        const entry = this.backlog.shift();
        if (entry === undefined) break;
        const { subscription, publication } = entry;
        if (subscription.takesLate(publication, this.realm.past.now)) this.offer(subscription, publication);
      }
      if (this.flowing) this.#replays?.advance();
      if (this.flowing) this.realm.queues?.resume(this.attachment);
    });
  }

  /** More would have to be kept back than may be. */
  overwhelmed(): void {
    const { backlogMessages, backlogBytes } = this.realm.limits;
    const bounds = `${backlogMessages} events of ${backlogBytes} bytes in all may be kept back`;
    this.realm.evict(this.attachment, refusal('limit_exceeded', `Too slow: ${bounds}.`));
  }

  /** Holds a new subscription until what it begins with has been handed over, and answers it. */
  beginReplay(subscription: Subscription, request: Request, command: SubscribeCommand): void {
    this.#replays ??= new Replays(this.realm, this);
    this.#replays.begin(subscription, request, command);
  }

  answer(request: Request, outcome: Outcome): void {
    this.guard.answer(request, outcome);
  }

  /** Drops what is kept back for a subscription that is over. */
  discard(subscription: Subscription): void {
    this.backlog.discard(subscription);
    this.#replays?.drop(subscription);
  }

  /** Drops all that is kept back. */
  clear(): void {
    this.backlog.clear();
    this.#replays?.clear();
  }
}

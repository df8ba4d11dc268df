import type { Refusal } from './errors.js';
import { gateOf } from './gate.js';
import type { InterestTable } from './interest-table.js';
import type { Holdings } from './limit-faults.js';
import { subscriptionFault } from './limit-faults.js';
import type { BrokerLimits } from './limits.js';
import type { Outcome } from './outcome.js';
import type { Request } from './request.js';
import type { AdmittedSubscribe } from './subscribe-command.js';
import type { Subscriber } from './subscriptions.js';
import { Subscription } from './subscriptions.js';

/** Who subscribes: an attachment. */
export interface SubscribingParty extends Subscriber, Holdings {
  readonly session: number;
  /** key → subscription */
  readonly subscriptions: Subscriber['subscriptions'] & {
    get(key: string): Subscription | undefined;
    set(key: string, subscription: Subscription): unknown;
    delete(key: string): boolean;
  };
  /** Subscriptions with a pattern or a filter, for the limit. */
  patternSubscriptions: number;
  readonly outlet: Subscriber['outlet'] & {
    beginReplay(subscription: Subscription, request: Request, command: AdmittedSubscribe): void;
    /** Drops what is kept back for a subscription that is over. */
    discard(subscription: Subscription): void;
  };
  answer(request: Request, outcome: Outcome): void;
  revoked(what: Subscription, why: Refusal): void;
}

/** What subscribing needs of the realm. */
export interface SubscribingParts {
  readonly limits: BrokerLimits;
  readonly interests: InterestTable;
  run(change: () => void): void;
}

/** Makes and ends the subscriptions of one realm, once they are admitted. */
export class Subscribing {
  /** How many subscriptions there are. */
  count = 0;

  constructor(private readonly parts: SubscribingParts) {}

  subscribe(by: SubscribingParty, request: Request, command: AdmittedSubscribe): void {
    const { limits, interests } = this.parts;
    this.parts.run(() => {
      if (by.detached) return;
      const held = by.subscriptions.get(command.key);
      if (held !== undefined) {
        by.answer(request, { kind: 'subscribed', subscription: held, already: true });
        return;
      }
      const fault = subscriptionFault(limits, by, command);
      if (fault !== undefined) {
        by.answer(request, { kind: 'refused', ...fault });
        return;
      }
      const gate = gateOf(by.session, command);
      const interest = interests.in(command.pattern);
      const subscription = new Subscription(by, command.key, interest, gate, command.place);
      interests.add(subscription);
      by.subscriptions.set(command.key, subscription);
      if (isCostly(subscription)) by.patternSubscriptions += 1;
      this.count += 1;
      if (command.retained === true || command.replay !== undefined) {
        by.outlet.beginReplay(subscription, request, command);
      } else {
        by.answer(request, { kind: 'subscribed', subscription, already: false });
      }
    });
  }

  unsubscribe(by: SubscribingParty, request: Request, subscription: Subscription): void {
    this.parts.run(() => {
      if (by.detached || !subscription.active) return;
      this.#remove(by, subscription);
      by.answer(request, { kind: 'unsubscribed' });
    });
  }

  /** Takes a subscription away that its holder may not have, or whose beginning cannot be read. Within a run. */
  withdraw(subscription: Subscription, why: Refusal, told: boolean): void {
    const by = subscription.attachment as SubscribingParty;
    this.#remove(by, subscription);
    if (told) by.revoked(subscription, why);
  }

  /** Ends all that somebody has. Within a run. */
  leave(by: SubscribingParty): void {
    for (const subscription of by.subscriptions.values()) this.#remove(by, subscription);
  }

  #remove(by: SubscribingParty, subscription: Subscription): void {
    if (!subscription.active) return;
    this.parts.interests.remove(subscription);
    by.outlet.discard(subscription);
    by.subscriptions.delete(subscription.key);
    if (isCostly(subscription)) by.patternSubscriptions -= 1;
    this.count -= 1;
  }
}

/** Whether a subscription makes every publication, or every one of its topic, dearer: it has a pattern or a filter. */
function isCostly({ interest, gate }: Subscription): boolean {
  return interest.pattern.match !== 'exact' || gate?.selects === true;
}

import type { Clock, SmallMap } from '../../lib/index.js';
import type { Pattern } from '../address.js';
import { canonicalPattern } from '../address.js';
import type { Applicant } from './admission.js';
import type { Dealer } from '../calls/dealer.js';
import type { Refusal } from '../errors.js';
import { Expiry } from './expiry.js';
import { Gate } from '../gate.js';
import type { BrokerLimits } from '../limits.js';
import type { Permissions, Rules } from './permissions.js';
import { isSettled, refusalOf } from './permissions.js';
import type { Action, Decision } from '../ports/authorizer.js';
import { consumerQuestion } from './queue-questions.js';
import type { QueueConsumer } from '../queues/queue-consumer.js';
import type { Queues } from '../queues/queues.js';
import type { Eviction } from '../sessions/realm-view.js';
import type { Rechecks } from './rechecks.js';
import type { Registration } from '../calls/registrations.js';
import type { Subscription } from '../subscriptions.js';
import type { Testament, Testaments } from '../sessions/testaments.js';
import { topicOf } from '../sessions/testaments.js';

const NOTHING_ALLOWED: Decision = { allow: false };

/** Who holds what it needed rights for: an attachment. */
export interface Holder extends Applicant {
  readonly subscriptions: Pick<SmallMap<string, Subscription>, 'values'>;
  readonly registrations: Iterable<Registration>;
  readonly consumers: Pick<SmallMap<string, QueueConsumer>, 'values'>;
  readonly testaments: Testaments;
}

/** What the rights of an attachment need of its realm. */
export interface RightsRealm extends Rules {
  readonly limits: BrokerLimits;
  readonly clock: Clock;
  readonly dealer: Dealer;
  readonly queues: Queues | undefined;
  readonly rechecks: Rechecks;
  run(change: () => void): void;
  withdraw(subscription: Subscription, why: Refusal, told: boolean): void;
}

/** What is to be asked about something that is held, and what the answer does. */
interface HeldQuestion {
  readonly action: Action;
  readonly pattern: Pattern;
  readonly told: (decision: Decision) => void;
}

/** What one attachment may do, as long as it lasts: rights end with the proof of who it is, and when rules change. */
export class Rights {
  readonly #expiry: Expiry;
  readonly #sees = (topic: string): boolean => this.permissions.sees(topic);

  constructor(
    private readonly realm: RightsRealm,
    private readonly holder: Holder,
    private readonly permissions: Permissions,
    expired: (why: Eviction) => void,
  ) {
    const { clock, timers, limits } = realm;
    this.#expiry = new Expiry({ clock, timers, graceMs: limits.expiryGraceMs, expired });
    this.#expiry.start(holder.principal.expiresAt);
  }

  /** What is wrong with an address that a question names, whoever asks. */
  faultOf(pattern: Pattern): Refusal | undefined {
    return this.permissions.faultOf(canonicalPattern(pattern), false);
  }

  /**
   * What the principal is allowed now; a promise if the authorizer needs time. Of what cannot be an address, nothing: no
   * authorizer, and nothing that it remembers, has to do with texts of any length.
   */
  permits(action: Action, pattern: Pattern): Decision | Promise<Decision> {
    if (this.faultOf(pattern) !== undefined) return NOTHING_ALLOWED;
    const ask = (): Decision | Promise<Decision> =>
      this.permissions.decide(action, canonicalPattern(pattern));
    const decision = ask();
    return isSettled(decision) ? decision : this.permissions.lasting(decision, ask);
  }

  /** The same from an authorizer that answers at once, and undefined from others; see `Permissions`. */
  permitsNow(action: Action, pattern: Pattern): boolean | undefined {
    return (
      this.faultOf(pattern) === undefined && this.permissions.allowsNow(action, canonicalPattern(pattern))
    );
  }

  /** What chooses among the topics of a pattern, if the decision on the pattern is none on each of them. */
  filter({ filtered }: Decision, { match }: Pattern): ((topic: string) => boolean) | undefined {
    return filtered === true && match !== 'exact' ? this.#sees : undefined;
  }

  /** The holder has proved again who it is. Within a run. */
  renewed(): void {
    this.#expiry.start(this.holder.principal.expiresAt);
    this.recheck();
  }

  /**
   * Asks again about all that is held, and takes away what may not be held any more; while an answer is awaited, it stays. Calls
   * that are in progress may still be answered. Within a run.
   */
  recheck(): void {
    this.permissions.expire();
    const { subscriptions, registrations, consumers, testaments } = this.holder;
    for (const held of subscriptions.values()) {
      const { pattern } = held.interest;
      const told = (decision: Decision): void => this.#subscription(held, decision);
      this.#recheck(held, () => held.active && { action: 'subscribe', pattern, told });
    }
    for (const held of registrations) {
      const told = (decision: Decision): void => this.#registration(held, decision);
      this.#recheck(held, () => held.active && { action: 'register', pattern: held.pattern, told });
    }
    for (const held of consumers.values()) {
      const told = (decision: Decision): void => this.#consumer(held, decision);
      this.#recheck(held, () => held.active && { ...consumerQuestion(held), told });
    }
    for (const held of testaments.all) {
      const told = (decision: Decision): void => this.#testament(held, decision);
      const isKept = (): boolean => testaments.all.includes(held);
      this.#recheck(held, () => isKept() && { action: 'publish', pattern: topicOf(held), told });
    }
  }

  /** What was asked for, and is not answered, has to be asked again. */
  outdated(): void {
    this.permissions.expire();
  }

  /** The holder has left. */
  end(): void {
    this.#expiry.stop();
    this.permissions.end();
  }

  /** @param question false if it is not held any more. */
  #recheck(held: object, question: () => HeldQuestion | false): void {
    this.realm.rechecks.add(held, () => {
      const asked = !this.holder.detached && question();
      if (asked === false) return undefined;
      const { action, pattern, told } = asked;
      const decision = this.permissions.decide(action, pattern);
      return { decision, told: (answer) => (this.holder.detached ? undefined : told(answer)) };
    });
  }

  #subscription(held: Subscription, decision: Decision): void {
    if (!held.active) return;
    const why = refusalOf(decision);
    if (why !== undefined) {
      this.realm.withdraw(held, why, true);
      return;
    }
    const sees = this.filter(decision, held.interest.pattern);
    if (sees !== undefined) held.gate ??= new Gate(undefined, undefined);
    if (held.gate === undefined) return;
    held.gate.sees = sees;
    if (held.gate.open) held.gate = undefined;
  }

  #registration(held: Registration, decision: Decision): void {
    const why = refusalOf(decision, held.discloseCaller);
    if (why !== undefined) this.realm.dealer.revoke(held, why);
  }

  /** Nobody is told: it would be refused without a word too when the session ends. */
  #testament(held: Testament, decision: Decision): void {
    const { testaments } = this.holder;
    if (refusalOf(decision, held.event.disclose) === undefined || !testaments.all.includes(held)) return;
    testaments.keep((testament) => testament !== held);
    this.realm.instrumentation.count('testaments_refused');
  }

  #consumer(held: QueueConsumer, decision: Decision): void {
    if (!held.active) return;
    const why = refusalOf(decision);
    if (why !== undefined) this.realm.queues?.revoke(held, why);
    else if (held.binding !== undefined) held.sees = this.filter(decision, held.binding);
  }
}

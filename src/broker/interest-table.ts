import type { Clock } from '../lib/index.js';
import type { Pattern } from './address.js';
import { isReserved, isUntold } from './address.js';
import type { Observers } from './sessions/observers.js';
import type { Subscription } from './subscriptions.js';
import { Interest } from './subscriptions.js';
import { TopicIndex } from './topic-index.js';

/** What a table of interests is made of. */
export interface InterestTableParts {
  readonly clock: Clock;
  /** An id of router scope [WAMP BP IDs]. */
  readonly nextId: () => number;
  readonly observers: Observers;
}

/** The interests of a realm, by pattern and by id. Reply addresses and topics of users are nobody's business: they are neither shown nor told of. */
export class InterestTable {
  readonly #index = new TopicIndex<Interest>();
  /** id → interest; those that are shown, in the order in which they came */
  readonly #shown = new Map<number, Interest>();
  /** Interests that last without a subscription [WAMP AP Event History]. */
  readonly #standing = new Set<Interest>();
  /** Interests that begin as addresses of the router's own do. */
  #reserved = 0;
  #nextOrdinal = 1;

  constructor(private readonly parts: InterestTableParts) {}

  /** How many interests have a subscription; those that only last for a history, which nobody has subscribed to, do not count. */
  get size(): number {
    let idle = 0;
    for (const { subscriptions } of this.#standing) if (subscriptions.length === 0) idle += 1;
    return this.#index.size - idle;
  }

  /** Whether anybody may listen to events of the router's own. */
  get hearsTheRouter(): boolean {
    return this.#reserved > 0;
  }

  get(pattern: Pattern): Interest | undefined {
    return this.#index.get(pattern);
  }

  ofId(id: number): Interest | undefined {
    return this.#shown.get(id);
  }

  /** Those that are shown. */
  all(): Iterable<Interest> {
    return this.#shown.values();
  }

  /** The interest of a pattern, made if there is none. It lasts from its first subscription to its last. */
  in(pattern: Pattern): Interest {
    const known = this.#index.get(pattern);
    if (known !== undefined) return known;
    const { clock, nextId } = this.parts;
    const interest = new Interest(nextId(), pattern, () => this.#nextOrdinal++, clock.wallTime());
    this.#index.set(pattern, interest);
    if (!isUntold(pattern)) this.#shown.set(interest.id, interest);
    if (beginsReserved(pattern)) this.#reserved += 1;
    return interest;
  }

  /** Makes an interest that lasts for ever: its id names a history, whether or not somebody has subscribed. */
  keep(pattern: Pattern): void {
    this.#standing.add(this.in(pattern));
  }

  matchAll(topic: string, visit: (interest: Interest) => void): void {
    this.#index.matchAll(topic, visit);
  }

  add(subscription: Subscription): void {
    const { interest } = subscription;
    const isTold = this.#isTold(subscription);
    const isFirst = isTold && !hasSubscribed(subscription);
    interest.add(subscription);
    if (!isFirst) return;
    const { observers } = this.parts;
    const by = subscription.attachment.entry.shown;
    if (interest.subscriptions.length === 1) observers.tell('interestCreated', by, interest);
    observers.tell('subscribed', by, interest);
  }

  remove(subscription: Subscription): void {
    const { interest } = subscription;
    const isOver = interest.remove(subscription);
    if (isOver && !this.#standing.has(interest)) {
      this.#index.delete(interest.pattern);
      this.#shown.delete(interest.id);
      if (beginsReserved(interest.pattern)) this.#reserved -= 1;
    }
    if (!this.#isTold(subscription) || hasSubscribed(subscription)) return;
    const { observers } = this.parts;
    const by = subscription.attachment.entry.shown;
    observers.tell('unsubscribed', by, interest);
    if (isOver) observers.tell('interestDeleted', by, interest);
  }

  #isTold({ interest, attachment }: Subscription): boolean {
    return this.parts.observers.any && !attachment.entry.quiet && !isUntold(interest.pattern);
  }
}

/** Whether the session of a subscription has another one of the same interest: clients of STOMP may. */
function hasSubscribed(subscription: Subscription): boolean {
  const { interest, attachment } = subscription;
  const { entry, subscriptions } = attachment;
  if (entry.within !== undefined) {
    return interest.subscriptions.some(
      (other) => other !== subscription && other.attachment.entry.shown === entry.shown,
    );
  }
  // Whichever is shorter: what the session has subscribed to, or who has subscribed to this.
  if (subscriptions.size < interest.subscriptions.length) {
    for (const other of subscriptions.values())
      if (other.interest === interest && other !== subscription && other.active) return true;
    return false;
  }
  return interest.subscriptions.some((other) => other !== subscription && other.attachment === attachment);
}

/** Whether events of the router's own may match: patterns that begin otherwise never match them. */
function beginsReserved({ text }: Pattern): boolean {
  return isReserved(text);
}

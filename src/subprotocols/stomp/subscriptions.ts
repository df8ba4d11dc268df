import type { Consumer, Registration, Subscription } from '../../broker/index.js';
import { SmallMap } from '../../lib/index.js';
import type { Pile } from './acks.js';
import type { FormStyle } from './message-form.js';
import type { ReplyAddress } from './reply-addresses.js';

/** What a client has subscribed to, under the name that it chose. */
export interface StompSubscription {
  /** Its place in `conversation.subscriptions`. */
  readonly key: string;
  readonly id: string | undefined;
  readonly destination: string;
  readonly pile: Pile;
  /** How its events and messages are written. */
  readonly style: FormStyle;
  /** What it has become; undefined while an admission is pending. */
  target: Subscription | Registration | ReplyAddress | Consumption | undefined;
}

/** The place of a subscription: by its `id`, or in 1.0 without one by its destination. */
export function subscriptionKey(id: string | undefined, destination: string): string {
  return id === undefined ? `to ${destination}` : `id ${id}`;
}

/** How many subscriptions whose browsing has ended are known by their id, for the UNSUBSCRIBE that may follow. */
const ENDED_BROWSERS = 100;

/** What a client consumes: a queue, or as a durable subscription to a topic a queue of its own. */
export class Consumption {
  /** The broker's consumer, once it is there and until it is over. */
  consumer: Consumer | undefined;
  /** Whether the broker has yet to say that it is there: a new queue has to be stored first. */
  #pending = true;
  #whenKnown: (() => void) | undefined;

  constructor(
    readonly subscription: StompSubscription,
    /** A durable subscription: its messages are events. */
    readonly durable: boolean,
  ) {}

  /** Goes on when it is known whether there is a consumer: now, or when {@link known} is called. */
  afterwards(next: () => void): void {
    if (this.#pending) this.#whenKnown = next;
    else next();
  }

  /** It is known whether there is a consumer. */
  known(): void {
    this.#pending = false;
    this.#whenKnown?.();
  }
}

/** A client's consumers. */
export class Consumptions {
  /** consumer → what the client consumes by it */
  readonly #active = new SmallMap<Consumer, Consumption>();
  /** Browsers that have seen all, and were not unsubscribed yet. */
  readonly #ended: StompSubscription[] = [];

  #lastKey = 0;

  /** A name for a new consumer; the client's own may be in use again before the broker has let go of the one before. */
  nextKey(): string {
    this.#lastKey += 1;
    return `consumer ${this.#lastKey}`;
  }

  /** Those that are in force. */
  get active(): Iterable<Consumer> {
    return this.#active.keys();
  }

  find(consumer: Consumer): Consumption | undefined {
    return this.#active.get(consumer);
  }

  /** The consumer is in force: from now on its messages are understood. */
  begin(consumption: Consumption, consumer: Consumer): void {
    consumption.consumer = consumer;
    this.#active.set(consumer, consumption);
  }

  /** The consumer is over. */
  end(consumption: Consumption): void {
    if (consumption.consumer !== undefined) this.#active.delete(consumption.consumer);
    consumption.consumer = undefined;
  }

  /** Browsing is over; returns a subscription that nobody will end any more, if there are too many of its kind. */
  exhaust(consumption: Consumption): StompSubscription | undefined {
    this.end(consumption);
    this.#ended.push(consumption.subscription);
    return this.#ended.length > ENDED_BROWSERS ? this.#ended.shift() : undefined;
  }
}

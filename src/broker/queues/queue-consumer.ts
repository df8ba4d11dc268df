import type { SmallMap, Timer } from '../../lib/index.js';
import type { Refusal } from '../errors.js';
import type { Pattern } from '../address.js';
import { isStillFor } from '../audience.js';
import type { Filter } from '../filter.js';
import type { Outcome } from '../outcome.js';
import type { Death, QueueKey, QueueMessage, QueueRecord, QueueStore } from '../ports/queue-store.js';
import { BAND } from '../ports/queue-store.js';
import type { Identity, Origin, Publication } from '../publication.js';
import type { Request } from '../request.js';
import type { Burden } from './burden.js';
import type { AdmittedConsume, Consumer, Delivery } from './consumer.js';
import { shownQueueName } from './durable-names.js';
import type { Binding } from './policies.js';
import { BANDS } from './positions.js';
import type { QueuePolicy } from './queue-policy.js';

/** Whoever consumes, as the queues see it: an attachment. */
export interface Receiver {
  readonly session: number;
  readonly identity: Identity;
  readonly origin: Origin;
  readonly detached: boolean;
  readonly outlet: {
    /** Whether its endpoint takes deliveries now. */
    readonly flowing: boolean;
    /** Gives one message to the endpoint. False if the endpoint failed, and so has not got it. */
    hand(delivery: Delivery): boolean;
  };
  readonly subscriptions: { readonly size: number; has(key: string): boolean };
  /** key → consumer */
  readonly consumers: SmallMap<string, QueueConsumer>;
  /** What it has yet to settle. */
  readonly burden: Burden;
  /** Tells the endpoint that its browsing consumer is over. */
  exhausted(consumer: Consumer): void;
  /** Tells the endpoint that its consumer is over, and why. */
  revoked(consumer: Consumer, why: Refusal): void;
  /** Passed over once it has left. */
  answer(request: Request, outcome: Outcome): void;
}

/** A queue as its consumers, and changes of it, see it. */
export interface Home {
  readonly key: QueueKey;
  readonly store: QueueStore;
  readonly policy: QueuePolicy;
  /** It was deleted, with all that it held. */
  readonly gone: boolean;
  /** What fills it besides those who send to it: it is a durable subscription's. */
  readonly binding: Binding | undefined;
  /** Who has said where its dead letters go may not send them there any more: they go nowhere. */
  readonly deadLettersRefused: boolean;
  /** A consumer may be able to take messages again. */
  wake(consumer: QueueConsumer): void;
  /** Hands out what waits, to those who have credit. */
  dispatch(): void;
  /** The next number of a position. */
  nextNumber(): number;
  /** A message stands at the position now, and may be read. */
  appeared(position: number): void;
  /** A message is stored that is due then: it expires, or its delay is over. */
  due(at: number): void;
  /** A message is no more, in the store too. */
  vanished(position: number): void;
  /** That a message came back is being written (`open` 1), or has been (-1). */
  returning(open: 1 | -1): void;
  /** Takes a message out of those that wait, because it is given up. */
  take(position: number): void;
  /** A message waits again, as it is now; it may be given to anybody. */
  putBack(record: QueueRecord): void;
  /** Counts messages and bytes that came or went. */
  account(messages: number, bytes: number): void;
}

/** One consumer of a queue. */
export class QueueConsumer implements Consumer {
  readonly kind = 'consumer';
  readonly key: string;
  readonly queue: string;
  readonly priority: number;
  readonly auto: boolean;
  readonly exclusive: boolean;
  readonly noLocal: boolean;
  readonly filter: Filter | undefined;
  /** Whether it looks at messages and leaves some of them to others. */
  readonly selective: boolean;
  /** The topics of a durable subscription; undefined for a queue. */
  readonly binding: Pattern | undefined;
  /** Whether it may be told of a topic that its pattern matches; undefined if it may of all of them. */
  sees: ((topic: string) => boolean) | undefined;
  active = true;
  /** Why it was taken away while its queue was still being made. */
  lost: Refusal | undefined;
  /** Its queue is still being made. */
  awaiting = false;
  /** Another consumer is the active one. */
  standby = false;
  /** Has been shown all that it would take; a new or returned message changes that. */
  starved = false;
  /** A message for it is being read. */
  fetching = false;
  /** Gets nothing until this timer has fired. */
  pause: Timer | undefined;
  /** How long the last pause was, in ms; 0 after a success. */
  pauseMs = 0;
  /** How many messages it has given back since the last success. */
  returnsInRow = 0;
  /** Messages that it has yet to settle. */
  readonly unsettled = new Set<QueueDelivery>();
  /** Neighbours in the rotation of those who can take messages, and whether it is there. */
  before: QueueConsumer | undefined;
  after: QueueConsumer | undefined;
  queued = false;
  /** Number of the turn in which it was served last. */
  served = 0;
  /** For a selective consumer: band → the last position that it has looked at. */
  readonly search: Float64Array | undefined;
  /** From here on messages have come back that it may have looked at before. */
  revisit = Number.POSITIVE_INFINITY;
  /** For one that browses: shows it more, if it takes more. */
  browse: (() => void) | undefined;

  constructor(
    command: AdmittedConsume,
    readonly receiver: Receiver,
    readonly home: Home,
    /** How many messages it may have unsettled. */
    readonly credit: number,
  ) {
    this.key = command.key;
    this.queue = command.queue;
    this.priority = command.priority ?? 0;
    this.auto = command.settling === 'auto';
    this.exclusive = command.exclusive === true;
    this.noLocal = command.noLocal === true;
    this.filter = command.filter;
    const chooses = this.noLocal || this.filter !== undefined;
    this.selective = chooses && command.binding === undefined;
    this.binding = command.binding;
    this.sees = command.sees;
    if (this.selective) this.search = Float64Array.from({ length: BANDS }, (_, band) => band * BAND - 1);
  }

  /** Whether it can be given a message now. If only its session keeps it from that, it waits for the session. */
  canTake(): boolean {
    const { receiver } = this;
    const isReady =
      this.active &&
      !this.awaiting &&
      !this.standby &&
      !this.starved &&
      !this.fetching &&
      this.pause === undefined &&
      receiver.outlet.flowing &&
      !receiver.detached &&
      (this.auto || this.unsettled.size < this.credit);
    if (!isReady || this.auto || !receiver.burden.full) return isReady;
    receiver.burden.wait(this);
    return false;
  }

  /** It may be able to take messages again. */
  proceed(): void {
    this.home.wake(this);
    this.home.dispatch();
  }

  /** Whether it takes this publication. */
  wants(publication: Publication): boolean {
    if (this.noLocal && publication.origin.session === this.receiver.session) return false;
    return this.filter === undefined || this.filter.accepts(publication);
  }

  /**
   * Whether a message is thrown away that its durable subscription does not want, or that was for somebody whom its principal
   * is not any more: its role may be another now.
   */
  discards(publication: Publication): boolean {
    if (this.binding === undefined) return false;
    if (this.sees?.(publication.topic) === false) return true;
    return !isStillFor(publication.audience, this.receiver.identity) || !this.wants(publication);
  }
}

/** One message given to one consumer. */
export class QueueDelivery implements Delivery {
  readonly kind = 'delivery';
  mark: unknown = undefined;

  constructor(
    readonly consumer: QueueConsumer,
    readonly record: QueueRecord,
    /** True from the beginning for a consumer that settles by itself, or only looks. */
    public settled: boolean,
  ) {}

  get publication(): Publication {
    return this.record.message.publication;
  }

  get redelivered(): boolean {
    return this.record.message.redelivered;
  }

  get attempt(): number {
    return this.record.message.deliveries + 1;
  }

  get death(): Death | undefined {
    const { death } = this.record.message;
    if (death === undefined) return undefined;
    const { queue, first } = death;
    const shown = first && { reason: first.reason, queue: shownQueueName(first.queue) };
    return { ...death, queue: shownQueueName(queue), first: shown };
  }
}

/** The message after it came back. */
export function returned({ publication, death }: QueueMessage, deliveries: number): QueueMessage {
  return { publication, deliveries, redelivered: true, death };
}

import type { Invocation } from '../../broker/index.js';

/** How deliveries of a subscription are acknowledged [STOMP 1.2 §SUBSCRIBE]. */
type AckMode = 'auto' | 'client' | 'client-individual';

/** The mode that an `ack` header names, `auto` if there is none; undefined if it names none. 1.0 knows the first two. */
export function ackModeOf(header: string | undefined): AckMode | undefined {
  if (header === undefined) return 'auto';
  return header === 'auto' || header === 'client' || header === 'client-individual' ? header : undefined;
}

/** One delivery that the client may still ACK or NACK. */
export interface Delivery {
  readonly number: number;
  readonly messageId: string;
  readonly pile: Pile;
  /** The call that was delivered, if it was one. */
  readonly invocation: Invocation | undefined;
}

/** Un-acknowledged deliveries of one subscription, the oldest first. */
export class Pile {
  /** How its MESSAGEs begin, written at the first of them. */
  messageHead: string | undefined = undefined;
  /** number → delivery */
  readonly deliveries = new Map<number, Delivery>();

  constructor(
    readonly mode: AckMode,
    /** The `id` of the subscription. */
    readonly subscriptionId: string | undefined,
  ) {}
}

/** What an ACK or NACK names: deliveries to settle, nothing (settled before), or something never delivered. */
type Settlement =
  | { readonly kind: 'settled'; readonly deliveries: readonly Delivery[] }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'foreign' };

const NOTHING_LEFT: Settlement = { kind: 'ignored' };
const FOREIGN: Settlement = { kind: 'foreign' };

/** Of a session's last message ids so many times the limit of one subscription are remembered. */
const FULL_PILES = 16;

const OWN_ID = /^(?:\d{1,16}|reply|call)-(\d{1,16})-(\d{1,15})$/;
const SHARED_ID = /^\d{1,16}-(\d{1,15})$/;

/**
 * Message ids of one session that are not shared with others, and which of them are not yet acknowledged
 * [STOMP 1.2 §ACK, §NACK]. Ids hold the session's id and a number, so one session cannot name another's.
 */
export class Acks {
  #last = 0;
  /** The session's id in a message id; written once, because a number of 53 bits takes 0.15 µs. */
  readonly #infix: string;
  /** The highest form of an automatically acknowledged subscription: message ids above it were never issued. */
  #highestForm = 0;
  /** number → un-acknowledged delivery */
  readonly #open = new Map<number, Delivery>();

  constructor(
    private readonly session: number,
    /** How many of one subscription are remembered. */
    private readonly limit: number,
  ) {
    this.#infix = `-${session}-`;
  }

  /** How many deliveries are not yet acknowledged. */
  get size(): number {
    return this.#open.size;
  }

  /** A new message id; remembered if the subscription acknowledges, or (a call) may be refused. */
  issue(prefix: number | 'reply' | 'call', pile: Pile, invocation?: Invocation): Delivery {
    const messageId = this.unremembered(prefix);
    const delivery: Delivery = { number: this.#last, messageId, pile, invocation };
    if (pile.mode === 'auto' && invocation === undefined) return delivery;
    if (pile.deliveries.size >= this.limit) this.#forgetOldest(pile);
    pile.deliveries.set(delivery.number, delivery);
    this.#open.set(delivery.number, delivery);
    return delivery;
  }

  /** A new message id of which nothing is remembered. */
  unremembered(prefix: number | 'reply' | 'call'): string {
    this.#last += 1;
    // A thousand subscriptions must not have a thousand full piles. Open calls are bounded elsewhere, and may yet be refused.
    const old = this.#open.get(this.#last - FULL_PILES * this.limit);
    if (old !== undefined && old.invocation === undefined) this.settle(old);
    return `${prefix}${this.#infix}${this.#last}`;
  }

  /** Tells that a form's ids reach this session. */
  noteForm(ordinal: number): void {
    this.#highestForm = Math.max(this.#highestForm, ordinal);
  }

  /** Whether the id is one of an automatically acknowledged delivery of a topic. */
  isAutomatic(messageId: string): boolean {
    const shared = SHARED_ID.exec(messageId);
    return shared !== null && Number(shared[1]) <= this.#highestForm;
  }

  /** Finds what an ACK or NACK is about, without settling it. `client` is cumulative within its subscription. */
  find(messageId: string): Settlement {
    const parsed = OWN_ID.exec(messageId);
    const number = Number(parsed?.[2]);
    if (parsed === null || parsed[1] !== String(this.session) || number < 1 || number > this.#last) {
      return FOREIGN;
    }
    const delivery = this.#open.get(number);
    if (delivery === undefined) return NOTHING_LEFT;
    if (delivery.messageId !== messageId) return FOREIGN;
    if (delivery.pile.mode !== 'client') return { kind: 'settled', deliveries: [delivery] };
    const deliveries: Delivery[] = [];
    for (const earlier of delivery.pile.deliveries.values()) {
      if (earlier.number > number) break;
      deliveries.push(earlier);
    }
    return { kind: 'settled', deliveries };
  }

  /** Forgets a delivery that was acknowledged, or can no longer be. Returns false if it was forgotten before. */
  settle(delivery: Delivery): boolean {
    delivery.pile.deliveries.delete(delivery.number);
    return this.#open.delete(delivery.number);
  }

  /** Forgets what a subscription that is over has not acknowledged. */
  forget(pile: Pile): void {
    for (const delivery of pile.deliveries.values()) this.#open.delete(delivery.number);
    pile.deliveries.clear();
  }

  #forgetOldest(pile: Pile): void {
    for (const oldest of pile.deliveries.values()) {
      this.settle(oldest);
      return;
    }
  }
}

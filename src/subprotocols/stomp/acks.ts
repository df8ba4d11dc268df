import type {
  Invocation,
  Delivery as QueueDelivery,
  Settlement,
  SettlementVerdict,
} from '../../broker/index.js';
import { SmallMap } from '../../lib/index.js';

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
  /** What was delivered, if more depends on its ACK than that this memory of it ends: a call, or a message of a queue. */
  readonly subject: Invocation | QueueDelivery | undefined;
  /** Its subscription ended before it was acknowledged; a message of a queue went back. */
  takenBack: boolean;
}

/** How a message id begins: with the publication's id, or if there is none with what the MESSAGE is for. */
type Prefix = number | 'reply' | 'call' | 'browser' | 'error';

/** Un-acknowledged deliveries of one subscription, the oldest first. */
export class Pile {
  /** How its MESSAGEs begin, written at the first of them. */
  messageHead: string | undefined = undefined;
  /** number → delivery */
  readonly deliveries = new SmallMap<number, Delivery>();

  constructor(
    readonly mode: AckMode,
    /** The `id` of the subscription. */
    readonly subscriptionId: string | undefined,
  ) {}
}

/** What an ACK or NACK names: a delivery that waits, nothing (settled before), or something never delivered. */
type Named =
  | { readonly kind: 'waiting'; readonly delivery: Delivery }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'foreign' };

const NOTHING_LEFT: Named = { kind: 'ignored' };
const FOREIGN: Named = { kind: 'foreign' };

/** What the broker is told of deliveries that were acknowledged: those of queues; events need no more. */
export function settlementsOf(
  deliveries: readonly Delivery[],
  verdict: SettlementVerdict,
): readonly Settlement[] {
  const settlements: Settlement[] = [];
  for (const { subject } of deliveries) {
    if (subject !== undefined && 'consumer' in subject) settlements.push({ delivery: subject, verdict });
  }
  return settlements;
}

/** Of a session's last message ids so many times the limit of one subscription are remembered. */
const FULL_PILES = 16;

const OWN_ID = /^(?:\d{1,16}|reply|call|browser|error)-(\d{1,16})-(\d{1,15})$/;
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
  readonly #open = new SmallMap<number, Delivery>();
  /** If they may not be acknowledged: the numbers of the last deliveries that acknowledge themselves. */
  readonly #automatic: Set<number> | undefined;

  /** @param strict what acknowledges itself must not be acknowledged [STOMP 1.2 §SUBSCRIBE ack Header]. Default false. */
  constructor(
    private readonly session: number,
    /** How many of one subscription are remembered. */
    private readonly limit: number,
    strict = false,
  ) {
    if (strict) this.#automatic = new Set();
    this.#infix = `-${session}-`;
  }

  /** How many deliveries are not yet acknowledged. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * A new message id; remembered if the subscription acknowledges, or (a call) may be refused. Of events the oldest are
   * forgotten when there are too many; calls and messages of queues are bounded by the broker, which waits for each.
   */
  issue(prefix: Prefix, pile: Pile, subject?: Invocation | QueueDelivery): Delivery {
    const messageId = this.unremembered(prefix);
    const delivery: Delivery = { number: this.#last, messageId, pile, subject, takenBack: false };
    if (pile.mode === 'auto' && subject === undefined) {
      this.#automatic?.add(delivery.number);
      return delivery;
    }
    if (subject === undefined && pile.deliveries.size >= this.limit) this.#forgetOldest(pile);
    pile.deliveries.set(delivery.number, delivery);
    this.#open.set(delivery.number, delivery);
    return delivery;
  }

  /** A new message id of which nothing is remembered. */
  unremembered(prefix: Prefix): string {
    this.#last += 1;
    // A thousand subscriptions must not have a thousand full piles.
    const old = this.#open.get(this.#last - FULL_PILES * this.limit);
    if (old !== undefined && old.subject === undefined) this.settle(old);
    this.#automatic?.delete(this.#last - FULL_PILES * this.limit);
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

  /** Finds the delivery that an ACK or NACK names, without settling it. */
  find(messageId: string): Named {
    const parsed = OWN_ID.exec(messageId);
    const number = Number(parsed?.[2]);
    if (parsed === null || parsed[1] !== String(this.session) || number < 1 || number > this.#last) {
      return FOREIGN;
    }
    const delivery = this.#open.get(number);
    if (delivery === undefined) return this.#automatic?.has(number) === true ? FOREIGN : NOTHING_LEFT;
    return delivery.messageId === messageId ? { kind: 'waiting', delivery } : FOREIGN;
  }

  /** What an ACK or NACK of a delivery covers: itself, in mode `client` also what its subscription got before it. */
  coveredBy(named: Delivery): readonly Delivery[] {
    if (named.pile.mode !== 'client') return [named];
    const covered: Delivery[] = [];
    for (const delivery of named.pile.deliveries.values()) {
      if (delivery.number > named.number) break;
      covered.push(delivery);
    }
    return covered;
  }

  /** Forgets a delivery that was acknowledged, or can no longer be. Returns false if it was forgotten before. */
  settle(delivery: Delivery): boolean {
    delivery.pile.deliveries.delete(delivery.number);
    return this.#open.delete(delivery.number);
  }

  /** Forgets what a subscription that is over has not acknowledged. */
  forget(pile: Pile): void {
    for (const delivery of pile.deliveries.values()) {
      delivery.takenBack = true;
      this.#open.delete(delivery.number);
    }
    pile.deliveries.clear();
  }

  #forgetOldest(pile: Pile): void {
    for (const oldest of pile.deliveries.values()) {
      this.settle(oldest);
      return;
    }
  }
}

/**
 * What the ACKs and NACKs of a transaction cover: each delivery once, by the first that covers it. A pile is walked once,
 * however many of them there are.
 */
export class Coverage {
  readonly #named = new Set<Delivery>();
  /** Cumulative piles, and how far each is covered. */
  readonly #walks = new Map<Pile, { readonly waiting: readonly Delivery[]; covered: number }>();

  /** What is newly covered. */
  add(named: Delivery): readonly Delivery[] {
    if (named.pile.mode === 'client') return this.#upTo(named);
    if (this.#named.has(named)) return [];
    this.#named.add(named);
    return [named];
  }

  #upTo({ pile, number }: Delivery): readonly Delivery[] {
    let walk = this.#walks.get(pile);
    if (walk === undefined) {
      walk = { waiting: [...pile.deliveries.values()], covered: 0 };
      this.#walks.set(pile, walk);
    }
    const { waiting, covered } = walk;
    let end = covered;
    while (end < waiting.length && waiting[end]!.number <= number) end += 1;
    walk.covered = end;
    return waiting.slice(covered, end);
  }
}

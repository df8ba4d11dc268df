import type { Message } from './message.js';

/** What must not happen. */
export const VIOLATIONS = {
  missing: 'confirmed, and never delivered',
  duplicates: 'delivered again without the redelivery flag',
  outOfOrder: 'delivered behind a later message of its producer',
  ackedBack: 'acknowledged, and came back (unflagged, or the acknowledgement had been confirmed)',
  unackedGone: 'delivered, not acknowledged, and did not come back',
  damaged: 'not as it was sent, or never sent',
} as const;

/** One of them. */
export type Violation = keyof typeof VIOLATIONS;

/** What is known of a message. `acking`: its acknowledgement was sent; `done`: that was confirmed. */
interface Fate {
  confirmed: boolean;
  delivery: 'none' | 'held' | 'acking' | 'done';
}

/** One consumer, as long as it is connected. */
export interface Taker {
  readonly name: string;
  /** It is the only one of its queue, so that everything has to come in order; else only what comes for the first time. */
  readonly alone: boolean;
}

/** One delivery to it. */
export interface Arrival {
  readonly message: Message;
  readonly redelivered: boolean;
}

/**
 * The books of a run: what was sent, confirmed, delivered and acknowledged over all lives of the server, and what of that must
 * not have been. Pure bookkeeping: no clock, no socket.
 */
export class Ledger {
  /** Messages that the server confirmed. */
  confirmed = 0;
  /** Messages that were delivered flagged as redelivered. */
  redelivered = 0;
  /** Never confirmed and never delivered: the server may have had them or not. */
  unknown = 0;
  readonly violations: Record<Violation, number> = {
    missing: 0,
    duplicates: 0,
    outOfOrder: 0,
    ackedBack: 0,
    unackedGone: 0,
    damaged: 0,
  };
  /** The first violations, in words. */
  readonly findings: string[] = [];
  /** producer → sequence - 1 → fate, since the last `drained` */
  #open = new Map<string, Fate[]>();
  /** producer → sequences whose acknowledgement was sent and not confirmed, of before the last `drained` */
  #lately = new Map<string, Set<number>>();
  /** All producers that there were before. */
  readonly #closed = new Set<string>();
  /** taker → producer → the last sequence that came to it */
  #last = new Map<Taker, Map<string, number>>();
  /** producer → the last sequence that was delivered to anybody in an earlier life of the server */
  readonly #before = new Map<string, number>();
  /** producer → the last sequence that was delivered to anybody in this life */
  readonly #now = new Map<string, number>();

  /** Whether nothing was wrong so far. */
  get clean(): boolean {
    return Object.values(this.violations).every((count) => count === 0);
  }

  /** A message is on its way to the server. Sequences of a producer go up by one from 1. */
  sent({ producer, sequence }: Message): void {
    let fates = this.#open.get(producer);
    if (fates === undefined) this.#open.set(producer, (fates = []));
    if (fates.length !== sequence - 1) throw new RangeError(`${producer} sends ${sequence} out of turn`);
    fates.push({ confirmed: false, delivery: 'none' });
  }

  /** The server said that it has it. */
  confirms(message: Message): void {
    const fate = this.#fateOf(message);
    if (fate === undefined || fate.confirmed) return;
    fate.confirmed = true;
    this.confirmed += 1;
  }

  /** A consumer was given a message. */
  delivers(to: Taker, { message, redelivered }: Arrival): void {
    if (redelivered) this.redelivered += 1;
    const fate = this.#fateOf(message);
    if (fate === undefined) return this.#deliversOld(to, message, redelivered);
    const first = fate.delivery === 'none';
    if (fate.delivery === 'held' && !redelivered) this.#found('duplicates', message, to);
    if (fate.delivery === 'acking' && !redelivered) this.#found('ackedBack', message, to, 'unflagged');
    if (fate.delivery === 'done') this.#found('ackedBack', message, to, 'after its confirmation');
    fate.delivery = 'held';
    if (to.alone || (first && !redelivered)) this.#checkOrder(to, message, first && !redelivered);
  }

  /** A consumer was given something that no producer sent. */
  deliversDamaged(to: Taker, text: string): void {
    this.#found('damaged', undefined, to, JSON.stringify(text.slice(0, 60)));
  }

  /** A consumer has sent the acknowledgement. */
  acknowledges(message: Message): void {
    const fate = this.#fateOf(message);
    if (fate !== undefined) fate.delivery = 'acking';
  }

  /** The server has confirmed an acknowledgement. */
  settles(message: Message): void {
    const fate = this.#fateOf(message);
    if (fate !== undefined) fate.delivery = 'done';
    this.#lately.get(message.producer)?.delete(message.sequence);
  }

  /** The server was killed. */
  killed(): void {
    for (const [producer, sequence] of this.#now) {
      this.#before.set(producer, Math.max(sequence, this.#before.get(producer) ?? 0));
    }
    this.#now.clear();
    this.#last.clear();
  }

  /**
   * All queues are empty: what was given to nobody by now is lost. Closes the books on what was sent so far; acknowledgements
   * that were never confirmed stay known until the next time.
   */
  drained(): void {
    this.#lately = new Map();
    for (const [producer, fates] of this.#open) {
      const acking = new Set<number>();
      for (const [index, { confirmed, delivery }] of fates.entries()) {
        const message = { producer, sequence: index + 1 };
        if (delivery === 'held') this.#found('unackedGone', message);
        else if (delivery === 'acking') acking.add(message.sequence);
        else if (delivery === 'none' && confirmed) this.#found('missing', message);
        else if (delivery === 'none') this.unknown += 1;
      }
      this.#closed.add(producer);
      this.#before.delete(producer);
      this.#now.delete(producer);
      if (acking.size > 0) this.#lately.set(producer, acking);
    }
    this.#open = new Map();
    this.#last.clear();
  }

  #fateOf({ producer, sequence }: Message): Fate | undefined {
    return this.#open.get(producer)?.[sequence - 1];
  }

  /** Of something that was sent before the queues were drained the last time. */
  #deliversOld(to: Taker, message: Message, redelivered: boolean): void {
    const { producer, sequence } = message;
    if (!this.#closed.has(producer)) this.#found('damaged', message, to, 'never sent');
    else if (this.#lately.get(producer)?.has(sequence) !== true) {
      this.#found('ackedBack', message, to, 'long after');
    } else if (!redelivered) this.#found('ackedBack', message, to, 'unflagged');
  }

  #checkOrder(to: Taker, message: Message, fresh: boolean): void {
    const { producer, sequence } = message;
    let last = this.#last.get(to);
    if (last === undefined) this.#last.set(to, (last = new Map()));
    const behind = last.get(producer) ?? 0;
    // What was never handed out stands behind everything that was.
    const handedOut = fresh ? (this.#before.get(producer) ?? 0) : 0;
    const highest = Math.max(behind, handedOut);
    if (sequence < highest) this.#found('outOfOrder', message, to, `behind ${highest}`);
    last.set(producer, Math.max(behind, sequence));
    this.#now.set(producer, Math.max(this.#now.get(producer) ?? 0, sequence));
  }

  #found(violation: Violation, message: Message | undefined, to?: Taker, more?: string): void {
    this.violations[violation] += 1;
    if (this.findings.length >= 20) return;
    const what = message === undefined ? '' : ` ${message.producer}/${message.sequence}`;
    const where = to === undefined ? '' : ` at ${to.name}`;
    const detail = more === undefined ? '' : `: ${more}`;
    this.findings.push(`${violation}${what}${where}${detail}`);
  }
}

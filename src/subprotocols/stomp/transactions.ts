import type { BatchItem, SettlementVerdict } from '../../broker/index.js';
import { SmallMap } from '../../lib/index.js';
import type { Admission } from '../inbox.js';
import type { Delivery } from './acks.js';
import type { StompFrame } from './codec/index.js';
import type { StompLimits } from './options.js';

/**
 * An ACK or NACK that waits for a COMMIT. What it is about is looked up then: a cumulative one must not keep a list of all that
 * it names, and after an ABORT everything is un-acknowledged as if it had never been received.
 */
export interface PendingSettlement {
  readonly kind: 'acknowledge';
  /** What it names. */
  readonly delivery: Delivery;
  readonly verdict: SettlementVerdict;
}

/** A SEND to a topic or a queue. */
export type Sending = Exclude<BatchItem, { readonly kind: 'settle' }>;

/** What waits for a COMMIT. */
export interface Transaction {
  /** What is done to topics and queues, in order: committed in one run. */
  readonly steps: (Sending | PendingSettlement)[];
  /** Calls and answers, of which a COMMIT keeps no more than the order: carried out after the steps. */
  readonly actions: (() => Admission)[];
  bytes: number;
  /** A frame of it was refused, and the session lives: a COMMIT would be half of what the client meant. */
  refused: boolean;
}

/** The open transactions of one session [STOMP 1.2 §BEGIN], bounded in number, frames and bytes. */
export class Transactions {
  /** id → transaction */
  readonly #open = new SmallMap<string, Transaction>();
  #bytes = 0;

  constructor(
    private readonly limits: Pick<StompLimits, 'transactions' | 'transactionFrames' | 'transactionBytes'>,
  ) {}

  get size(): number {
    return this.#open.size;
  }

  get(id: string): Transaction | undefined {
    return this.#open.get(id);
  }

  /** Opens one; returns why not, if not. */
  begin(id: string): string | undefined {
    if (this.#open.has(id)) return 'The transaction has begun already.';
    if (this.#open.size >= this.limits.transactions) {
      return `A session may have ${this.limits.transactions} open transactions.`;
    }
    this.#open.set(id, { steps: [], actions: [], bytes: 0, refused: false });
    return undefined;
  }

  /** Makes room for one frame, its headers and its body; returns why not, if not. */
  reserve(transaction: Transaction, frame: Pick<StompFrame, 'headers' | 'body'>): string | undefined {
    const { transactionFrames, transactionBytes } = this.limits;
    const bytes = sizeOf(frame);
    if (transaction.steps.length + transaction.actions.length >= transactionFrames) {
      return `A transaction may have ${transactionFrames} frames.`;
    }
    if (this.#bytes + bytes > transactionBytes) {
      return `Open transactions may have ${transactionBytes} bytes.`;
    }
    transaction.bytes += bytes;
    this.#bytes += bytes;
    return undefined;
  }

  /** Closes one, for COMMIT or ABORT; undefined if there is none of that id. */
  end(id: string): Transaction | undefined {
    const transaction = this.#open.get(id);
    if (transaction === undefined) return undefined;
    this.#open.delete(id);
    this.#bytes -= transaction.bytes;
    return transaction;
  }

  /** Drops all of them. */
  clear(): void {
    this.#open.clear();
    this.#bytes = 0;
  }
}

/** What a frame keeps in memory: headers count as much as bodies, or they would be kept without bound. */
function sizeOf({ headers, body }: Pick<StompFrame, 'headers' | 'body'>): number {
  let size = body.length;
  for (const [name, value] of headers) size += name.length + value.length;
  return size;
}

import type { PublishCommand } from '../../broker/index.js';
import type { Admission } from '../inbox.js';
import type { StompFrame } from './codec/index.js';
import type { StompLimits } from './options.js';

/** What waits for a COMMIT. */
export interface Transaction {
  /** Publications, in order: committed in one run. */
  readonly publications: PublishCommand[];
  /** Calls, answers and acknowledgements: carried out after the publications, in order. */
  readonly actions: (() => Admission)[];
  bytes: number;
}

/** The open transactions of one session [STOMP 1.2 §BEGIN], bounded in number, frames and bytes. */
export class Transactions {
  /** id → transaction */
  readonly #open = new Map<string, Transaction>();
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
    this.#open.set(id, { publications: [], actions: [], bytes: 0 });
    return undefined;
  }

  /** Makes room for one frame, its headers and its body; returns why not, if not. */
  reserve(transaction: Transaction, frame: Pick<StompFrame, 'headers' | 'body'>): string | undefined {
    const { transactionFrames, transactionBytes } = this.limits;
    const bytes = sizeOf(frame);
    if (transaction.publications.length + transaction.actions.length >= transactionFrames) {
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

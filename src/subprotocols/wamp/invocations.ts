import type { Delivery, Invocation } from '../../broker/index.js';
import { SmallMap } from '../../lib/index.js';
import { idAfter } from './request-ids.js';

/** The fewest entries at which those that have ended are looked for. */
const MIN_SWEEP = 64;

/** What a callee is given under a request id: a call, or a message of a queue. */
export type Work = Invocation | Delivery;

/**
 * What one callee was given, by request ids: of session scope, from 1 to 2^53, and then from 1 again [WAMP BP IDs].
 *
 * Ids are given in sequence, so an id that is not open but not above the last one belongs to work that has ended: no memory
 * of ended ones is needed. Once they have begun anew, every id has been given.
 */
export class Invocations {
  /** request id → work */
  readonly #open = new SmallMap<number, Work>();
  #hasWrapped = false;
  #sweepAt = MIN_SWEEP;

  /** @param last the id that was given last. Default: none was. */
  constructor(private last = 0) {}

  /** Gives a call or a message its id. */
  issue(work: Work): number {
    if (this.#open.size >= this.#sweepAt) this.#sweep();
    const id = idAfter(this.last);
    if (id < this.last) this.#hasWrapped = true;
    this.last = id;
    this.#open.set(id, work);
    work.mark = id;
    return id;
  }

  /** What is open under this id; `ended` if something was, `never` if not. */
  find(id: number): Work | 'ended' | 'never' {
    const work = this.#open.get(id);
    if (work === undefined) return this.#hasWrapped || id <= this.last ? 'ended' : 'never';
    if (!isOver(work)) return work;
    this.close(work);
    return 'ended';
  }

  /** The id that something was given, while it is open. */
  idOf(work: Work): number | undefined {
    const { mark } = work;
    return typeof mark === 'number' && this.#open.get(mark) === work ? mark : undefined;
  }

  /** The callee has said its last word, or nobody waits for it any more. */
  close(work: Work): void {
    const id = this.idOf(work);
    if (id !== undefined) this.#open.delete(id);
  }

  /** What ended without the callee (a caller left, a message was taken back) leaves its entry behind until now. */
  #sweep(): void {
    for (const work of this.#open.values()) if (isOver(work)) this.close(work);
    this.#sweepAt = Math.max(MIN_SWEEP, 2 * this.#open.size);
  }
}

/** Whether work is a message of a queue; a call otherwise. */
export function isDelivery(work: Work): work is Delivery {
  return 'kind' in work;
}

/** Nobody waits for the callee's answer any more. */
function isOver(work: Work): boolean {
  return isDelivery(work) ? work.settled : work.ended;
}

import { SmallSet } from '../../lib/index.js';
import type { BrokerLimits } from '../limits.js';

/** A consumer that could be given a message, but for its session. */
export interface Waiting {
  /** There is room again: takes what there is for it. */
  proceed(): void;
}

/**
 * What one session has been given and has yet to settle, over all its consumers. Once it has as much as it may have, none of
 * them gets more, whatever its own credit; those that were passed over get their turn, first come first served, as soon as
 * something is settled.
 */
export class Burden {
  #messages = 0;
  #bytes = 0;
  /** Who waits for room, first come first. */
  readonly #waiting = new SmallSet<Waiting>();

  constructor(private readonly limits: Pick<BrokerLimits, 'unsettled' | 'unsettledBytes'>) {}

  /** Whether nothing may be added. One message is taken whatever its size. */
  get full(): boolean {
    return this.#messages >= this.limits.unsettled || this.#bytes >= this.limits.unsettledBytes;
  }

  add(bytes: number): void {
    this.#messages += 1;
    this.#bytes += bytes;
  }

  remove(bytes: number): void {
    this.#messages -= 1;
    this.#bytes -= bytes;
  }

  /** Remembers a consumer until there is room again. */
  wait(consumer: Waiting): void {
    this.#waiting.add(consumer);
  }

  /** A consumer is over. */
  forget(consumer: Waiting): void {
    this.#waiting.delete(consumer);
  }

  /** Something was settled: those that wait get messages, as long as there is room. Within a run. */
  relieve(): void {
    for (const consumer of this.#waiting) {
      if (this.full) return;
      this.#waiting.delete(consumer);
      consumer.proceed();
    }
  }
}

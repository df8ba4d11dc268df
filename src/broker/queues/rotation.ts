import type { QueueConsumer } from './queue-consumer.js';

interface Rank {
  readonly priority: number;
  first: QueueConsumer | undefined;
  last: QueueConsumer | undefined;
}

/** Priorities are the clients' choice: beyond so many, those that nobody has are forgotten. */
const MOST_RANKS = 16;

/**
 * The consumers of a queue that can take messages now: the highest priority first, in turns within a priority. All in
 * constant time for any number of consumers.
 */
export class Rotation {
  /** In descending priority. */
  readonly #ranks: Rank[] = [];
  #turns = 0;

  /** Whose turn it is. One that turns out to be unable is left out until it is added again. */
  next(): QueueConsumer | undefined {
    for (const rank of this.#ranks) {
      while (rank.first !== undefined) {
        if (rank.first.canTake()) return rank.first;
        this.#unlink(rank, rank.first);
      }
    }
    return undefined;
  }

  /** Puts a consumer last of its priority, if it is not there. */
  add(consumer: QueueConsumer): void {
    if (!consumer.queued) this.#link(this.#rankOf(consumer.priority), consumer, undefined);
  }

  /**
   * Puts consumers before those who were served after them: they were away only because nothing was there for them. Each rank is
   * gone through once, however many they are.
   */
  rejoin(consumers: QueueConsumer[]): void {
    consumers.sort((one, other) => one.priority - other.priority || one.served - other.served);
    let rank: Rank | undefined;
    let next: QueueConsumer | undefined;
    for (const consumer of consumers) {
      if (consumer.queued) continue;
      if (rank?.priority !== consumer.priority) {
        rank = this.#rankOf(consumer.priority);
        next = rank.first;
      }
      while (next !== undefined && next.served <= consumer.served) next = next.after;
      this.#link(rank, consumer, next);
    }
  }

  /** It has been served: lets the next one have its turn. */
  turn(consumer: QueueConsumer): void {
    this.#turns += 1;
    consumer.served = this.#turns;
    const rank = this.#rankOf(consumer.priority);
    if (rank.last === consumer) return;
    this.#unlink(rank, consumer);
    this.#link(rank, consumer, undefined);
  }

  remove(consumer: QueueConsumer): void {
    if (consumer.queued) this.#unlink(this.#rankOf(consumer.priority), consumer);
  }

  #rankOf(priority: number): Rank {
    const at = this.#ranks.findIndex((rank) => rank.priority <= priority);
    const found = this.#ranks[at];
    if (found?.priority === priority) return found;
    const rank: Rank = { priority, first: undefined, last: undefined };
    this.#ranks.splice(at < 0 ? this.#ranks.length : at, 0, rank);
    if (this.#ranks.length > MOST_RANKS) this.#forgetEmpty(rank);
    return rank;
  }

  #forgetEmpty(except: Rank): void {
    const used = this.#ranks.filter((rank) => rank === except || rank.first !== undefined);
    this.#ranks.splice(0, this.#ranks.length, ...used);
  }

  /** Puts a consumer before another, or last. */
  #link(rank: Rank, consumer: QueueConsumer, next: QueueConsumer | undefined): void {
    const before = next === undefined ? rank.last : next.before;
    consumer.queued = true;
    consumer.before = before;
    consumer.after = next;
    if (before === undefined) rank.first = consumer;
    else before.after = consumer;
    if (next === undefined) rank.last = consumer;
    else next.before = consumer;
  }

  #unlink(rank: Rank, consumer: QueueConsumer): void {
    const { before, after } = consumer;
    if (before === undefined) rank.first = after;
    else before.after = after;
    if (after === undefined) rank.last = before;
    else after.before = before;
    consumer.before = consumer.after = undefined;
    consumer.queued = false;
  }
}

import type { Timer } from '../../lib/index.js';
import type { QueueRecord, QueueStore } from '../ports/queue-store.js';
import { DELAYED_BAND } from '../ports/queue-store.js';
import { Change, refusalOfStore } from './change.js';
import { bandOf } from './positions.js';
import type { QueueContext } from './queue-context.js';
import { READ_BYTES } from './read-bytes.js';
import type { QueueTable } from './queue-table.js';

/** How many messages are looked at in one run. */
const RUN = 256;
/** A message that is with a consumer when its time is over is looked at again after so long, in ms. */
const RECHECK_MS = 30_000;
/** The wall clock may be set: it is asked at least so often, in ms. */
const LONGEST_WAIT_MS = 60_000;
/** How long to wait after the store has refused, in ms. */
const RETRY_MS = 1000;

/**
 * Ends what has expired and hands in what was delayed, in all queues of one store and realm; with one timer, whether or not
 * anybody consumes.
 */
export class Expiry {
  #timer: Timer | undefined;
  /** When the timer is due, in ms since the Unix epoch. */
  #timerAt = Number.POSITIVE_INFINITY;
  /** A change is being written. */
  #busy = false;

  constructor(
    private readonly context: QueueContext,
    private readonly table: QueueTable,
    private readonly store: QueueStore,
  ) {}

  /** A message that is due then has been stored. */
  note(dueAt: number): void {
    if (!this.#busy && dueAt < this.#timerAt) this.#arm(dueAt);
  }

  /** Sets the timer to the first message that is due. */
  start(): void {
    const next = this.store.nextDue(this.context.realm);
    if (next !== undefined) this.#arm(next);
  }

  /** Ends: the store will be closed. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(dueAt: number): void {
    if (this.context.stopped) return;
    this.#timer?.cancel();
    this.#timerAt = dueAt;
    const wait = Math.min(Math.max(dueAt - this.context.clock.wallTime(), 0), LONGEST_WAIT_MS);
    this.#timer = this.context.timers.schedule(wait, () => this.context.run(() => this.#tick()));
  }

  #tick(): void {
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.context.clock.wallTime();
    let due: readonly QueueRecord[];
    try {
      due = this.store.due(this.context.realm, now, RUN, READ_BYTES);
      if (due.length === 0) {
        this.start();
        return;
      }
    } catch (error) {
      refusalOfStore(this.context, error);
      this.#arm(now + RETRY_MS);
      return;
    }
    const change = new Change();
    for (const record of due) this.#end(change, record, now);
    this.#busy = true;
    change.commit(this.context, (fault) => {
      this.#busy = false;
      this.context.run(() => change.dispatch());
      if (fault !== undefined || change.isEmpty) this.#arm(now + RETRY_MS);
      else if (isFull(due)) this.context.clock.defer(() => this.context.run(() => this.#tick()));
      else this.#arm(now);
    });
  }

  #end(change: Change, record: QueueRecord, now: number): void {
    const queue = this.table.known(record.queue);
    if (queue === undefined) return;
    const { position, message } = record;
    const { expiresAt } = message.publication;
    const expired = expiresAt !== undefined && expiresAt <= now;
    if (queue.window.taken.has(position)) {
      change.move(queue, position, undefined, now + RECHECK_MS);
    } else if (expired) {
      const { deliveries } = message;
      this.context.bury(change, { home: queue, record, reason: 'expired', deliveries, returns: true });
    } else if (bandOf(position) >= DELAYED_BAND) {
      change.move(queue, position, bandOf(position) - DELAYED_BAND, expiresAt);
    }
  }
}

/** Whether there may be more than was read. */
function isFull(due: readonly QueueRecord[]): boolean {
  return (
    due.length === RUN ||
    due.reduce((bytes, { message }) => bytes + message.publication.size, 0) >= READ_BYTES
  );
}

import type { Refusal } from '../errors.js';
import type { QueueRecord } from '../ports/queue-store.js';
import { BAND } from '../ports/queue-store.js';
import { refusalOfStore } from './change.js';
import type { QueueContext } from './queue-context.js';
import { BANDS } from './positions.js';
import type { QueueConsumer } from './queue-consumer.js';
import { QueueDelivery } from './queue-consumer.js';
import { READ_BYTES } from './read-bytes.js';
import type { Queue } from './queue.js';

/** How many messages are looked at in one run. */
const RUN = 256;

/** Shows one consumer what waits in a queue at that moment, in order, as fast as its endpoint takes it; takes nothing. */
export class Browsing {
  /** band → the last position that was there when it began */
  readonly #until: Float64Array;
  #band = 0;
  #place = -1;
  #deferred = false;

  constructor(
    private readonly context: QueueContext,
    private readonly queue: Queue,
    private readonly consumer: QueueConsumer,
    /** It is over: all was shown, or the store cannot be read. */
    private readonly ended: (why?: Refusal) => void,
  ) {
    this.#until = Float64Array.from({ length: BANDS }, (_, band) => queue.window.lastOf(band));
  }

  /** Shows more, as long as there is more and it is taken. */
  readonly proceed = (): void => {
    const { receiver } = this.consumer;
    for (let left = RUN; this.consumer.active && receiver.outlet.flowing && !receiver.detached;) {
      while (this.#band < BANDS && this.#place >= this.#until[this.#band]!) {
        this.#band += 1;
        this.#place = this.#band * BAND - 1;
      }
      if (this.#band === BANDS || this.queue.gone) {
        this.ended();
        return;
      }
      if (left <= 0) {
        this.#later();
        return;
      }
      const records = this.#read(this.queue);
      if (records === undefined) return;
      this.#show(this.queue, records);
      left -= records.length + 1;
    }
  };

  /** Some messages of the band; nothing if they cannot be read, and so it is over. */
  #read({ key, store }: Queue): readonly QueueRecord[] | undefined {
    const before = this.#until[this.#band]! + 1;
    try {
      return store.browse({ queue: key, after: this.#place, before, limit: 32, bytes: READ_BYTES });
    } catch (error) {
      this.ended(refusalOfStore(this.context, error));
      return undefined;
    }
  }

  /** Shows some messages of the band. */
  #show({ window }: Queue, records: readonly QueueRecord[]): void {
    const { receiver } = this.consumer;
    if (records.length === 0) this.#place = this.#until[this.#band]!;
    for (const record of records) {
      if (!this.consumer.active || !receiver.outlet.flowing || receiver.detached) break;
      this.#place = record.position;
      if (window.taken.has(record.position) || !this.consumer.wants(record.message.publication)) continue;
      receiver.outlet.hand(
        new QueueDelivery(this.consumer, window.ready.at(record.position) ?? record, true),
      );
    }
  }

  #later(): void {
    if (this.#deferred) return;
    this.#deferred = true;
    this.context.clock.defer(() =>
      this.context.run(() => {
        this.#deferred = false;
        this.proceed();
      }),
    );
  }
}

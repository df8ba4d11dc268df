import type { QueueKey, QueueRecord, QueueStore } from '../ports/queue-store.js';
import { BANDS, bandOf } from './positions.js';
import type { QueueConsumer } from './queue-consumer.js';
import { READ_BYTES } from './read-bytes.js';
import type { Rotation } from './rotation.js';
import type { Window } from './window.js';

/** How many messages are looked at in one run of a queue. */
const LOOKS = 128;
/** How many are read at a time. */
const LOOK_AHEAD = 64;

/**
 * Finds messages for consumers that choose: each goes through the queue by itself, in order, and looks at each message once.
 * What it does not want stays for others. A long way through is gone in several turns.
 */
export class Search {
  readonly #consumers = new Set<QueueConsumer>();
  /** Those who have seen all there is. */
  readonly #starved = new Set<QueueConsumer>();
  /** Those who had to stop in the middle, until the next turn. */
  readonly #stopped = new Set<QueueConsumer>();
  /** How many messages may still be looked at in this run. */
  #looks = LOOKS;

  constructor(
    private readonly key: QueueKey,
    private readonly store: QueueStore,
    private readonly window: Window,
  ) {}

  /** Whether somebody had to stop in the middle. */
  get interrupted(): boolean {
    return this.#stopped.size > 0;
  }

  add(consumer: QueueConsumer): void {
    this.#consumers.add(consumer);
  }

  remove(consumer: QueueConsumer): void {
    this.#consumers.delete(consumer);
    this.#starved.delete(consumer);
    this.#stopped.delete(consumer);
  }

  /** A run of the queue begins. */
  begin(): void {
    this.#looks = LOOKS;
  }

  /** The next turn: those who had to stop go on. */
  resume(rotation: Rotation): void {
    for (const consumer of this.#stopped) {
      consumer.fetching = false;
      if (consumer.canTake()) rotation.add(consumer);
    }
    this.#stopped.clear();
  }

  /** There is something new to look at. */
  wake(rotation: Rotation): void {
    if (this.#starved.size === 0) return;
    for (const consumer of this.#starved) consumer.starved = false;
    rotation.rejoin([...this.#starved].filter((consumer) => consumer.canTake()));
    this.#starved.clear();
  }

  /** A message came back: who has looked there before has to look again. */
  cameBack(position: number, rotation: Rotation): void {
    if (this.#consumers.size === 0) return;
    const band = bandOf(position);
    for (const consumer of this.#consumers)
      if (position <= consumer.search![band]! && position < consumer.revisit) consumer.revisit = position;
    this.wake(rotation);
  }

  /** A message that came back is no longer in memory: who looks for it finds it in the store. */
  forget(position: number): void {
    const band = bandOf(position);
    for (const { search } of this.#consumers) search![band] = Math.min(search![band]!, position - 1);
  }

  /** The next message that the consumer wants, or a promise of it. Nothing if it has seen all, or must stop for now. */
  next(consumer: QueueConsumer): QueueRecord | Promise<QueueRecord | undefined> | undefined {
    while (consumer.revisit !== Number.POSITIVE_INFINITY) {
      if (this.#looks <= 0) return this.#stop(consumer);
      const again = this.#revisit(consumer);
      if (again !== undefined) return again;
    }
    const search = consumer.search!;
    for (let band = 0; band < BANDS; band += 1) {
      const last = this.window.lastOf(band);
      while (search[band]! < last) {
        if (this.#looks <= 0) return this.#stop(consumer);
        const found = this.#lookAt(consumer, search, band, last);
        if (found !== undefined) return found;
      }
    }
    consumer.starved = true;
    this.#starved.add(consumer);
    return undefined;
  }

  /** Looks at some messages of a band, up to the first that is wanted. */
  #lookAt(
    consumer: QueueConsumer,
    search: Float64Array,
    band: number,
    last: number,
  ): QueueRecord | Promise<QueueRecord | undefined> | undefined {
    const after = search[band]!;
    const query = { queue: this.key, after, before: last + 1, limit: LOOK_AHEAD, bytes: READ_BYTES };
    const records = this.store.browse(query);
    for (const { position, message } of records) {
      search[band] = position;
      this.#looks -= 1;
      if (this.window.taken.has(position) || !consumer.wants(message.publication)) continue;
      const found = this.window.ready.at(position) ?? this.#lease(consumer, position);
      if (found !== undefined) return found;
    }
    if (records.length === 0) search[band] = last;
    return undefined;
  }

  #lease(
    { search }: QueueConsumer,
    position: number,
  ): QueueRecord | Promise<QueueRecord | undefined> | undefined {
    const { window } = this;
    const query = { queue: this.key, after: position - 1, before: position + 1, limit: 1 };
    // One that cannot be read now has not been looked at.
    const forget = (): void => {
      const band = bandOf(position);
      search![band] = Math.min(search![band]!, position - 1);
    };
    let records: ReturnType<QueueStore['lease']>;
    try {
      records = this.store.lease(query);
    } catch (error) {
      forget();
      throw error;
    }
    if (!(records instanceof Promise)) return records[0];
    window.taken.add(position);
    return records.then(
      ([record]) => {
        if (record === undefined) window.untake(position);
        return record;
      },
      (error: unknown) => {
        window.untake(position);
        forget();
        throw error;
      },
    );
  }

  /** Looks again at one that came back behind the place that the consumer has reached; none if it is not wanted. */
  #revisit(consumer: QueueConsumer): QueueRecord | undefined {
    const record = this.window.ready.firstFrom(consumer.revisit);
    if (record === undefined) {
      consumer.revisit = Number.POSITIVE_INFINITY;
      return undefined;
    }
    const { position, message } = record;
    consumer.revisit = position + 1;
    this.#looks -= 1;
    const isBehind = position <= consumer.search![bandOf(position)]!;
    return isBehind && consumer.wants(message.publication) ? record : undefined;
  }

  #stop(consumer: QueueConsumer): undefined {
    consumer.fetching = true;
    this.#stopped.add(consumer);
    return undefined;
  }
}

import type { QueueKey, QueueRecord, QueueStore } from '../ports/queue-store.js';
import { BAND, DELAYED_BAND } from '../ports/queue-store.js';
import { BANDS, bandOf } from './positions.js';
import { READ_BYTES } from './read-bytes.js';
import { ReadyList } from './ready-list.js';

/** How many messages are read ahead at a time. */
const LOOK_AHEAD = 32;
/** How many messages that came back are kept in memory; beyond, they are read again when their turn has come. */
const MOST_READY = 2048;

/**
 * What a queue has read of its store: in each band a place up to which it was read, and the messages before it that wait for a
 * consumer (read ahead, or given back), in order. So the next message is known without reading more than is soon wanted,
 * whatever the depth.
 */
export class Window {
  readonly ready = new ReadyList();
  /** Positions that must not be handed out when they are read: given to a consumer, or being removed. */
  readonly taken = new Set<number>();
  /** band → the last position that was read */
  readonly #read = new Float64Array(BANDS);
  /** band → behind what was read, up to here all has been taken by those who choose, or is gone */
  readonly #passed = new Float64Array(BANDS);
  /** band → the last position that may be read */
  readonly #visible = new Float64Array(BANDS);
  /** One bit for each band with something yet to be read. */
  #unread = 0;
  /** Removed while a read is under way, which may still bring it. */
  #late: number[] | undefined;
  /** Whether a read is under way. */
  reading = false;

  constructor(
    private readonly key: QueueKey,
    private readonly store: QueueStore,
  ) {
    for (let band = 0; band < BANDS; band += 1) this.#read[band] = this.#visible[band] = band * BAND - 1;
  }

  /** A message of this position may be read from now on. */
  appeared(position: number): void {
    const band = bandOf(position);
    if (band >= BANDS || position <= this.#visible[band]!) return;
    this.#visible[band] = position;
    if (position > this.#read[band]!) this.#unread |= 1 << band;
  }

  /** Messages of all numbers up to this one may be read from now on, in all bands. */
  appearedUpTo(number: number): void {
    for (let band = 0; band < BANDS; band += 1) this.appeared(band * BAND + number);
  }

  /** The last position of a band that may be read. */
  lastOf(band: number): number {
    return this.#visible[band]!;
  }

  /** The next message if it is known without reading; else `read` has to be asked, if it `mayHaveMore`. */
  first(): QueueRecord | undefined {
    const first = this.ready.first();
    if (this.#unread === 0 || first === undefined) return this.#unread === 0 ? first : undefined;
    // One that was given back may stand behind others that nobody has read yet.
    return first.position <= this.#read[lowestBit(this.#unread)]! ? first : undefined;
  }

  /** Whether there is something yet to be read. */
  get mayHaveMore(): boolean {
    return this.#unread !== 0;
  }

  /**
   * Reads on in the first band that has more. If the store needs time, resolves to what takes its answer in; nobody may read
   * meanwhile, and if it fails, `readEnded` is to be called.
   */
  read(): Promise<() => void> | undefined {
    const band = lowestBit(this.#unread);
    const until = this.#visible[band]!;
    const after = this.#read[band]!;
    const query = { queue: this.key, after, before: until + 1, limit: LOOK_AHEAD, bytes: READ_BYTES };
    const records = this.store.lease(query);
    if (!(records instanceof Promise)) {
      this.#add(band, after, until, records);
      return undefined;
    }
    this.reading = true;
    return records.then((all) => () => this.#add(band, after, until, all));
  }

  /** The read that was under way is over. */
  readEnded(): void {
    this.reading = false;
    if (this.#late === undefined) return;
    for (const position of this.#late) this.taken.delete(position);
    this.#late = undefined;
  }

  /** Takes a message out of those that wait: it is given to somebody, or given up. */
  take(position: number): void {
    this.ready.take(position);
    this.taken.add(position);
  }

  /** A message was taken that is not there after all, or cannot be read now. */
  untake(position: number): void {
    this.taken.delete(position);
    const band = bandOf(position);
    this.#passed[band] = Math.min(this.#passed[band]!, position - 1);
    if (position > this.#read[band]!) return;
    // It was read while it was taken, and passed over.
    this.#read[band] = position - 1;
    this.#unread |= 1 << band;
  }

  /** A message is no more. */
  vanished(position: number): void {
    if (this.reading) (this.#late ??= []).push(position);
    else this.taken.delete(position);
  }

  /** A message that was taken waits again. */
  putBack(record: QueueRecord): void {
    this.taken.delete(record.position);
    // What waits for its time is in nobody's way before.
    if (bandOf(record.position) < BANDS) this.ready.insert(record);
  }

  /** Lets go of messages far behind the first, to be read again later. Only when the store knows all that came back. */
  trim(forgotten: (position: number) => void): void {
    if (this.ready.size <= MOST_READY || this.reading) return;
    while (this.ready.size > MOST_READY / 2) {
      const { position } = this.ready.pop()!;
      const band = bandOf(position);
      this.#read[band] = Math.min(this.#read[band]!, position - 1);
      this.#passed[band] = Math.min(this.#passed[band]!, position - 1);
      this.#unread |= 1 << band;
      forgotten(position);
    }
  }

  /**
   * The messages that wait, read or not: the oldest of the lowest priority first, those last that wait for their time. Each has
   * to be taken before the next is asked for, all in one turn; so many of them cost no more than as many steps.
   */
  *oldestOfLowest(): Generator<QueueRecord, undefined> {
    for (let band = BANDS - 1; band >= 0; band -= 1) {
      const from = band * BAND;
      for (;;) {
        const ready = this.ready.firstFrom(from);
        if (ready === undefined || ready.position >= from + BAND) break;
        yield ready;
      }
      const after = Math.max(this.#read[band]!, this.#passed[band]!);
      for (const found of this.#untaken(after, this.#visible[band]! + 1)) {
        if (typeof found === 'number') this.#passed[band] = found;
        else yield found;
      }
    }
    const delayed = DELAYED_BAND * BAND;
    for (const found of this.#untaken(delayed - 1, delayed + BANDS * BAND))
      if (typeof found !== 'number') yield found;
    return undefined;
  }

  /** What is in the store and was not taken; after each record of the store its position. */
  *#untaken(from: number, before: number): Generator<QueueRecord | number, undefined> {
    for (let after = from; after < before - 1;) {
      const found = this.store.browse({
        queue: this.key,
        after,
        before,
        limit: LOOK_AHEAD,
        bytes: READ_BYTES,
      });
      if (found.length === 0) return undefined;
      for (const record of found) {
        after = record.position;
        // Asked each time: what was taken meanwhile may have pushed out others.
        if (!this.taken.has(after)) yield record;
        yield after;
      }
    }
    return undefined;
  }

  /** Takes an answer in. It may be short for reasons of the store's own: only when nothing is left, all has been read. */
  #add(band: number, after: number, until: number, records: readonly QueueRecord[]): void {
    for (const record of records) if (!this.taken.has(record.position)) this.ready.insert(record);
    const last = records[records.length - 1]?.position;
    // If something before has to be read again meanwhile, all is: what is read twice is kept once.
    if (this.#read[band]! >= after) {
      if (last !== undefined) this.#read[band] = last;
      else if (this.#isEmpty(band, until)) this.#read[band] = until;
    }
    if (this.#read[band]! >= this.#visible[band]!) this.#unread &= ~(1 << band);
    if (this.reading) this.readEnded();
  }

  #isEmpty(band: number, until: number): boolean {
    const query = { queue: this.key, after: this.#read[band]!, before: until + 1, limit: 1 };
    return this.store.browse(query).length === 0;
  }
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

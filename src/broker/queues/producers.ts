import type { Refusal } from '../errors.js';
import type { QueueStore } from '../ports/queue-store.js';
import type { Change, Told } from './change.js';
import type { Producer } from './consumer.js';
import type { Home, Receiver } from './queue-consumer.js';

/** No client can name a queue that begins so: under such names the stores keep what is known of producers. */
const PRIVATE = '#producer ';
/** So many numbers that a producer has left out, or that were refused, are known; older ones count as stored. */
const MOST_MISSING = 256;

/** Which numbers of one producer are stored: all from `low` to `high` but for the missing ones. */
interface Progress {
  low: number;
  high: number;
  /** In ascending order. */
  missing: number[];
  /** number → who else waits for it, while it is being stored */
  readonly pending: Map<number, Told[]>;
  /** Where it is kept: who sends to queues of two stores is known to both. */
  readonly stores: Set<QueueStore>;
}

/** What is asked of a numbered message. */
export type Verdict = 'new' | 'stored' | 'pending';

/**
 * Remembers which numbered messages are stored, so that one that is sent again is stored once. What is remembered is kept with
 * each message, in its batch; of so many producers in a realm, those that were heard last.
 */
export class Producers {
  /** name → progress; the one that was heard last comes last */
  readonly #known = new Map<string, Progress>();
  /** store → a queue in it */
  readonly #homes = new Map<QueueStore, Home>();

  constructor(
    private readonly realm: string,
    private readonly most: number,
  ) {}

  /** Whether a name of a store is one of a producer and no queue; takes in what the store has of it. */
  load(name: string, definition: string | undefined, store: QueueStore): boolean {
    if (!name.startsWith(PRIVATE)) return false;
    const progress = definition === undefined ? undefined : decode(definition);
    if (progress === undefined) return true;
    const known = this.#known.get(name);
    for (const one of [store, ...(known?.stores ?? [])]) progress.stores.add(one);
    known?.stores.add(store);
    // Of two stores, the one that has heard more is right.
    if (known === undefined || known.high < progress.high) this.#known.set(name, progress);
    return true;
  }

  /** Whether a message is to be stored, is stored, or is being stored. */
  verdictOf(by: Receiver, { id, sequence }: Producer): Verdict {
    const progress = this.#known.get(nameOf(by, id));
    if (progress === undefined) return 'new';
    if (progress.pending.has(sequence)) return 'pending';
    const { low, high, missing } = progress;
    return sequence < low || sequence > high || missing.includes(sequence) ? 'new' : 'stored';
  }

  /** Waits for the outcome of a message that is being stored. */
  wait(by: Receiver, { id, sequence }: Producer, told: Told): void {
    this.#known.get(nameOf(by, id))?.pending.get(sequence)?.push(told);
  }

  /** Plans to remember that a message for `home` is stored. */
  plan(by: Receiver, { id, sequence }: Producer, home: Home, change: Change): void {
    const name = nameOf(by, id);
    const progress = this.#known.get(name) ?? {
      low: sequence,
      high: sequence - 1,
      missing: [],
      pending: new Map<number, Told[]>(),
      stores: new Set<QueueStore>(),
    };
    this.#homes.set(home.store, home);
    progress.stores.add(home.store);
    this.#known.delete(name);
    this.#known.set(name, progress);
    advance(progress, sequence);
    progress.pending.set(sequence, []);
    const key = { realm: this.realm, queue: name };
    change.remember(home, key, encode(progress), (made, corrections) => {
      const waiting = progress.pending.get(sequence) ?? [];
      progress.pending.delete(sequence);
      const tell = (): void => {
        for (const told of waiting) told(made ? undefined : NOT_STORED);
      };
      if (made) {
        tell();
        return;
      }
      // Later numbers may have been stored with the word that this one is: the store hears better before anybody else.
      miss(progress, sequence);
      corrections.remember(home, key, encode(progress), tell);
    });
    this.#forgetOldest(home, change);
  }

  #forgetOldest(home: Home, change: Change): void {
    if (this.#known.size <= this.most) return;
    for (const [name, { pending, stores }] of this.#known) {
      if (pending.size > 0) continue;
      this.#known.delete(name);
      for (const store of stores) {
        const there = store === home.store ? home : this.#homes.get(store);
        if (there !== undefined) change.unremember(there, { realm: this.realm, queue: name });
      }
      return;
    }
  }
}

function nameOf({ identity: { authid } }: Receiver, id: string): string {
  return `${PRIVATE}${authid.length} ${authid} ${id}`;
}

/** A number is stored now. */
function advance(progress: Progress, sequence: number): void {
  if (sequence > progress.high) {
    if (sequence - progress.high > MOST_MISSING) {
      progress.low = sequence;
      progress.missing = [];
    }
    for (let left = Math.max(progress.high + 1, progress.low); left < sequence; left += 1)
      progress.missing.push(left);
    progress.high = sequence;
    if (progress.missing.length > MOST_MISSING)
      progress.missing.splice(0, progress.missing.length - MOST_MISSING);
  } else progress.missing = progress.missing.filter((left) => left !== sequence);
}

/** A number is not stored after all. */
function miss(progress: Progress, sequence: number): void {
  if (sequence < progress.low || progress.missing.includes(sequence)) return;
  progress.missing.push(sequence);
  progress.missing.sort((one, other) => one - other);
}

function encode({ low, high, missing }: Progress): string {
  return JSON.stringify([low, high, missing]);
}

function decode(text: string): Progress | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return undefined;
    const [low, high, missing] = value as unknown[];
    if (typeof low !== 'number' || typeof high !== 'number' || !isNumbers(missing)) return undefined;
    return { low, high, missing, pending: new Map(), stores: new Set() };
  } catch {
    return undefined;
  }
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'number');
}

const NOT_STORED: Refusal = { code: 'unavailable', reason: 'The message could not be stored.' };

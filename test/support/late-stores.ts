import type {
  HistoryBounds,
  HistoryPage,
  HistoryQuery,
  HistoryStore,
  Publication,
  RetainedPage,
  RetainedQuery,
  RetainedStore,
} from '../../src/broker/index.js';

/** Answers that a test lets come, in any order. */
export class Waiting {
  readonly #open: (() => void)[] = [];

  get size(): number {
    return this.#open.length;
  }

  /** A promise of what is made when the test lets it come, or at once if `early`. */
  promise<T>(make: () => T, early = false): Promise<T> {
    const made = early ? make() : undefined;
    return new Promise((resolve, reject) => {
      this.#open.push(() => {
        try {
          resolve(early ? (made as T) : make());
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  /** Lets one come, the oldest by default, and those who wait for it go on. */
  async settle(at = 0): Promise<void> {
    this.#open.splice(at % this.#open.length, 1)[0]?.();
    await turn();
  }

  /** Lets all come, and those that they lead to. */
  async settleAll(): Promise<void> {
    while (this.#open.length > 0) await this.settle();
  }
}

/** Lets everything that is settled go on. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A store whose changes are seen at once, and safe when the test says so; reads are answered then, too. */
export class LateRetainedStore implements RetainedStore {
  readonly durable = false;
  /** Set: the next changes are refused with it. */
  failure: Error | undefined;

  constructor(
    private readonly store: RetainedStore,
    private readonly waiting: Waiting,
    /** Reads see what there was when they were asked for, not when they are answered. */
    public early = true,
  ) {}

  put(realm: string, publication: Publication): Promise<void> {
    const { failure } = this;
    if (failure === undefined) void this.store.put(realm, publication);
    return this.waiting.promise(() => thrown(failure));
  }

  delete(realm: string, topic: string): Promise<void> {
    const { failure } = this;
    if (failure === undefined) void this.store.delete(realm, topic);
    return this.waiting.promise(() => thrown(failure));
  }

  match(realm: string, query: RetainedQuery): Promise<RetainedPage> {
    return this.waiting.promise(() => this.store.match(realm, query) as RetainedPage, this.early);
  }
}

/** As {@link LateRetainedStore}. */
export class LateHistoryStore implements HistoryStore {
  readonly durable = false;
  failure: Error | undefined;

  constructor(
    private readonly store: HistoryStore,
    private readonly waiting: Waiting,
    public early = true,
  ) {}

  append(realm: string, publication: Publication, bounds: HistoryBounds): Promise<void> {
    const { failure } = this;
    if (failure === undefined) void this.store.append(realm, publication, bounds);
    return this.waiting.promise(() => thrown(failure));
  }

  read(realm: string, query: HistoryQuery): Promise<HistoryPage> {
    return this.waiting.promise(() => this.store.read(realm, query) as HistoryPage, this.early);
  }
}

function thrown(failure: Error | undefined): void {
  if (failure !== undefined) throw failure;
}

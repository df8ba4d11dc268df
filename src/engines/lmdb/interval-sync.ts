import type { Committer } from './committer.js';
import type { Environment, Pin } from './environment.js';
import { messageOf, systemCode } from './errors.js';
import { captureState, forgetSynced, noteSynced } from './synced-state.js';
import type { SyncedState } from './synced-state.js';

/** What the syncing at intervals needs. */
export interface IntervalSyncParts {
  readonly folder: string;
  readonly environment: Environment;
  readonly committer: Committer;
  /** In ms. */
  readonly intervalMs: number;
}

/** A state of the file, and what keeps its pages. */
interface Captured {
  readonly state: SyncedState;
  readonly pin: Pin;
}

/**
 * Syncs the file at intervals and keeps the last synced state whole: its pages are not written again, and its meta page is
 * kept beside, until the next state is synced. So a power cut loses what was confirmed after the last sync, and no more.
 */
export class IntervalSync {
  readonly #parts: IntervalSyncParts;
  #pin: Pin | undefined;
  #synced = -1;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  /** The part of it that reads the file. */
  #syncing: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(parts: IntervalSyncParts) {
    this.#parts = parts;
  }

  /** Syncs, and goes on to do so. */
  async start(): Promise<void> {
    await this.#syncOnce();
    this.#next();
  }

  /** Syncs and opens the file again; called while no transaction is on its way, and none may begin before it is done. */
  async reopen(): Promise<void> {
    const { environment } = this.#parts;
    await this.#syncing;
    if (!(await this.#sync(this.#capture()))) return;
    this.#pin?.done();
    await environment.reopen();
    this.#pin = environment.pin();
  }

  /** Syncs a last time. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
    await this.#syncOnce();
    this.#pin?.done();
    forgetSynced(this.#parts.folder);
  }

  /** Stops without syncing: the store has failed. */
  abandon(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#pin?.done();
    this.#pin = undefined;
  }

  #next(): void {
    const { committer, intervalMs } = this.#parts;
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#syncOnce().then(
        () => this.#next(),
        (error: unknown) => committer.fail(`The store could not be synced: ${messageOf(error)}`),
      );
    }, intervalMs);
    this.#timer.unref();
  }

  async #syncOnce(): Promise<void> {
    const { committer, environment } = this.#parts;
    if (environment.lastTransaction() === this.#synced) return;
    await new Promise((resolve, reject) => {
      // Between two transactions.
      committer.pause(() => {
        try {
          this.#syncing = this.#sync(this.#capture());
          this.#syncing.then(resolve, reject);
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  #capture(): Captured {
    const { environment, folder } = this.#parts;
    return { pin: environment.pin(), state: captureState(folder) };
  }

  /**
   * The pages of this state were kept for the sync, and are until the next one; those of the state before are free. False if
   * there was no room to note it: the state before stays the one to go back to.
   */
  async #sync({ state, pin }: Captured): Promise<boolean> {
    const { environment, folder } = this.#parts;
    await environment.sync();
    try {
      noteSynced(folder, state);
    } catch (error) {
      pin.done();
      if (isFull(error)) return false;
      throw error;
    }
    this.#synced = state.transaction;
    this.#pin?.done();
    this.#pin = pin;
    return true;
  }
}

function isFull(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

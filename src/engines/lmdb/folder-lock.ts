import {
  closeSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { StoreOpenError, systemCode } from './errors.js';
import { isRunning, ownIdentity } from './process-identity.js';
import type { ProcessIdentity } from './process-identity.js';

/** The name of the lock file in a store's folder. */
export const LOCK_FILE = 'mangrove.lock';

/** A live holder touches the file so often, in ms: it is all that is seen of one in another container. */
const TOUCH_MS = 1000;

/** For so long a lock is watched whose holder cannot be seen, in ms. */
const WATCH_MS = 3000;

/** Folders that this process holds. */
const held = new Set<string>();

/**
 * One process per folder. The lock of a process that has ended, or that ran before the system started, is taken over; that of
 * a live one is refused.
 */
export class FolderLock {
  readonly #file: string;
  readonly #folder: string;
  #touching: NodeJS.Timeout | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#file = join(folder, LOCK_FILE);
  }

  /** Whether the holder before let go of it without a word: it was killed, or the system went down. */
  takenOver: ProcessIdentity | undefined;

  /**
   * Takes the lock of a folder that exists.
   *
   * @throws StoreOpenError `locked`.
   */
  static async take(path: string): Promise<FolderLock> {
    const lock = new FolderLock(realpathSync(path));
    await lock.#take();
    held.add(lock.#folder);
    lock.#touching = setInterval(() => lock.#touch(), TOUCH_MS);
    lock.#touching.unref();
    return lock;
  }

  release(): void {
    clearInterval(this.#touching);
    held.delete(this.#folder);
    rmSync(this.#file, { force: true });
  }

  /** Lets the lock lie: this process still uses the folder in a way that cannot be stopped. */
  abandon(): void {
    clearInterval(this.#touching);
  }

  async #take(): Promise<void> {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      if (this.#create()) return;
      const holder = this.#holder();
      if (holder === undefined) continue;
      if (await this.#isLive(holder)) throw this.#refusal(holder);
      this.takenOver = holder;
      this.#removeStale(holder);
    }
    throw new StoreOpenError('locked', `${this.#file}: several processes want to open this store at once.`);
  }

  #create(): boolean {
    try {
      const file = openSync(this.#file, 'wx');
      writeSync(file, `${JSON.stringify(ownIdentity())}\n`);
      closeSync(file);
      return true;
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false;
      throw error;
    }
  }

  #holder(): ProcessIdentity | undefined {
    try {
      const holder: unknown = JSON.parse(readFileSync(this.#file, 'utf8'));
      if (isIdentity(holder)) return holder;
    } catch (error) {
      // Let go of meanwhile.
      if (systemCode(error) === 'ENOENT') return undefined;
    }
    // Cut off while it was written: its process has ended, or is about to write it.
    return { pid: 0, started: '', boot: '', space: '' };
  }

  async #isLive(holder: ProcessIdentity): Promise<boolean> {
    if (holder.pid === process.pid && isRunning(holder) === true) return held.has(this.#folder);
    const isLive = holder.pid === 0 ? undefined : isRunning(holder);
    if (isLive !== undefined) return isLive;
    const before = this.#touchedAt();
    for (let waited = 0; waited < WATCH_MS; waited += WATCH_MS / 10) {
      await delay(WATCH_MS / 10);
      if (this.#touchedAt() !== before) return true;
    }
    return false;
  }

  /** Two that find the same stale lock must not remove each other's: only one gets the right to. */
  #removeStale(holder: ProcessIdentity): void {
    const right = `${this.#file}.taking-over`;
    try {
      closeSync(openSync(right, 'wx'));
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      // Left behind by one that was killed here.
      if (Date.now() - (statSync(right, { throwIfNoEntry: false })?.mtimeMs ?? 0) > 2 * WATCH_MS)
        rmSync(right, { force: true });
      return;
    }
    try {
      if (JSON.stringify(this.#holder()) === JSON.stringify(holder)) rmSync(this.#file, { force: true });
    } finally {
      rmSync(right, { force: true });
    }
  }

  #touchedAt(): number | undefined {
    return statSync(this.#file, { throwIfNoEntry: false })?.mtimeMs;
  }

  #touch(): void {
    try {
      const now = new Date();
      utimesSync(this.#file, now, now);
    } catch {
      // Somebody removed it; those who come are not kept out any more, LMDB's own lock remains.
    }
  }

  #refusal({ pid, space }: ProcessIdentity): StoreOpenError {
    const where = space === ownIdentity().space ? '' : ' of another container';
    return new StoreOpenError(
      'locked',
      `${this.#folder} is open in process ${pid}${where}. A store belongs to one server: stop that one first, or give this one a folder of its own.`,
    );
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function isIdentity(value: unknown): value is ProcessIdentity {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, started, boot, space } = value as Partial<Record<keyof ProcessIdentity, unknown>>;
  return (
    typeof pid === 'number' &&
    typeof started === 'string' &&
    typeof boot === 'string' &&
    typeof space === 'string'
  );
}

import { existsSync, mkdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { noInstrumentation } from '../../broker/index.js';
import type { Instrumentation, Stores } from '../../broker/index.js';
import { CommitMark } from './commit-mark.js';
import { Committer } from './committer.js';
import { Environment } from './environment.js';
import { StoreOpenError, messageOf, systemCode } from './errors.js';
import { FolderLock } from './folder-lock.js';
import { DEFAULT_HISTORY_LIMITS } from './history-realm.js';
import { IntervalSync } from './interval-sync.js';
import { LmdbHistoryStore } from './lmdb-history-store.js';
import { LmdbQueueStore } from './lmdb-queue-store.js';
import { DEFAULT_RETAINED_LIMITS, LmdbRetainedStore } from './lmdb-retained-store.js';
import { MappedMemory } from './mapped-memory.js';
import { RealmNames } from './names.js';
import type { LmdbStoreOptions } from './options.js';
import { Records } from './records.js';
import { Room } from './room.js';
import { FORMAT, FORMAT_KEY, encodeFormat, newGeneration } from './store-format.js';
import { recoverSynced, syncFolder } from './synced-state.js';
import { verifyStore } from './verify.js';
import type { SoundStore } from './verify.js';

/** The stores of one folder. */
export interface LmdbStores extends Stores {
  /** Another one after each restore from a copy: who has seen more than the store holds can notice. */
  readonly generation: string;
  /** How many damaged records were found so far; they are passed over. */
  readonly damagedRecords: number;
}

const MEBI = 1024 * 1024;

/**
 * Opens the store in a folder, or makes one. The folder is locked, and the file is looked at in a process of its own first: a
 * damaged one is never opened.
 *
 * @throws StoreOpenError that says what to do.
 */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<LmdbStores> {
  const folder = folderOf(options.path);
  const instrumentation = options.instrumentation ?? noInstrumentation;
  const lock = await FolderLock.take(folder);
  try {
    const setBackTo = recoverSynced(folder);
    if (setBackTo !== undefined)
      instrumentation.event('store.set-back', { path: folder, transaction: setBackTo });
    const sound = await prepare(folder, options.verifyMs ?? 1500, setBackTo !== undefined);
    tellOpening(folder, sound, lock, instrumentation);
    return await OpenStores.open({ ...options, path: folder, instrumentation }, sound, lock);
  } catch (error) {
    lock.release();
    throw error instanceof StoreOpenError ? error : unreadable(folder, error);
  }
}

/** Makes the file if there is none, and finds out whether it may be opened. */
async function prepare(folder: string, verifyMs: number, isSetBack: boolean): Promise<SoundStore> {
  if (existsSync(join(folder, 'data.mdb'))) return verifyInPlace(folder, verifyMs, isSetBack);
  if (CommitMark.read(folder) !== undefined)
    throw rolledBack(folder, 'data.mdb is missing, and something was confirmed in it');
  return makeStore(folder);
}

/**
 * Finds out whether the file in a folder that is locked may be opened.
 *
 * @param isSetBack it was set back to its last synced state: it may be older than what was confirmed.
 */
export async function verifyInPlace(
  folder: string,
  verifyMs: number,
  isSetBack: boolean,
): Promise<SoundStore> {
  const sound = await verifyStore(folder, verifyMs);
  const mark = isSetBack ? undefined : CommitMark.read(folder);
  if (mark !== undefined && mark > sound.transaction)
    throw rolledBack(
      folder,
      `data.mdb ends with transaction ${sound.transaction}, and ${mark} was confirmed`,
    );
  return sound;
}

/** The folder by its real name; made if it is not there. */
function folderOf(path: string): string {
  try {
    mkdirSync(path, { recursive: true });
    return realpathSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): StoreOpenError {
  const why = systemCode(error) ?? messageOf(error);
  return new StoreOpenError('unreadable', `The store in ${path} cannot be opened: ${why}.`, { cause: error });
}

function rolledBack(folder: string, why: string): StoreOpenError {
  return new StoreOpenError(
    'rolled-back',
    `The store in ${folder} is older than what was confirmed: ${why}. If you put back a copy on purpose, remove mangrove.mark from the folder; else the file is damaged: put back a copy made with \`mangrove store backup\`.`,
  );
}

/** Made apart and put in place at once, so that there is never a part of one. */
async function makeStore(folder: string): Promise<SoundStore> {
  const making = join(folder, 'making');
  rmSync(making, { recursive: true, force: true });
  const environment = new Environment({ path: making, sync: 'commit' });
  const format = { version: FORMAT, generation: newGeneration(), createdAt: Date.now() };
  await environment.write([{ table: 'meta', key: FORMAT_KEY, value: encodeFormat(format) }]);
  const transaction = environment.lastTransaction();
  await environment.close();
  renameSync(join(making, 'data.mdb'), join(folder, 'data.mdb'));
  syncFolder(folder);
  rmSync(making, { recursive: true, force: true });
  return {
    verdict: 'sound',
    format,
    transaction,
    records: 1,
    complete: true,
    damaged: 0,
    damagedRecords: [],
  };
}

function tellOpening(
  folder: string,
  { complete, damaged, damagedRecords, format, records }: SoundStore,
  { takenOver }: FolderLock,
  instrumentation: Instrumentation,
): void {
  if (takenOver !== undefined)
    instrumentation.event('store.lock.taken-over', { path: folder, pid: takenOver.pid });
  for (const { table, key } of damagedRecords) instrumentation.event('store.record.damaged', { table, key });
  instrumentation.event('store.opened', {
    path: folder,
    generation: format.generation,
    records,
    complete,
    damaged,
  });
}

class OpenStores implements LmdbStores {
  readonly engine = 'lmdb';
  readonly queues: LmdbQueueStore;
  readonly retained: LmdbRetainedStore;
  readonly history: LmdbHistoryStore;
  readonly generation: string;
  readonly #environment: Environment;
  readonly #committer: Committer;
  readonly #records: Records;
  readonly #interval: IntervalSync | undefined;
  readonly #mark: CommitMark;
  readonly #room: Room;
  readonly #memory: MappedMemory;
  /** Looks after the memory where nothing is written. */
  readonly #looking: NodeJS.Timeout;
  #isTrimming = false;
  readonly #lock: FolderLock;
  #closing: Promise<void> | undefined;

  static async open(
    options: LmdbStoreOptions & { readonly instrumentation: Instrumentation },
    sound: SoundStore,
    lock: FolderLock,
  ): Promise<OpenStores> {
    const environment = new Environment({ path: options.path, sync: options.sync ?? 'commit' });
    let stores: OpenStores | undefined;
    try {
      stores = new OpenStores(options, sound, lock, environment);
      await stores.#interval?.start();
      return stores;
    } catch (error) {
      if (stores !== undefined) stores.#letGo();
      await environment.close();
      throw error;
    }
  }

  private constructor(
    options: LmdbStoreOptions & { readonly instrumentation: Instrumentation },
    sound: SoundStore,
    lock: FolderLock,
    environment: Environment,
  ) {
    const { path, instrumentation, intervalMs = 1000 } = options;
    const { reserveBytes = 8 * MEBI, watermarkBytes = 8192 * MEBI, commitDeadlineMs = 5000 } = options;
    this.generation = sound.format.generation;
    this.#environment = environment;
    this.#lock = lock;
    this.#memory = new MappedMemory(options.mappedBytes ?? 16 * MEBI);
    this.#mark = new CommitMark(path);
    this.#mark.write(sound.transaction);
    this.#room = new Room(path, environment, { reserveBytes, watermarkBytes }, instrumentation);
    const committer = new Committer({
      environment,
      room: this.#room,
      deadlineMs: commitDeadlineMs,
      instrumentation,
      committed: () => {
        this.#mark.write(environment.lastTransaction());
        this.#trimMemory();
      },
      failed: (why) => this.queues.tellFailed(why),
    });
    const records = new Records({ environment, instrumentation, submit: (task) => committer.submit(task) });
    const realms = new RealmNames(records);
    const shared = { records, realms, committer };
    this.#committer = committer;
    this.#records = records;
    this.queues = new LmdbQueueStore(shared);
    this.retained = new LmdbRetainedStore({
      ...shared,
      limits: { ...DEFAULT_RETAINED_LIMITS, ...options.retained },
    });
    this.history = new LmdbHistoryStore({
      ...shared,
      limits: { ...DEFAULT_HISTORY_LIMITS, ...options.history },
    });
    this.#interval =
      options.sync === 'interval'
        ? new IntervalSync({ folder: path, environment, committer, intervalMs })
        : undefined;
    this.#looking = setInterval(() => this.#trimMemory(), 1000);
    this.#looking.unref();
  }

  get failure(): string | undefined {
    return this.#committer.failure;
  }

  get damagedRecords(): number {
    return this.#records.damaged;
  }

  together(ask: () => void): void {
    this.#committer.together(ask);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #trimMemory(): void {
    if (this.#isTrimming || this.failure !== undefined || !this.#memory.isTooMuch) return;
    this.#isTrimming = true;
    this.#committer.pause(async () => {
      try {
        await (this.#interval ?? this.#environment).reopen();
      } catch (error) {
        this.#committer.fail(`The store could not be opened again: ${messageOf(error)}`);
      }
      this.#memory.reset();
      this.#isTrimming = false;
    });
  }

  async #stopInterval(): Promise<void> {
    if (this.failure !== undefined) {
      this.#interval?.abandon();
      return;
    }
    try {
      await this.#interval?.stop();
    } catch (error) {
      this.#committer.fail(`The store could not be synced: ${messageOf(error)}`);
    }
  }

  /** Lets go of all but the file itself. */
  #letGo(): void {
    clearInterval(this.#looking);
    this.#mark.close();
    this.#room.close();
  }

  async #close(): Promise<void> {
    await this.#committer.idle();
    // What fails now is told as a failure; the end of the process is told either way.
    await this.queues.release().catch(() => {});
    await this.#committer.idle();
    await this.#stopInterval();
    this.#letGo();
    if (this.#committer.isHanging) {
      // A write that may still be done, or never: whatever else is asked of LMDB would wait for it.
      this.#lock.abandon();
      return;
    }
    await this.#environment.close();
    this.#lock.release();
  }
}

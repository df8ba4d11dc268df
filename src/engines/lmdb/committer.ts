import { StoreError } from '../../broker/index.js';
import type { Instrumentation } from '../../broker/index.js';
import { ChangeSet } from './change-set.js';
import type { Environment } from './environment.js';
import { messageOf } from './errors.js';
import { Gathering } from './gathering.js';
import type { Room } from './room.js';

/** One thing to be done in a transaction. */
export interface Task {
  /** It needs room; it is refused where there is none. The others wait for room instead. */
  readonly grows: boolean;
  /** About how many bytes it writes. */
  readonly bytes: number;
  /** Puts its changes in; called once more, against the state of then, if the transaction had to be made anew. */
  apply(changes: ChangeSet): void;
}

interface Waiting {
  readonly task: Task;
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

/** What a committer needs. */
export interface CommitterParts {
  readonly environment: Environment;
  readonly room: Room;
  /** How long a commit may take, in ms. */
  readonly deadlineMs: number;
  readonly instrumentation: Instrumentation;
  /** Told after each transaction that is safe, before those who wait for it. */
  readonly committed: () => void;
  /** Told once when nothing will be confirmed any more. */
  readonly failed: (why: string) => void;
}

/** At most so many tasks and about so many bytes go into one transaction. */
const MOST_TASKS = 10_000;
const MOST_BYTES = 8 * 1024 * 1024;

/** Pages that a transaction writes whatever it changes, in bytes. */
const SMALLEST = 128 * 1024;

/** How long tasks that need no room wait before they are tried again on a full disk, in ms. */
const RETRY_MS = 250;

/** How long a commit that seems to be late is given to be told of: the process itself may have been held up. In ms. */
const GRACE_MS = 100;

/**
 * Group commit: what is asked for while a transaction is on its way, and in one turn of the event loop, goes into the next
 * one, in order. So there is one transaction at a time, and a hundred tasks wait for one sync.
 */
export class Committer {
  readonly #parts: CommitterParts;
  #waiting: Waiting[] = [];
  /** What is being written now. */
  #flight: readonly Waiting[] = [];
  #isScheduled = false;
  /** Fewer than otherwise while there is little room. */
  #mostTasks = MOST_TASKS;
  #failure: string | undefined;
  /** What is to become one task; undefined: each is one. */
  #joining: Waiting[] | undefined;
  readonly #gathering = new Gathering();
  readonly #idle: (() => void)[] = [];
  readonly #pauses: (() => void | Promise<void>)[] = [];

  constructor(parts: CommitterParts) {
    this.#parts = parts;
  }

  /** A write was given up that has not ended. */
  isHanging = false;

  /** Why nothing is confirmed any more. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Resolves when the task's changes are safe; rejects with a {@link StoreError} if they were not made. */
  submit(task: Task): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#refusal('failed', this.#failure));
    return new Promise((resolve, reject) => {
      const waiting = { task, resolve, reject };
      if (this.#joining === undefined) this.#add(waiting);
      else this.#joining.push(waiting);
    });
  }

  /** What is submitted meanwhile is one task: in one transaction, or all of it refused. */
  together(submit: () => void): void {
    if (this.#joining !== undefined) {
      submit();
      return;
    }
    const joining: Waiting[] = [];
    this.#joining = joining;
    try {
      submit();
    } finally {
      this.#joining = undefined;
      if (joining.length > 0) this.#add(joined(joining));
    }
  }

  /** Calls back when no transaction is on its way, and holds the next one back meanwhile. */
  pause(during: () => void | Promise<void>): void {
    this.#pauses.push(during);
    this.#schedule();
  }

  /** Resolves when nothing waits any more. */
  idle(): Promise<void> {
    if (this.#isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** From now on nothing is confirmed. */
  fail(why: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = why;
    this.#parts.instrumentation.event('store.failed', { why });
    const refused = [...this.#flight, ...this.#waiting];
    this.#flight = [];
    this.#waiting = [];
    for (const { reject } of refused) reject(this.#refusal('failed', why));
    this.#parts.failed(why);
    this.#tellIdle();
  }

  #add(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (this.#gathering.isOver(this.#waiting.length)) this.#runSoon();
    else this.#schedule();
  }

  get #isIdle(): boolean {
    return this.#flight.length === 0 && this.#waiting.length === 0 && this.#pauses.length === 0;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#flight.length > 0) return;
    this.#isScheduled = true;
    const isGathering =
      this.#pauses.length === 0 &&
      this.#gathering.begin(this.#waiting.length, (waitedFrom) => {
        this.#gathering.learn(waitedFrom, this.#waiting.length);
        void this.#run();
      });
    if (!isGathering) this.#runSoon();
  }

  #runSoon(): void {
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    for (let during = this.#pauses[0]; during !== undefined; during = this.#pauses[0]) {
      await during();
      this.#pauses.shift();
    }
    this.#isScheduled = false;
    const group = this.#nextGroup();
    if (group.length === 0) {
      this.#tellIdle();
      return;
    }
    if (!this.#makeRoom(group)) {
      this.#waitForRoom(group);
      return;
    }
    this.#flight = group;
    const began = performance.now();
    await this.#commit(group);
    this.#gathering.ended(group.length, this.#waiting.length, performance.now() - began);
    this.#mostTasks = Math.min(MOST_TASKS, 2 * this.#mostTasks);
    if (this.#waiting.length > 0 || this.#pauses.length > 0) this.#schedule();
    else this.#tellIdle();
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const changes = new ChangeSet();
    if (!this.#translate(group, changes)) return;
    try {
      await this.#beforeDeadline(this.#parts.environment.write(changes.changes));
    } catch (error) {
      // Whatever it was: the pages that were not written may be lost to the system, and LMDB may take no other transaction.
      changes.aborted();
      this.fail(messageOf(error));
      return;
    }
    if (this.#failure !== undefined) return;
    this.#flight = [];
    changes.committed();
    this.#parts.committed();
    for (const { resolve } of group) resolve();
  }

  /** False if one of the tasks could not say what it changes; the others are waiting again. */
  #translate(group: readonly Waiting[], changes: ChangeSet): boolean {
    let at = 0;
    try {
      for (; at < group.length; at += 1) group[at]!.task.apply(changes);
      changes.finish();
      return true;
    } catch (error) {
      changes.aborted();
      this.#flight = [];
      this.#parts.instrumentation.defect('store task', error);
      const faulty = group[Math.min(at, group.length - 1)]!;
      this.#waiting = [...group.filter((waiting) => waiting !== faulty), ...this.#waiting];
      faulty.reject(this.#refusal('failed', messageOf(error)));
      return false;
    }
  }

  /** Rejects if the write takes longer than it may; it may still be made afterwards, and nobody is told. */
  async #beforeDeadline(write: Promise<void>): Promise<void> {
    const { deadlineMs } = this.#parts;
    let timer: NodeJS.Timeout | undefined;
    const ended = () => (this.isHanging = false);
    write.then(ended, ended);
    const late = new Promise<never>((_, reject) => {
      const tooLate = (): void => {
        this.isHanging = true;
        reject(new Error(`A commit was not done within ${deadlineMs} ms.`));
      };
      timer = setTimeout(() => {
        timer = setTimeout(tooLate, GRACE_MS);
      }, deadlineMs);
    });
    try {
      await Promise.race([write, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #nextGroup(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { task } of this.#waiting) {
      if (count > 0 && (count >= this.#mostTasks || bytes + task.bytes > MOST_BYTES)) break;
      bytes += task.bytes;
      count += 1;
    }
    if (count === this.#waiting.length) {
      const all = this.#waiting;
      this.#waiting = [];
      return all;
    }
    return this.#waiting.splice(0, count);
  }

  #makeRoom(group: readonly Waiting[]): boolean {
    const bytes = group.reduce((sum, { task }) => sum + task.bytes, SMALLEST);
    return this.#parts.room.make(
      2 * bytes,
      group.some(({ task }) => task.grows),
    );
  }

  /** On a full disk: those that need room are told so, the others are kept until there is some. */
  #waitForRoom(group: readonly Waiting[]): void {
    const refused = [...group, ...this.#waiting].filter(({ task }) => task.grows);
    this.#waiting = [...group, ...this.#waiting].filter(({ task }) => !task.grows);
    this.#parts.instrumentation.count('store.refused', refused.length);
    for (const { reject } of refused)
      reject(this.#refusal('full', 'There is no room on the disk of the store.'));
    if (refused.length > 0 || group.length > 1) {
      this.#mostTasks = Math.ceil(group.length / 2);
      this.#schedule();
      return;
    }
    this.#isScheduled = true;
    setTimeout(() => {
      this.#isScheduled = false;
      this.#schedule();
    }, RETRY_MS);
  }

  #refusal(code: 'full' | 'failed', why: string): StoreError {
    return new StoreError(code, why);
  }

  #tellIdle(): void {
    if (!this.#isIdle) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** Several tasks as one, told in their order. */
function joined(all: readonly Waiting[]): Waiting {
  return {
    task: {
      grows: all.some(({ task }) => task.grows),
      bytes: all.reduce((sum, { task }) => sum + task.bytes, 0),
      apply: (changes) => {
        for (const { task } of all) task.apply(changes);
      },
    },
    resolve: () => {
      for (const { resolve } of all) resolve();
    },
    reject: (error) => {
      for (const { reject } of all) reject(error);
    },
  };
}

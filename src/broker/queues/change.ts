import type { Instrumentation } from '../ports/instrumentation.js';
import type { QueueKey, QueueMessage, QueueRecord } from '../ports/queue-store.js';
import { BAND, StoreError } from '../ports/queue-store.js';
import type { Refusal } from '../errors.js';
import type { Home } from './queue-consumer.js';

/** What a change is made with. */
export interface ChangeContext {
  readonly instrumentation: Instrumentation;
  run(change: () => void): void;
}

/** Told once: nothing if the change is made and safe, else why it was not made. */
export type Told = (fault: Refusal | undefined) => void;

/** A step that knows what follows from it in memory. */
interface Step {
  readonly target: Home;
  /** It is asked for now. */
  begin(): void;
  /** It is made, and safe. */
  done(corrections: Change): void;
  /** It was refused: what was reserved is given back. What the store has to hear of that is planned in `corrections`. */
  undone(corrections: Change): void;
}

/** Hears what became of something that was to be remembered; if it was refused, may plan to remember something else. */
export type Remembered = (made: boolean, corrections: Change) => void;

/** Adds a message. Its place is chosen when it is written, so that places are in the order of the writes. */
class Put implements Step {
  readonly kind = 'put';
  readonly queue: QueueKey;
  position = -1;

  constructor(
    readonly target: Home,
    private readonly band: number,
    readonly message: QueueMessage,
    readonly dueAt: number | undefined,
  ) {
    this.queue = target.key;
    target.account(1, message.publication.size);
  }

  begin(): void {
    this.position = this.band * BAND + this.target.nextNumber();
  }

  done(): void {
    this.target.appeared(this.position);
    if (this.dueAt !== undefined) this.target.due(this.dueAt);
  }

  undone(): void {
    this.target.account(-1, -this.message.publication.size);
  }
}

/** Takes a message out that was taken by a consumer, or is given up; if refused and `returns`, it waits again. */
class Remove implements Step {
  readonly kind = 'remove';
  readonly queue: QueueKey;
  readonly position: number;

  constructor(
    readonly target: Home,
    private readonly record: QueueRecord,
    private readonly returns: boolean,
  ) {
    this.queue = target.key;
    this.position = record.position;
    target.account(-1, -record.message.publication.size);
  }

  begin(): void {}

  done(): void {
    this.target.vanished(this.position);
  }

  undone(): void {
    this.target.account(1, this.record.message.publication.size);
    if (this.returns) this.target.putBack(this.record);
  }
}

/** Notes that a message came back, and how often it was delivered. */
class Return implements Step {
  readonly kind = 'return';
  readonly queue: QueueKey;

  constructor(
    readonly target: Home,
    readonly position: number,
    readonly deliveries: number,
  ) {
    this.queue = target.key;
    target.returning(1);
  }

  begin(): void {}

  done(): void {
    this.target.returning(-1);
  }

  undone(): void {
    this.target.returning(-1);
  }
}

/** Puts a message whose delay is over in its place; or notes when to look at it again. */
class Move implements Step {
  readonly kind = 'move';
  readonly queue: QueueKey;
  to: number;

  constructor(
    readonly target: Home,
    readonly position: number,
    private readonly band: number | undefined,
    readonly dueAt: number | undefined,
  ) {
    this.queue = target.key;
    this.to = position;
  }

  begin(): void {
    if (this.band !== undefined) this.to = this.band * BAND + this.target.nextNumber();
  }

  done(): void {
    this.target.appeared(this.to);
  }

  undone(): void {}
}

/** Makes a queue known. */
class Declare implements Step {
  readonly kind = 'declare';

  constructor(
    readonly target: Home,
    readonly queue: QueueKey,
    readonly definition: string,
  ) {}

  begin(): void {}
  done(): void {}
  undone(): void {}
}

/** Keeps something under a name that is no queue's. */
class Remember implements Step {
  readonly kind = 'declare';

  constructor(
    readonly target: Home,
    readonly queue: QueueKey,
    readonly definition: string,
    private readonly settled: Remembered,
  ) {}

  begin(): void {}

  done(corrections: Change): void {
    this.settled(true, corrections);
  }

  undone(corrections: Change): void {
    this.settled(false, corrections);
  }
}

/** Forgets a queue. */
class Delete implements Step {
  readonly kind = 'delete';

  constructor(
    readonly target: Home,
    readonly queue: QueueKey,
  ) {}

  begin(): void {}
  done(): void {}
  undone(): void {}
}

type Planned = Put | Remove | Return | Move | Declare | Remember | Delete;

/**
 * One change of one or several queues: reserved while it is planned, made whole or not at all. The durable part is written
 * first, and the part in memory once that is safe, so that nothing of it is seen before all of it.
 */
export class Change {
  #durable: Planned[] | undefined;
  #transient: Planned[] | undefined;
  #afterwards: (() => void)[] | undefined;

  get isEmpty(): boolean {
    return this.#durable === undefined && this.#transient === undefined;
  }

  /** Plans to add a message to a band. */
  put(target: Home, band: number, message: QueueMessage, dueAt: number | undefined): void {
    this.#plan(new Put(target, band, message, dueAt));
  }

  /** Plans to take a message out that nobody else can get any more; `returns`: if that is refused, it waits again. */
  remove(target: Home, record: QueueRecord, returns: boolean): void {
    this.#plan(new Remove(target, record, returns));
  }

  /** Plans to note that a message came back. */
  giveBack(target: Home, position: number, deliveries: number): void {
    this.#plan(new Return(target, position, deliveries));
  }

  /** Plans to put a delayed message into a band; without a band, to look at it again when it is due. */
  move(target: Home, position: number, band: number | undefined, dueAt: number | undefined): void {
    this.#plan(new Move(target, position, band, dueAt));
  }

  /** Plans to make a queue known. */
  declare(target: Home, definition: string): void {
    this.#plan(new Declare(target, target.key, definition));
  }

  /** Plans to forget a queue and all that it holds. */
  forget(target: Home): void {
    this.#plan(new Delete(target, target.key));
  }

  /** Plans to keep something under a name that is no queue's, beside what `target` keeps. */
  remember(target: Home, key: QueueKey, definition: string, settled: Remembered): void {
    this.#plan(new Remember(target, key, definition, settled));
  }

  /** Plans to keep it no longer. */
  unremember(target: Home, key: QueueKey): void {
    this.#plan(new Delete(target, key));
  }

  /** What else is done when all is safe, before anybody is told. */
  afterwards(effect: () => void): void {
    (this.#afterwards ??= []).push(effect);
  }

  /** Makes the change. `told` is called within a run: in this one if all is safe at once. */
  commit(context: ChangeContext, told: Told): void {
    const pending = ask(this.#durable);
    if (pending === undefined) this.#commitTransient(context, told);
    else this.#wait(context, told, pending, () => this.#commitTransient(context, told));
  }

  /** Hands out what waits in the queues that were changed. */
  dispatch(): void {
    dispatchAll(this.#durable);
    dispatchAll(this.#transient);
  }

  /** Gives back what was reserved, when the change is not to be made. */
  abandon(): void {
    this.#settle(false);
  }

  #plan(step: Planned): void {
    if (step.target.store.durable) (this.#durable ??= []).push(step);
    else (this.#transient ??= []).push(step);
  }

  #commitTransient(context: ChangeContext, told: Told): void {
    // While the durable part was written, a queue may have been deleted with all that it held; its name may be in use again.
    this.#transient = this.#transient?.filter((step) => step.kind !== 'put' || !step.target.gone);
    const pending = ask(this.#transient);
    if (pending === undefined) this.#made(told);
    else this.#wait(context, told, pending, () => this.#made(told));
  }

  #wait(context: ChangeContext, told: Told, pending: Promise<void>, then: () => void): void {
    pending.then(
      () => context.run(then),
      (error: unknown) =>
        context.run(() => {
          const corrections = this.#settle(false);
          const fault = refusalOfStore(context, error);
          if (corrections.isEmpty) told(fault);
          else corrections.commit(context, () => told(fault));
        }),
    );
  }

  #made(told: Told): void {
    this.#settle(true);
    if (this.#afterwards !== undefined) for (const effect of this.#afterwards) effect();
    told(undefined);
  }

  #settle(made: boolean): Change {
    const corrections = new Change();
    settleAll(this.#durable, made, corrections);
    settleAll(this.#transient, made, corrections);
    return corrections;
  }
}

/** Asks the store of these steps for them. */
function ask(steps: readonly Planned[] | undefined): Promise<void> | undefined {
  const store = steps?.[0]?.target.store;
  if (steps === undefined || store === undefined) return undefined;
  try {
    for (const step of steps) step.begin();
    return store.commit(steps);
  } catch (error) {
    return Promise.reject(error);
  }
}

function settleAll(steps: readonly Planned[] | undefined, made: boolean, corrections: Change): void {
  if (steps === undefined) return;
  for (const step of steps) {
    if (made) step.done(corrections);
    else step.undone(corrections);
  }
}

function dispatchAll(steps: readonly Planned[] | undefined): void {
  if (steps === undefined) return;
  let last: Home | undefined;
  for (const { target } of steps) {
    if (target !== last) target.dispatch();
    last = target;
  }
}

/** Why a store did not do something, as a refusal. */
export function refusalOfStore({ instrumentation }: ChangeContext, error: unknown): Refusal {
  if (!(error instanceof StoreError)) instrumentation.defect('queue-store', error);
  else if (error.code === 'full') return { code: 'unavailable', reason: 'The store is full.' };
  return STORE_FAILED;
}

const STORE_FAILED: Refusal = { code: 'unavailable', reason: 'The store has failed.' };

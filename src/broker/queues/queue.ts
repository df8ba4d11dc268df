import type { Timer } from '../../lib/index.js';
import type { QueueKey, QueueRecord, QueueStore } from '../ports/queue-store.js';
import { Change, refusalOfStore } from './change.js';
import type { Binding, Owner } from './policies.js';
import type { QueueContext } from './queue-context.js';
import type { Home, QueueConsumer } from './queue-consumer.js';
import { QueueDelivery } from './queue-consumer.js';
import type { QueuePolicy } from './queue-policy.js';
import { Rotation } from './rotation.js';
import { Search } from './search.js';
import { Window } from './window.js';

/** How many messages are handed out in one run; the rest follows when the input that waits had its turn. */
const RUN = 256;
/** How long a message stays aside that could not be given up, in ms. */
const RETRY_MS = 1000;

/** What is known of a queue when it is made. */
export interface QueueBeginning {
  readonly key: QueueKey;
  readonly store: QueueStore;
  readonly policy: QueuePolicy;
  /** A client or a durable subscription asked for it: it stays when it is empty. */
  readonly declared: boolean;
  readonly binding: Binding | undefined;
  /** Who has said where its dead letters go, if a client has. */
  readonly deadLetterOwner?: Owner | undefined;
  /** What the store has of it. */
  readonly messages: number;
  readonly bytes: number;
  readonly nextNumber: number;
}

/**
 * One queue: who consumes, what was read of the store, and the rule by which one meets the other. Messages are handed out in
 * the order of their positions; those that were given to somebody stay in the store until they are settled.
 */
export class Queue implements Home {
  readonly key: QueueKey;
  readonly store: QueueStore;
  readonly policy: QueuePolicy;
  readonly declared: boolean;
  /** As its owner was known last. */
  binding: Binding | undefined;
  /** Its owner may not have it any more: nothing is added to it until it is taken up again. */
  suspended = false;
  /** Who has said where its dead letters go, if a client has. */
  readonly deadLetterOwner: Owner | undefined;
  /** Who has said that may not send them there any more. */
  deadLettersRefused = false;
  /** Messages that it holds, those that are being written, or are given to somebody, too. */
  messages: number;
  /** Bytes of their payloads and headers. */
  bytes: number;
  /** The highest priority first, then in order of arrival. */
  readonly consumers: QueueConsumer[] = [];
  /** Deletes the queue if nobody comes. */
  expiry: Timer | undefined;
  /** It was deleted, or forgotten. */
  gone = false;
  readonly window: Window;
  readonly #rotation = new Rotation();
  readonly #search: Search;
  #number: number;
  readonly #firstNumber: number;
  /** The one that is served, if there is to be but one. */
  #single: QueueConsumer | undefined;
  /** Messages that came back, and the store has yet to hear of. */
  #returning = 0;
  #deferred = false;

  constructor(
    private readonly context: QueueContext,
    { key, store, policy, declared, binding, deadLetterOwner, messages, bytes, nextNumber }: QueueBeginning,
  ) {
    this.key = key;
    this.store = store;
    this.policy = policy;
    this.declared = declared;
    this.binding = binding;
    this.deadLetterOwner = deadLetterOwner;
    this.messages = messages;
    this.bytes = bytes;
    this.#number = nextNumber;
    this.#firstNumber = messages > 0 ? 0 : nextNumber;
    this.window = new Window(key, store);
    this.#search = new Search(key, store, this.window);
    if (messages > 0) this.window.appearedUpTo(nextNumber - 1);
  }

  /** Whether it would be the same if it were forgotten and made again. */
  get isIdle(): boolean {
    return this.messages === 0 && this.consumers.length === 0 && !this.declared && this.#returning === 0;
  }

  /** Whether its store has ever heard of it. */
  get isKnown(): boolean {
    return this.declared || this.#number > this.#firstNumber;
  }

  /** The number that the next message gets. */
  get number(): number {
    return this.#number;
  }

  nextNumber(): number {
    this.#number += 1;
    return this.#number - 1;
  }

  account(messages: number, bytes: number): void {
    this.messages += messages;
    this.bytes += bytes;
  }

  appeared(position: number): void {
    this.window.appeared(position);
    this.#search.wake(this.#rotation);
  }

  /** Messages may have come that this process has not written. */
  refresh(): void {
    this.window.appearedUpTo(this.#number - 1);
    this.#search.wake(this.#rotation);
    this.dispatch();
  }

  due(at: number): void {
    this.context.due(this.store, at);
  }

  vanished(position: number): void {
    this.window.vanished(position);
  }

  returning(open: 1 | -1): void {
    this.#returning += open;
    if (this.#returning === 0) this.window.trim((position) => this.#search.forget(position));
  }

  take(position: number): void {
    this.window.take(position);
  }

  putBack(record: QueueRecord): void {
    this.window.putBack(record);
    this.#search.cameBack(record.position, this.#rotation);
  }

  /** Adds a consumer; who is the active one may change. */
  add(consumer: QueueConsumer): void {
    this.expiry?.cancel();
    this.expiry = undefined;
    const at = this.consumers.findIndex(({ priority }) => priority < consumer.priority);
    this.consumers.splice(at < 0 ? this.consumers.length : at, 0, consumer);
    if (consumer.selective) this.#search.add(consumer);
    this.#elect();
    this.wake(consumer);
  }

  /** Takes a consumer out; its messages have been given back. */
  remove(consumer: QueueConsumer): void {
    this.#rotation.remove(consumer);
    this.#search.remove(consumer);
    const at = this.consumers.indexOf(consumer);
    if (at >= 0) this.consumers.splice(at, 1);
    this.#elect();
  }

  wake(consumer: QueueConsumer): void {
    if (consumer.browse !== undefined) {
      consumer.browse();
      return;
    }
    if (consumer === this.#single && consumer.standby && consumer.unsettled.size === 0) this.#elect();
    if (consumer.canTake()) this.#rotation.add(consumer);
  }

  dispatch(): void {
    if (this.gone || this.context.stopped) return;
    let removed: Change | undefined;
    let over: QueueRecord[] | undefined;
    this.#search.begin();
    for (let left = RUN; ; left -= 1) {
      const consumer = this.#rotation.next();
      if (consumer === undefined) break;
      if (left === 0) {
        this.#continueLater();
        break;
      }
      const record = consumer.selective ? this.#searched(consumer) : this.#next();
      if (record === undefined) {
        if (consumer.selective) continue;
        break;
      }
      if (this.#isOver(record)) {
        this.take(record.position);
        (over ??= []).push(record);
        continue;
      }
      if (consumer.discards(record.message.publication)) {
        this.take(record.position);
        (removed ??= new Change()).remove(this, record, false);
      } else if (this.#give(consumer, record)) (removed ??= new Change()).remove(this, record, false);
    }
    if (this.#search.interrupted) this.#continueLater();
    removed?.commit(this.context, ignore);
    if (over !== undefined) this.#giveUp(over);
    if (this.isIdle) this.context.idle(this);
  }

  /** Hands one message out. Tells whether it is done with that. */
  #give(consumer: QueueConsumer, record: QueueRecord): boolean {
    this.take(record.position);
    const delivery = new QueueDelivery(consumer, record, consumer.auto);
    if (!consumer.auto) {
      consumer.unsettled.add(delivery);
      const { burden } = consumer.receiver;
      burden.add(delivery.publication.size);
      if (burden.full) this.context.instrumentation.count('queue_sessions_full');
      this.context.deliveries += 1;
    }
    this.#rotation.turn(consumer);
    const taken = consumer.receiver.outlet.hand(delivery);
    if (!consumer.auto) return false;
    if (!taken) this.putBack(record);
    return taken;
  }

  /** Whether the time of a message is over. */
  #isOver({ message }: QueueRecord): boolean {
    const { expiresAt } = message.publication;
    return expiresAt !== undefined && expiresAt <= this.context.clock.wallTime();
  }

  /** Gives up messages that were taken. If the store refuses, they stay aside for a while: at once would be for ever. */
  #giveUp(records: readonly QueueRecord[]): void {
    const change = new Change();
    for (const record of records) {
      const { deliveries } = record.message;
      this.context.bury(change, { home: this, record, reason: 'expired', deliveries, returns: false });
    }
    change.commit(this.context, (fault) => {
      if (fault === undefined) this.context.run(() => change.dispatch());
      else this.context.timers.schedule(RETRY_MS, () => this.context.run(() => this.#reconsider(records)));
    });
  }

  #reconsider(records: readonly QueueRecord[]): void {
    if (this.gone) return;
    for (const record of records) this.putBack(record);
    this.dispatch();
  }

  #next(): QueueRecord | undefined {
    for (;;) {
      const first = this.window.first();
      if (first !== undefined || !this.window.mayHaveMore || this.window.reading) return first;
      if (this.context.failed.has(this.store)) return undefined;
      try {
        const pending = this.window.read();
        if (pending === undefined) continue;
        pending.then(
          (apply) =>
            this.context.run(() => {
              apply();
              this.dispatch();
            }),
          (error: unknown) => this.context.run(() => this.#readFailed(error)),
        );
      } catch (error) {
        this.#readFailed(error);
      }
      return undefined;
    }
  }

  #readFailed(error: unknown): void {
    this.window.readEnded();
    this.#unreadable(error);
  }

  #unreadable(error: unknown): void {
    const { reason } = refusalOfStore(this.context, error);
    this.context.instrumentation.event('queue_unreadable', { realm: this.key.realm, reason });
  }

  /** The next message for one that chooses; nothing if it has to wait, for a message, a turn or the store. */
  #searched(consumer: QueueConsumer): QueueRecord | undefined {
    let found: ReturnType<Search['next']>;
    try {
      found = this.#search.next(consumer);
    } catch (error) {
      this.#searchFailed(consumer, error);
    }
    if (found === undefined) this.#rotation.remove(consumer);
    if (!(found instanceof Promise)) return found;
    this.#rotation.remove(consumer);
    consumer.fetching = true;
    const ended = (record: QueueRecord | undefined): void =>
      this.context.run(() => {
        consumer.fetching = false;
        if (record !== undefined) this.putBack(record);
        this.wake(consumer);
        this.dispatch();
      });
    found.then(ended, (error: unknown) =>
      this.context.run(() => {
        this.#searchFailed(consumer, error);
        this.dispatch();
      }),
    );
    return undefined;
  }

  /** One that chooses looks again after a while: at once would be for ever. What it could not have is for others to try. */
  #searchFailed(consumer: QueueConsumer, error: unknown): void {
    this.#unreadable(error);
    consumer.fetching = true;
    if (this.context.failed.has(this.store)) return;
    this.context.timers.schedule(RETRY_MS, () =>
      this.context.run(() => {
        consumer.fetching = false;
        this.wake(consumer);
        this.dispatch();
      }),
    );
  }

  #continueLater(): void {
    if (this.#deferred) return;
    this.#deferred = true;
    this.context.clock.defer(() =>
      this.context.run(() => {
        this.#deferred = false;
        this.#search.resume(this.#rotation);
        this.dispatch();
      }),
    );
  }

  /** Chooses the one that is served: the first of the list, once the one before has settled what it has. */
  #elect(): void {
    if (!this.policy.singleActive) return;
    const first = this.consumers[0];
    const current = this.#single;
    if (current !== undefined && current !== first && current.active && current.unsettled.size > 0) {
      current.standby = true;
    } else this.#single = first;
    for (const consumer of this.consumers) {
      consumer.standby = consumer !== first || consumer !== this.#single;
      if (consumer.canTake()) this.#rotation.add(consumer);
    }
  }
}

function ignore(): void {}

import type { BatchItem } from '../batch.js';
import type { Refusal } from '../errors.js';
import type { Death, QueueStore } from '../ports/queue-store.js';
import type { Publication } from '../publication.js';
import type { Request } from '../request.js';
import type { Told } from './change.js';
import { Change } from './change.js';
import type { AdmittedConsume, Consumer, EnqueueCommand, Settlement } from './consumer.js';
import { Consuming, isOwn } from './consuming.js';
import { DeadLetters } from './dead-letters.js';
import { Enqueuing } from './enqueuing.js';
import { Expiry } from './expiry.js';
import { Queue } from './queue.js';
import type { QueueContext, QueueRealm } from './queue-context.js';
import type { QueueConsumer, Receiver } from './queue-consumer.js';
import { QueueDelivery } from './queue-consumer.js';
import type { QueueRule } from './queue-policy.js';
import type { QueueStores } from './queue-table.js';
import { QueueTable } from './queue-table.js';
import type { PlannedSettlement } from './settlements.js';
import { Settlements, Together } from './settlements.js';

/** An event that is published as part of a batch; durable subscriptions get it with the batch. */
export interface BatchEvent {
  readonly kind: 'event';
  readonly publication: Publication;
}

/** A queue as far as somebody has rights in it. */
export type OwnedQueue = Pick<
  Queue,
  'binding' | 'consumers' | 'policy' | 'suspended' | 'deadLettersRefused' | 'deadLetterOwner'
>;

/** One item of a batch, once its events have got their ids. */
export type QueueBatchItem = BatchEvent | Exclude<BatchItem, { readonly kind: 'publish' }>;

/** The queues of one realm: the commands of attachments, after they have been admitted. */
export class Queues {
  readonly #context: QueueContext;
  readonly #table: QueueTable;
  readonly #deadLetters: DeadLetters;
  readonly #enqueuing: Enqueuing;
  readonly #consuming: Consuming;
  readonly #settlements: Settlements;
  /** store → what ends and begins by the clock */
  readonly #expiries = new Map<QueueStore, Expiry>();

  constructor(
    private readonly realm: QueueRealm,
    stores: QueueStores,
    rules: readonly QueueRule[],
  ) {
    this.#context = this.#contextOf(realm);
    this.#table = new QueueTable(this.#context, stores, rules);
    this.#deadLetters = new DeadLetters(this.#context, this.#table);
    this.#enqueuing = new Enqueuing(this.#context, this.#table);
    this.#settlements = new Settlements(this.#context);
    this.#consuming = new Consuming(this.#context, this.#table, this.#settlements);
    this.#table.load();
    for (const store of [stores.durable, stores.transient]) if (store !== undefined) this.#open(store);
  }

  /** Consumers of all attachments, browsing ones too. */
  get consumers(): number {
    return this.#consuming.count;
  }

  /** Messages given to consumers that have yet to settle them. */
  get deliveries(): number {
    return this.#context.deliveries;
  }

  /** Queues that are known. */
  get size(): number {
    return this.#table.size;
  }

  /** From now on nothing is handed out; what was may still be settled. */
  stop(): void {
    this.#context.stopped = true;
    for (const expiry of this.#expiries.values()) expiry.stop();
    this.#table.stop();
  }

  /** What would keep a message out of a queue for ever, if something would. */
  examine(command: EnqueueCommand): Refusal | undefined {
    return this.#enqueuing.faultOf(command);
  }

  /** Puts a message into a queue. */
  enqueue(by: Receiver, request: Request, command: EnqueueCommand, acknowledge: boolean): void {
    this.realm.run(() => {
      if (by.detached || this.#isRepeated(by, request, command, acknowledge)) return;
      const change = new Change();
      const planned = this.#enqueuing.plan(by, command, change);
      if ('code' in planned) {
        change.abandon();
        by.answer(request, { kind: 'refused', ...planned });
        change.dispatch();
        return;
      }
      const early = acknowledge && command.persistent === false;
      if (early) by.answer(request, { kind: 'enqueued', publication: planned.id });
      change.commit(this.#context, (fault) => {
        if (early) this.#lost(command.queue, fault);
        else if (fault !== undefined) by.answer(request, { kind: 'refused', ...fault });
        else if (acknowledge) by.answer(request, { kind: 'enqueued', publication: planned.id });
        change.dispatch();
      });
    });
  }

  /** Adds a consumer to a queue. */
  consume(by: Receiver, request: Request, command: AdmittedConsume): void {
    this.realm.run(() => {
      if (!by.detached) this.#consuming.consume(by, request, command);
    });
  }

  /** Ends a consumer; what it has not settled goes back. `forget`: a durable subscription ends for good. */
  release(by: Receiver, request: Request, consumer: Consumer | undefined, forget: boolean): void {
    this.realm.run(() => {
      if (by.detached) return;
      if (isOwn(consumer, by)) this.#consuming.release(by, request, consumer, forget);
      else by.answer(request, { kind: 'refused', ...NO_SUCH_CONSUMER });
    });
  }

  /** Takes a consumer from somebody who may not have it any more, and tells. Within a run. */
  revoke(consumer: QueueConsumer, why: Refusal): void {
    this.#consuming.revoke(consumer, why);
  }

  /** The queues that belong to somebody, or do something in somebody's name, who may be away. */
  owned(): Iterable<OwnedQueue> {
    return this.#table.owned();
  }

  /** Settles deliveries of one attachment. */
  settle(by: Receiver, request: Request, settlements: readonly Settlement[], acknowledge: boolean): void {
    this.realm.run(() => {
      if (by.detached) return;
      if (!settlements.every(({ delivery }) => belongsTo(delivery, by))) {
        by.answer(request, { kind: 'refused', ...NOT_YOURS });
        return;
      }
      const change = new Change();
      const together = new Together((fault) => {
        if (fault !== undefined) by.answer(request, { kind: 'refused', ...fault });
        else if (acknowledge) by.answer(request, { kind: 'settled' });
      });
      for (const { delivery, verdict } of settlements)
        if (delivery instanceof QueueDelivery && !delivery.settled)
          this.#settlements.settle(delivery, verdict, change, together);
      change.commit(this.#context, together.part());
      together.end();
      by.burden.relieve();
      dispatchAll(settlements);
    });
  }

  /** Makes a batch, whole or not at all. Within a run; `told` is called in one, before anything of it is handed out. */
  commit(by: Receiver, items: readonly QueueBatchItem[], told: Told): void {
    const change = new Change();
    const settled: PlannedSettlement[] = [];
    const ended = (fault: Refusal | undefined): void => {
      for (const settlement of settled) {
        if (fault === undefined) settlement.done();
        else settlement.undone();
      }
      told(fault);
      if (settled.length > 0) by.burden.relieve();
      change.dispatch();
    };
    const fault = this.#planBatch(by, items, change, settled);
    if (fault === undefined) {
      change.commit(this.#context, ended);
      return;
    }
    change.abandon();
    ended(fault);
  }

  /**
   * Keeps an event, or a dead letter, for the durable subscriptions that match. Nothing if that is done, or there are none; else resolves to
   * nothing, or to why it could not be. What is kept is handed out after the run.
   */
  keep(
    from: Receiver | undefined,
    publication: Publication,
    death?: Death,
  ): Promise<Refusal | undefined> | undefined {
    if (this.#table.subscriptions.none) return undefined;
    const change = new Change();
    this.#enqueuing.bind(from, publication, change, death);
    if (change.isEmpty) return undefined;
    let told: { readonly fault: Refusal | undefined } | undefined;
    let resolve = (_fault: Refusal | undefined): void => {};
    change.commit(this.#context, (fault) => {
      told = { fault };
      this.realm.run(() => change.dispatch());
      resolve(fault);
    });
    if (told === undefined) return new Promise((resolved) => (resolve = resolved));
    return told.fault === undefined ? undefined : Promise.resolve(told.fault);
  }

  /** The endpoint of an attachment takes deliveries again. Within a run. */
  resume(by: Receiver): void {
    for (const consumer of by.consumers.values()) {
      if (!by.outlet.flowing) return;
      consumer.proceed();
    }
  }

  /** Ends all consumers of somebody who has left; what they have not settled goes back. Within a run. */
  leave(by: Receiver): void {
    if (by.consumers.size > 0) this.#consuming.leave(by);
  }

  /** Answers a message that was sent before as it was, or will be, answered then. */
  #isRepeated(by: Receiver, request: Request, command: EnqueueCommand, acknowledge: boolean): boolean {
    const { producer } = command;
    if (producer === undefined) return false;
    const verdict = this.#enqueuing.verdictOf(by, command);
    if (verdict === 'new') return false;
    this.realm.instrumentation.count('queue_messages_repeated');
    const told = (fault: Refusal | undefined): void => {
      if (fault !== undefined) by.answer(request, { kind: 'refused', ...fault });
      else if (acknowledge) by.answer(request, { kind: 'enqueued', publication: this.realm.ids.id() });
    };
    if (verdict === 'stored') told(undefined);
    else this.#table.producers.wait(by, producer, told);
    return true;
  }

  /** Plans all items, in order; says why one cannot be, if one cannot. */
  #planBatch(
    by: Receiver,
    items: readonly QueueBatchItem[],
    change: Change,
    settled: PlannedSettlement[],
  ): Refusal | undefined {
    const seen = new Set<QueueDelivery>();
    for (const item of items) {
      switch (item.kind) {
        case 'event':
          this.#enqueuing.bind(by, item.publication, change);
          break;
        case 'enqueue': {
          const verdict = this.#enqueuing.verdictOf(by, item.command);
          if (verdict === 'pending') return BEING_STORED;
          if (verdict === 'stored') break;
          const planned = this.#enqueuing.plan(by, item.command, change);
          if ('code' in planned) return planned;
          break;
        }
        case 'settle': {
          const { delivery, verdict } = item.settlement;
          if (!belongsTo(delivery, by)) return NOT_YOURS;
          if (seen.has(delivery)) break;
          if (delivery.settled) return SETTLED_BEFORE;
          seen.add(delivery);
          settled.push(this.#settlements.plan(delivery, verdict, change));
        }
      }
    }
    return undefined;
  }

  #contextOf(realm: QueueRealm): QueueContext {
    const { limits, clock, timers, ids, instrumentation } = realm;
    return {
      realm: realm.realm,
      limits,
      clock,
      timers,
      ids,
      instrumentation,
      run: (change) => realm.run(change),
      sees: (owner, topic) => realm.sees(owner, topic),
      publishDead: (publication, death) => realm.publishDead(publication, death),
      deliveries: 0,
      failed: new Set(),
      stopped: false,
      bury: (change, burial) => this.#deadLetters.bury(change, burial),
      due: (store, at) => this.#expiries.get(store)?.note(at),
      idle: (home) => {
        if (home instanceof Queue) this.#table.forget(home);
      },
    };
  }

  #open(store: QueueStore): void {
    const expiry = new Expiry(this.#context, this.#table, store);
    this.#expiries.set(store, expiry);
    expiry.start();
    store.watch(this.realm.realm, {
      ready: (key) => this.realm.run(() => this.#table.known(key)?.refresh()),
      failed: (reason) => {
        const { realm, instrumentation } = this.realm;
        this.#context.failed.add(store);
        instrumentation.event('store_failed', { realm, reason });
      },
    });
  }

  /** A message was confirmed before it was safe, as its sender wished, and then could not be stored. */
  #lost(queue: string, fault: Refusal | undefined): void {
    if (fault === undefined) return;
    const { realm, instrumentation } = this.realm;
    instrumentation.count('queue_messages_dropped');
    instrumentation.event('queue_message_dropped', { realm, queue, reason: fault.code });
  }
}

function belongsTo(delivery: unknown, by: Receiver): delivery is QueueDelivery {
  return delivery instanceof QueueDelivery && delivery.consumer.receiver === by;
}

function dispatchAll(settlements: readonly Settlement[]): void {
  let last: unknown;
  for (const { delivery } of settlements) {
    if (!(delivery instanceof QueueDelivery)) continue;
    const { home } = delivery.consumer;
    if (home !== last) home.dispatch();
    last = home;
  }
}

const NO_SUCH_CONSUMER: Refusal = {
  code: 'no_such_consumer',
  reason: 'This session holds no such consumer.',
};
const NOT_YOURS: Refusal = { code: 'no_such_consumer', reason: 'The message was not given to this session.' };
const BEING_STORED: Refusal = {
  code: 'unavailable',
  reason: 'A message of the transaction is being stored already.',
};
const SETTLED_BEFORE: Refusal = {
  code: 'no_such_consumer',
  reason: 'A message of the transaction was settled or taken back before.',
};

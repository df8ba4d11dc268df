import type { Refusal } from '../errors.js';
import type { QueueKey, QueueStore } from '../ports/queue-store.js';
import { Change } from './change.js';
import { DurableSubscriptions } from './durable-subscriptions.js';
import type { Definition } from './policies.js';
import { Producers } from './producers.js';
import { Policies, decodeDefinition, encodeDefinition } from './policies.js';
import { Queue } from './queue.js';
import type { QueueContext } from './queue-context.js';
import type { QueuePolicy, QueueRule } from './queue-policy.js';

/** Where queues are kept. */
export interface QueueStores {
  readonly transient: QueueStore;
  readonly durable: QueueStore | undefined;
}

const NOTHING_ASKED: Definition = { arguments: {}, binding: undefined };

/** The queues of one realm by name. */
export class QueueTable {
  readonly policies: Policies;
  readonly subscriptions: DurableSubscriptions;
  readonly producers: Producers;
  /** name → queue */
  readonly #queues = new Map<string, Queue>();
  /** Numbers below were given to messages of queues that have been forgotten. */
  #firstNumber = 0;

  constructor(
    private readonly context: QueueContext,
    private readonly stores: QueueStores,
    rules: readonly QueueRule[],
  ) {
    this.subscriptions = new DurableSubscriptions((owner, topic) => context.sees(owner, topic));
    this.producers = new Producers(context.realm, context.limits.producers);
    this.policies = new Policies(rules, context.limits, stores.durable !== undefined);
  }

  /** How many queues there are. */
  get size(): number {
    return this.#queues.size;
  }

  /** Takes in what the stores have. */
  load(): void {
    for (const store of new Set([this.stores.durable, this.stores.transient])) {
      for (const stored of store?.list(this.context.realm) ?? []) {
        const { queue: key, messages, bytes, nextNumber } = stored;
        if (this.producers.load(key.queue, stored.definition, store!)) continue;
        const definition = stored.definition === undefined ? undefined : decodeDefinition(stored.definition);
        if (this.#queues.has(key.queue) || (definition === undefined && messages === 0)) continue;
        const known = definition ?? NOTHING_ASKED;
        const queue = new Queue(this.context, {
          key,
          store: store!,
          policy: this.policies.policyOf(key.queue, known),
          declared: definition !== undefined,
          binding: known.binding,
          deadLetterOwner: known.deadLetterOwner,
          messages,
          bytes,
          nextNumber,
        });
        this.#add(queue);
        this.#expireLater(queue);
      }
    }
  }

  /** All that belongs to somebody, or does something in somebody's name. */
  *owned(): Generator<Queue> {
    for (const queue of this.#queues.values())
      if (queue.binding !== undefined || queue.deadLetterOwner !== undefined) yield queue;
  }

  find(name: string): Queue | undefined {
    return this.#queues.get(name);
  }

  /** The queue of that name, made if it is not there. */
  open(name: string): Queue | Refusal {
    return this.#queues.get(name) ?? this.make(name, NOTHING_ASKED);
  }

  /** Makes a queue; with a `change`, plans to make it known. */
  make(name: string, definition: Definition, change?: Change): Queue | Refusal {
    const { limits } = this.context;
    if (this.#queues.size >= limits.queues) {
      return { code: 'limit_exceeded', reason: `A realm may have ${limits.queues} queues.` };
    }
    const policy = this.policies.policyOf(name, definition);
    const { durable, transient } = this.stores;
    const store = policy.durable && durable !== undefined ? durable : transient;
    const queue = this.#empty(name, store, policy, change !== undefined, definition);
    change?.declare(queue, encodeDefinition(definition));
    this.#add(queue);
    this.#expireLater(queue);
    return queue;
  }

  /** What a queue of that name would be that nobody has made: for those who only look. */
  imagine(name: string): Queue {
    const policy = this.policies.policyOf(name, NOTHING_ASKED);
    return this.#empty(name, this.stores.transient, policy, false, NOTHING_ASKED);
  }

  /** Plans to delete a queue with all that it holds; it is gone from now on. */
  delete(queue: Queue, change: Change): void {
    this.#remove(queue);
    if (queue.isKnown) change.forget(queue);
  }

  /** Takes back a queue that could not be made known. */
  withdraw(queue: Queue): void {
    this.#remove(queue);
  }

  /** Forgets a queue that holds nothing and that nobody uses, and lets its store forget the name. */
  forget(queue: Queue): void {
    if (!queue.isIdle || !this.#remove(queue) || !queue.isKnown) return;
    const change = new Change();
    change.forget(queue);
    change.commit(this.context, () => {});
  }

  /** A consumer has left: the last one may leave a queue that nobody wants any more. */
  left(queue: Queue): void {
    if (queue.consumers.length > 0 || queue.gone) return;
    if (queue.policy.autoDelete) this.#deleteNow(queue);
    else if (queue.isIdle) this.forget(queue);
    else this.#expireLater(queue);
  }

  /** No queue is deleted for want of consumers any more. */
  stop(): void {
    for (const queue of this.#queues.values()) {
      queue.expiry?.cancel();
      queue.expiry = undefined;
    }
  }

  #expireLater(queue: Queue): void {
    const { expiresMs } = queue.policy;
    if (expiresMs === undefined || this.context.stopped) return;
    queue.expiry ??= this.context.timers.schedule(expiresMs, () =>
      this.context.run(() => {
        queue.expiry = undefined;
        if (queue.consumers.length === 0 && !queue.gone) this.#deleteNow(queue);
      }),
    );
  }

  #empty(
    name: string,
    store: QueueStore,
    policy: QueuePolicy,
    declared: boolean,
    { binding, deadLetterOwner }: Definition,
  ): Queue {
    const key = { realm: this.context.realm, queue: name };
    const nothing = { messages: 0, bytes: 0, nextNumber: this.#firstNumber };
    return new Queue(this.context, { key, store, policy, declared, binding, deadLetterOwner, ...nothing });
  }

  #deleteNow(queue: Queue): void {
    const change = new Change();
    this.delete(queue, change);
    change.commit(this.context, () => {});
    this.context.instrumentation.event('queue_deleted', {
      realm: this.context.realm,
      queue: queue.key.queue,
    });
  }

  #add(queue: Queue): void {
    this.#queues.set(queue.key.queue, queue);
    if (queue.binding !== undefined) this.subscriptions.bind(queue, queue.binding.pattern);
  }

  #remove(queue: Queue): boolean {
    const { queue: name } = queue.key;
    if (this.#queues.get(name) !== queue) return false;
    this.#queues.delete(name);
    this.#firstNumber = Math.max(this.#firstNumber, queue.number);
    queue.gone = true;
    queue.expiry?.cancel();
    queue.expiry = undefined;
    if (queue.binding !== undefined) this.subscriptions.unbind(queue, queue.binding.pattern);
    return true;
  }

  /** The queue of a store's key, if it is one of this realm and known. */
  known(key: QueueKey): Queue | undefined {
    return key.realm === this.context.realm ? this.#queues.get(key.queue) : undefined;
  }
}

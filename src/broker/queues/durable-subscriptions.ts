import type { Pattern } from '../address.js';
import { admits } from '../audience.js';
import type { Publication } from '../publication.js';
import { TopicIndex } from '../topic-index.js';
import type { Binding } from './policies.js';
import type { Queue } from './queue.js';
import type { Receiver } from './queue-consumer.js';

/** Which queues get what is published to topics. */
export class DurableSubscriptions {
  /** @param sees whether the owner of a subscription, who is away, may be told of a topic. */
  constructor(private readonly sees: (owner: Binding, topic: string) => boolean) {}

  /** pattern → queues */
  readonly #bindings = new TopicIndex<Set<Queue>>();
  /** authid → how many it has */
  readonly #held = new Map<string, number>();

  bind(queue: Queue, pattern: Pattern): void {
    const bound = this.#bindings.get(pattern);
    if (bound === undefined) this.#bindings.set(pattern, new Set([queue]));
    else bound.add(queue);
    this.#count(queue, 1);
  }

  unbind(queue: Queue, pattern: Pattern): void {
    const bound = this.#bindings.get(pattern);
    if (bound?.delete(queue) !== true) return;
    if (bound.size === 0) this.#bindings.delete(pattern);
    this.#count(queue, -1);
  }

  /** How many somebody has. */
  heldBy(authid: string): number {
    return this.#held.get(authid) ?? 0;
  }

  /** Whether there are none. */
  get none(): boolean {
    return this.#bindings.size === 0;
  }

  /** Visits the queues that are to get a publication; `from` publishes. */
  match(publication: Publication, from: Receiver | undefined, visit: (queue: Queue) => void): void {
    if (this.none) return;
    this.#bindings.matchAll(publication.topic, (bound) => {
      for (const queue of bound) if (this.#isFor(queue, publication, from)) visit(queue);
    });
  }

  /** Whoever is absent is judged by name and role alone. */
  #isFor(queue: Queue, publication: Publication, from: Receiver | undefined): boolean {
    if (queue.suspended) return false;
    const [holder] = queue.consumers;
    const { audience, excludePublisher, topic } = publication;
    if (holder !== undefined && holder.receiver === from && (excludePublisher || holder.noLocal))
      return false;
    const owner = queue.binding!;
    const { authid, authrole } = owner;
    if (!admits(audience, holder?.receiver.identity ?? { session: 0, authid, authrole })) return false;
    if (holder !== undefined) return holder.sees?.(topic) !== false;
    return owner.filtered !== true || this.sees(owner, topic);
  }

  #count(queue: Queue, by: 1 | -1): void {
    const { authid } = queue.binding!;
    const held = this.heldBy(authid) + by;
    if (held === 0) this.#held.delete(authid);
    else this.#held.set(authid, held);
  }
}

import type { Consumer, Request } from '../../broker/index.js';
import { SmallMap } from '../../lib/index.js';

/** How a client came to consume a queue: REGISTER, or SUBSCRIBE with `_queue`. */
export type ConsumerRole = 'callee' | 'subscriber';

/** One consumer of a client, from its request on. */
export interface WampConsumer {
  readonly role: ConsumerRole;
  readonly queue: string;
  /** The broker's name for it. */
  readonly key: string;
  /** What the client knows it by: the id of a registration or a subscription. */
  readonly id: number;
  /** Undefined until the broker has said yes. */
  consumer: Consumer | undefined;
  /** Who asked for the same meanwhile. */
  readonly waiting: Request[];
}

/** The queues that one client consumes. In each role a queue once: whoever registers it again is told so. */
export class Consumers {
  /** key → consumer */
  readonly #byKey = new SmallMap<string, WampConsumer>();
  /** id → consumer */
  readonly #byId = new SmallMap<number, WampConsumer>();

  /** Makes an entry for a request. */
  begin(role: ConsumerRole, queue: string, id: number): WampConsumer {
    const entry: WampConsumer = {
      role,
      queue,
      key: keyOf(role, queue),
      id,
      consumer: undefined,
      waiting: [],
    };
    this.#byKey.set(entry.key, entry);
    this.#byId.set(id, entry);
    return entry;
  }

  /** What consumes the queue in this role, or is about to. */
  find(role: ConsumerRole, queue: string): WampConsumer | undefined {
    return this.#byKey.get(keyOf(role, queue));
  }

  /** The consumer that the client knows by this id, in this role. */
  ofId(role: ConsumerRole, id: number): WampConsumer | undefined {
    const entry = this.#byId.get(id);
    return entry?.role === role ? entry : undefined;
  }

  /** The client's view of a consumer of the broker. */
  of(consumer: Consumer): WampConsumer | undefined {
    return this.#byKey.get(consumer.key);
  }

  /** It was refused, released or revoked. */
  end(entry: WampConsumer): void {
    this.#byId.delete(entry.id);
    if (this.#byKey.get(entry.key) === entry) this.#byKey.delete(entry.key);
  }
}

/** No subscription's key begins so: those name their match, which is none of the roles. */
function keyOf(role: ConsumerRole, queue: string): string {
  return `${role} ${queue}`;
}

import type { Instrumentation } from '../ports/instrumentation.js';
import type { RealmObserver } from './realm-view.js';

/** A kind of change. */
type Change = keyof RealmObserver;

/** What is told of a change. */
type Facts<K extends Change> = Parameters<RealmObserver[K]>;

/** Those who are told of each change of a realm; a defect of one costs nobody else anything. */
export class Observers {
  /** Whether there is anybody to be told of anything. */
  any = false;
  /** kind of change → those who want to know */
  readonly #listeners: { readonly [K in Change]: ((...facts: Facts<K>) => void)[] } = {
    joined: [],
    left: [],
    interestCreated: [],
    subscribed: [],
    unsubscribed: [],
    interestDeleted: [],
    procedureCreated: [],
    registered: [],
    unregistered: [],
    procedureDeleted: [],
  };

  constructor(private readonly instrumentation: Instrumentation) {}

  add(observer: Partial<RealmObserver>): void {
    this.any = true;
    for (const change of Object.keys(this.#listeners) as Change[]) this.#addFor(change, observer);
  }

  tell<K extends Change>(change: K, ...facts: Facts<K>): void {
    for (const listener of this.#listeners[change]) {
      try {
        listener(...facts);
      } catch (error) {
        this.instrumentation.defect('broker.observer', error);
      }
    }
  }

  #addFor<K extends Change>(change: K, observer: Partial<RealmObserver>): void {
    const method = observer[change] as ((...facts: Facts<K>) => void) | undefined;
    if (method !== undefined) this.#listeners[change].push(method.bind(observer));
  }
}

import { useEffect, useState } from 'preact/hooks';

/** A value that tells when it changes. */
export class Store<T> {
  readonly #listeners = new Set<() => void>();
  #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }

  /** Returns how to stop listening. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The value of a store; the component is rendered again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState({ of: store.value });
  useEffect(() => {
    const update = () => setValue({ of: store.value });
    // It may have changed between the rendering and now.
    update();
    return store.subscribe(update);
  }, [store]);
  return value.of;
}

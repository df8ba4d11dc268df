/** A promise that also tells of progress; AutobahnJS reports parts of a result to its deferred. */
export interface TellingPromise<T> extends Promise<T> {
  onProgress?: (value: T) => void;
}

/** What AutobahnJS's `use_deferred` makes. */
export interface TellingDeferred<T> {
  readonly promise: TellingPromise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
  readonly notify: (value: T) => void;
}

/** Makes one. Nobody has to catch its failure: the page shows what it shows. */
export function tellingDeferred(): TellingDeferred<unknown> {
  let settle: Pick<TellingDeferred<unknown>, 'resolve' | 'reject'> | undefined;
  const promise: TellingPromise<unknown> = new Promise((resolve, reject) => (settle = { resolve, reject }));
  promise.catch(() => {});
  return {
    promise,
    resolve: (value) => settle?.resolve(value),
    reject: (reason) => settle?.reject(reason),
    notify: (value) => promise.onProgress?.(value),
  };
}

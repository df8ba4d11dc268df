import type { Observable, Subscription } from 'rxjs';
import { Ring } from '../lib/index.js';

type Result = IteratorResult<unknown, unknown>;

/** What an Observable said, and nobody has taken yet. */
type Notification =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'end' };

/**
 * An Observable as an AsyncIterable: every value, in order, and an unsubscription as soon as the reader stops. A value that
 * is an AsyncIterable itself (an interceptor stood before a generator) is read in its place.
 */
export class ObservableStream implements AsyncIterable<unknown> {
  constructor(private readonly source: Observable<unknown>) {}

  [Symbol.asyncIterator](): AsyncIterator<unknown, unknown> {
    return new ObservableReader(this.source);
  }
}

class ObservableReader implements AsyncIterator<unknown, unknown> {
  readonly #said = new Ring<Notification>();
  readonly #subscription: Subscription;
  /** Told that something was said. */
  #wake: (() => void) | undefined;
  /** The AsyncIterable that is being read in place of a value. */
  #inner: AsyncIterator<unknown, unknown> | undefined;
  #over = false;

  constructor(source: Observable<unknown>) {
    this.#subscription = source.subscribe({
      next: (value) => this.#say({ kind: 'value', value }),
      error: (error: unknown) => this.#say({ kind: 'error', error }),
      complete: () => this.#say({ kind: 'end' }),
    });
  }

  async next(): Promise<Result> {
    for (;;) {
      if (this.#over) return END;
      if (this.#inner !== undefined) {
        const result = await this.#inner.next();
        if (result.done !== true) return result;
        this.#inner = undefined;
        if (result.value !== undefined) return { done: false, value: result.value };
      }
      const said = this.#said.shift();
      if (said === undefined) await new Promise<void>((wake) => (this.#wake = wake));
      else if (said.kind === 'error') throw said.error;
      else if (said.kind === 'end') return END;
      else if (isAsyncIterable(said.value)) this.#inner = said.value[Symbol.asyncIterator]();
      else return { done: false, value: said.value };
    }
  }

  async return(): Promise<Result> {
    this.#over = true;
    this.#subscription.unsubscribe();
    this.#said.clear();
    this.#wake?.();
    await this.#inner?.return?.();
    return END;
  }

  #say(notification: Notification): void {
    this.#said.push(notification);
    this.#wake?.();
    this.#wake = undefined;
  }
}

const END: Result = { done: true, value: undefined };

/** Whether a handler's value is a stream of values. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** A stream whose errors become others on their way; stopped as promptly as the stream itself. */
export function withErrors(
  values: AsyncIterable<unknown>,
  change: (error: unknown) => Promise<Error>,
): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]: () => {
      const source: AsyncIterator<unknown, unknown> = values[Symbol.asyncIterator]();
      return {
        async next(): Promise<Result> {
          try {
            return await source.next();
          } catch (error) {
            throw await change(error);
          }
        },
        return: async (): Promise<Result> => (await source.return?.()) ?? END,
      };
    },
  };
}

import type { Clock } from '../lib/index.js';

/** Who hears the values of a handler's stream before it ends. */
export interface StreamListener {
  readonly clock: Clock;
  /** Nobody waits for more. */
  readonly signal: AbortSignal;
  /** Takes a value that is not the last one; absent if nobody asked for such. Must not throw. */
  readonly progress: ((value: unknown) => void) | undefined;
  /** Told what a stream threw when it was stopped. */
  readonly report: (error: unknown) => void;
}

/** So many values are taken in one turn of the event loop; then sockets and timers have theirs. */
const VALUES_PER_TURN = 64;

const STOPPED = Symbol('stopped');

/** Whether a handler returned a stream of values. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/**
 * Tells the values of a stream in order, and resolves with the last of them, or with what a generator returned.
 *
 * A value is told as progress unless the stream ends in the same turn of the event loop: then it is the result only. The
 * result is the last value in either case. When the signal is aborted, the stream is stopped (`return`) and what it would
 * still yield is nobody's.
 */
export async function lastValueOf(
  values: AsyncIterable<unknown>,
  listener: StreamListener,
): Promise<unknown> {
  const { clock, signal } = listener;
  const source = new StoppableSource(values, listener);
  const held = new HeldValue(listener);
  let last: unknown;
  let taken = 0;
  try {
    for (;;) {
      const next = await source.next();
      if (next === STOPPED) throw signal.reason;
      if (next.done === true) {
        if (next.value === undefined) return last;
        held.tell();
        return next.value;
      }
      last = next.value;
      held.hold(last);
      taken += 1;
      if (taken % VALUES_PER_TURN === 0) await new Promise<void>((go) => clock.defer(go));
    }
  } catch (error) {
    if (!signal.aborted) held.tell();
    throw error;
  } finally {
    held.drop();
    source.release();
  }
}

/** A stream that can be left at any time, also while its next value is awaited. */
class StoppableSource {
  readonly #iterator: AsyncIterator<unknown, unknown>;
  /** Ends the wait for the next value. */
  #interrupt: (() => void) | undefined;
  #stopped = false;

  constructor(
    values: AsyncIterable<unknown>,
    private readonly listener: StreamListener,
  ) {
    this.#iterator = values[Symbol.asyncIterator]();
    listener.signal.addEventListener('abort', this.#stop);
  }

  next(): Promise<IteratorResult<unknown, unknown> | typeof STOPPED> {
    return new Promise((resolve, reject) => {
      this.#interrupt = () => resolve(STOPPED);
      if (this.listener.signal.aborted) this.#stop();
      else this.#iterator.next().then(resolve, reject);
    });
  }

  release(): void {
    this.listener.signal.removeEventListener('abort', this.#stop);
  }

  readonly #stop = (): void => {
    this.#interrupt?.();
    if (this.#stopped) return;
    this.#stopped = true;
    this.release();
    void this.#leave();
  };

  async #leave(): Promise<void> {
    try {
      await this.#iterator.return?.();
    } catch (error) {
      this.listener.report(error);
    }
  }
}

/** The latest value while it may still turn out to be the last one. */
class HeldValue {
  #value: { readonly value: unknown } | undefined;
  #telling = false;

  constructor(private readonly listener: StreamListener) {}

  /** Tells the one before; this one is told at the end of the turn. */
  hold(value: unknown): void {
    if (this.listener.progress === undefined) return;
    this.tell();
    this.#value = { value };
    if (this.#telling) return;
    this.#telling = true;
    this.listener.clock.defer(() => {
      this.#telling = false;
      this.tell();
    });
  }

  tell(): void {
    const held = this.#value;
    this.#value = undefined;
    if (held !== undefined) this.listener.progress?.(held.value);
  }

  drop(): void {
    this.#value = undefined;
  }
}

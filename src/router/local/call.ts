import type { Outcome } from '../../broker/index.js';
import { Payload } from '../../broker/index.js';
import type { CoarseTimers, Timer } from '../../lib/index.js';
import { headersOf, oneValue } from './context.js';
import type { LocalEndpoint, Settler, Success } from './endpoint.js';
import { MangroveError } from './errors.js';

/** How a call is made. */
export interface CallOptions {
  /** Gives the call up; it is then rejected with `wamp.error.canceled`, the signal's reason as its cause. */
  readonly signal?: AbortSignal;
  /** How long to wait for the answer, or between two progressive ones, in ms. Default and most: the broker's limits. */
  readonly timeoutMs?: number;
  /** When the call is given up whatever has been told so far; it is then rejected with `wamp.error.timeout`. */
  readonly deadline?: Date;
  /** Asks for progressive results and hears them, in order. What it throws rejects the call. */
  readonly progress?: (value: unknown) => void;
  /** User headers for the callee. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Tell the callee who calls, whatever it speaks. Default false. */
  readonly disclose?: boolean;
}

/** What is called, and how. */
export interface CallRequest {
  readonly procedure: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly options: CallOptions;
}

/** What watches over a call's deadline. */
export interface CallClock {
  readonly timers: CoarseTimers;
  /** ms since the Unix epoch. */
  readonly wallTime: () => number;
}

/**
 * Makes one call and resolves with its result as one value.
 *
 * @throws SerializerError if no serializer can say the arguments; nothing was called then.
 */
export function makeCall(endpoint: LocalEndpoint, request: CallRequest, clock: CallClock): Promise<unknown> {
  return new Promise((resolve, reject) => new OpenCall(endpoint, request, { resolve, reject }).begin(clock));
}

/** One call, until it has its answer or was given up. */
class OpenCall implements Settler {
  #over = false;
  #deadline: Timer | undefined;

  constructor(
    private readonly endpoint: LocalEndpoint,
    private readonly request: CallRequest,
    private readonly promise: Pick<Settler, 'reject'> & { readonly resolve: (value: unknown) => void },
  ) {}

  begin({ timers, wallTime }: CallClock): void {
    const { procedure, args, kwargs, options } = this.request;
    const { signal, deadline } = options;
    const payload = Payload.ofValues(args, kwargs);
    if (signal?.aborted === true) {
      this.#giveUp(canceled(signal.reason));
      return;
    }
    if (deadline !== undefined) {
      const leftMs = deadline.getTime() - wallTime();
      if (leftMs <= 0) {
        this.#giveUp(late());
        return;
      }
      this.#deadline = timers.schedule(leftMs, () => this.#giveUp(late()));
    }
    signal?.addEventListener('abort', this.#aborted);
    const command = {
      procedure,
      payload,
      headers: headersOf(options.headers),
      timeoutMs: options.timeoutMs,
      receiveProgress: options.progress !== undefined,
      disclose: options.disclose === true,
    };
    this.endpoint.issue(this, (made) => {
      if (this.#over) return undefined;
      const admission = this.endpoint.attachment.call(made, command);
      // Given up while an authorizer was deciding: the broker knows the call only from now on.
      return admission?.then(() => {
        if (this.#over) this.endpoint.attachment.cancel(this, 'killnowait');
      });
    });
  }

  progress(outcome: Extract<Outcome, { readonly kind: 'progress' }>): void {
    const value = oneValue(outcome.payload.values());
    // Not at once: this is in the middle of a run of the broker. Microtasks keep the order, also with the final answer's.
    queueMicrotask(() => {
      try {
        this.request.options.progress?.(value);
      } catch (error) {
        this.#giveUp(error);
      }
    });
  }

  resolve(outcome: Success): void {
    if (outcome.kind !== 'result') return;
    const value = oneValue(outcome.payload.values());
    queueMicrotask(() => this.#settle(() => this.promise.resolve(value)));
  }

  reject(error: unknown): void {
    queueMicrotask(() => this.#settle(() => this.promise.reject(error)));
  }

  readonly #aborted = (): void => this.#giveUp(canceled(this.request.options.signal?.reason));

  #giveUp(error: unknown): void {
    this.#settle(() => {
      this.promise.reject(error);
      this.endpoint.forget(this);
      this.endpoint.attachment.cancel(this, 'killnowait');
    });
  }

  #settle(settle: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline?.cancel();
    this.request.options.signal?.removeEventListener('abort', this.#aborted);
    settle();
  }
}

function canceled(cause: unknown): MangroveError {
  return new MangroveError('wamp.error.canceled', ['The call was given up.'], {}, { cause });
}

function late(): MangroveError {
  return new MangroveError('wamp.error.timeout', ['The deadline has passed.']);
}

import type { Invocation } from '../../broker/index.js';
import { Payload } from '../../broker/index.js';
import { SerializerError } from '../../serializers/index.js';
import { isAsyncIterable, lastValueOf } from '../handler-result.js';
import { Lane } from '../lane.js';
import { CallContext, answerOf } from './context.js';
import type { LocalHost } from './endpoint.js';
import { LocalEndpoint } from './endpoint.js';
import { MangroveError, closedError } from './errors.js';

/**
 * Handles calls. It returns the result, a promise of it, or a stream: its values are progressive results, the last one is
 * the result. What it throws is the caller's error: a {@link MangroveError} as it is, anything else is reported and hidden
 * behind `wamp.error.runtime_error`.
 */
export type CallHandler = (call: CallContext) => unknown;

/** One handler of calls, with one registration. */
export class LocalCallee extends LocalEndpoint {
  readonly #lane: Lane<Invocation>;
  /** invocation → what its handler was given, while the handler is at it */
  readonly #open = new Map<Invocation, CallContext>();

  constructor(
    host: LocalHost,
    private readonly handler: CallHandler,
    concurrency: number,
  ) {
    super(host);
    this.#lane = new Lane({ clock: host.clock, concurrency, work: (invocation) => this.#begin(invocation) });
  }

  /** Never called: this endpoint subscribes to nothing. */
  deliver(): boolean {
    return true;
  }

  invoke(invocation: Invocation): void {
    this.#lane.push(invocation);
  }

  interrupt(invocation: Invocation): void {
    // Not at once: listeners of the signal are the user's code, and this is in the middle of a run of the broker.
    queueMicrotask(() => {
      const call = this.#open.get(invocation);
      if (call === undefined) this.#fail(invocation, canceled());
      else call.abort(canceled());
    });
  }

  /** Resolves when the calls that came have been answered, and ends. */
  async finish(): Promise<void> {
    await new Promise<void>((idle) => this.#lane.whenIdle(idle));
    this.end();
  }

  override end(why?: MangroveError): void {
    super.end(why);
    this.#lane.clear();
    queueMicrotask(() => {
      for (const call of this.#open.values()) call.abort(why ?? closedError());
    });
  }

  #begin(invocation: Invocation): Promise<void> | undefined {
    // Given up, or refused as canceled, while it waited for its turn.
    if (invocation.ended) return undefined;
    const call = this.#contextOf(invocation);
    if (call === undefined) return undefined;
    this.#open.set(invocation, call);
    let result: unknown;
    try {
      result = this.handler(call);
    } catch (error) {
      this.#fail(invocation, error);
      this.#open.delete(invocation);
      return undefined;
    }
    return this.#finish(invocation, call, result);
  }

  #contextOf(invocation: Invocation): CallContext | undefined {
    const progress = (value: unknown): void => this.attachment.yield(invocation, answerOf(value), true);
    try {
      return new CallContext(
        this.host.broker.realm,
        invocation,
        invocation.receiveProgress ? progress : undefined,
      );
    } catch (error) {
      if (!(error instanceof SerializerError)) this.host.report(error);
      const reason = 'The payload cannot be read as arguments.';
      this.attachment.decline(invocation, { code: 'payload_not_representable', reason });
      return undefined;
    }
  }

  async #finish(invocation: Invocation, call: CallContext, result: unknown): Promise<void> {
    try {
      let value = await result;
      if (isAsyncIterable(value)) value = await this.#lastOf(invocation, call, value);
      this.attachment.yield(invocation, answerOf(value));
    } catch (error) {
      this.#fail(invocation, error);
    } finally {
      this.#open.delete(invocation);
    }
  }

  #lastOf(invocation: Invocation, call: CallContext, values: AsyncIterable<unknown>): Promise<unknown> {
    const { clock, report } = this.host;
    const { progress, signal } = call;
    const tell = (value: unknown): void => {
      try {
        progress?.(value);
      } catch (error) {
        this.#fail(invocation, error);
        call.abort(error);
      }
    };
    const listener = { clock, report, signal, progress: progress === undefined ? undefined : tell };
    return lastValueOf(values, listener);
  }

  /** Answers with an error; what is nobody's business but ours is reported instead. */
  #fail(invocation: Invocation, error: unknown): void {
    if (invocation.ended) return;
    if (error instanceof MangroveError) {
      const payload = payloadOf(error);
      if (payload !== undefined) {
        this.attachment.fail(invocation, error.uri, { payload });
        return;
      }
    }
    const aborted = this.#open.get(invocation)?.signal.aborted === true;
    if (!aborted) this.host.report(error);
    const hidden = aborted ? canceled() : new MangroveError('wamp.error.runtime_error', [HIDDEN]);
    this.attachment.fail(invocation, hidden.uri, { payload: Payload.ofValues(hidden.args) });
  }
}

const HIDDEN = 'The procedure failed.';

function canceled(): MangroveError {
  return new MangroveError('wamp.error.canceled', ['The call was canceled.']);
}

/** An error's arguments; undefined if no serializer can say them. */
function payloadOf({ args, kwargs }: MangroveError): Payload | undefined {
  try {
    return Payload.ofValues(args, kwargs);
  } catch {
    return undefined;
  }
}

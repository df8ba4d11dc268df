import type { Pattern, Publication, Subscription } from '../../broker/index.js';
import { isAsyncIterable, lastValueOf } from '../handler-result.js';
import { Lane } from '../lane.js';
import { EventContext } from './context.js';
import type { LocalHost } from './endpoint.js';
import { LocalEndpoint } from './endpoint.js';
import type { MangroveError } from './errors.js';
import { closedError } from './errors.js';

/** Handles events. What it returns is awaited, a stream to its end; what it throws is reported. */
export type EventHandler = (event: EventContext) => unknown;

/** What is taken from the broker before the handler is free; what comes then waits in the broker's backlog. */
const HIGH_WATER = { messages: 8192, bytes: 1024 * 1024 };

/** One handler of events, with one subscription. */
export class LocalSubscriber extends LocalEndpoint {
  readonly #lane: Lane<Publication>;
  /** Events that the handler is at. */
  readonly #open = new Set<EventContext>();
  #waitingBytes = 0;
  #full = false;

  constructor(
    host: LocalHost,
    private readonly pattern: Pattern,
    private readonly handler: EventHandler,
    concurrency: number,
  ) {
    super(host);
    const work = (publication: Publication): Promise<void> | undefined => this.#begin(publication);
    this.#lane = new Lane({ clock: host.clock, concurrency, work });
  }

  /** Events that wait for the handler or that it is at. */
  get busy(): number {
    return this.#lane.open;
  }

  deliver(_subscription: Subscription, publication: Publication): boolean {
    this.#lane.push(publication);
    this.#waitingBytes += publication.payload.size;
    this.#full = this.#lane.waiting >= HIGH_WATER.messages || this.#waitingBytes >= HIGH_WATER.bytes;
    return !this.#full;
  }

  /** Never called: this endpoint registers nothing. */
  invoke(): void {}

  /** Never called: this endpoint registers nothing. */
  interrupt(): void {}

  /** Resolves when the handler is done with the events that came, and ends. */
  async finish(): Promise<void> {
    await new Promise<void>((idle) => this.#lane.whenIdle(idle));
    this.end();
  }

  override end(why?: MangroveError): void {
    super.end(why);
    this.#lane.clear();
    const reason = why ?? closedError();
    // Not at once: listeners of the signal are the user's code, and this may be in the middle of a run of the broker.
    queueMicrotask(() => {
      for (const event of this.#open) event.abort(reason);
    });
  }

  #begin(publication: Publication): Promise<void> | undefined {
    this.#waitingBytes -= publication.payload.size;
    if (
      this.#full &&
      this.#lane.waiting <= HIGH_WATER.messages / 2 &&
      this.#waitingBytes <= HIGH_WATER.bytes / 2
    ) {
      this.#full = false;
      this.attachment.resume();
    }
    try {
      const event = new EventContext(this.host.broker.realm, this.pattern, publication);
      const result = this.handler(event);
      return isPending(result) ? this.#finish(event, result) : undefined;
    } catch (error) {
      this.host.report(error);
      return undefined;
    }
  }

  async #finish(event: EventContext, result: unknown): Promise<void> {
    this.#open.add(event);
    try {
      const value = await result;
      if (!isAsyncIterable(value)) return;
      const { clock, report } = this.host;
      await lastValueOf(value, { clock, report, signal: event.signal, progress: undefined });
    } catch (error) {
      // Whoever ended the subscription knows that its handlers were stopped.
      if (!this.over) this.host.report(error);
    } finally {
      this.#open.delete(event);
    }
  }
}

/** Whether a handler is not done when it returns. */
function isPending(result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return false;
  return typeof (result as { readonly then?: unknown }).then === 'function' || isAsyncIterable(result);
}

import type { Consumer, Delivery, Request, SettlementVerdict, WorkVerdict } from '../../broker/index.js';
import { workVerdictOf } from '../../broker/index.js';
import { isAsyncIterable, lastValueOf } from '../handler-result.js';
import { Lane } from '../lane.js';
import { MessageContext } from './context.js';
import type { LocalHost } from './endpoint.js';
import { LocalEndpoint } from './endpoint.js';
import { MangroveError, closedError } from './errors.js';

/**
 * Handles messages of a queue. When what it returns is there (a promise, a stream to its end), the message is done. When it
 * throws, the message goes back: {@link Unavailable} (or any error with `wamp.error.unavailable`) says that it was not
 * begun, which does not count; anything else counts, and too many times are the end of the message in this queue.
 */
export type MessageHandler = (message: MessageContext) => unknown;

/** How the messages of a queue are taken. */
export interface ConsumeOptions {
  /** How many messages the handler works on at a time; no more are taken from the queue. Default 1: their order is kept. */
  readonly concurrency?: number;
  /** The higher is served first, as long as it has room. Default 0. */
  readonly priority?: number;
  /** No other consumer may be there, or come. Default false. */
  readonly exclusive?: boolean;
}

/** A handler of messages that is in force. */
export interface LocalConsumption {
  readonly queue: string;
  /** Ends it: messages that are not done go back, uncounted; the signals of the handlers that run are aborted. */
  cancel(): void;
  /** Ends it once the messages that came have been handled and settled; no more are taken from now on. */
  drain(): Promise<void>;
  /** Resolves when it is over: with the reason if nobody here ended it (the queue was deleted), else with undefined. */
  readonly ended: Promise<MangroveError | undefined>;
}

/** One handler of messages, with one consumer. */
export class LocalConsumer extends LocalEndpoint {
  readonly #lane: Lane<Delivery>;
  /** Messages that the handler is at. */
  readonly #open = new Set<MessageContext>();
  /** Settlements that the store has not confirmed. */
  readonly #unconfirmed = new Set<Promise<void>>();
  #draining = false;

  constructor(
    host: LocalHost,
    private readonly handler: MessageHandler,
    concurrency: number,
  ) {
    super(host);
    this.#lane = new Lane({ clock: host.clock, concurrency, work: (delivery) => this.#begin(delivery) });
  }

  /** Messages that the handler is at, or that wait for it. */
  get busy(): number {
    return this.#lane.open;
  }

  override consume(delivery: Delivery): boolean {
    if (this.#draining) {
      this.#settle(delivery, 'not_taken');
      return false;
    }
    this.#lane.push(delivery);
    return true;
  }

  /** Never called: this endpoint subscribes to nothing. */
  deliver(): boolean {
    return true;
  }

  /** Never called: this endpoint registers nothing. */
  invoke(): void {}

  /** Never called: this endpoint registers nothing. */
  interrupt(): void {}

  /** Takes no more; resolves when the messages that came have been handled and settled for good. */
  async finish(): Promise<void> {
    this.#draining = true;
    await new Promise<void>((idle) => this.#lane.whenIdle(idle));
    await Promise.all(this.#unconfirmed);
  }

  /** Ends it; what is not settled goes back as if it had never been here. */
  cancel(consumer: Consumer): void {
    if (consumer.active && !this.over) this.attachment.release(RELEASE, consumer);
    this.end();
  }

  override end(why?: MangroveError): void {
    super.end(why);
    this.#lane.clear();
    const reason = why ?? closedError();
    // Not at once: listeners of the signal are the user's code, and this may be in the middle of a run of the broker.
    queueMicrotask(() => {
      for (const message of this.#open) message.abort(reason);
    });
  }

  #begin(delivery: Delivery): Promise<void> | undefined {
    let result: unknown;
    let message: MessageContext;
    try {
      message = new MessageContext(this.host.broker.realm, delivery);
      result = this.handler(message);
    } catch (error) {
      this.#failed(delivery, error);
      return undefined;
    }
    return this.#finish(delivery, message, result);
  }

  async #finish(delivery: Delivery, message: MessageContext, result: unknown): Promise<void> {
    this.#open.add(message);
    try {
      const value = await result;
      if (isAsyncIterable(value)) {
        const { clock, report } = this.host;
        await lastValueOf(value, { clock, report, signal: message.signal, progress: undefined });
      }
      this.#settle(delivery, workVerdictOf(undefined));
    } catch (error) {
      this.#failed(delivery, error);
    } finally {
      this.#open.delete(message);
    }
  }

  /** That a message was not begun is no news; any other error is. */
  #failed(delivery: Delivery, error: unknown): void {
    // Whoever ended the consumer knows that its handlers were stopped.
    if (this.over) return;
    const verdict = error instanceof MangroveError ? workVerdictOf(error.uri) : 'failed';
    if (verdict !== 'not_taken') this.host.report(error);
    this.#settle(delivery, verdict);
  }

  #settle(delivery: Delivery, verdict: WorkVerdict): void {
    if (this.over) return;
    const settlement = { delivery, verdict: SETTLEMENT_OF[verdict] };
    const confirmed = this.request((request) => {
      this.attachment.settle(request, [settlement], true);
      return undefined;
    }).then(
      () => undefined,
      (error: unknown) => {
        if (!this.over) this.host.report(error);
      },
    );
    this.#unconfirmed.add(confirmed);
    void confirmed.then(() => this.#unconfirmed.delete(confirmed));
  }
}

/** Nobody waits for the outcome. */
const RELEASE: Request = Object.freeze({});
const SETTLEMENT_OF = { done: 'ack', not_taken: 'release', failed: 'requeue' } as const satisfies Record<
  WorkVerdict,
  SettlementVerdict
>;

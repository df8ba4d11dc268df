import type { Timer } from '../lib/index.js';
import { Ring } from '../lib/index.js';
import type { ClosedReason, Remote, Subprotocol } from '../subprotocols/index.js';
import type { LongPollExchange } from './long-poll-exchange.js';
import { LongPollQueue } from './long-poll-queue.js';
import type { Slot } from './registry.js';
import type { LinkContext } from './socket-link.js';
import { SocketLink } from './socket-link.js';

/** What belongs to one link alone. */
export interface LongPollParts {
  /** The name of the transport in its paths; whoever knows it is the client. */
  readonly transport: string;
  readonly remote: Remote;
  readonly slot: Slot;
  /** The protocol that was agreed on, and who speaks it. */
  readonly token: string;
  readonly subprotocol: Subprotocol;
  /** Status that answers a message that was taken. */
  readonly doneStatus: number;
}

/** How long a request waits for a message before it is answered empty, in ms: less than clients and proxies wait. */
const HOLD_MS = 10_000;
/** Requests of one client that may wait to be read. */
const MOST_SENDING = 100;

/** WAMP over HTTP: one request waits for what is sent, others bring what is received [WAMP AP HTTP Longpoll Transport]. */
export class LongPollLink extends SocketLink {
  readonly transport: string;
  protected readonly outbound: LongPollQueue;
  readonly #parts: LongPollParts;
  readonly #isBinary: boolean;
  /** The request that waits for messages, and until when. */
  #receiving: { readonly exchange: LongPollExchange; readonly timer: Timer } | undefined = undefined;
  /** Requests whose bodies are not read yet, in order; the first one is being read. */
  readonly #sending = new Ring<LongPollExchange>();
  /** Requests whose messages wait for those before them. */
  #unheard: LongPollExchange[] = [];
  /** Whether the first of them is being read. */
  #isReading = false;
  #isReadingHeld = false;
  /** From our end until what waits has been fetched, at the longest. */
  #closeTimer: Timer | undefined = undefined;
  #isGone = false;

  constructor(context: LinkContext, parts: LongPollParts) {
    super(context, parts.remote, parts.slot);
    this.#parts = parts;
    this.transport = parts.transport;
    this.#isBinary = !parts.token.startsWith('wamp.2.json');
    const batched = parts.token.endsWith('.batched');
    this.outbound = new LongPollQueue(context.services.clock, context.marks, batched, () => this.drained());
  }

  /** The type of messages. */
  get contentType(): string {
    return this.#isBinary ? 'application/octet-stream' : 'application/json; charset=utf-8';
  }

  /** Begins the conversation. */
  begin(): void {
    this.open(this.#parts.subprotocol, this.#parts.token);
  }

  /** A request for messages: answered with what waits, with what comes, or empty after a while. One at a time. */
  receive(exchange: LongPollExchange): void {
    this.received(0);
    if (this.#receiving !== undefined) {
      exchange.answer(400, 'One request for messages at a time.');
      return;
    }
    if (this.isEnding && this.outbound.isEmpty) {
      exchange.answer(404, 'This transport is closed.');
      return;
    }
    exchange.onEnd((whole) => this.#receiverEnded(exchange, whole));
    const timer = this.context.services.timers.schedule(HOLD_MS, () => this.#releaseReceiver(204));
    this.#receiving = { exchange, timer };
    this.outbound.wait({
      give: (frames, taken) => {
        timer.cancel();
        this.#receiving = undefined;
        exchange.give(frames, taken);
      },
    });
  }

  /** A request that brings messages: read when those before it have been, answered when it was heard. */
  bring(exchange: LongPollExchange): void {
    this.received(0);
    if (this.isEnding) {
      exchange.answer(404, 'This transport is closed.');
      return;
    }
    if (this.#sending.size >= MOST_SENDING) {
      exchange.answer(503, 'Too many requests wait to be read.', { 'Retry-After': '1' });
      return;
    }
    this.#sending.push(exchange);
    this.#readNext();
  }

  /** A request that ends the conversation. */
  leave(exchange: LongPollExchange): void {
    this.peerEnds(1000, '');
    exchange.answer(this.#parts.doneStatus);
  }

  stopReading(): void {
    this.#isReadingHeld = true;
    if (this.#isReading) this.#sending.peek()?.request.pause();
  }

  startReading(): void {
    this.#isReadingHeld = false;
    if (this.#isReading) this.#sending.peek()?.request.resume();
    else this.#readNext();
  }

  override caughtUp(): void {
    for (const exchange of this.#unheard.splice(0)) exchange.answer(this.#parts.doneStatus);
    super.caughtUp();
  }

  /** What waits may still be fetched, for a moment. */
  protected finish(reason: ClosedReason): void {
    const { limits, services } = this.context;
    for (const exchange of this.#unheard.splice(0)) exchange.answer(this.#parts.doneStatus);
    for (let next = this.#sending.shift(); next !== undefined; next = this.#sending.shift()) {
      next.answer(400, `The transport was closed: ${reason.code} ${reason.text}`.trimEnd());
    }
    this.#closeTimer = services.timers.schedule(limits.closeTimeoutMs, () => this.terminate());
    this.#endIfEmpty();
  }

  protected terminate(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#closeTimer?.cancel();
    this.outbound.stopWaiting();
    this.outbound.clear();
    this.#releaseReceiver(404);
    // As a socket does: never from inside whatever ended it.
    this.context.services.clock.defer(() => this.gone({ code: 1006, text: '', by: 'error' }));
  }

  /** A client lives by asking: whoever has not for so long is expected to, now. */
  protected askForLife(): boolean {
    return this.#receiving === undefined;
  }

  #endIfEmpty(): void {
    if (this.isEnding && this.outbound.isEmpty) this.terminate();
  }

  #releaseReceiver(status: 204 | 404): void {
    const receiving = this.#receiving;
    if (receiving === undefined) return;
    this.#receiving = undefined;
    receiving.timer.cancel();
    this.outbound.stopWaiting();
    receiving.exchange.answer(status, status === 404 ? 'This transport is closed.' : '');
  }

  /** The answer is out; or the client has left, and with it perhaps messages that nobody can give again. */
  #receiverEnded(exchange: LongPollExchange, whole: boolean): void {
    if (this.#receiving?.exchange === exchange) {
      this.#receiving.timer.cancel();
      this.#receiving = undefined;
      this.outbound.stopWaiting();
      return;
    }
    if (!whole && !this.#isGone) this.giveUp('The client left while it was given messages.');
    this.#endIfEmpty();
  }

  #readNext(): void {
    const exchange = this.#sending.peek();
    if (exchange === undefined || this.#isReading || this.#isReadingHeld) return;
    this.#isReading = true;
    const { request } = exchange;
    const { messageBytes } = this.context.services.limits;
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      this.received(chunk.length);
      if (this.isEnding) return;
      if (length <= messageBytes) chunks.push(chunk);
      else this.close({ kind: 'too_big', text: `A message may have ${messageBytes} bytes (messageBytes).` });
    });
    request.once('end', () => this.#bodyCame(exchange, Buffer.concat(chunks, length)));
    exchange.onEnd(() => {
      if (!request.complete) this.#bodyLost(exchange);
    });
    request.resume();
  }

  #bodyCame(exchange: LongPollExchange, body: Buffer): void {
    if (this.isEnding) return;
    this.#sending.shift();
    this.#isReading = false;
    this.inbound.push(body, this.#isBinary);
    // Not heard yet: what came before it waits for something, and whoever sends shall do so too.
    if (this.inbound.busy) this.#unheard.push(exchange);
    else exchange.answer(this.#parts.doneStatus);
    this.#readNext();
  }

  /** The client left while it sent: what it began was never said. */
  #bodyLost(exchange: LongPollExchange): void {
    if (this.#sending.peek() !== exchange) return;
    this.#sending.shift();
    this.#isReading = false;
    this.#readNext();
  }
}

import type { Timer } from '../../lib/index.js';
import type { Admission } from '../inbox.js';
import { Inbox } from '../inbox.js';
import type { ClosedReason, Handshake, Link, Services, Session } from '../subprotocol.js';
import type { StompFrame } from './codec/index.js';
import { Conversation } from './conversation.js';
import { errorOfFault, protocolError, quoted } from './errors.js';
import { acknowledge } from './handlers/ack.js';
import { connect } from './handlers/connect.js';
import { disconnect } from './handlers/disconnect.js';
import { send } from './handlers/send.js';
import { subscribe } from './handlers/subscribe.js';
import { abort, begin, commit } from './handlers/transaction.js';
import { unsubscribe } from './handlers/unsubscribe.js';
import type { StompSettings } from './options.js';
import { culpritOf } from './soft-errors.js';

/** How many frames of one message are processed between looks at the clock, as long as none of them may take long. */
const FRAMES_PER_LOOK = 16;

/** One STOMP client's conversation: bytes in, frames to their handlers, in order. */
export class StompSession implements Session {
  readonly #conversation: Conversation;
  readonly #inbox: Inbox<Buffer>;
  #heard = false;
  /** The deadline of a frame that has begun and not ended. */
  #frameDeadline: Timer | undefined;

  constructor(
    link: Link,
    handshake: Handshake,
    private readonly services: Services,
    private readonly settings: StompSettings,
  ) {
    this.#conversation = new Conversation(link, handshake, services, settings);
    this.#inbox = new Inbox(
      link,
      services.clock,
      services.limits.sliceMs,
      (message) => this.#process(message),
      (error) => this.#broken(error),
    );
  }

  receive(data: Buffer, isBinary: boolean): void {
    if (!this.#heard) {
      this.#heard = true;
      this.#conversation.alwaysBinary = isBinary;
    }
    try {
      this.#inbox.push(data);
    } catch (error) {
      this.#broken(error);
    }
    if (this.#over()) this.#stop();
  }

  drained(): void {
    if (this.#conversation.state === 'live') this.#conversation.attachment.resume();
  }

  /** Receipts that are due leave before the good-bye; whoever drains us ends what is late. After DISCONNECT we close anyway. */
  closing(_deadline: number): void {
    const conversation = this.#conversation;
    const message = 'server shutting down';
    if (conversation.state === 'live') {
      conversation.state = 'leaving';
      conversation.confirmed(() => {
        const detail = 'The server is shutting down; please come back.';
        conversation.fail({ message, detail, close: 'going_away' });
        this.#stop();
      });
    } else if (conversation.state === 'new') {
      conversation.close({ kind: 'going_away', text: message });
      this.#stop();
    }
  }

  closed(_reason: ClosedReason): void {
    this.#conversation.end();
    this.#stop();
  }

  /** Reads one WebSocket message; its borders mean nothing, a frame may begin and end anywhere. */
  #process(message: Buffer): Admission {
    this.#conversation.parser.push(message);
    const wait = this.#advance();
    if (wait !== undefined) return this.#advanceAfter(wait);
    this.#watchFrame();
    return undefined;
  }

  async #advanceAfter(first: Promise<void>): Promise<void> {
    for (let wait: Admission = first; wait !== undefined; wait = this.#advance()) await wait;
    this.#watchFrame();
    if (this.#over()) this.#stop();
  }

  /** Handles frames until there are none, or one has to wait, or it is the turn of others. */
  #advance(): Admission {
    const { clock, limits } = this.services;
    // Most messages hold one frame, which needs no look at the clock: the slice begins at the first one.
    let began = Number.POSITIVE_INFINITY;
    for (let count = 1; !this.#over(); count += 1) {
      const frame = this.#conversation.parser.take();
      if (frame === undefined) return undefined;
      if (frame.kind === 'fault') return this.#conversation.fail(errorOfFault(frame));
      const isDear = mayTakeLong(frame);
      if (isDear) {
        this.#inbox.expectDear();
        began = Math.min(began, clock.now());
      }
      const admission = this.#handle(frame);
      if (admission !== undefined) return admission;
      if (!isDear && count % FRAMES_PER_LOOK !== 0) continue;
      const now = clock.now();
      began = Math.min(began, now);
      if (now - began >= limits.sliceMs) return this.#nextTurn();
    }
    return undefined;
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => {
      this.services.clock.defer(resolve);
    });
  }

  /** The state machine: what is not allowed here is refused. */
  #handle(frame: StompFrame): Admission {
    const conversation = this.#conversation;
    const receipt = frame.headers.get('receipt');
    if (receipt !== undefined && !conversation.isReceipt(receipt)) {
      const detail = `A receipt may have ${this.settings.limits.receiptBytes} bytes.`;
      return conversation.fail(protocolError('receipt too long', detail));
    }
    switch (conversation.state) {
      case 'new':
        if (frame.command === 'CONNECT' || frame.command === 'STOMP') return connect(conversation, frame);
        return conversation.fail(protocolError('not connected', 'CONNECT comes first.', receipt));
      case 'live':
        return this.#handleLive(frame, receipt);
      case 'leaving':
      case 'over':
        return undefined;
    }
  }

  #handleLive(frame: StompFrame, receipt: string | undefined): Admission {
    const conversation = this.#conversation;
    if (conversation.softErrors) conversation.culprit = culpritOf(frame);
    switch (frame.command) {
      case 'SEND':
        return send(conversation, frame);
      case 'SUBSCRIBE':
        return subscribe(conversation, frame);
      case 'UNSUBSCRIBE':
        return unsubscribe(conversation, frame);
      case 'ACK':
        return acknowledge(conversation, frame);
      case 'NACK':
        return conversation.version === '1.0'
          ? this.#refuseCommand(frame, receipt)
          : acknowledge(conversation, frame);
      case 'BEGIN':
        return begin(conversation, frame);
      case 'COMMIT':
        return commit(conversation, frame);
      case 'ABORT':
        return abort(conversation, frame);
      case 'DISCONNECT':
        return disconnect(conversation, frame);
      case 'CONNECT':
      case 'STOMP':
        return conversation.fail(
          protocolError('already connected', 'One connection has one session.', receipt),
        );
      default:
        return this.#refuseCommand(frame, receipt);
    }
  }

  #refuseCommand(frame: StompFrame, receipt: string | undefined): undefined {
    const detail = `STOMP ${this.#conversation.version} has no client command ${quoted(frame.command)}.`;
    return this.#conversation.fail(protocolError('unknown command', detail, receipt));
  }

  /** An unfinished frame has a deadline: the whole frame before login, its next piece afterwards. */
  #watchFrame(): void {
    const { parser, state } = this.#conversation;
    if (!parser.partial || this.#over()) {
      this.#frameDeadline?.cancel();
      this.#frameDeadline = undefined;
      return;
    }
    const { loginFrameMs, frameMs } = this.settings.limits;
    if (state !== 'new') this.#frameDeadline?.cancel();
    else if (this.#frameDeadline !== undefined) return;
    this.#frameDeadline = this.services.timers.schedule(state === 'new' ? loginFrameMs : frameMs, () => {
      this.#frameDeadline = undefined;
      this.#conversation.fail({
        message: 'frame too slow',
        detail: 'A frame was begun and not ended in time.',
        close: 'policy',
      });
      this.#stop();
    });
  }

  #over(): boolean {
    return this.#conversation.state === 'over';
  }

  #stop(): void {
    this.#frameDeadline?.cancel();
    this.#frameDeadline = undefined;
    this.#inbox.close();
  }

  /** A defect of ours: it costs this client its connection, and nobody else anything. */
  #broken(error: unknown): void {
    this.services.instrumentation.defect('stomp.session', error);
    this.#conversation.fail({ message: 'internal error', detail: 'The session failed.', close: 'internal' });
    this.#stop();
  }
}

/** Everything but what is sent and acknowledged by the thousand; the router's own procedures are called by SEND, too. */
function mayTakeLong({ command, headers }: StompFrame): boolean {
  if (command === 'SEND') return headers.get('destination')?.startsWith('/rpc/wamp') === true;
  return command !== 'ACK' && command !== 'NACK';
}

import type { Attachment, Outcome, Registration, Request, Subscription } from '../../broker/index.js';
import type { Timer } from '../../lib/index.js';
import type { CloseReason, Handshake, Link, Services } from '../subprotocol.js';
import { Frame } from '../subprotocol.js';
import type { Delivery, Pile } from './acks.js';
import { Acks } from './acks.js';
import type { HeaderPairs, StompVersion } from './codec/index.js';
import { FrameParser, encodeFrame } from './codec/index.js';
import type { Destination } from './destinations.js';
import type { StompError } from './errors.js';
import { errorOfRefusal } from './errors.js';
import { HeartBeat } from './heart-beat.js';
import type { MessageParts } from './header-hygiene.js';
import { encodeMessage } from './header-hygiene.js';
import { Invocations } from './invocations.js';
import type { FormStyle } from './message-form.js';
import { messageHead } from './message-form.js';
import type { StompSettings } from './options.js';
import { ReplyAddresses } from './reply-addresses.js';
import type { ReplyAddress } from './reply-addresses.js';
import { Transactions } from './transactions.js';

/** Where a conversation stands; everything that a state does not allow is refused. */
export type State =
  /** Nothing but CONNECT or STOMP may come. */
  | 'new'
  | 'live'
  /** After DISCONNECT: what comes is discarded. */
  | 'leaving'
  /** The link is closed, or about to be. */
  | 'over';

/** A command to the broker on behalf of a frame: what its outcome does. */
export interface Command extends Request {
  settled(outcome: Outcome): void;
}

/** What a client has subscribed to, under the name that it chose. */
export interface StompSubscription {
  /** Its place in `conversation.subscriptions`. */
  readonly key: string;
  readonly id: string | undefined;
  readonly destination: string;
  readonly pile: Pile;
  /** What it has become; undefined while an admission is pending. */
  target: Subscription | Registration | ReplyAddress | undefined;
}

/** The state of one client's conversation, and the words that handlers say in it. */
export class Conversation {
  state: State = 'new';
  /** The negotiated version; until then headers are written as 1.0 writes them, without escapes. */
  version: StompVersion = '1.0';
  /** The client's first message was binary: so are all of ours. */
  alwaysBinary = false;
  readonly parser: FrameParser;
  readonly heartBeat: HeartBeat;
  readonly transactions: Transactions;
  readonly replies: ReplyAddresses;
  readonly invocations = new Invocations();
  /** key → subscription */
  readonly subscriptions = new Map<string, StompSubscription>();
  /** Procedures that the client answers: registration → subscription */
  readonly procedures = new Map<Registration, StompSubscription>();
  /** The destination that was sent to last, and what it names: most clients send to few. */
  lastSent: { readonly text: string; readonly destination: Destination } | undefined;
  /** For commands without a receipt that tell nothing but a refusal. */
  readonly unconfirmed: Command = this.refusable(undefined);
  #attachment: Attachment | undefined;
  #acks: Acks | undefined;
  /** Commands whose receipt is due. */
  readonly #confirming = new Set<Command>();
  #whenConfirmed: (() => void) | undefined;
  #lingering: Timer | undefined;
  #style: FormStyle | undefined;

  constructor(
    readonly link: Link,
    readonly handshake: Handshake,
    readonly services: Services,
    readonly settings: StompSettings,
  ) {
    const { limits, strict } = settings;
    this.parser = new FrameParser(limits.beforeLogin, { version: undefined, lenient: !strict });
    this.heartBeat = new HeartBeat(link, services.clock, services.timers, settings.heartBeat);
    this.transactions = new Transactions(limits);
    this.replies = new ReplyAddresses(limits.replyAddresses);
  }

  /** What the client may do at the broker. Only in a live conversation. */
  get attachment(): Attachment {
    if (this.#attachment === undefined) throw new Error('There is no session yet.');
    return this.#attachment;
  }

  /** Message ids of this session. Only in a live conversation. */
  get acks(): Acks {
    if (this.#acks === undefined) throw new Error('There is no session yet.');
    return this.#acks;
  }

  /** How events are written for this client. Only in a live conversation. */
  get style(): FormStyle {
    this.#style ??= {
      version: this.version,
      separator: this.settings.separator,
      alwaysBinary: this.alwaysBinary,
      headerDropped: () => this.count('stomp.headers_dropped'),
    };
    return this.#style;
  }

  /** Begins the session: from now on frames are read and limited as the version says. */
  begin(version: StompVersion, attachment: Attachment): void {
    const { limits, strict } = this.settings;
    const { messageBytes } = this.services.limits;
    this.state = 'live';
    this.version = version;
    this.#attachment = attachment;
    this.#acks = new Acks(attachment.session, limits.unacknowledged);
    this.parser.configure(
      { ...limits.afterLogin, body: messageBytes, frame: messageBytes },
      { version, lenient: !strict },
    );
    this.link.established();
  }

  /** Sends one frame as one WebSocket message. */
  send(bytes: Buffer): void {
    this.link.send(new Frame(this.alwaysBinary, [bytes]));
  }

  /** Sends a frame without a body. */
  sendFrame(command: string, headers: HeaderPairs): void {
    this.send(encodeFrame(command, headers, this.version));
  }

  /** Sends the RECEIPT if one was asked for [STOMP 1.2 §RECEIPT]. */
  receipt(id: string | undefined): void {
    if (id !== undefined && this.state !== 'over') this.sendFrame('RECEIPT', [['receipt-id', id]]);
  }

  /** Sends a MESSAGE that belongs to a call: for this client alone, headers that rule calls being our word. */
  sendOwn(delivery: Delivery, parts: MessageParts): void {
    this.link.send(this.ownFrame(delivery, { ...parts, inCall: true }));
  }

  /** A MESSAGE of which nobody else gets a part. */
  ownFrame(delivery: Delivery, parts: MessageParts): Frame {
    const head = this.headOf(delivery);
    return encodeMessage(head, parts, this.version, this.style.headerDropped).frame(head, this.alwaysBinary);
  }

  /** The head of a MESSAGE with an id of this session; `ack` where the client acknowledges [STOMP 1.2 §MESSAGE]. */
  headOf({ messageId, pile }: Delivery): string {
    pile.messageHead ??= messageHead(pile.subscriptionId, this.version);
    const head = `${pile.messageHead}message-id:${messageId}\n`;
    return this.version === '1.2' && pile.mode !== 'auto' ? `${head}ack:${messageId}\n` : head;
  }

  /**
   * A command whose refusal ends the session, and whose success is confirmed with the receipt, if there is one.
   *
   * @param succeeded called before the receipt is sent.
   */
  command(receipt: string | undefined, succeeded: (outcome: Outcome) => void): Command {
    const command: Command = {
      settled: (outcome) => {
        this.#confirming.delete(command);
        if (!this.#refusedIf(outcome, receipt)) {
          succeeded(outcome);
          this.receipt(receipt);
        }
        if (this.#confirming.size === 0) this.#whenConfirmed?.();
      },
    };
    if (receipt !== undefined) this.#confirming.add(command);
    return command;
  }

  /** A command whose refusal ends the session, and whose success is told otherwise or not at all. */
  refusable(receipt: string | undefined): Command {
    return { settled: (outcome) => void this.#refusedIf(outcome, receipt) };
  }

  /** Calls back when every receipt that is due has been sent. */
  confirmed(callback: () => void): void {
    if (this.#confirming.size === 0) callback();
    else this.#whenConfirmed = callback;
  }

  /** Waits for the client to close first, so that it surely reads what was sent last [STOMP 1.2 §Connection Lingering]. */
  linger(): void {
    this.detach();
    this.#lingering = this.services.timers.schedule(this.settings.limits.lingerMs, () =>
      this.close({ kind: 'normal', text: 'disconnected' }),
    );
  }

  /** Sends an ERROR, then closes: the link sends what is queued first [STOMP 1.2 §ERROR]. */
  fail(error: StompError): undefined {
    if (this.state === 'over') return;
    const headers: [string, string][] = [
      ['message', error.message],
      ['content-type', 'text/plain'],
    ];
    if (error.version !== undefined) headers.push(['version', error.version]);
    if (error.receipt !== undefined && this.isReceipt(error.receipt)) {
      headers.push(['receipt-id', error.receipt]);
    }
    this.send(encodeFrame('ERROR', headers, this.version, Buffer.from(error.detail)));
    const { instrumentation } = this.services;
    instrumentation.event('stomp.error', {
      link: this.link.id,
      message: error.message,
      detail: error.detail,
      close: error.close,
    });
    this.close({ kind: error.close, text: error.message });
  }

  /** Whether a receipt is short enough to be echoed. */
  isReceipt(receipt: string): boolean {
    return Buffer.byteLength(receipt) <= this.settings.limits.receiptBytes;
  }

  /** Closes the link after what was sent. */
  close(reason: CloseReason): void {
    this.end();
    this.link.close(reason);
  }

  /** Lets go of everything; nothing is said or heard any more. */
  end(): void {
    this.state = 'over';
    this.#lingering?.cancel();
    this.detach();
  }

  /** Gives up everything that the session holds, except the link. */
  detach(): void {
    this.heartBeat.stop();
    this.transactions.clear();
    this.#attachment?.detach();
  }

  /** Adds to a counter. */
  count(counter: string): void {
    this.services.instrumentation.count(counter);
  }

  #refusedIf(outcome: Outcome, receipt: string | undefined): boolean {
    if (outcome.kind !== 'refused') return false;
    this.fail(errorOfRefusal(outcome, receipt));
    return true;
  }
}

import type { Attachment, Outcome, Registration, Request } from '../../broker/index.js';
import { userOf } from '../../broker/index.js';
import type { Timer } from '../../lib/index.js';
import { SmallMap, SmallSet } from '../../lib/index.js';
import type { CloseReason, Handshake, Link, Services } from '../subprotocol.js';
import { Frame } from '../subprotocol.js';
import type { Delivery } from './acks.js';
import { Acks } from './acks.js';
import type { HeaderPairs, StompVersion } from './codec/index.js';
import { FrameParser, encodeFrame } from './codec/index.js';
import type { Destination } from './destinations.js';
import type { StompError } from './errors.js';
import { REFUSALS, errorOfRefusal } from './errors.js';
import { HeartBeat } from './heart-beat.js';
import type { MessageParts } from './header-hygiene.js';
import { encodeMessage } from './header-hygiene.js';
import { Invocations } from './invocations.js';
import type { FormStyle } from './message-form.js';
import { messageHead } from './message-form.js';
import type { StompSettings } from './options.js';
import { ReplyAddresses } from './reply-addresses.js';
import type { Culprit } from './soft-errors.js';
import { SOME_SEND, encodeSoftError, isSoft } from './soft-errors.js';
import type { StompSubscription } from './subscriptions.js';
import { Consumption, Consumptions, subscriptionKey } from './subscriptions.js';
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

/** A command that tells nothing but a refusal, and whether there was one. */
export interface RefusableCommand extends Command {
  readonly refused: boolean;
}

/** The state of one client's conversation, and the words that handlers say in it. */
export class Conversation {
  state: State = 'new';
  /** The negotiated version; until then headers are written as 1.0 writes them, without escapes. */
  version: StompVersion = '1.0';
  /** The `client-id` of CONNECT: durable subscriptions are named within it. */
  clientId: string | undefined;
  /** Refused frames do not end the session: they are told under the subscription `errors`. */
  softErrors = false;
  /** With soft errors: the frame that is being handled, if it can be refused softly. */
  culprit: Culprit | undefined;
  /** The client's first message was binary: so are all of ours. */
  alwaysBinary = false;
  readonly parser: FrameParser;
  readonly heartBeat: HeartBeat;
  readonly transactions: Transactions;
  readonly replies: ReplyAddresses;
  readonly invocations = new Invocations();
  /** key → subscription */
  readonly subscriptions = new SmallMap<string, StompSubscription>();
  /** Queues that it consumes, durable subscriptions too. */
  readonly consumptions = new Consumptions();
  /** Procedures that the client answers: registration → subscription */
  readonly procedures = new SmallMap<Registration, StompSubscription>();
  /** The destination that was sent to last, and what it names: most clients send to few. */
  lastSent: { readonly text: string; readonly destination: Destination } | undefined;
  /** For publications without a receipt, which tell nothing but a refusal. */
  readonly unconfirmed: Command = {
    settled: (outcome) => void this.#refusedIf(outcome, undefined, SOME_SEND),
  };
  /** For commands that belong to no frame: their refusal ends the session. */
  readonly ours: Command = { settled: (outcome) => void this.#refusedIf(outcome, undefined, undefined) };
  /** For messages to queues without a receipt: DISCONNECT's receipt speaks for them, so it waits. Begun by `storing`. */
  readonly #stored: Command = {
    settled: (outcome) => {
      this.#storing -= 1;
      this.unconfirmed.settled(outcome);
      this.#noteConfirmed();
    },
  };
  #attachment: Attachment | undefined;
  #acks: Acks | undefined;
  /** Commands whose receipt is due. */
  readonly #confirming = new SmallSet<Command>();
  /** Messages to queues without a receipt that are not yet safe. */
  #storing = 0;
  #whenConfirmed: (() => void) | undefined;
  #lingering: Timer | undefined;
  #style: FormStyle | undefined;

  constructor(
    readonly link: Link,
    readonly handshake: Handshake,
    readonly services: Services,
    readonly settings: StompSettings,
  ) {
    const { limits, reading } = settings;
    this.parser = new FrameParser(limits.beforeLogin, reading.beforeLogin);
    this.heartBeat = new HeartBeat(link, services.clock, services.timers, settings.heartBeat);
    this.transactions = new Transactions(limits);
    this.replies = new ReplyAddresses(limits.replyAddresses);
  }

  /** What the client may do at the broker. Only in a live conversation. */
  get attachment(): Attachment {
    if (this.#attachment === undefined) throw new Error('There is no session yet.');
    return this.#attachment;
  }

  /** The name under which the client has destinations of its own. Only in a live conversation. */
  get user(): string {
    const { principal, session } = this.attachment;
    return userOf(principal, session);
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
    const { limits, frameLimits, reading, strict } = this.settings;
    this.state = 'live';
    this.version = version;
    this.#attachment = attachment;
    this.#acks = new Acks(attachment.session, limits.unacknowledged, strict);
    this.parser.configure(frameLimits(this.services.limits), reading[version]);
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

  /** Sends the RECEIPT if one was asked for [STOMP 1.2 §RECEIPT]; of a replay it says whether that is complete. */
  receipt(id: string | undefined, recovered?: boolean): void {
    if (id === undefined || this.state === 'over') return;
    const headers: [string, string][] = [['receipt-id', id]];
    if (recovered !== undefined) headers.push(['recovered', String(recovered)]);
    this.sendFrame('RECEIPT', headers);
  }

  /** Sends a MESSAGE that belongs to a call: for this client alone, headers that rule calls being our word. */
  sendOwn(delivery: Delivery, { destination, own, user, payload }: MessageParts): void {
    // Spelled out: an object that is spread has a shape of its own, and reading it costs more than writing the frame.
    this.link.send(this.ownFrame(delivery, { destination, own, inCall: true, user, payload }));
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
   * @param awaited whether DISCONNECT's receipt waits for it. Default: if it has a receipt of its own.
   */
  command(
    receipt: string | undefined,
    succeeded: (outcome: Outcome) => void,
    awaited = receipt !== undefined,
  ): Command {
    const { culprit } = this;
    const command: Command = {
      settled: (outcome) => {
        this.#confirming.delete(command);
        if (!this.#refusedIf(outcome, receipt, culprit)) {
          succeeded(outcome);
          this.receipt(receipt, outcome.kind === 'subscribed' ? outcome.recovered : undefined);
        }
        this.#noteConfirmed();
      },
    };
    if (awaited) this.#confirming.add(command);
    return command;
  }

  /** A command that makes something safe; DISCONNECT's receipt waits for it even if it has none of its own. */
  storing(receipt: string | undefined): Command {
    if (receipt !== undefined || this.softErrors) return this.command(receipt, () => {}, true);
    this.#storing += 1;
    return this.#stored;
  }

  /** A command whose refusal ends the session, and whose success is told otherwise or not at all. */
  refusable(receipt: string | undefined): RefusableCommand {
    const { culprit } = this;
    const command = {
      refused: false,
      settled: (outcome: Outcome): void => {
        command.refused = this.#refusedIf(outcome, receipt, culprit);
      },
    };
    return command;
  }

  /** Calls back when every receipt that is due has been sent, and what was sent to queues is safe. */
  confirmed(callback: () => void): void {
    this.#whenConfirmed = callback;
    this.#noteConfirmed();
  }

  /** Waits for the client to close first, so that it surely reads what was sent last [STOMP 1.2 §Connection Lingering]. */
  linger(): void {
    this.detach();
    this.#lingering = this.services.timers.schedule(this.settings.limits.lingerMs, () =>
      this.close({ kind: 'normal', text: 'disconnected' }),
    );
  }

  /**
   * Sends an ERROR, then closes: the link sends what is queued first [STOMP 1.2 §ERROR]. With soft errors a frame that was
   * refused for a reason of policy is told so, and the session goes on.
   */
  fail(error: StompError): undefined {
    this.#fail(error, this.culprit);
  }

  /** Tells that a subscription was taken away: softly, or with the session. */
  revoke(subscription: StompSubscription | undefined, error: StompError): void {
    const { uri } = error;
    if (!this.softErrors || uri === undefined || subscription === undefined || this.state !== 'live') {
      this.#fail(error, undefined);
      return;
    }
    if (this.subscriptions.get(subscription.key) === subscription)
      this.subscriptions.delete(subscription.key);
    this.#tellSoftly({ ...error, uri }, undefined, subscription.id);
  }

  #fail(error: StompError, culprit: Culprit | undefined): void {
    if (this.state === 'over') return;
    const { uri } = error;
    if (this.softErrors && this.state === 'live' && uri !== undefined && culprit !== undefined) {
      this.#refuseSoftly({ ...error, uri }, culprit);
      return;
    }
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

  #noteConfirmed(): void {
    if (this.#confirming.size > 0 || this.#storing > 0) return;
    const callback = this.#whenConfirmed;
    this.#whenConfirmed = undefined;
    callback?.();
  }

  #refusedIf(outcome: Outcome, receipt: string | undefined, culprit: Culprit | undefined): boolean {
    if (outcome.kind !== 'refused') return false;
    const uri = isSoft(outcome.code) ? REFUSALS[outcome.code].uri : undefined;
    this.#fail({ ...errorOfRefusal(outcome, receipt), uri }, culprit);
    return true;
  }

  /** The frame has done nothing: its subscription is none, its transaction cannot be committed. */
  #refuseSoftly(error: StompError & { readonly uri: string }, culprit: Culprit): void {
    const { command, id, destination = '', transaction } = culprit;
    if (command === 'SUBSCRIBE') {
      const key = subscriptionKey(id, destination);
      const target = this.subscriptions.get(key)?.target;
      if (target === undefined || (target instanceof Consumption && target.consumer === undefined)) {
        this.subscriptions.delete(key);
      }
    }
    const open = transaction === undefined ? undefined : this.transactions.get(transaction);
    if (open !== undefined) open.refused = true;
    this.#tellSoftly(error, command, id);
  }

  #tellSoftly(
    error: StompError & { readonly uri: string },
    command: string | undefined,
    id: string | undefined,
  ): void {
    const messageId = this.acks.unremembered('error');
    this.send(encodeSoftError({ messageId, error, command, id }, this.version));
    this.count('stomp.soft_errors');
  }
}

import type { Socket } from 'node:net';
import type { Timer } from '../lib/index.js';
import type {
  ClosedReason,
  CloseReason,
  Frame,
  Link,
  PauseReason,
  Remote,
  Services,
  Session,
  Subprotocol,
} from '../subprotocols/index.js';
import { CLOSE_CODES, closeText } from './close-codes.js';
import type { InboundOwner, InboundParts, InboundRates } from './inbound.js';
import { Inbound } from './inbound.js';
import type { TransportLimits } from './limits.js';
import type { ClosingObserver, LinkedWebSocket } from './linked-web-socket.js';
import type { OutboundMarks, SharedChain } from './outbound.js';
import { Outbound } from './outbound.js';
import type { Slot } from './registry.js';
import type { SubprotocolTable } from './subprotocol-table.js';

/** What all links of a transport share. */
export interface LinkContext {
  readonly path: string;
  readonly services: Services;
  readonly limits: TransportLimits;
  readonly subprotocols: SubprotocolTable;
  readonly chain: SharedChain;
  readonly inbound: InboundParts;
  /** Rates before and after there is a session. */
  readonly pendingRates: InboundRates;
  readonly rates: InboundRates;
  readonly marks: OutboundMarks;
  /** The socket of this link is gone. */
  readonly ended: (link: WsLink) => void;
}

/** What belongs to one link alone. */
export interface LinkSocket {
  readonly webSocket: LinkedWebSocket;
  readonly socket: Socket;
  readonly remote: Remote;
  readonly slot: Slot;
}

/** How long an answer to the peer's close frame waits for messages that came before it, in ms: as long as an admission may. */
const LINGER_MS = 5_000;
/** A sweep that comes later than this has overslept: what peers sent meanwhile has not been read yet, in ms. */
const OVERSLEPT_MS = 500;

let links = 0;

/** The socket of one client, over `ws`. */
export class WsLink implements Link, InboundOwner, ClosingObserver {
  readonly id = `link-${(links += 1)}`;
  readonly remote: Remote;
  lastReceived: number;
  readonly #context: LinkContext;
  readonly #webSocket: LinkedWebSocket;
  readonly #socket: Socket;
  readonly #slot: Slot;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  readonly #began: number;
  /** The negotiated token. */
  #token: string | undefined = undefined;
  #session: Session | undefined = undefined;
  #isEstablished = false;
  /** How the link ends, once that is decided. */
  #ending: ClosedReason | undefined = undefined;
  /** The peer's close frame, while messages that came before it wait. */
  #lingering:
    { readonly code: number | undefined; readonly text: string; readonly timer: Timer } | undefined =
    undefined;
  /** Until a session is established: the deadline for it. */
  #loginTimer: Timer | undefined = undefined;
  /** Octets received; counted until a session is established. */
  #octets = 0;
  /** When the last ping was sent, and whether nothing has been received since. */
  #pingedAt: number;
  #awaitsPong = false;

  constructor(context: LinkContext, { webSocket, socket, remote, slot }: LinkSocket) {
    const { clock, timers, limits: session } = context.services;
    this.#context = context;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#slot = slot;
    this.remote = remote;
    this.#began = clock.now();
    this.lastReceived = this.#began;
    this.#pingedAt = this.#began;
    this.#inbound = new Inbound(context.inbound, this, context.pendingRates);
    this.#outbound = new Outbound(socket, context.chain, context.marks, () => this.#drained());
    this.#loginTimer = timers.schedule(session.loginTimeoutMs, () => {
      this.close({
        kind: 'policy',
        text: `No session within ${session.loginTimeoutMs} ms (loginTimeoutMs).`,
      });
    });
    this.#listen();
  }

  /** The conversation, if its protocol is known. */
  get session(): Session | undefined {
    return this.#session;
  }

  get buffered(): number {
    return this.#outbound.buffered;
  }

  get congested(): boolean {
    return this.#outbound.congested;
  }

  get lastSent(): number {
    return this.#outbound.lastSent;
  }

  /** Begins: with the owner of the negotiated token, or, without one, with whoever recognises the first message. */
  begin(token: string | undefined): void {
    this.#token = token;
    const owner = token === undefined ? undefined : this.#context.subprotocols.owner(token);
    if (owner !== undefined) this.#open(owner);
  }

  send(frame: Frame): void {
    if (this.#ending !== undefined) {
      this.#context.services.instrumentation.count('transport.sends_after_close');
      return;
    }
    const buffered = this.#outbound.append(frame);
    const { limits } = this.#context;
    const limit = this.#isEstablished ? limits.outboundBytes : limits.preLoginOutboundBytes;
    if (buffered <= limit) return;
    const name = this.#isEstablished ? 'outboundBytes' : 'preLoginOutboundBytes';
    this.#overload(`More than ${limit} bytes are waiting to be read (${name}).`);
  }

  established(): void {
    if (this.#isEstablished || this.#ending !== undefined) return;
    this.#isEstablished = true;
    this.#loginTimer?.cancel();
    this.#loginTimer = undefined;
    this.#slot.establish();
    this.#inbound.limit(this.#context.rates);
  }

  pause(why: PauseReason): void {
    this.#inbound.pause(why);
  }

  resume(why: PauseReason): void {
    this.#inbound.resume(why);
  }

  close(reason: CloseReason): void {
    this.#close({ code: CLOSE_CODES[reason.kind], text: closeText(reason.text), by: 'us' });
  }

  /** Looks after the link, about once a second: pings, silence after a ping, and the age of what waits to be sent. */
  inspect(now: number, lateMs: number): void {
    if (this.#ending !== undefined) return;
    const { limits } = this.#context;
    if (this.#outbound.age(now) >= limits.outboundAgeMs) {
      this.#overload(`Bytes waited for ${limits.outboundAgeMs} ms to be read (outboundAgeMs).`);
      return;
    }
    // What we do not read cannot be an answer.
    if (this.#inbound.held || this.lastReceived >= this.#pingedAt) this.#awaitsPong = false;
    if (this.#awaitsPong) {
      if (lateMs < OVERSLEPT_MS && now - this.#pingedAt >= limits.pongTimeoutMs) this.#giveUp();
      return;
    }
    const idleSince = Math.max(this.#pingedAt, Math.min(this.lastReceived, this.lastSent));
    if (now - idleSince >= limits.pingIntervalMs) this.#ping(now);
  }

  // What the inbound side asks for.

  stopReading(): void {
    this.#webSocket.pause();
  }

  startReading(): void {
    this.#webSocket.resume();
  }

  deliver(data: Buffer, isBinary: boolean): void {
    if (this.#session === undefined && !this.#recognise(data, isBinary)) return;
    try {
      this.#session?.receive(data, isBinary);
    } catch (error) {
      this.#defect('receive', error);
    }
  }

  caughtUp(): void {
    if (this.#lingering !== undefined) this.#answerClose();
  }

  slowed(): void {
    this.#context.services.instrumentation.count('transport.rate_pauses');
  }

  // What ws tells before it sends a close frame.

  peerCloses(code: number | undefined, text: string): void {
    if (!this.#inbound.busy) {
      this.#close({ code: code ?? 1005, text, by: 'peer' });
      return;
    }
    const { timers } = this.#context.services;
    this.#lingering = { code, text, timer: timers.schedule(LINGER_MS, () => this.#answerClose()) };
  }

  frameRefused(code: number): void {
    this.#close({ code, text: this.#textOf(code), by: 'us' });
  }

  #listen(): void {
    const { clock } = this.#context.services;
    const { preLoginBytes } = this.#context.limits;
    this.#webSocket.observer = this;
    this.#webSocket.on('error', ignore);
    this.#webSocket.on('message', (data, isBinary) => this.#inbound.push(data as Buffer, isBinary));
    this.#webSocket.on('close', (code, text) => this.#ended(code, text.toString()));
    // Before ws's own listener, so that the octets are counted when their messages are processed.
    this.#socket.prependListener('data', (chunk: Buffer) => {
      this.lastReceived = clock.now();
      this.#inbound.count(chunk.length, this.lastReceived);
      if (this.#isEstablished) return;
      this.#octets += chunk.length;
      if (this.#octets > preLoginBytes) {
        this.close({
          kind: 'policy',
          text: `More than ${preLoginBytes} bytes before a session (preLoginBytes).`,
        });
      }
    });
  }

  #recognise(data: Buffer, isBinary: boolean): boolean {
    const subprotocol = this.#context.subprotocols.recognise(data, isBinary);
    if (subprotocol === undefined) {
      const tokens = [...this.#context.subprotocols.tokens].join(', ');
      this.close({
        kind: 'protocol_error',
        text: `No subprotocol was offered, nor recognised. Supported: ${tokens}`,
      });
      return false;
    }
    this.#open(subprotocol);
    return true;
  }

  #open(subprotocol: Subprotocol): void {
    const { services, path } = this.#context;
    try {
      this.#session = subprotocol.open(this, { token: this.#token, path }, services);
    } catch (error) {
      this.#defect('open', error);
    }
    if (this.#session !== undefined && this.#ending !== undefined) this.#tellClosed(this.#ending);
  }

  #drained(): void {
    if (this.#ending !== undefined) return;
    try {
      this.#session?.drained();
    } catch (error) {
      this.#defect('drained', error);
    }
  }

  #defect(where: string, error: unknown): void {
    this.#context.services.instrumentation.defect(`session.${where}`, error);
    this.close({ kind: 'internal', text: 'An internal error ended this connection.' });
  }

  #overload(text: string): void {
    this.#context.services.instrumentation.count('transport.overloaded');
    this.close({ kind: 'overloaded', text });
  }

  #ping(now: number): void {
    this.#pingedAt = now;
    this.#awaitsPong = true;
    this.#webSocket.ping();
  }

  /** The connection is broken: there is nobody to tell. */
  #giveUp(): void {
    this.#decide({
      code: 1006,
      text: `No answer to a ping within ${this.#context.limits.pongTimeoutMs} ms.`,
      by: 'error',
    });
    this.#webSocket.terminate();
  }

  #answerClose(): void {
    const lingering = this.#lingering;
    if (lingering === undefined) return;
    this.#close({ code: lingering.code ?? 1005, text: lingering.text, by: 'peer' });
  }

  /** Sends what is queued and a close frame; `by: 'peer'` answers the peer's. */
  #close(reason: ClosedReason): void {
    if (this.#ending !== undefined) return;
    this.#outbound.flush(this.#context.services.clock.now());
    this.#decide(reason);
    this.#webSocket.finish(reason.code === 1005 ? undefined : reason.code, reason.text);
  }

  /** From here on nothing is sent or received. */
  #decide(reason: ClosedReason): void {
    if (this.#ending !== undefined) return;
    this.#ending = reason;
    this.#loginTimer?.cancel();
    this.#loginTimer = undefined;
    this.#lingering?.timer.cancel();
    this.#lingering = undefined;
    this.#inbound.close();
    if (this.#session !== undefined) this.#tellClosed(reason);
  }

  /** Tells the session, later: an end is often found in the middle of a fan-out. */
  #tellClosed(reason: ClosedReason): void {
    const session = this.#session;
    this.#context.services.clock.defer(() => {
      try {
        session?.closed(reason);
      } catch (error) {
        this.#context.services.instrumentation.defect('session.closed', error);
      }
    });
  }

  /** The socket is gone. */
  #ended(code: number, text: string): void {
    this.#decide({ code, text, by: code === 1006 ? 'error' : 'peer' });
    this.#slot.release();
    this.#context.ended(this);
    const { clock, instrumentation } = this.#context.services;
    const ms = Math.round(clock.now() - this.#began);
    instrumentation.event('closed', { link: this.id, ...(this.#ending ?? { code, text }), ms });
  }

  #textOf(code: number): string {
    switch (code) {
      case CLOSE_CODES.too_big:
        return `A message may have ${this.#context.services.limits.messageBytes} bytes (messageBytes).`;
      case CLOSE_CODES.policy: {
        const { maxFragments, maxBufferedChunks } = this.#context.limits;
        return `More than ${maxFragments} fragments (maxFragments) or ${maxBufferedChunks} reads (maxBufferedChunks).`;
      }
      case CLOSE_CODES.invalid_data:
        return 'The text is not valid UTF-8.';
      default:
        return 'The WebSocket frame is malformed.';
    }
  }
}

function ignore(): void {}

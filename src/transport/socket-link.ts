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
import type { OutboundMarks, OutboundSide, SharedChain } from './outbound.js';
import type { Slot } from './registry.js';
import type { SubprotocolTable } from './subprotocol-table.js';

/** What all links of a transport share. */
export interface LinkContext {
  /** The path of the endpoint; empty where there is none. */
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
  readonly ended: (link: SocketLink) => void;
}

/** How long an end that the peer asked for waits for messages that came before it, in ms: as long as an admission may. */
const LINGER_MS = 5_000;
/** A sweep that comes later than this has overslept: what peers sent meanwhile has not been read yet, in ms. */
const OVERSLEPT_MS = 500;

let links = 0;

/**
 * The way to one client, whatever carries it: the session and its end, the limits before and after login, the rates, and
 * what is looked after once a second. What reads, writes and closes is the derived class's.
 */
export abstract class SocketLink implements Link, InboundOwner {
  readonly id = `link-${(links += 1)}`;
  lastReceived: number;
  /** Set by the derived class, which alone knows how bytes leave. */
  protected abstract readonly outbound: OutboundSide;
  protected readonly inbound: Inbound;
  readonly #slot: Slot;
  readonly #began: number;
  #session: Session | undefined = undefined;
  #isEstablished = false;
  /** How the link ends, once that is decided. */
  #ending: ClosedReason | undefined = undefined;
  /** What the peer closed with, while messages that came before it wait. */
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

  constructor(
    protected readonly context: LinkContext,
    readonly remote: Remote,
    slot: Slot,
  ) {
    const { clock, timers, limits: session } = context.services;
    this.#slot = slot;
    this.#began = clock.now();
    this.lastReceived = this.#began;
    this.#pingedAt = this.#began;
    this.inbound = new Inbound(context.inbound, this, context.pendingRates);
    this.#loginTimer = timers.schedule(session.loginTimeoutMs, () => {
      this.close({
        kind: 'policy',
        text: `No session within ${session.loginTimeoutMs} ms (loginTimeoutMs).`,
      });
    });
  }

  abstract stopReading(): void;
  abstract startReading(): void;
  /** Tells the peer in the transport's own words that this is the end, and ends the socket; what was appended is written. */
  protected abstract finish(reason: ClosedReason): void;
  /** Destroys the socket: there is nobody to tell. */
  protected abstract terminate(): void;
  /** Asks for a sign of life; false if this transport has no way to. */
  protected abstract askForLife(): boolean;
  /** Begins a conversation whose protocol is known by its first message only; what to do if nobody recognises it. */
  protected recognise(_data: Buffer, _isBinary: boolean): Subprotocol | undefined {
    return undefined;
  }

  /** The conversation, if its protocol is known. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** Whether it is decided how the link ends; nothing is sent or received any more. */
  get isEnding(): boolean {
    return this.#ending !== undefined;
  }

  get buffered(): number {
    return this.outbound.buffered;
  }

  get congested(): boolean {
    return this.outbound.congested;
  }

  get lastSent(): number {
    return this.outbound.lastSent;
  }

  send(frame: Frame): void {
    if (this.#ending !== undefined) {
      this.context.services.instrumentation.count('transport.sends_after_close');
      return;
    }
    const buffered = this.outbound.append(frame);
    const { limits } = this.context;
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
    this.inbound.limit(this.context.rates);
  }

  pause(why: PauseReason): void {
    this.inbound.pause(why);
  }

  resume(why: PauseReason): void {
    this.inbound.resume(why);
  }

  close(reason: CloseReason): void {
    this.end({ code: CLOSE_CODES[reason.kind], text: closeText(reason.text), by: 'us' });
  }

  /** Looks after the link, about once a second: pings, silence after a ping, and the age of what waits to be sent. */
  inspect(now: number, lateMs: number): void {
    if (this.#ending !== undefined) return;
    const { limits } = this.context;
    if (this.outbound.age(now) >= limits.outboundAgeMs) {
      this.#overload(`Bytes waited for ${limits.outboundAgeMs} ms to be read (outboundAgeMs).`);
      return;
    }
    // What we do not read cannot be an answer.
    if (this.inbound.held || this.lastReceived >= this.#pingedAt) this.#awaitsPong = false;
    if (this.#awaitsPong) {
      if (lateMs < OVERSLEPT_MS && now - this.#pingedAt >= limits.pongTimeoutMs) {
        this.giveUp(`No answer to a ping within ${limits.pongTimeoutMs} ms.`);
      }
      return;
    }
    const idleSince = Math.max(this.#pingedAt, Math.min(this.lastReceived, this.lastSent));
    if (now - idleSince < limits.pingIntervalMs) return;
    this.#pingedAt = now;
    this.#awaitsPong = this.askForLife();
  }

  deliver(data: Buffer, isBinary: boolean): void {
    if (this.#session === undefined) {
      const subprotocol = this.recognise(data, isBinary);
      if (subprotocol === undefined) return;
      this.open(subprotocol, undefined);
    }
    try {
      this.#session?.receive(data, isBinary);
    } catch (error) {
      this.#defect('receive', error);
    }
  }

  caughtUp(): void {
    if (this.#lingering !== undefined) this.#answerEnd();
  }

  slowed(): void {
    this.context.services.instrumentation.count('transport.rate_pauses');
  }

  /** Begins the conversation. */
  protected open(subprotocol: Subprotocol, token: string | undefined): void {
    const { services, path } = this.context;
    try {
      this.#session = subprotocol.open(this, { token, path }, services);
    } catch (error) {
      this.#defect('open', error);
    }
    if (this.#session !== undefined && this.#ending !== undefined) this.#tellClosed(this.#ending);
  }

  /** Octets were read: they are life, and they count. */
  protected received(octets: number): void {
    this.lastReceived = this.context.services.clock.now();
    this.inbound.count(octets, this.lastReceived);
    if (this.#isEstablished) return;
    this.#octets += octets;
    const { preLoginBytes } = this.context.limits;
    if (this.#octets <= preLoginBytes) return;
    this.close({
      kind: 'policy',
      text: `More than ${preLoginBytes} bytes before a session (preLoginBytes).`,
    });
  }

  /** There is room again. */
  protected drained(): void {
    if (this.#ending !== undefined) return;
    try {
      this.#session?.drained();
    } catch (error) {
      this.#defect('drained', error);
    }
  }

  /** The peer wants to end; messages that came before it are heard first. Without a code if undefined. */
  protected peerEnds(code: number | undefined, text: string): void {
    if (!this.inbound.busy) {
      this.end({ code: code ?? 1005, text, by: 'peer' });
      return;
    }
    const { timers } = this.context.services;
    this.#lingering ??= { code, text, timer: timers.schedule(LINGER_MS, () => this.#answerEnd()) };
  }

  /** Sends what is queued and ends; `by: 'peer'` answers the peer's end. The first call decides. */
  protected end(reason: ClosedReason): void {
    if (this.#ending !== undefined) return;
    this.outbound.flush(this.context.services.clock.now());
    this.#decide(reason);
    this.finish(reason);
  }

  /** The connection is broken: there is nobody to tell. */
  protected giveUp(text: string): void {
    this.#decide({ code: 1006, text, by: 'error' });
    this.terminate();
  }

  /** The socket is gone. Called once. */
  protected gone(reason: ClosedReason): void {
    this.#decide(reason);
    this.#slot.release();
    this.context.ended(this);
    const { clock, instrumentation } = this.context.services;
    const ms = Math.round(clock.now() - this.#began);
    instrumentation.event('closed', { link: this.id, ...(this.#ending ?? reason), ms });
  }

  #defect(where: string, error: unknown): void {
    this.context.services.instrumentation.defect(`session.${where}`, error);
    this.close({ kind: 'internal', text: 'An internal error ended this connection.' });
  }

  #overload(text: string): void {
    this.context.services.instrumentation.count('transport.overloaded');
    this.close({ kind: 'overloaded', text });
  }

  #answerEnd(): void {
    const lingering = this.#lingering;
    if (lingering === undefined) return;
    this.end({ code: lingering.code ?? 1005, text: lingering.text, by: 'peer' });
  }

  /** From here on nothing is sent or received. */
  #decide(reason: ClosedReason): void {
    if (this.#ending !== undefined) return;
    this.#ending = reason;
    this.#loginTimer?.cancel();
    this.#loginTimer = undefined;
    this.#lingering?.timer.cancel();
    this.#lingering = undefined;
    this.inbound.close();
    if (this.#session !== undefined) this.#tellClosed(reason);
  }

  /** Tells the session, later: an end is often found in the middle of a fan-out. */
  #tellClosed(reason: ClosedReason): void {
    const session = this.#session;
    this.context.services.clock.defer(() => {
      try {
        session?.closed(reason);
      } catch (error) {
        this.context.services.instrumentation.defect('session.closed', error);
      }
    });
  }
}

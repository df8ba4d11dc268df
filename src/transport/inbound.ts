import type { Clock, CoarseTimers, Timer } from '../lib/index.js';
import { Ring } from '../lib/index.js';
import type { PauseReason } from '../subprotocols/index.js';
import { RateMeter } from './rate-meter.js';
import type { Turns } from './turns.js';

/** A message as ws decoded it. */
interface Message {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** Messages and octets a second. */
export interface InboundRates {
  readonly messages: number;
  readonly bytes: number;
}

/** What the inbound sides of all connections share. */
export interface InboundParts {
  readonly clock: Clock;
  readonly timers: CoarseTimers;
  readonly turns: Turns;
  /** How long one connection may be processed before others have their turn, in ms. */
  readonly sliceMs: number;
}

/** Whom an inbound side serves. */
export interface InboundOwner {
  stopReading(): void;
  startReading(): void;
  /** Takes one message. Must not throw. */
  deliver(data: Buffer, isBinary: boolean): void;
  /** Nothing waits and nothing is held back any more. */
  caughtUp(): void;
  /** The rate is used up for now. */
  slowed(): void;
}

/** Why delivery is held back, as bits. The session's reasons and our own are apart, so that nobody lifts another's. */
const HOLD = { admission: 1, slice: 2, rate: 4, pressure: 8 } as const satisfies Record<PauseReason, number>;
const OWN_SLICE = 16;
const OWN_RATE = 32;

/** Work after which the clock is looked at: a message counts as one, and one more per so many bytes. */
const WORK_PER_LOOK = 16;
const BYTES_PER_WORK = 4096;

/**
 * The inbound side of one connection: in order, never from inside a delivery, no faster than the rates allow, and no
 * longer than a slice of time per turn. While it is held, the socket is not read; what had been decoded waits here,
 * bounded by one read.
 */
export class Inbound {
  #holds = 0;
  #waiting: Ring<Message> | undefined = undefined;
  #delivering = false;
  #scheduled = false;
  #closed = false;
  #messages: RateMeter;
  #bytes: RateMeter;
  #rateTimer: Timer | undefined = undefined;
  /** The turn that the slice belongs to, and when it began. */
  #turn = -1;
  #sliceStart = 0;
  #work = 0;

  constructor(
    private readonly parts: InboundParts,
    private readonly owner: InboundOwner,
    rates: InboundRates,
  ) {
    const now = parts.clock.now();
    this.#messages = new RateMeter(rates.messages, now);
    this.#bytes = new RateMeter(rates.bytes, now);
  }

  /** Whether reading is held back. */
  get held(): boolean {
    return this.#holds !== 0;
  }

  /** Whether messages wait or may not be delivered. */
  get busy(): boolean {
    return this.#holds !== 0 || (this.#waiting?.size ?? 0) > 0;
  }

  /** Replaces the rates. */
  limit(rates: InboundRates): void {
    const now = this.parts.clock.now();
    this.#messages = new RateMeter(rates.messages, now);
    this.#bytes = new RateMeter(rates.bytes, now);
    this.#rateTimer?.cancel();
    this.#release(OWN_RATE);
  }

  /** Octets were read from the socket. */
  count(octets: number, now: number): void {
    const turn = this.parts.turns.current;
    if (turn !== this.#turn) {
      this.#turn = turn;
      this.#sliceStart = now;
      this.#work = 0;
    }
    this.#refill(now);
    if (!this.#closed && !this.#bytes.take(octets)) this.#slowDown(this.#bytes);
  }

  /** Delivers a message now, or after those that wait. */
  push(data: Buffer, isBinary: boolean): void {
    if (this.#closed) return;
    if (this.busy || this.#delivering) {
      this.#waiting ??= new Ring();
      this.#waiting.push({ data, isBinary });
    } else {
      this.#deliver(data, isBinary);
    }
  }

  pause(why: PauseReason): void {
    this.#hold(HOLD[why]);
  }

  resume(why: PauseReason): void {
    this.#release(HOLD[why]);
  }

  /** Drops what waits and reads on, so that the end of the stream is seen; nothing is delivered any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = undefined;
    this.#rateTimer?.cancel();
    this.#rateTimer = undefined;
    if (this.#holds !== 0) this.owner.startReading();
    this.#holds = 0;
  }

  #deliver(data: Buffer, isBinary: boolean): void {
    this.#delivering = true;
    this.owner.deliver(data, isBinary);
    this.#delivering = false;
    if (this.#closed) return;
    if (!this.#messages.take(1)) this.#slowDown(this.#messages);
    this.#work += 1 + Math.floor(data.length / BYTES_PER_WORK);
    if (this.#work >= WORK_PER_LOOK) this.#lookAtClock();
  }

  #lookAtClock(): void {
    this.#work = 0;
    const { clock, sliceMs } = this.parts;
    if (clock.now() - this.#sliceStart < sliceMs || (this.#holds & OWN_SLICE) !== 0) return;
    this.#hold(OWN_SLICE);
    clock.defer(() => this.#release(OWN_SLICE));
  }

  #refill(now: number): void {
    this.#messages.refill(now);
    this.#bytes.refill(now);
  }

  #slowDown(meter: RateMeter): void {
    if ((this.#holds & OWN_RATE) !== 0) return;
    this.#hold(OWN_RATE);
    this.owner.slowed();
    this.#rateTimer = this.parts.timers.schedule(meter.waitMs, () => this.#release(OWN_RATE));
  }

  #hold(bit: number): void {
    if (this.#closed) return;
    if (this.#holds === 0) this.owner.stopReading();
    this.#holds |= bit;
  }

  #release(bit: number): void {
    if ((this.#holds & bit) === 0) return;
    this.#holds &= ~bit;
    if (this.#holds === 0) this.#goOn();
  }

  #goOn(): void {
    if ((this.#waiting?.size ?? 0) === 0) {
      this.#waiting = undefined;
      this.owner.startReading();
      // Asked for from inside a delivery, it comes after it.
      if (!this.#delivering) this.owner.caughtUp();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      this.parts.clock.defer(this.#deliverWaiting);
    }
  }

  readonly #deliverWaiting = (): void => {
    this.#scheduled = false;
    if (this.#closed || this.#holds !== 0) return;
    this.#sliceStart = this.parts.clock.now();
    this.#refill(this.#sliceStart);
    while (this.#holds === 0) {
      const message = this.#waiting?.shift();
      if (message === undefined) break;
      this.#deliver(message.data, message.isBinary);
    }
    if (!this.#closed && this.#holds === 0) this.#goOn();
  };
}

import type { Clock } from '../lib/index.js';
import { Ring } from '../lib/index.js';
import type { Frame } from '../subprotocols/index.js';
import type { OutboundMarks, OutboundSide } from './outbound.js';

/** A request that waits for messages. */
export interface Receiver {
  /** Answers with the payloads of these frames; calls back when the system has taken them. Later calls do nothing. */
  give(frames: readonly Frame[], taken: () => void): void;
}

/** A batch is no longer than this, if it has more than one message, in bytes. */
const BATCH_BYTES = 1024 * 1024;

/** What waits for the next request of a long-poll client. */
export class LongPollQueue implements OutboundSide {
  lastSent: number;
  readonly #waiting = new Ring<{ readonly frame: Frame; readonly since: number }>();
  #receiver: Receiver | undefined = undefined;
  /** Bytes that wait for a request. */
  #waitingBytes = 0;
  /** Bytes of an answer that the system has not taken yet, and since when. */
  #leavingBytes = 0;
  #leavingSince: number | undefined = undefined;
  #isScheduled = false;
  /** Whether the high-water mark was reached and the low-water mark not yet. */
  #full = false;

  /**
   * @param batched whether a request gets all that waits, or one message.
   * @param drained told, never from inside an append, when a connection that was full has room again.
   */
  constructor(
    private readonly clock: Clock,
    private readonly marks: OutboundMarks,
    private readonly batched: boolean,
    private readonly drained: () => void,
  ) {
    this.lastSent = clock.now();
  }

  get buffered(): number {
    return this.#waitingBytes + this.#leavingBytes;
  }

  get congested(): boolean {
    return this.buffered >= this.marks.highWater;
  }

  /** Whether everything has been given and taken. */
  get isEmpty(): boolean {
    return this.#waiting.size === 0 && this.#leavingSince === undefined;
  }

  append(frame: Frame): number {
    this.#waiting.push({ frame, since: this.clock.now() });
    this.#waitingBytes += frame.length;
    if (this.congested) this.#full = true;
    if (this.#receiver !== undefined && !this.#isScheduled) {
      this.#isScheduled = true;
      this.clock.defer(() => {
        this.#isScheduled = false;
        this.flush(this.clock.now());
      });
    }
    return this.buffered;
  }

  /** This request gets what waits, or what comes. */
  wait(receiver: Receiver): void {
    this.#receiver = receiver;
    this.flush(this.clock.now());
  }

  /** Takes back the request that waits, if one does. */
  stopWaiting(): Receiver | undefined {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    return receiver;
  }

  flush(now: number): void {
    // One answer at a time, so that they cannot overtake each other.
    if (this.#receiver === undefined || this.#waiting.size === 0 || this.#leavingSince !== undefined) return;
    const receiver = this.#receiver;
    this.#receiver = undefined;
    const frames = this.#take();
    this.#leavingSince = now;
    this.lastSent = now;
    receiver.give(frames, () => this.#taken());
  }

  age(now: number): number {
    const oldest = this.#leavingSince ?? this.#waiting.peek()?.since;
    return oldest === undefined ? 0 : now - oldest;
  }

  /** Drops everything. */
  clear(): void {
    this.#waiting.clear();
    this.#waitingBytes = 0;
    this.#leavingBytes = 0;
    this.#leavingSince = undefined;
  }

  #take(): Frame[] {
    const frames: Frame[] = [];
    let bytes = 0;
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      if (frames.length > 0 && (!this.batched || bytes + next.frame.length > BATCH_BYTES)) break;
      this.#waiting.shift();
      frames.push(next.frame);
      bytes += next.frame.length;
    }
    this.#waitingBytes -= bytes;
    this.#leavingBytes = bytes;
    return frames;
  }

  #taken(): void {
    if (this.#leavingSince === undefined) return;
    this.#leavingSince = undefined;
    this.#leavingBytes = 0;
    this.flush(this.clock.now());
    if (!this.#full || this.buffered >= this.marks.lowWater) return;
    this.#full = false;
    this.drained();
  }
}

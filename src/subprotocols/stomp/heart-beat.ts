import type { CoarseTimers, Clock, Timer } from '../../lib/index.js';
import type { Link } from '../subprotocol.js';
import { Frame } from '../subprotocol.js';
import type { HeartBeatOptions } from './options.js';

/** What both sides have agreed on, in ms; 0 is none. */
export interface HeartBeatAgreement {
  /** For the CONNECTED frame: what we can do and what we want. */
  readonly header: string;
  /** We send an octet at least this often. */
  readonly sendMs: number;
  /** The client sends an octet at least this often. */
  readonly receiveMs: number;
}

const PAIR = /^(\d{1,10}),(\d{1,10})$/;

/**
 * Agrees on heart-beats [STOMP 1.2 §Heart-beating]. Our pair follows the client's, within the accepted range: what it
 * wants we send, what it can do we expect. Undefined if the header is not a pair of numbers; no header is `0,0`.
 */
export function agreeOnHeartBeat(
  header: string | undefined,
  options: HeartBeatOptions,
): HeartBeatAgreement | undefined {
  const pair = PAIR.exec(header ?? '0,0');
  if (pair === null) return undefined;
  const can = Number(pair[1]);
  const wants = Number(pair[2]);
  const clamp = (ms: number): number => (ms === 0 ? 0 : Math.min(Math.max(ms, options.minMs), options.maxMs));
  return {
    header: `${clamp(wants)},${clamp(can)}`,
    sendMs: clamp(wants),
    // The larger of what it can and what we asked for; beyond the range only WebSocket pings watch over the client.
    receiveMs: can > options.maxMs ? 0 : clamp(can),
  };
}

const TEXT_BEAT = new Frame(false, [Buffer.from('\n')]);
const BINARY_BEAT = new Frame(true, [Buffer.from('\n')]);

/** Keeps a link alive in both directions; any octet counts, in either [STOMP 1.2 §Heart-beating]. */
export class HeartBeat {
  #sending: Timer | undefined;
  #watching: Timer | undefined;

  constructor(
    private readonly link: Link,
    private readonly clock: Clock,
    private readonly timers: CoarseTimers,
    private readonly options: HeartBeatOptions,
  ) {}

  /** Begins, when CONNECTED is written. `silent` is called once if the client has not sent anything for too long. */
  start(agreement: HeartBeatAgreement, binary: boolean, silent: () => void): void {
    const { sendMs, receiveMs } = agreement;
    // A fifth of the interval is left for coarse timers and the way to the client.
    if (sendMs > 0) this.#send(Math.floor(sendMs * 0.8), binary ? BINARY_BEAT : TEXT_BEAT);
    if (receiveMs > 0) {
      this.#watch(receiveMs * this.options.tolerance + this.options.graceMs, receiveMs, silent);
    }
  }

  stop(): void {
    this.#sending?.cancel();
    this.#watching?.cancel();
    this.#sending = undefined;
    this.#watching = undefined;
  }

  #send(everyMs: number, beat: Frame): void {
    const idle = (): number => this.clock.now() - this.link.lastSent;
    this.#sending = this.timers.schedule(Math.max(everyMs - idle(), 0), () => {
      // What waits to be sent is life enough, once it can be sent at all.
      if (!this.link.congested && idle() >= everyMs) this.link.send(beat);
      if (this.#sending !== undefined) this.#send(everyMs, beat);
    });
  }

  #watch(patienceMs: number, intervalMs: number, silent: () => void): void {
    const idle = (): number => this.clock.now() - this.link.lastReceived;
    const check = (lateMs: number): void => {
      if (idle() < patienceMs) again(patienceMs - idle());
      // We overslept ourselves: what the client sent meanwhile has yet to be read.
      else if (lateMs > intervalMs / 2) again(intervalMs);
      else {
        this.#watching = undefined;
        silent();
      }
    };
    const again = (delayMs: number): void => {
      this.#watching = this.timers.schedule(delayMs, check);
    };
    again(patienceMs - idle());
  }
}

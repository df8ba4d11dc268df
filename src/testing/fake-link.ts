import type { Clock } from '../lib/index.js';
import type { CloseReason, Frame, Link, PauseReason, Remote, Session } from '../subprotocols/index.js';

let nextId = 1;

/** A link without a socket: what a session sends is an array. */
export class FakeLink implements Link {
  readonly id = `fake-${nextId++}`;
  readonly remote: Remote;
  /** What the session has sent, in order. */
  readonly sent: Frame[] = [];
  /** Why reading is paused. */
  readonly paused = new Set<PauseReason>();
  /** How the session closed the link. */
  closeReason: CloseReason | undefined;
  isEstablished = false;
  /** Set by a test to make the session believe that its peer is slow. */
  congested = false;
  buffered = 0;
  lastReceived: number;
  lastSent: number;

  constructor(
    private readonly clock: Clock,
    remote: Partial<Remote> = {},
  ) {
    this.remote = { address: '127.0.0.1', headers: {}, query: '', encrypted: false, ...remote };
    this.lastReceived = clock.now();
    this.lastSent = clock.now();
  }

  send(frame: Frame): void {
    if (this.closeReason !== undefined) return;
    this.lastSent = this.clock.now();
    this.sent.push(frame);
  }

  established(): void {
    this.isEstablished = true;
  }

  pause(why: PauseReason): void {
    this.paused.add(why);
  }

  resume(why: PauseReason): void {
    this.paused.delete(why);
  }

  close(reason: CloseReason): void {
    this.closeReason ??= reason;
  }

  /** Gives the session a message, as a socket would. */
  receive(session: Session, data: Buffer | string, isBinary = typeof data !== 'string'): void {
    this.lastReceived = this.clock.now();
    session.receive(typeof data === 'string' ? Buffer.from(data) : data, isBinary);
  }

  /** Takes the frames sent so far, each as one buffer. */
  take(): Buffer[] {
    return this.sent.splice(0).map((frame) => Buffer.concat(frame.parts));
  }

  /** Takes the frames sent so far, each as text. */
  takeText(): string[] {
    return this.take().map((bytes) => bytes.toString('utf8'));
  }
}

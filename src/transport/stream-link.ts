import type { Socket } from 'node:net';
import type { Timer } from '../lib/index.js';
import type { ClosedReason, Frame, Remote, Subprotocol } from '../subprotocols/index.js';
import { Outbound } from './outbound.js';
import {
  PongFrame,
  RawSocketReader,
  acceptance,
  bytesOfLength,
  lengthNumber,
  readHandshake,
  refusal,
} from './raw-socket.js';
import type { RawFrames, RawSocketError } from './raw-socket.js';
import type { Slot } from './registry.js';
import type { LinkContext } from './socket-link.js';
import { SocketLink } from './socket-link.js';

/** What belongs to one link alone. */
export interface StreamSocket {
  readonly socket: Socket;
  readonly remote: Remote;
  readonly slot: Slot;
}

/** A TCP, TLS or Unix socket: bytes in order, no more. Its end says nothing but that it is the end. */
export abstract class StreamLink extends SocketLink {
  protected readonly outbound: Outbound;
  protected readonly socket: Socket;
  /** From our end to the end of the socket. */
  #closeTimer: Timer | undefined = undefined;

  constructor(context: LinkContext, { socket, remote, slot }: StreamSocket) {
    super(context, remote, slot);
    this.socket = socket;
    this.outbound = new Outbound(socket, context.chain, context.marks, () => this.drained());
    socket.on('data', (chunk) => {
      this.received(chunk.length);
      if (!this.isEnding) this.read(chunk);
    });
    socket.on('end', () => this.peerEnds(undefined, ''));
    socket.on('close', () => {
      this.#closeTimer?.cancel();
      this.gone({ code: 1006, text: '', by: 'error' });
    });
  }

  /** Takes octets as they come. */
  protected abstract read(chunk: Buffer): void;

  /** Begins to read. */
  begin(): void {
    this.socket.resume();
  }

  stopReading(): void {
    this.socket.pause();
  }

  startReading(): void {
    this.socket.resume();
  }

  /** What the peer still sends is read and dropped, so that it is told how this ends and not that it was cut off. */
  protected finish(_reason: ClosedReason): void {
    const { limits, services } = this.context;
    this.#closeTimer = services.timers.schedule(limits.closeTimeoutMs, () => this.terminate());
    this.socket.end();
    this.socket.resume();
  }

  protected terminate(): void {
    this.socket.destroy();
  }

  /** Nothing of the transport's own asks for a sign of life; the system's keep-alive does, below. */
  protected askForLife(): boolean {
    return false;
  }
}

/** A stream whose bytes are the protocol's own, in any pieces: STOMP over TCP. */
export class ByteStreamLink extends StreamLink {
  readonly #subprotocol: Subprotocol;

  constructor(context: LinkContext, parts: StreamSocket, subprotocol: Subprotocol) {
    super(context, parts);
    this.#subprotocol = subprotocol;
  }

  override begin(): void {
    this.open(this.#subprotocol, undefined);
    super.begin();
  }

  protected read(chunk: Buffer): void {
    this.inbound.push(chunk, true);
  }
}

/** WAMP over RawSocket: a handshake of four octets, then frames with their length [WAMP AP RawSocket Transport]. */
export class RawSocketLink extends StreamLink implements RawFrames {
  maxFrameBytes: number | undefined = undefined;
  /** The handshake as far as it has come. */
  #handshake: Buffer = Buffer.alloc(0);
  /** Undefined until the handshake is over. */
  #reader: RawSocketReader | undefined = undefined;
  /** Payloads of PINGs that wait for their turn, by identity; bounded by one read. */
  readonly #pings = new Set<Buffer>();
  /** Whether messages are octets rather than text. */
  #isBinary = false;

  override send(frame: Frame): void {
    if (frame.length > (this.maxFrameBytes ?? 0) && !this.isEnding) {
      this.context.services.instrumentation.count('transport.frames_too_long');
      return;
    }
    super.send(frame);
  }

  message(payload: Buffer): void {
    this.inbound.push(payload, this.#isBinary);
  }

  /** Has its turn among the messages, and counts as one. */
  ping(payload: Buffer): void {
    this.#pings.add(payload);
    this.inbound.push(payload, true);
  }

  override deliver(data: Buffer, isBinary: boolean): void {
    // Not counted against what the client takes: it is what it sent.
    if (this.#pings.delete(data)) super.send(new PongFrame(data));
    else super.deliver(data, isBinary);
  }

  protected read(chunk: Buffer): void {
    if (this.#reader === undefined) this.#readHandshake(chunk);
    else this.#readFrames(this.#reader, chunk);
  }

  #readHandshake(chunk: Buffer): void {
    const octets = Buffer.concat([this.#handshake, chunk.subarray(0, 4 - this.#handshake.length)]);
    const rest = chunk.subarray(octets.length - this.#handshake.length);
    this.#handshake = octets;
    const { subprotocols, services } = this.context;
    const handshake = readHandshake(octets, (token) => subprotocols.owner(token) !== undefined);
    switch (handshake.kind) {
      case 'incomplete':
        return;
      case 'foreign':
        this.close({ kind: 'protocol_error', text: 'This is not WAMP over RawSocket.' });
        return;
      case 'refused':
        this.#refuse(handshake.error);
        return;
      case 'accepted': {
        const length = lengthNumber(services.limits.messageBytes);
        this.maxFrameBytes = handshake.maxFrameBytes;
        this.#isBinary = handshake.token !== 'wamp.2.json';
        this.#reader = new RawSocketReader(bytesOfLength(length), this);
        this.socket.write(acceptance(length, handshake.serializer));
        const owner = subprotocols.owner(handshake.token);
        if (owner !== undefined) this.open(owner, handshake.token);
        this.#readFrames(this.#reader, rest);
      }
    }
  }

  #refuse(error: RawSocketError): void {
    this.socket.write(refusal(error));
    this.close({ kind: 'protocol_error', text: `The RawSocket handshake was refused (${error}).` });
  }

  #readFrames(reader: RawSocketReader, chunk: Buffer): void {
    const fault = reader.read(chunk, () => this.isEnding);
    if (fault !== undefined) this.close(fault);
  }
}

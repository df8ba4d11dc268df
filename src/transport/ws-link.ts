import type { Socket } from 'node:net';
import type { ClosedReason, Remote, Subprotocol } from '../subprotocols/index.js';
import { CLOSE_CODES } from './close-codes.js';
import type { ClosingObserver, LinkedWebSocket } from './linked-web-socket.js';
import { Outbound } from './outbound.js';
import type { Slot } from './registry.js';
import type { LinkContext } from './socket-link.js';
import { SocketLink } from './socket-link.js';

/** What belongs to one link alone. */
export interface LinkSocket {
  readonly webSocket: LinkedWebSocket;
  readonly socket: Socket;
  readonly remote: Remote;
  readonly slot: Slot;
}

/** The socket of one client, over `ws`. */
export class WsLink extends SocketLink implements ClosingObserver {
  protected readonly outbound: Outbound;
  readonly #webSocket: LinkedWebSocket;

  constructor(context: LinkContext, { webSocket, socket, remote, slot }: LinkSocket) {
    super(context, remote, slot);
    this.#webSocket = webSocket;
    this.outbound = new Outbound(socket, context.chain, context.marks, () => this.drained());
    webSocket.observer = this;
    webSocket.on('error', ignore);
    webSocket.on('message', (data, isBinary) => this.inbound.push(data as Buffer, isBinary));
    webSocket.on('close', (code, text) => {
      this.gone({ code, text: text.toString(), by: code === 1006 ? 'error' : 'peer' });
    });
    // Before ws's own listener, so that the octets are counted when their messages are processed.
    socket.prependListener('data', (chunk: Buffer) => this.received(chunk.length));
  }

  /** Begins: with the owner of the negotiated token, or, without one, with whoever recognises the first message. */
  begin(token: string | undefined): void {
    const owner = token === undefined ? undefined : this.context.subprotocols.owner(token);
    if (owner !== undefined) this.open(owner, token);
  }

  stopReading(): void {
    this.#webSocket.pause();
  }

  startReading(): void {
    this.#webSocket.resume();
  }

  // What ws tells before it sends a close frame.

  peerCloses(code: number | undefined, text: string): void {
    this.peerEnds(code, text);
  }

  frameRefused(code: number): void {
    this.end({ code, text: this.#textOf(code), by: 'us' });
  }

  protected override recognise(data: Buffer, isBinary: boolean): Subprotocol | undefined {
    const subprotocol = this.context.subprotocols.recognise(data, isBinary);
    if (subprotocol !== undefined) return subprotocol;
    const tokens = [...this.context.subprotocols.tokens].join(', ');
    this.close({
      kind: 'protocol_error',
      text: `No subprotocol was offered, nor recognised. Supported: ${tokens}`,
    });
    return undefined;
  }

  /** Sends a close frame, or answers the peer's. */
  protected finish({ code, text }: ClosedReason): void {
    this.#webSocket.finish(code === 1005 ? undefined : code, text);
  }

  protected terminate(): void {
    this.#webSocket.terminate();
  }

  protected askForLife(): boolean {
    this.#webSocket.ping();
    return true;
  }

  #textOf(code: number): string {
    switch (code) {
      case CLOSE_CODES.too_big:
        return `A message may have ${this.context.services.limits.messageBytes} bytes (messageBytes).`;
      case CLOSE_CODES.policy: {
        const { maxFragments, maxBufferedChunks } = this.context.limits;
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

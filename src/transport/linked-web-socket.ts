import { WebSocket } from 'ws';

/** What a link wants to know before ws answers a close frame, or sends one because of a malformed frame. */
export interface ClosingObserver {
  /** The peer's close frame arrived. To be answered by `finish(code, text)`, now or soon; without a code if undefined. */
  peerCloses(code: number | undefined, text: string): void;
  /** A frame was malformed or too big. To be followed by `finish(code, …)` at once. */
  frameRefused(code: number): void;
}

/**
 * A `ws` socket whose closing handshake passes by its link first, so that what is queued leaves before the close frame:
 * ws calls its own public `close` in both cases.
 */
export class LinkedWebSocket extends WebSocket {
  observer: ClosingObserver | undefined = undefined;

  override close(code?: number, data?: string | Buffer): void {
    const { observer } = this;
    if (observer === undefined || this.readyState !== WebSocket.OPEN) super.close(code, data);
    // ws passes on what the peer's frame held: no code at all, or a code and a reason; for errors it has a code alone.
    else if (code === undefined || data !== undefined) observer.peerCloses(code, String(data ?? ''));
    else observer.frameRefused(code);
  }

  /** Sends our close frame; the socket is destroyed when the peer has answered, or after the close timeout. */
  finish(code: number | undefined, text: string): void {
    super.close(code, text);
  }
}

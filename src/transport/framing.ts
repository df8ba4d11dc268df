import type { Frame } from '../subprotocols/index.js';

/** How frames stand on the wire. One object per way, compared by identity. */
export interface Framing {
  /** Bytes of a frame with its head. */
  wireLength(frame: Frame): number;
  /** Writes the head of a frame; returns where the payload begins. */
  putHead(target: Buffer, at: number, frame: Frame): number;
  /** The head of a frame alone; undefined if it has none. */
  headOf(frame: Frame): Buffer | undefined;
}

/** A server's frames [RFC 6455 §5.2]: whole, not masked. */
export const webSocketFraming: Framing = {
  wireLength: ({ length }) => webSocketHead(length) + length,
  putHead: putWebSocketHead,
  headOf(frame) {
    const head = Buffer.allocUnsafe(webSocketHead(frame.length));
    putWebSocketHead(head, 0, frame);
    return head;
  },
};

/** No heads: the payloads themselves say where they end, as those of STOMP do. */
export const streamFraming: Framing = {
  wireLength: ({ length }) => length,
  putHead: (_target, at) => at,
  headOf: () => undefined,
};

function webSocketHead(payload: number): number {
  if (payload < 126) return 2;
  return payload < 65_536 ? 4 : 10;
}

/** Writes FIN, the opcode and the length. */
function putWebSocketHead(target: Buffer, at: number, { length, isBinary }: Frame): number {
  target[at] = isBinary ? 0x82 : 0x81;
  if (length < 126) {
    target[at + 1] = length;
    return at + 2;
  }
  if (length < 65_536) {
    target[at + 1] = 126;
    target.writeUInt16BE(length, at + 2);
    return at + 4;
  }
  target[at + 1] = 127;
  target.writeUInt32BE(Math.floor(length / 0x1_0000_0000), at + 2);
  target.writeUInt32BE(length >>> 0, at + 6);
  return at + 10;
}

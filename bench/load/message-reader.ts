import type { ControlHandler } from './frame-counter.js';
import { headSize, payloadLength } from './frame-counter.js';

/** Takes a whole message. The buffer is valid only until the handler returns. */
export type MessageHandler = (payload: Buffer) => void;

/**
 * Reads the WebSocket messages of a server, for logins, callees and verifying rounds. Fragments are refused: no server
 * under test sends any.
 */
export class MessageReader {
  /** What the end of the last chunk cut off. */
  #rest: Buffer | undefined;

  constructor(
    private readonly onMessage: MessageHandler,
    private readonly onControl: ControlHandler,
  ) {}

  /**
   * Takes the next `length` bytes.
   *
   * @throws Error if the stream is not one of whole, unmasked server frames.
   */
  push(chunk: Buffer, length: number): void {
    const fresh = chunk.subarray(0, length);
    const data = this.#rest === undefined ? fresh : Buffer.concat([this.#rest, fresh]);
    let at = 0;
    for (;;) {
      const end = this.#frame(data, at);
      if (end === at) break;
      at = end;
    }
    // A copy: the chunk is the shared read buffer of all connections.
    this.#rest = at < data.length ? Buffer.from(data.subarray(at)) : undefined;
  }

  /** Hands over the frame at `at` if it is whole, and returns where the next one begins. */
  #frame(data: Buffer, at: number): number {
    if (at + 2 > data.length) return at;
    const size = headSize(data[at + 1] as number);
    if (at + size > data.length) return at;
    const end = at + size + payloadLength(data, at, size);
    if (end > data.length) return at;
    const opcode = (data[at] as number) & 0x0f;
    const payload = data.subarray(at + size, end);
    if (opcode >= 8) this.onControl(opcode, Buffer.from(payload));
    else if (((data[at] as number) & 0x80) === 0 || opcode === 0) throw new Error('a fragment');
    else this.onMessage(payload);
    return end;
  }
}

const CONTROL = 0x08;
const FIN = 0x80;
const MASKED = 0x80;

/** A control frame as it came: opcode (8 close, 9 ping, 10 pong) and payload. */
export type ControlHandler = (opcode: number, payload: Buffer) => void;

/**
 * Counts the WebSocket messages of a server by their frame heads, over any split of the stream, and looks at nothing else
 * than the first two bytes of a payload: decoding on the load side would measure the load side. [RFC 6455 §5.2]
 */
export class FrameCounter {
  /** Messages that have arrived whole. */
  messages = 0;
  /** Messages among them that did not begin as expected. */
  unexpected = 0;
  /** Bytes of the current frame's payload that are still to come. */
  #left = 0;
  /** First byte of the current frame. */
  #first = 0;
  /** A head that was cut by the end of a chunk, and how much of it is there. */
  readonly #head = Buffer.alloc(10);
  #headLength = 0;
  /** Payload of the control frame that is arriving. */
  #control: Buffer | undefined;

  /**
   * @param signature the two ASCII characters that every message must begin with; empty: anything.
   * @param onControl is given each control frame.
   */
  constructor(
    private readonly signature: string,
    private readonly onControl: ControlHandler,
  ) {
    this.#a = signature.charCodeAt(0);
    this.#b = signature.charCodeAt(1);
  }

  readonly #a: number;
  readonly #b: number;

  /**
   * Takes the next `length` bytes.
   *
   * @throws Error if the stream is not one of unmasked server frames.
   */
  push(chunk: Buffer, length: number): void {
    let at = 0;
    while (at < length) {
      if (this.#left > 0) at = this.#skip(chunk, at, length);
      else if (this.#headLength > 0) at = this.#completeHead(chunk, at, length);
      else at = this.#begin(chunk, at, length);
    }
  }

  /** Reads a head that lies whole in the chunk, or keeps the piece of it that does. */
  #begin(chunk: Buffer, at: number, length: number): number {
    const size = at + 1 < length ? headSize(chunk[at + 1] as number) : Number.POSITIVE_INFINITY;
    if (at + size > length) {
      this.#headLength = chunk.copy(this.#head, 0, at, length);
      return length;
    }
    this.#open(chunk, at, size);
    const payload = at + size;
    // Two bytes that the end of the chunk cuts off are not looked at: sampling is enough here.
    if (this.#left >= 2 && payload + 1 < length && (this.#first & 0x0f) !== 0) this.#look(chunk, payload);
    return payload;
  }

  #completeHead(chunk: Buffer, at: number, length: number): number {
    let next = at;
    if (this.#headLength === 1) this.#head[this.#headLength++] = chunk[next++] as number;
    const size = headSize(this.#head[1] as number);
    const wanted = Math.min(size - this.#headLength, length - next);
    chunk.copy(this.#head, this.#headLength, next, next + wanted);
    this.#headLength += wanted;
    if (this.#headLength === size) {
      this.#headLength = 0;
      this.#open(this.#head, 0, size);
    }
    return next + wanted;
  }

  #open(head: Buffer, at: number, size: number): void {
    this.#first = head[at] as number;
    this.#left = payloadLength(head, at, size);
    if ((this.#first & CONTROL) !== 0) this.#control = Buffer.alloc(this.#left);
    if (this.#left === 0) this.#finish();
  }

  #skip(chunk: Buffer, at: number, length: number): number {
    const step = Math.min(this.#left, length - at);
    if (this.#control !== undefined) {
      chunk.copy(this.#control, this.#control.length - this.#left, at, at + step);
    }
    this.#left -= step;
    if (this.#left === 0) this.#finish();
    return at + step;
  }

  #finish(): void {
    const control = this.#control;
    if (control !== undefined) {
      this.#control = undefined;
      this.onControl(this.#first & 0x0f, control);
    } else if ((this.#first & FIN) !== 0) {
      this.messages += 1;
    }
  }

  #look(chunk: Buffer, at: number): void {
    if (this.signature === '' || this.#control !== undefined) return;
    if (chunk[at] !== this.#a || chunk[at + 1] !== this.#b) this.unexpected += 1;
  }
}

/** Size of a server's frame head, by its second byte. */
export function headSize(second: number): number {
  if ((second & MASKED) !== 0) throw new Error('a server must not mask');
  if (second < 126) return 2;
  return second === 126 ? 4 : 10;
}

/** Length of the payload behind a head of that size. */
export function payloadLength(head: Buffer, at: number, size: number): number {
  if (size === 2) return head[at + 1] as number;
  return size === 4 ? head.readUInt16BE(at + 2) : Number(head.readBigUInt64BE(at + 2));
}

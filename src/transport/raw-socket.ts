import { Frame } from '../subprotocols/index.js';
import type { Framing } from './framing.js';

/** The first octet of every handshake: no HTTP request begins with it [WAMP AP RawSocket Transport]. */
const MAGIC = 0x7f;

/** Serializer number → token of its owner. UBJSON (4) and FlatBuffers (5) are not spoken. */
const SERIALIZERS: ReadonlyMap<number, string> = new Map([
  [1, 'wamp.2.json'],
  [2, 'wamp.2.msgpack'],
  [3, 'wamp.2.cbor'],
]);

/** What a refusal says [WAMP AP RawSocket Transport, Handshake: Router-to-Client Reply]. */
export const RAW_SOCKET_ERRORS = {
  serializer: 1,
  length: 2,
  reserved: 3,
  connections: 4,
} as const;

/** Why a handshake is refused with an error octet. */
export type RawSocketError = keyof typeof RAW_SOCKET_ERRORS;

/** Length 0 stands for 2^9 octets, length 15 for 2^24. */
const SHORTEST = 9;
/** A client that takes less cannot even be told WELCOME. */
const LEAST_BYTES = 2048;
/** Octets of a handshake, and of the head of a frame. */
const HEAD = 4;
const LONGEST = 2 ** 24;

/** What the first octets of a client come to. */
export type RawHandshake =
  | { readonly kind: 'incomplete' }
  /** It is no RawSocket client: it gets no answer. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'refused'; readonly error: RawSocketError }
  | {
      readonly kind: 'accepted';
      readonly serializer: number;
      readonly token: string;
      /** Bytes of the longest message that the client takes. */
      readonly maxFrameBytes: number;
    };

/** Reads a handshake [WAMP AP RawSocket Transport, Handshake: Client-to-Router Request]. Pure. */
export function readHandshake(octets: Uint8Array, speaks: (token: string) => boolean): RawHandshake {
  const [magic, wishes = 0] = octets;
  if (magic === undefined) return { kind: 'incomplete' };
  if (magic !== MAGIC) return { kind: 'foreign' };
  if (octets.length < HEAD) return { kind: 'incomplete' };
  if (octets[2] !== 0 || octets[3] !== 0) return { kind: 'refused', error: 'reserved' };
  const serializer = wishes & 0x0f;
  const token = SERIALIZERS.get(serializer);
  if (token === undefined || !speaks(token)) return { kind: 'refused', error: 'serializer' };
  const maxFrameBytes = 2 ** ((wishes >> 4) + SHORTEST);
  if (maxFrameBytes < LEAST_BYTES) return { kind: 'refused', error: 'length' };
  return { kind: 'accepted', serializer, token, maxFrameBytes };
}

/** The number that stands for the largest power of two up to `bytes`. */
export function lengthNumber(bytes: number): number {
  return Math.min(15, Math.max(0, Math.floor(Math.log2(bytes)) - SHORTEST));
}

/** Bytes of the longest message that a length number allows. */
export function bytesOfLength(number: number): number {
  return 2 ** (number + SHORTEST);
}

/** The answer to a handshake that is accepted. */
export function acceptance(length: number, serializer: number): Buffer {
  return Buffer.of(MAGIC, (length << 4) | serializer, 0, 0);
}

/** The answer to a handshake that is refused. */
export function refusal(error: RawSocketError): Buffer {
  return Buffer.of(MAGIC, RAW_SOCKET_ERRORS[error] << 4, 0, 0);
}

/** What a frame is. */
const TYPES = { message: 0, ping: 1, pong: 2 } as const;

/** The answer to a PING: the same payload. */
export class PongFrame extends Frame {
  constructor(payload: Uint8Array) {
    super(true, [payload]);
  }
}

/** Four octets before each payload: the type, and the length in 25 bits [WAMP AP RawSocket Transport, Framing]. */
export const rawSocketFraming: Framing = {
  wireLength: ({ length }) => HEAD + length,
  putHead: putRawHead,
  headOf(frame) {
    const head = Buffer.allocUnsafe(HEAD);
    putRawHead(head, 0, frame);
    return head;
  },
};

/** The bit above the 24 of the length is the fourth of the first octet, so the number can be written as it is. */
function putRawHead(target: Buffer, at: number, frame: Frame): number {
  const type = frame instanceof PongFrame ? TYPES.pong : TYPES.message;
  target.writeUInt32BE(type * 2 ** 24 + (frame.length === LONGEST ? 0x0800_0000 : frame.length), at);
  return at + HEAD;
}

/** Whom a reader tells what it has read. */
export interface RawFrames {
  message(payload: Buffer): void;
  ping(payload: Buffer): void;
}

/** Why nothing more is read. */
export interface RawFault {
  readonly kind: 'protocol_error' | 'too_big';
  readonly text: string;
}

/**
 * Takes frames out of the stream, in whatever pieces they come. What is kept of an unfinished frame grows with what has
 * arrived, not with what was declared.
 */
export class RawSocketReader {
  readonly #head = Buffer.alloc(HEAD);
  #headFilled = 0;
  /** The frame that has begun, after its head. */
  #type = 0;
  #length = -1;
  #body: Buffer = EMPTY;
  #filled = 0;

  /** @param maxBytes of one payload. */
  constructor(
    private readonly maxBytes: number,
    private readonly frames: RawFrames,
  ) {}

  /** Reads on; after a fault nobody reads any more. `stopped` is asked after each frame. */
  read(chunk: Buffer, stopped: () => boolean): RawFault | undefined {
    let at = 0;
    while (at < chunk.length && !stopped()) {
      if (this.#length < 0) {
        at = this.#readHead(chunk, at);
        if (this.#headFilled < HEAD) return undefined;
        const fault = this.#begin(this.#head.readUInt32BE());
        if (fault !== undefined) return fault;
      }
      at = this.#readBody(chunk, at);
    }
    return undefined;
  }

  #readHead(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#head, this.#headFilled, at, at + HEAD - this.#headFilled);
    this.#headFilled += taken;
    return at + taken;
  }

  #begin(head: number): RawFault | undefined {
    const first = head >>> 24;
    if (first > 0x0f) return { kind: 'protocol_error', text: 'Reserved bits of a RawSocket frame are set.' };
    this.#type = first & 0x07;
    if (this.#type > TYPES.pong)
      return { kind: 'protocol_error', text: 'A RawSocket frame of an unknown type.' };
    const low = head & 0xff_ffff;
    const isLongest = (first & 0x08) !== 0;
    if (isLongest && low !== 0)
      return { kind: 'protocol_error', text: 'The length of a RawSocket frame is malformed.' };
    this.#length = isLongest ? LONGEST : low;
    if (this.#length <= this.maxBytes) return undefined;
    return { kind: 'too_big', text: `A message may have ${this.maxBytes} bytes, as the handshake said.` };
  }

  #readBody(chunk: Buffer, at: number): number {
    const end = at + this.#length - this.#filled;
    if (this.#filled === 0 && end <= chunk.length) {
      this.#finish(chunk.subarray(at, end));
      return end;
    }
    const piece = chunk.subarray(at, Math.min(end, chunk.length));
    this.#keep(piece);
    if (this.#filled === this.#length) this.#finish(this.#body);
    return at + piece.length;
  }

  #keep(piece: Buffer): void {
    const needed = this.#filled + piece.length;
    if (needed > this.#body.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(this.#length, Math.max(needed, this.#body.length * 2)));
      this.#body.copy(grown, 0, 0, this.#filled);
      this.#body = grown;
    }
    piece.copy(this.#body, this.#filled);
    this.#filled = needed;
  }

  #finish(payload: Buffer): void {
    const type = this.#type;
    this.#length = -1;
    this.#headFilled = 0;
    this.#filled = 0;
    this.#body = EMPTY;
    if (type === TYPES.message) this.frames.message(payload);
    else if (type === TYPES.ping) this.frames.ping(payload);
    // A PONG has told that the peer lives: its octets have been counted.
  }
}

const EMPTY = Buffer.alloc(0);

import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** One WebSocket frame as it came from the server. */
export interface ReceivedFrame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Buffer;
}

/** One frame to send; everything may be wrong on purpose. */
export interface FrameToSend {
  readonly fin?: boolean;
  /** The three reserved bits, 4 = RSV1. */
  readonly rsv?: number;
  readonly opcode: number;
  readonly payload?: Buffer | string;
  /** False leaves the mask out. */
  readonly masked?: boolean;
  /** Written instead of the real length, in the 64-bit form. */
  readonly declaredLength?: bigint;
}

/** What the server answered to a request. */
export interface HttpAnswer {
  readonly status: number;
  /** Header name in lower case → its lines. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

/** How a handshake is made; each part has the value of a correct one. */
export interface HandshakeToSend {
  readonly path?: string;
  readonly method?: string;
  readonly version?: string;
  /** Sent as `Sec-WebSocket-Protocol`. */
  readonly protocol?: string | undefined;
  /** Header name → value; undefined leaves a header of the correct handshake out, a list sends it several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Octets sent in the same write, after the headers. */
  readonly rest?: Buffer | string;
}

/** Writes an upgrade request. */
export function handshakeBytes(port: number, handshake: HandshakeToSend = {}): Buffer {
  const headers: Record<string, string | readonly string[] | undefined> = {
    Host: `127.0.0.1:${port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol': handshake.protocol,
    ...handshake.headers,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (value === undefined ? [] : [value].flat()).map((line) => `${name}: ${line}\r\n`),
  );
  const start = `${handshake.method ?? 'GET'} ${handshake.path ?? '/ws'} HTTP/${handshake.version ?? '1.1'}\r\n`;
  const rest = handshake.rest ?? '';
  return Buffer.concat([
    Buffer.from(`${start}${lines.join('')}\r\n`, 'latin1'),
    typeof rest === 'string' ? Buffer.from(rest) : rest,
  ]);
}

/** Writes one frame. */
export function frameBytes(frame: FrameToSend): Buffer {
  const payload = Buffer.from(frame.payload ?? '');
  const masked = frame.masked ?? true;
  const first = (frame.fin === false ? 0 : 0x80) | ((frame.rsv ?? 0) << 4) | frame.opcode;
  const length = lengthBytes(payload.length, frame.declaredLength);
  length[0] = length[0]! | (masked ? 0x80 : 0);
  if (!masked) return Buffer.concat([Buffer.of(first), length, payload]);
  const mask = Buffer.of(0x12, 0x34, 0x56, 0x78);
  const hidden = Buffer.from(payload.map((octet, i) => octet ^ mask[i & 3]!));
  return Buffer.concat([Buffer.of(first), length, mask, hidden]);
}

function lengthBytes(length: number, declared: bigint | undefined): Buffer {
  if (declared === undefined && length < 126) return Buffer.of(length);
  if (declared === undefined && length < 65_536) return Buffer.of(126, length >> 8, length & 255);
  const bytes = Buffer.alloc(9);
  bytes[0] = 127;
  bytes.writeBigUInt64BE(declared ?? BigInt(length), 1);
  return bytes;
}

/** A client that speaks WebSocket by hand: what goes over the wire is what the test says. */
export class RawWebSocket {
  /** Resolves when the connection has ended, however. */
  readonly ended: Promise<void>;
  #bytes: Buffer = Buffer.alloc(0);
  #isEnded = false;
  #wake: () => void = () => {};

  private constructor(readonly socket: Socket) {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.#isEnded = true;
        this.#wake();
        resolve();
      };
      socket.on('end', end);
      socket.on('close', end);
    });
  }

  /** A TCP connection on which nothing has been sent. */
  static async connect(port: number): Promise<RawWebSocket> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const client = new RawWebSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  /** Connects and expects a 101. */
  static async open(port: number, handshake: HandshakeToSend = {}): Promise<RawWebSocket> {
    const client = await RawWebSocket.connect(port);
    client.write(handshakeBytes(port, handshake));
    const answer = await client.answer();
    if (answer.status !== 101) throw new Error(`Expected 101, got ${answer.status}`);
    return client;
  }

  /** Sends an upgrade request and reads the answer with its body; the connection is over afterwards. */
  static async refused(
    port: number,
    handshake: HandshakeToSend = {},
  ): Promise<HttpAnswer & { readonly body: string }> {
    const client = await RawWebSocket.connect(port);
    client.write(handshakeBytes(port, handshake));
    const answer = await client.answer();
    if (answer.status === 101) {
      client.destroy();
      throw new Error('Expected a refusal, got 101');
    }
    await client.ended;
    const body = client.#bytes.toString();
    client.destroy();
    return { ...answer, body };
  }

  write(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  /** Sends one message in one frame. */
  send(message: string | Buffer): void {
    this.write(frameBytes({ opcode: typeof message === 'string' ? 1 : 2, payload: message }));
  }

  frame(frame: FrameToSend): void {
    this.write(frameBytes(frame));
  }

  /** Sends a close frame. */
  close(code: number | undefined = 1000, text = ''): void {
    const head = Buffer.alloc(2);
    head.writeUInt16BE(code);
    this.frame({ opcode: 8, payload: Buffer.concat([head, Buffer.from(text)]) });
  }

  /** Reads the head of an HTTP answer. */
  async answer(): Promise<HttpAnswer> {
    const end = await this.#until(() => {
      const at = this.#bytes.indexOf('\r\n\r\n');
      return at === -1 ? undefined : at;
    });
    const [start = '', ...lines] = this.#bytes.subarray(0, end).toString('latin1').split('\r\n');
    this.#bytes = this.#bytes.subarray(end + 4);
    const headers = new Map<string, string[]>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
    }
    return { status: Number(start.split(' ')[1]), headers };
  }

  /** Reads one frame. */
  next(): Promise<ReceivedFrame> {
    return this.#until(() => this.#takeFrame());
  }

  /** Reads one frame and returns its payload as text. */
  async text(): Promise<string> {
    const frame = await this.next();
    return frame.payload.toString();
  }

  /** Skips to the server's close frame. */
  async closeFrame(): Promise<{ readonly code: number | undefined; readonly text: string }> {
    for (;;) {
      const { opcode, payload } = await this.next();
      if (opcode !== 8) continue;
      const code = payload.length === 0 ? undefined : payload.readUInt16BE();
      return { code, text: payload.subarray(2).toString() };
    }
  }

  /** Octets received and not read as an answer or a frame. */
  get unread(): number {
    return this.#bytes.length;
  }

  destroy(): void {
    this.socket.destroy();
  }

  async #until<T>(take: () => T | undefined): Promise<T> {
    for (;;) {
      const taken = take();
      if (taken !== undefined) return taken;
      if (this.#isEnded) throw new Error('The connection has ended.');
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  #takeFrame(): ReceivedFrame | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const first = bytes[0]!;
    const masked = (bytes[1]! & 0x80) !== 0;
    let length = bytes[1]! & 0x7f;
    let at = 2;
    if (length === 126) {
      if (bytes.length < 4) return undefined;
      length = bytes.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return undefined;
      length = Number(bytes.readBigUInt64BE(2));
      at = 10;
    }
    if (bytes.length < at + length) return undefined;
    this.#bytes = bytes.subarray(at + length);
    const payload = bytes.subarray(at, at + length);
    return { fin: first >= 0x80, rsv: (first >> 4) & 7, opcode: first & 15, masked, payload };
  }
}

import { connect } from 'node:net';
import type { NetConnectOpts, Socket } from 'node:net';

/** A client on a bare socket: what goes over the wire is what the test says. */
export class SocketPeer {
  /** Resolves when the other side has ended the connection, however. */
  readonly ended: Promise<void>;
  #bytes: Buffer = Buffer.alloc(0);
  #isEnded = false;
  #wake: () => void = () => {};

  constructor(readonly socket: Socket) {
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

  static async connect(where: NetConnectOpts): Promise<SocketPeer> {
    const socket = connect({ ...where, noDelay: true, allowHalfOpen: true });
    const peer = new SocketPeer(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return peer;
  }

  write(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  /** Sends octets spelled in hexadecimal digits; blanks are passed over. */
  hex(digits: string): void {
    this.write(Buffer.from(digits.replaceAll(/\s/g, ''), 'hex'));
  }

  /** Reads so many octets. */
  async octets(count: number): Promise<Buffer> {
    await this.#until(() => this.#bytes.length >= count);
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  /** Reads up to and with an octet sequence, as text. */
  async upTo(end: string): Promise<string> {
    await this.#until(() => this.#bytes.includes(end));
    return (await this.octets(this.#bytes.indexOf(end) + end.length)).toString();
  }

  /** What has come and was not read when the other side ended. */
  async rest(): Promise<Buffer> {
    await this.ended;
    return this.#bytes;
  }

  destroy(): void {
    this.socket.destroy();
  }

  async #until(there: () => boolean): Promise<void> {
    while (!there()) {
      if (this.#isEnded)
        throw new Error(`The connection has ended; unread: ${this.#bytes.toString('latin1')}`);
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }
}

/** A RawSocket frame: four octets of head, then the payload. */
export function rawFrame(payload: Buffer | string, type = 0): Buffer {
  const body = Buffer.from(payload);
  const head = Buffer.alloc(4);
  head.writeUInt32BE((type << 24) | body.length);
  return Buffer.concat([head, body]);
}

/** A client that speaks RawSocket. */
export class RawSocketPeer extends SocketPeer {
  static override async connect(where: NetConnectOpts): Promise<RawSocketPeer> {
    const { socket } = await SocketPeer.connect(where);
    socket.removeAllListeners();
    return new RawSocketPeer(socket);
  }

  /** Says the octets of a handshake, by default for JSON and 16 MiB; returns the answer in hexadecimal digits. */
  async shakeHands(octets = '7ff10000'): Promise<string> {
    this.hex(octets);
    return (await this.octets(4)).toString('hex');
  }

  /** Sends one message. */
  send(message: Buffer | string): void {
    this.write(rawFrame(message));
  }

  /** Reads one frame. */
  async frame(): Promise<{ readonly type: number; readonly payload: Buffer }> {
    const head = (await this.octets(4)).readUInt32BE();
    return { type: head >>> 24, payload: await this.octets(head & 0xff_ffff) };
  }

  /** Reads one message as text. */
  async text(): Promise<string> {
    const { type, payload } = await this.frame();
    if (type !== 0) throw new Error(`Expected a message, got type ${type}.`);
    return payload.toString();
  }
}

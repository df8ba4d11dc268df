import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { BINARY, clientFrame } from './client-frame.js';
import { FrameCounter } from './frame-counter.js';
import type { MessageHandler } from './message-reader.js';
import { MessageReader } from './message-reader.js';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const LOGIN_TIMEOUT_MS = 10_000;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** All connections read into this one: what they get out of it is used before the next read. */
const shared = Buffer.allocUnsafeSlow(256 * 1024);

/** Where a client goes. */
export interface Door {
  readonly port: number;
  readonly path: string;
  /** Token for `Sec-WebSocket-Protocol`, if one is to be offered. */
  readonly subprotocol: string | undefined;
  /** Messages are binary ones. */
  readonly binary: boolean;
}

interface Reader {
  push(chunk: Buffer, length: number): void;
}

/**
 * A WebSocket client on a bare TCP socket, which counts what arrives or hands it over, as told. Whatever ends the
 * connection before `close` is kept as `failure`.
 */
export class Client {
  /** Why the connection is of no use any more. */
  failure: Error | undefined;
  #reader: Reader | undefined;
  #counter: FrameCounter | undefined;
  /** Called after each chunk. */
  #onChunk: () => void = ignore;
  /** Frames that wait for `flush`. */
  #frames: Buffer[] = [];
  #closing = false;
  #onFailure: (failure: Error) => void = ignore;
  readonly #opening: Opening;
  /** Of the messages that are sent; undefined: text. */
  readonly #opcode: number | undefined;
  readonly #socket: Socket;

  private constructor(door: Door, opened: (problem?: Error) => void) {
    this.#opening = new Opening(door, opened);
    this.#opcode = door.binary ? BINARY : undefined;
    this.#onFailure = opened;
    const onread = { buffer: shared, callback: (length: number) => this.#read(length) };
    this.#socket = connect({ port: door.port, host: '127.0.0.1', noDelay: true, onread });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')));
    this.#socket.write(this.#opening.request);
  }

  /** Connects and upgrades. */
  static open(door: Door): Promise<Client> {
    return new Promise((resolve, reject) => {
      const client: Client = new Client(door, (problem) =>
        problem === undefined ? resolve(client) : reject(problem),
      );
    });
  }

  /** Messages that have arrived since `count`. */
  get messages(): number {
    return this.#counter?.messages ?? 0;
  }

  /** Messages since `count` that did not begin as they should. */
  get unexpected(): number {
    return this.#counter?.unexpected ?? 0;
  }

  /** From now on counts messages, which must begin with `signature`, and calls `onChunk` after each read. */
  count(signature: string, onChunk: () => void): void {
    this.#counter = new FrameCounter(signature, (opcode, payload) => this.#control(opcode, payload));
    this.#reader = this.#counter;
    this.#onChunk = onChunk;
  }

  /** From now on hands messages over, and calls `onChunk` after each read. */
  listen(onMessage: MessageHandler, onChunk: () => void = ignore): void {
    this.#reader = new MessageReader(onMessage, (opcode, payload) => this.#control(opcode, payload));
    this.#onChunk = onChunk;
  }

  /** Sends a message and waits for the next one. For logins. */
  request(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no answer to ${text.slice(0, 60)}`)), LOGIN_TIMEOUT_MS);
      this.#onFailure = (failure) => {
        clearTimeout(late);
        reject(failure);
      };
      this.listen((payload) => {
        clearTimeout(late);
        this.#onFailure = ignore;
        resolve(payload.toString('latin1'));
      });
      this.send(text);
    });
  }

  /** Sends a message, one character a byte, at once. */
  send(text: string): void {
    this.#socket.write(clientFrame(text, this.#opcode));
  }

  /** Keeps a message, one character a byte, for the next `flush`. */
  queue(text: string): void {
    this.#frames.push(clientFrame(text, this.#opcode));
  }

  /** Sends what was queued in one write. */
  flush(): void {
    const frames = this.#frames;
    if (frames.length === 0) return;
    this.#frames = [];
    this.#socket.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames));
  }

  /** Ends the connection; resolves when it is gone. */
  close(): Promise<void> {
    this.#closing = true;
    return new Promise((resolve) => {
      if (this.#socket.destroyed) return resolve();
      this.#socket.once('close', () => resolve());
      // A close frame with 1000; then the server ends the TCP connection, or we do.
      this.#socket.end(clientFrame(Buffer.from([0x03, 0xe8]), CLOSE));
      setTimeout(() => this.#socket.destroy(), 1000).unref();
    });
  }

  #read(length: number): boolean {
    try {
      if (this.#reader === undefined) this.#open(length);
      else this.#reader.push(shared, length);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      return true;
    }
    this.#onChunk();
    return true;
  }

  #open(length: number): void {
    const rest = this.#opening.push(shared, length);
    if (rest === undefined) return;
    this.#onFailure = ignore;
    this.listen(ignore);
    if (rest.length > 0) throw new Error('the server speaks first');
  }

  #control(opcode: number, payload: Buffer): void {
    if (opcode === PING) this.#socket.write(clientFrame(payload, PONG));
    if (opcode !== CLOSE) return;
    const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    this.#fail(new Error(`closed by the server: ${code} ${payload.toString('utf8', 2)}`));
  }

  #fail(failure: Error): void {
    if (this.#closing || this.failure !== undefined) return;
    this.failure = failure;
    this.#socket.destroy();
    this.#onFailure(failure);
    this.#onChunk();
  }
}

/** The opening handshake of one client. [RFC 6455 §4.1] */
class Opening {
  readonly request: string;
  readonly #accept: string;
  #text = '';

  constructor(
    private readonly door: Door,
    private readonly opened: (problem?: Error) => void,
  ) {
    const key = randomBytes(16).toString('base64');
    this.#accept = createHash('sha1')
      .update(key + GUID)
      .digest('base64');
    const offer = door.subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${door.subprotocol}`];
    this.request = [
      `GET ${door.path} HTTP/1.1`,
      `Host: 127.0.0.1:${door.port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${key}`,
      'Sec-WebSocket-Version: 13',
      ...offer,
      '',
      '',
    ].join('\r\n');
  }

  /** Takes a chunk; returns what is behind the response once that is whole and right. */
  push(chunk: Buffer, length: number): Buffer | undefined {
    this.#text += chunk.toString('latin1', 0, length);
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const head = this.#text.slice(0, end);
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(`refused: ${head.split('\r\n')[0]}`);
    if (!head.includes(this.#accept)) throw new Error('wrong Sec-WebSocket-Accept');
    const token = /^sec-websocket-protocol: *(.*)$/im.exec(head)?.[1];
    if (token !== this.door.subprotocol) throw new Error(`wrong subprotocol: ${token}`);
    this.opened();
    return Buffer.from(this.#text.slice(end + 4), 'latin1');
  }
}

function ignore(): void {}

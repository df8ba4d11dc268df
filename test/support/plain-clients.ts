import { WebSocket } from 'ws';
import type { SerializerName, WireMap, WireValue } from '../../src/serializers/index.js';
import { serializers } from '../../src/serializers/index.js';
import { Mailbox } from './mailbox.js';

async function open(url: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(url, token);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  return socket;
}

async function close(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.close();
  await closed;
}

/** A STOMP frame as a test reads it. */
export interface StompFrame {
  readonly command: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly isBinary: boolean;
}

/** A STOMP client that hides nothing: frames out as octets, frames in as they came. */
export class PlainStomp {
  readonly #frames = new Mailbox<StompFrame>();

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (data.length > 1) this.#frames.put(parseStomp(data, isBinary));
    });
  }

  static async connect(url: string, headers: Readonly<Record<string, string>> = {}): Promise<PlainStomp> {
    const client = new PlainStomp(await open(url, 'v12.stomp'));
    client.send('CONNECT', { 'accept-version': '1.2', host: 'realm1', ...headers });
    const frame = await client.next();
    if (frame.command !== 'CONNECTED') throw new Error(`not connected: ${frame.command}`);
    return client;
  }

  send(command: string, headers: Readonly<Record<string, string>>, body: Uint8Array | string = ''): void {
    const octets = Buffer.from(body);
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`);
    const length = octets.length > 0 ? [`content-length:${octets.length}`] : [];
    const head = [command, ...lines, ...length, '', ''].join('\n');
    this.socket.send(Buffer.concat([Buffer.from(head), octets, Buffer.from([0])]));
  }

  /** What has come and was not taken. */
  get left(): readonly StompFrame[] {
    return this.#frames.left;
  }

  next(): Promise<StompFrame> {
    return this.#frames.take();
  }

  close(): Promise<void> {
    return close(this.socket);
  }
}

function parseStomp(data: Buffer, isBinary: boolean): StompFrame {
  const end = data.indexOf('\n\n');
  const [command = '', ...lines] = data.subarray(0, end).toString('utf8').split('\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
  return { command, headers, body: data.subarray(end + 2, -1), isBinary };
}

/** A WAMP client that hides nothing: messages as arrays, in the serializer of its choice. */
export class PlainWamp {
  readonly #messages = new Mailbox<WireValue[]>();
  #request = 0;

  private constructor(
    readonly socket: WebSocket,
    readonly serializer: SerializerName,
  ) {
    socket.on('message', (data: Buffer) =>
      this.#messages.put(serializers[serializer].decode(data) as WireValue[]),
    );
  }

  static async connect(
    url: string,
    serializer: SerializerName = 'json',
    features: WireMap = {},
    { realm = 'realm1', ...details }: WireMap = {},
  ): Promise<PlainWamp> {
    const client = new PlainWamp(await open(url, `wamp.2.${serializer}`), serializer);
    const roles = { publisher: features, subscriber: features, caller: features, callee: features };
    client.send([
      1,
      realm,
      {
        roles: Object.fromEntries(Object.entries(roles).map(([r, f]) => [r, { features: f }])),
        ...details,
      },
    ]);
    const welcome = await client.next();
    if (welcome[0] !== 2) throw new Error(`not welcome: ${JSON.stringify(welcome)}`);
    return client;
  }

  /** The next request id of this session. */
  request(): number {
    this.#request += 1;
    return this.#request;
  }

  send(message: readonly unknown[]): void {
    const data = Buffer.from(serializers[this.serializer].encode(message));
    this.socket.send(data, { binary: serializers[this.serializer].binary });
  }

  /** What has come and was not taken. */
  get left(): readonly WireValue[][] {
    return this.#messages.left;
  }

  next(): Promise<WireValue[]> {
    return this.#messages.take();
  }

  close(): Promise<void> {
    return close(this.socket);
  }
}

/** Sends a frame, and waits until it is carried out. */
export async function done(
  client: PlainStomp,
  command: string,
  headers: Readonly<Record<string, string>>,
  body = '',
): Promise<void> {
  client.send(command, { ...headers, receipt: 'done' }, body);
  const { command: answer, headers: said } = await client.next();
  if (said['receipt-id'] !== 'done')
    throw new Error(`${command} was answered with ${answer} ${said['message']}`);
}

/** Sends a message, and waits until it is answered. */
export async function ask(client: PlainWamp, code: number, ...rest: readonly unknown[]): Promise<unknown[]> {
  client.send([code, client.request(), ...rest]);
  return client.next();
}

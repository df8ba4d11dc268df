import { WebSocket } from 'ws';

/** One message of a queue that a consumer was given. */
export interface Delivery {
  readonly text: string;
  readonly redelivered: boolean;
  /** Sends the acknowledgement. `settled` is called when the server has confirmed it; not in WAMP, which cannot. */
  acknowledge(settled: () => void): void;
}

/** A client that puts messages into queues and takes them out, by whichever protocol. */
export interface Peer {
  readonly protocol: ProtocolName;
  /** Sends a persistent message; `confirmed` is called when the server says that it has it. */
  enqueue(queue: string, text: string, confirmed: () => void): void;
  /** Becomes a consumer; at most `credit` messages are under way to it, if the protocol can say so. Resolves when it is in force. */
  consume(queue: string, credit: number, take: (delivery: Delivery) => void): Promise<void>;
  /** Resolves when the connection is gone, whoever ended it. */
  readonly gone: Promise<void>;
  /** Loses the connection, without a word. */
  cut(): void;
  /** Leaves politely, and resolves when the connection is gone. */
  close(): Promise<void>;
}

/** The protocols of the run. */
export type ProtocolName = 'stomp' | 'wamp';

/** Is told when a connection ends that nobody closed. */
export type Broken = (why: Error) => void;

/** How long a client waits for the end of its connection before it cuts it, in ms. */
const CLOSE_MS = 2000;

/** What a client is made of before it has said anything. */
export interface Connecting<P> {
  readonly url: string;
  /** The WebSocket subprotocol that is offered. */
  readonly token: string;
  /** Makes the client; it calls `ready` when the server has let it in. */
  readonly make: (socket: WebSocket, ready: () => void) => P;
  /** Its first words. */
  readonly greeting: string;
}

/** Connects a client; resolves when it has been let in. `broken` is told when the connection ends later, `hears` of each message. */
export async function connectPeer<P>(
  { url, token, make, greeting }: Connecting<P>,
  hears: (peer: P, text: string) => void,
  broken: Broken,
): Promise<P> {
  const socket = await openSocket(url, token);
  return new Promise((resolve, reject) => {
    const peer: P = make(socket, () => resolve(peer));
    listen(
      socket,
      (text) => hears(peer, text),
      (why) => {
        reject(why);
        broken(why);
      },
    );
    socket.send(greeting);
  });
}

/** Opens a WebSocket that offers one subprotocol. */
async function openSocket(url: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(url, token, { perMessageDeflate: false });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return socket;
}

/** Has `hears` told of each message, and `broken` of whatever ends the connection before `closeSocket` does. */
function listen(socket: WebSocket, hears: (text: string) => void, broken: Broken): void {
  socket.on('message', (data: Buffer) => {
    try {
      hears(data.toString('utf8'));
    } catch (error) {
      broken(error instanceof Error ? error : new Error(String(error)));
      socket.terminate();
    }
  });
  socket.on('error', broken);
  socket.on('close', (code, reason) => {
    if (!closing.has(socket)) broken(new Error(`the server closed with ${code} ${reason.toString()}`));
  });
}

const closing = new WeakSet<WebSocket>();

/** Resolves when a socket is closed. */
export function closedSocket(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === WebSocket.CLOSED) resolve();
    else socket.once('close', () => resolve());
  });
}

/** Cuts a connection; nobody is told that it is broken. */
export function cutSocket(socket: WebSocket): void {
  closing.add(socket);
  socket.terminate();
}

/** Ends a connection; its end is expected from now on. */
export async function closeSocket(socket: WebSocket): Promise<void> {
  closing.add(socket);
  socket.close();
  const late = setTimeout(() => socket.terminate(), CLOSE_MS);
  await closedSocket(socket);
  clearTimeout(late);
}

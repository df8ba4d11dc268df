import { once } from 'node:events';
import { WebSocket } from 'ws';

/** A client that says text messages, and waits for one answer to each. */
export class LoginSocket {
  private constructor(private readonly socket: WebSocket) {}

  /** Connects with a subprotocol, and with headers of its own. */
  static async connect(
    url: string,
    token: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<LoginSocket> {
    const socket = new WebSocket(url, [token], { headers });
    await once(socket, 'open');
    return new LoginSocket(socket);
  }

  /** Sends one message and waits for the next one that comes back. */
  async ask(message: string): Promise<string> {
    const answered = once(this.socket, 'message');
    this.socket.send(message);
    const [answer] = await answered;
    return String(answer);
  }

  /** The next message that comes. */
  async next(): Promise<string> {
    const [message] = await once(this.socket, 'message');
    return String(message);
  }

  /** Sends one WAMP message. */
  say(message: readonly unknown[]): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Sends one WAMP message and waits for the next one that comes back. */
  async askWamp(message: readonly unknown[]): Promise<unknown[]> {
    return JSON.parse(await this.ask(JSON.stringify(message))) as unknown[];
  }

  /** Ends the connection at once. */
  close(): void {
    this.socket.terminate();
  }
}

/** What comes back to the first message of a connection, which ends then. */
export async function firstAnswer(
  url: string,
  token: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const socket = await LoginSocket.connect(url, token, headers);
  try {
    return await socket.ask(message);
  } finally {
    socket.close();
  }
}

/** Logs in with a name and a passcode over STOMP; the frame that comes back. */
export function loginOverStomp(url: string, login: string, passcode: string): Promise<string> {
  const frame = `CONNECT\naccept-version:1.2\nhost:realm1\nlogin:${login}\npasscode:${passcode}\n\n\0`;
  return firstAnswer(url, 'v12.stomp', frame);
}

/** Logs in with a name and a ticket over WAMP; details of WELCOME, or the reason of ABORT. */
export async function loginOverWamp(url: string, authid: string, ticket: string): Promise<unknown> {
  const socket = await LoginSocket.connect(url, 'wamp.2.json');
  try {
    await socket.askWamp([1, 'realm1', { roles: { caller: {} }, authmethods: ['ticket'], authid }]);
    return (await socket.askWamp([5, ticket, {}]))[2];
  } finally {
    socket.close();
  }
}

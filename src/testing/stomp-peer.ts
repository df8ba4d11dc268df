import type { CloseKind, Session, Subprotocol } from '../subprotocols/index.js';
import { stomp } from '../subprotocols/index.js';
import { FakeLink } from './fake-link.js';
import type { TestServices } from './test-services.js';

/** A STOMP frame as a test reads and compares it. */
export interface StompPeerFrame {
  readonly command: string;
  /** Header name → value, unescaped as the version says; of a name that is repeated the first counts. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What may be chosen for a {@link StompPeer}. */
export interface StompPeerOptions {
  /** The server's side. Default `stomp()`. */
  readonly subprotocol?: Subprotocol;
  /** The STOMP version to speak. Default `1.2`. */
  readonly version?: '1.0' | '1.1' | '1.2';
  /** The negotiated token; null: none was offered. Default: that of the version. */
  readonly token?: string | null;
}

/** Headers of a frame to send, in their order. */
export type StompPeerHeaders = Readonly<Record<string, string>>;

/**
 * A STOMP client without a socket: one session of the server's on a {@link FakeLink}. What it sends is processed before
 * `send` returns, and what comes back is there to be taken; heart-beats and time wait for the {@link ManualClock} of the
 * services.
 */
export class StompPeer {
  readonly link: FakeLink;
  readonly session: Session;
  readonly version: '1.0' | '1.1' | '1.2';
  #closed = false;
  #subscriptions = 0;

  /** A connection that has said nothing yet; see {@link StompPeer.connect}. */
  constructor(services: TestServices, options: StompPeerOptions = {}) {
    const { subprotocol = stomp(), version = '1.2', token } = options;
    this.version = version;
    this.link = new FakeLink(services.clock);
    const negotiated = token === null ? undefined : (token ?? `v${version.replace('.', '')}.stomp`);
    this.session = subprotocol.open(this.link, { token: negotiated, path: '/ws' }, services);
  }

  /**
   * A client that is connected; CONNECTED is taken.
   *
   * @param headers of CONNECT, besides `accept-version` and `host` (`realm1`), which they replace.
   * @throws Error if the answer, which has to come at once, is anything else.
   */
  static connect(
    services: TestServices,
    options: StompPeerOptions = {},
    headers: StompPeerHeaders = {},
  ): StompPeer {
    const peer = new StompPeer(services, options);
    peer.send('CONNECT', { 'accept-version': peer.version, host: 'realm1', ...headers });
    const answers = peer.take();
    if (answers.length !== 1 || answers[0]?.command !== 'CONNECTED') {
      throw new Error(`expected CONNECTED, got ${JSON.stringify(answers.map(told))}`);
    }
    return peer;
  }

  /** Sends a frame; header values are escaped as the version says, a body gets its `content-length`. */
  send(command: string, headers: StompPeerHeaders = {}, body: string | Uint8Array = ''): this {
    const octets = Buffer.from(body);
    const lines = Object.entries(headers).map(([name, value]) => `${this.#escape(command, name, value)}\n`);
    if (octets.length > 0 && headers['content-length'] === undefined) {
      lines.push(`content-length:${octets.length}\n`);
    }
    return this.sendRaw(Buffer.concat([Buffer.from(`${command}\n${lines.join('')}\n`), octets, NUL]));
  }

  /** Sends WebSocket messages as they are: a string as text, a Buffer as binary. */
  sendRaw(...messages: (string | Buffer)[]): this {
    for (const message of messages) this.link.receive(this.session, message);
    return this;
  }

  /**
   * Subscribes.
   *
   * @returns the id of the subscription, `sub-1`, `sub-2`, …, unless `headers` names one.
   */
  subscribe(destination: string, headers: StompPeerHeaders = {}): string {
    this.#subscriptions += 1;
    const id = headers['id'] ?? `sub-${this.#subscriptions}`;
    this.send('SUBSCRIBE', { id, destination, ...headers });
    return id;
  }

  /** SEND, as text unless `headers` says another `content-type`. */
  publish(destination: string, body: string | Uint8Array = '', headers: StompPeerHeaders = {}): this {
    return this.send('SEND', { destination, 'content-type': 'text/plain', ...headers }, body);
  }

  /**
   * Takes the frames that have come since the last look, without heart-beats.
   *
   * @throws Error if something is no STOMP frame, or more than one in a message.
   */
  take(): StompPeerFrame[] {
    return this.takeRaw()
      .filter((message) => !message.equals(END_OF_LINE))
      .map((message) => this.#parse(message));
  }

  /** Takes the messages that have come since the last look, octet for octet. */
  takeRaw(): Buffer[] {
    return this.link.take();
  }

  /** How the server closed the link; undefined while it is open. */
  get closedAs(): CloseKind | undefined {
    return this.link.closeReason?.kind;
  }

  /** The socket is gone; later calls do nothing. */
  disconnect(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.session.closed({ code: 1006, text: '', by: 'error' });
  }

  /** CONNECT and CONNECTED are never escaped, nor is anything in 1.0 [STOMP 1.2 §Value Encoding]. */
  #escapes(command: string): boolean {
    return this.version !== '1.0' && command !== 'CONNECT' && command !== 'CONNECTED';
  }

  #escape(command: string, name: string, value: string): string {
    if (!this.#escapes(command)) return `${name}:${value}`;
    const escape = (text: string): string =>
      text
        .replaceAll('\\', '\\\\')
        .replaceAll('\n', '\\n')
        .replaceAll(':', '\\c')
        .replaceAll('\r', this.version === '1.2' ? '\\r' : '\r');
    return `${escape(name)}:${escape(value)}`;
  }

  #parse(message: Buffer): StompPeerFrame {
    const end = message.indexOf('\n\n');
    if (end < 0 || message.at(-1) !== 0) throw new Error(`no STOMP frame: ${JSON.stringify(`${message}`)}`);
    const [command = '', ...lines] = message.toString('utf8', 0, end).split('\n');
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = this.#unescape(command, line.slice(0, colon));
      headers[name] ??= this.#unescape(command, line.slice(colon + 1));
    }
    const body = message.subarray(end + 2, -1);
    const length = headers['content-length'];
    if (length === undefined ? body.includes(0) : Number(length) !== body.length) {
      throw new Error(`not exactly one STOMP frame: ${JSON.stringify(`${message}`)}`);
    }
    return { command, headers, body };
  }

  #unescape(command: string, text: string): string {
    if (!this.#escapes(command)) return text;
    return text.replaceAll(/\\(.)/g, (escape, mark: string) => ESCAPED.get(mark) ?? escape);
  }
}

const NUL = Buffer.from([0]);
const END_OF_LINE = Buffer.from('\n');

/** What follows the backslash → what is meant */
const ESCAPED: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['c', ':'],
  ['\\', '\\'],
]);

/** A frame for people. */
function told({ command, headers, body }: StompPeerFrame): object {
  return { command, headers, body: body.toString() };
}

import type { Serializer } from '../serializers/index.js';
import { serializers } from '../serializers/index.js';
import type { CloseKind, Session, Subprotocol } from '../subprotocols/index.js';
import { wamp } from '../subprotocols/index.js';
import { FakeLink } from './fake-link.js';
import type { TestServices } from './test-services.js';

/** What may be chosen for a {@link WampPeer}. */
export interface WampPeerOptions {
  /** The server's side. Default `wamp()`. */
  readonly subprotocol?: Subprotocol;
  /** `wamp.2.json` (default), `wamp.2.msgpack` or `wamp.2.cbor`, each also with `.batched`. */
  readonly token?: string;
}

/** A WAMP message as a test reads and compares it: an array that begins with the message's number. */
export type WampPeerMessage = readonly unknown[];

/**
 * A WAMP client without a socket: one session of the server's on a {@link FakeLink}. What it sends is processed before
 * `send` returns, and what comes back is there to be taken; time waits for the {@link ManualClock} of the services.
 */
export class WampPeer {
  readonly link: FakeLink;
  readonly session: Session;
  readonly #serializer: Serializer;
  readonly #framing: Framing;
  #closed = false;
  #request = 0;

  /**
   * A connection that has said nothing yet; see {@link WampPeer.join}.
   *
   * @throws Error for a token that is not listed at {@link WampPeerOptions}.
   */
  constructor(services: TestServices, options: WampPeerOptions = {}) {
    const { subprotocol = wamp(), token = 'wamp.2.json' } = options;
    const [, name, batched] = /^wamp\.2\.(json|msgpack|cbor)(\.batched)?$/.exec(token) ?? [];
    if (name === undefined) throw new Error(`WampPeer does not speak ${token}`);
    this.#serializer = serializers[name as keyof typeof serializers];
    this.#framing = framingOf(name, batched !== undefined);
    this.link = new FakeLink(services.clock);
    this.session = subprotocol.open(this.link, { token, path: '/ws' }, services);
  }

  /**
   * A client with a session in `realm1`, all four roles and call canceling and progressive results on both sides of a call;
   * WELCOME is taken.
   *
   * @param details of HELLO, which replace these; the realm too, as `realm`.
   * @throws Error if the answer, which has to come at once, is anything else.
   */
  static join(
    services: TestServices,
    options: WampPeerOptions = {},
    { realm = 'realm1', ...details }: Readonly<Record<string, unknown>> = {},
  ): WampPeer {
    const peer = new WampPeer(services, options);
    peer.send([HELLO, realm, { roles: ROLES, ...details }]);
    const answers = peer.take();
    if (answers.length !== 1 || answers[0]?.[0] !== WELCOME) {
      throw new Error(`expected WELCOME, got ${JSON.stringify(answers)}`);
    }
    return peer;
  }

  /** The next request id of this session: 1, 2, … */
  request(): number {
    this.#request += 1;
    return this.#request;
  }

  /** Sends messages, each in a WebSocket message of its own. */
  send(...messages: WampPeerMessage[]): this {
    for (const message of messages) {
      const data = this.#framing.wrap(Buffer.from(this.#serializer.encode(message)));
      this.link.receive(this.session, data, this.#serializer.binary);
    }
    return this;
  }

  /** Sends WebSocket messages as they are: a string as text, a Buffer as binary. */
  sendRaw(...messages: (string | Buffer)[]): this {
    for (const message of messages) this.link.receive(this.session, message);
    return this;
  }

  /**
   * SUBSCRIBE.
   *
   * @returns the id of the request.
   */
  subscribe(topic: string, options: object = {}): number {
    return this.#ask(SUBSCRIBE, options, topic);
  }

  /**
   * PUBLISH.
   *
   * @returns the id of the request; it is answered if `options` has `acknowledge: true`.
   */
  publish(topic: string, args: readonly unknown[] = [], options: object = {}): number {
    return this.#ask(PUBLISH, options, topic, args);
  }

  /**
   * REGISTER.
   *
   * @returns the id of the request.
   */
  register(procedure: string, options: object = {}): number {
    return this.#ask(REGISTER, options, procedure);
  }

  /**
   * CALL.
   *
   * @returns the id of the request.
   */
  call(procedure: string, args: readonly unknown[] = [], options: object = {}): number {
    return this.#ask(CALL, options, procedure, args);
  }

  /**
   * Takes the messages that have come since the last look. Maps have no prototype, large integers are `bigint`, bytes are
   * `Uint8Array`.
   *
   * @throws Error if something is no WAMP message in the serializer of the token.
   */
  take(): WampPeerMessage[] {
    return this.takeRaw().flatMap((data) =>
      this.#framing.unwrap(data).map((message) => {
        const value = this.#serializer.decode(message);
        if (!Array.isArray(value)) throw new Error(`no WAMP message: ${JSON.stringify(value)}`);
        return value;
      }),
    );
  }

  /** Takes the WebSocket messages that have come since the last look, octet for octet. */
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

  #ask(code: number, ...rest: readonly unknown[]): number {
    const request = this.request();
    this.send([code, request, ...rest]);
    return request;
  }
}

/** [WAMP BP Message Definitions] */
const HELLO = 1;
const WELCOME = 2;
const PUBLISH = 16;
const SUBSCRIBE = 32;
const CALL = 48;
const REGISTER = 64;

const CALL_FEATURES = { features: { progressive_call_results: true, call_canceling: true } };
const ROLES = { publisher: {}, subscriber: {}, caller: CALL_FEATURES, callee: CALL_FEATURES };

/** How messages stand in a WebSocket message [WAMP AP Batched WebSocket Transport]. */
interface Framing {
  wrap(message: Buffer): Buffer;
  unwrap(data: Buffer): Buffer[];
}

function framingOf(serializer: string, batched: boolean): Framing {
  if (!batched) return PLAIN;
  return serializer === 'json' ? SEPARATED : PREFIXED;
}

const PLAIN: Framing = { wrap: (message) => message, unwrap: (data) => [data] };

const SEPARATED: Framing = {
  wrap: (message) => Buffer.concat([message, Buffer.from([0x1e])]),
  unwrap(data) {
    if (data.at(-1) !== 0x1e) throw new Error('a batch whose last message does not end in 0x1e');
    return data
      .toString('utf8', 0, data.length - 1)
      .split('\u001e')
      .map((text) => Buffer.from(text));
  },
};

const PREFIXED: Framing = {
  wrap(message) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(message.length);
    return Buffer.concat([length, message]);
  },
  unwrap(data) {
    const messages: Buffer[] = [];
    for (let at = 0; at < data.length;) {
      const end = at + 4 + data.readUInt32BE(at);
      if (end > data.length) throw new Error('a message that is longer than its batch');
      messages.push(data.subarray(at + 4, end));
      at = end;
    }
    return messages;
  },
};

import autobahn from 'autobahn';
import { Mailbox } from '../support/mailbox.js';

/** The serializers that AutobahnJS speaks. */
export const AUTOBAHN_SERIALIZERS = ['json', 'msgpack', 'cbor'] as const;

/** One of {@link AUTOBAHN_SERIALIZERS}. */
export type AutobahnSerializer = (typeof AUTOBAHN_SERIALIZERS)[number];

const { JSONSerializer, MsgpackSerializer, CBORSerializer } = autobahn.serializer;
const SERIALIZERS = { json: JSONSerializer, msgpack: MsgpackSerializer, cbor: CBORSerializer };

/** An event as AutobahnJS hands it out. */
export interface AutobahnEvent {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly details: autobahn.Event;
}

/** What AutobahnJS says when its connection has ended. */
export interface AutobahnEnd extends autobahn.CloseDetails {
  readonly how: string;
}

/** A session of the real AutobahnJS, which needs a `WebSocket` in the global object. */
export class AutobahnClient {
  /** Protocol violations that AutobahnJS found in what the router sent: must stay empty. */
  readonly violations: unknown[] = [];
  /** Resolves when the connection has ended. */
  readonly ended: Promise<AutobahnEnd>;
  #open = false;
  #session: autobahn.Session | undefined;
  #welcome: autobahn.Dict = {};
  readonly #connection: autobahn.Connection;

  private constructor(url: string, serializer: AutobahnSerializer, realm: string, authid?: string) {
    // It tells the console of every close, also of those that were asked for.
    autobahn.log.warn = () => {};
    this.#connection = new autobahn.Connection({
      ...placeOf(url, serializer),
      realm,
      max_retries: 0,
      ...(authid !== undefined && { authid, authmethods: ['ticket'] }),
      // Errors that a test's own endpoints throw.
      on_user_error: () => {},
      on_internal_error: (error) => this.violations.push(error),
    });
    this.ended = new Promise((ended) => {
      this.#connection.onclose = (how, { reason, message }) => {
        this.#open = false;
        ended({ how, reason, message });
        return true;
      };
    });
  }

  /** Connects and joins; rejects if the connection ends before WELCOME. */
  static async join(
    url: string,
    serializer: AutobahnSerializer,
    realm = 'realm1',
    authid?: string,
  ): Promise<AutobahnClient> {
    const client = new AutobahnClient(url, serializer, realm, authid);
    const opened = new Promise<void>((resolve, reject) => {
      client.#connection.onopen = (session, details) => {
        client.#open = true;
        client.#session = session;
        client.#welcome = details;
        resolve();
      };
      void client.ended.then((end) => reject(new Error(`not joined: ${end.reason ?? end.how}`)));
    });
    client.#connection.open();
    await opened;
    return client;
  }

  get session(): autobahn.Session {
    if (this.#session === undefined) throw new Error('not joined');
    return this.#session;
  }

  /** WELCOME.Details. */
  get welcome(): autobahn.Dict {
    return this.#welcome;
  }

  /** The WebSocket subprotocol that was agreed on. */
  get protocol(): string {
    return this.#connection.transport.info.protocol;
  }

  /** Subscribes; the events can be taken one by one. */
  async listen(topic: string, options: autobahn.Dict = {}): Promise<Mailbox<AutobahnEvent>> {
    const events = new Mailbox<AutobahnEvent>();
    await this.session.subscribe(
      topic,
      (args, kwargs, details) => events.put({ args, kwargs, details }),
      options,
    );
    return events;
  }

  /** Says GOODBYE and waits until the connection has ended. */
  async leave(reason?: string): Promise<AutobahnEnd> {
    if (this.#open) this.#connection.close(reason);
    return this.ended;
  }
}

/**
 * Where to connect, as AutobahnJS wants it: by WebSocket (`ws:`, `wss:`), RawSocket (`tcp:`, `unix:`) or long-poll (`http:`). The
 * latter two speak nothing but JSON.
 */
function placeOf(url: string, serializer: AutobahnSerializer): autobahn.Place {
  const { protocol, hostname: host, port, pathname } = new URL(url);
  switch (protocol) {
    case 'tcp:':
      return { transports: [{ type: 'rawsocket', host, port: Number(port) }] };
    case 'unix:':
      return { transports: [{ type: 'rawsocket', path: pathname }] };
    case 'http:':
      return { transports: [{ type: 'longpoll', url }] };
    default:
      return { url, serializers: [new SERIALIZERS[serializer]()] };
  }
}

/** What a call was refused with: its URI and arguments. */
export async function failureOf(call: Promise<unknown>): Promise<autobahn.Error> {
  try {
    await call;
  } catch (error) {
    if (error instanceof autobahn.Error) return error;
    throw error;
  }
  throw new Error('the call was answered with a result');
}

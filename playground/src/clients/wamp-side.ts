import autobahn from 'autobahn';
import { isSecret, nameOfWampMessage, shownWampMessage } from '../wire/wamp-message';
import { ObservedSocket } from './observed-socket';
import { ProcedureError, demoProcedure } from './procedures';
import { CHAT_TOPIC, RETRY, Side, errorInWords } from './side';
import type { CallRecord, Identity } from './side';
import { tellingDeferred } from './telling-deferred';
import type { TellingPromise } from './telling-deferred';

const { JSONSerializer, MsgpackSerializer, CBORSerializer } = autobahn.serializer;
const SERIALIZERS = { json: JSONSerializer, msgpack: MsgpackSerializer, cbor: CBORSerializer } as const;

/** A serializer that AutobahnJS speaks. */
export type WampSerializer = keyof typeof SERIALIZERS;
/** All of them, the default first. */
export const WAMP_SERIALIZERS = ['json', 'msgpack', 'cbor'] as const satisfies readonly WampSerializer[];

/** A call that runs. */
interface OpenCall {
  readonly cancel: () => void;
}

/** The WAMP client of the page: AutobahnJS. */
export class WampSide extends Side {
  /** number of a call → how to cancel it */
  readonly #open = new Map<number, OpenCall>();
  /** URI → what is registered */
  readonly #registrations = new Map<string, autobahn.Registration>();
  /** Ids of what this client published, the newest only; PUBLISHED and EVENT may come in any order. */
  readonly #own = new Set<string>();
  #connection: autobahn.Connection | undefined;
  #session: autobahn.Session | undefined;
  #retryMs: number = RETRY.first;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly url: string,
    public identity: Identity,
    public serializer: WampSerializer = 'json',
  ) {
    super();
    // It tells the console of every close, also of those that were asked for; the page shows them.
    autobahn.log.warn = () => {};
  }

  connect(): void {
    this.#leave();
    const { realm, name, ticket } = this.identity;
    const login = { authmethods: ['ticket'], authid: name, onchallenge: () => ticket };
    const connection = new autobahn.Connection({
      realm,
      transports: [{ type: 'websocket', url: this.url }],
      serializers: [new SERIALIZERS[this.serializer]()],
      ...(name === '' ? {} : login),
      use_deferred: tellingDeferred,
      on_user_error: () => {},
      on_internal_error: (error) => this.log.note(`AutobahnJS: ${String(error)}`),
    });
    connection.onopen = (session) => this.#joined(connection, session);
    connection.onclose = (how, details) => {
      if (connection === this.#connection) this.#left(connection, how, details);
      // It does not come back after a GOODBYE of the server, so coming back is done here.
      return true;
    };
    this.#connection = connection;
    this.connection.set({ kind: 'connecting' });
    this.#openObserved(connection);
  }

  disconnect(): void {
    this.#leave();
    this.ended({ kind: 'closed' });
  }

  say(text: string): void {
    const options = { acknowledge: true, exclude_me: false } as const;
    void this.#session?.publish(CHAT_TOPIC, [text], {}, options).then(
      ({ id }) => this.#isOwn(String(id)),
      (error: unknown) => this.log.note(failure(error)),
    );
  }

  cancel({ number }: CallRecord): void {
    this.#open.get(number)?.cancel();
  }

  async withdraw(uri: string): Promise<void> {
    this.offered(uri, undefined);
    const registration = this.#registrations.get(uri);
    this.#registrations.delete(uri);
    if (registration === undefined) return;
    try {
      await this.#session?.unregister(registration);
    } catch (error) {
      this.log.note(failure(error));
    }
  }

  protected sendCall({ uri, args, number }: CallRecord): void {
    const session = this.#session;
    if (session === undefined) return this.settled(number, 'failed', 'not connected');
    const pending: TellingPromise<unknown> & autobahn.Cancellable = session.call(
      uri,
      args,
      {},
      { receive_progress: true },
    );
    pending.onProgress = (value) => this.progressed(number, plainResult(value));
    this.#open.set(number, { cancel: () => pending.cancel({ mode: 'kill' }) });
    void pending
      .then(
        (value) => this.settled(number, 'returned', plainResult(value)),
        (error: unknown) => this.settled(number, 'failed', failure(error)),
      )
      .finally(() => this.#open.delete(number));
  }

  protected register(uri: string): void {
    void this.#session
      ?.register(uri, (args, _kwargs, { progress }) => this.#run(uri, args, progress))
      .then(
        (registration) => {
          this.#registrations.set(uri, registration);
          if (this.offers.value.has(uri)) this.offered(uri, 'registered');
          else void this.withdraw(uri);
        },
        (error: unknown) => {
          if (!this.isOpen) return;
          this.offered(uri, undefined);
          this.log.note(`${uri} was refused: ${failure(error)}`);
        },
      );
  }

  async #run(uri: string, args: autobahn.List, progress: ((args: autobahn.List) => void) | null) {
    try {
      return await demoProcedure(uri)?.run(args, {
        // AutobahnJS is never told that a call was cancelled: it does not announce that it could be.
        signal: new AbortController().signal,
        progress: (value) => {
          if (this.isOpen) progress?.([value]);
        },
      });
    } catch (error) {
      if (!(error instanceof ProcedureError)) throw error;
      throw new autobahn.Error(error.uri, error.args);
    }
  }

  /** AutobahnJS takes the global WebSocket; while it does, that is one which tells. */
  #openObserved(connection: autobahn.Connection): void {
    const native = globalThis.WebSocket;
    const serializer = new SERIALIZERS[this.serializer]();
    const log = (direction: 'sent' | 'received') => (data: string | Uint8Array) => {
      const message = serializer.unserialize(typeof data === 'string' ? data : data.slice().buffer);
      const shown = { name: nameOfWampMessage(message), message: shownWampMessage(message) };
      const octets = typeof data === 'string' || isSecret(message) ? {} : { octets: data };
      this.log.add(direction, { kind: 'wamp', ...shown, ...octets });
    };
    const observer = { sent: log('sent'), received: log('received') };
    globalThis.WebSocket = class extends ObservedSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols, observer);
      }

      /** Later, because AutobahnJS sends later: its answer to a GOODBYE would meet a closed socket. */
      override close(code?: number, reason?: string): void {
        setTimeout(() => super.close(code, reason), 0);
      }
    };
    try {
      connection.open();
    } finally {
      globalThis.WebSocket = native;
    }
  }

  #joined(connection: autobahn.Connection, session: autobahn.Session): void {
    if (connection !== this.#connection) return;
    this.#session = session;
    this.#retryMs = RETRY.first;
    void session.subscribe(CHAT_TOPIC, ([text], _kwargs, { publication }) =>
      this.heard({
        key: String(publication),
        at: new Date(),
        text: typeof text === 'string' ? text : JSON.stringify(text ?? null),
        own: this.#own.has(String(publication)),
      }),
    );
    this.opened(connection.transport.info.protocol ?? '');
  }

  #left(connection: autobahn.Connection, how: string, { reason, message }: autobahn.CloseDetails): void {
    this.#session = undefined;
    this.#registrations.clear();
    const why = [reason, message].filter((part) => part !== null && part !== '').join(': ');
    // A reason before WELCOME is an ABORT: the server does not want us.
    if (!this.isOpen && reason !== null && reason !== 'wamp.close.system_shutdown') {
      this.ended({ kind: 'refused', why });
      return;
    }
    this.ended({ kind: 'lost', why: why === '' ? `the server is gone (${how})` : why });
    this.#retry = setTimeout(() => {
      if (connection === this.#connection) this.#openObserved(connection);
    }, this.#retryMs);
    this.#retryMs = Math.min(RETRY.most, this.#retryMs * 2);
  }

  /** Ends the connection, if there is one, and asks for nothing more of it. */
  #leave(): void {
    const connection = this.#connection;
    clearTimeout(this.#retry);
    this.#connection = undefined;
    this.#session = undefined;
    this.#registrations.clear();
    if (connection === undefined) return;
    try {
      connection.close();
    } catch {
      // It says so if it is closed already.
    }
  }

  #isOwn(publication: string): void {
    if (this.#own.size >= 100) this.#own.clear();
    this.#own.add(publication);
    this.chat.set(this.chat.value.map((line) => (line.key === publication ? { ...line, own: true } : line)));
  }
}

function plainResult(value: unknown): unknown {
  if (!(value instanceof autobahn.Result)) return value;
  return Object.keys(value.kwargs).length === 0 ? value.args : { args: value.args, kwargs: value.kwargs };
}

function failure(error: unknown): string {
  if (error instanceof autobahn.Error) return errorInWords(error.error, error.args);
  return error instanceof Error ? error.message : String(error);
}

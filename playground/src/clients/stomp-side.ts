import { Client, ReconnectionTimeMode, Versions } from '@stomp/stompjs';
import type { IFrame, IMessage, StompHeaders } from '@stomp/stompjs';
import type { ServerFacts } from '../server-facts';
import { shownStompFrame } from '../wire/stomp-frame';
import { ObservedSocket } from './observed-socket';
import { ProcedureError, demoProcedure } from './procedures';
import { CHAT_TOPIC, RETRY, Side, errorInWords } from './side';
import type { CallRecord, Identity } from './side';
import { bodyOf, valuesOf } from './stomp-values';

/** The versions of STOMP, newest first. */
export const STOMP_VERSIONS = ['1.2', '1.1', '1.0'] as const;
/** One of {@link STOMP_VERSIONS}. */
export type StompVersion = (typeof STOMP_VERSIONS)[number];

const ANSWERS = '/temp-queue/answers';

/** The STOMP client of the page: stompjs. */
export class StompSide extends Side {
  /** What this page puts on its messages, to know them again. */
  readonly #mark = (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0).toString(36);
  /** correlation id of an invocation → how to cancel it */
  readonly #invocations = new Map<string, AbortController>();
  readonly #chat: string;
  #client: Client | undefined;
  #receipts = 0;

  constructor(
    private readonly url: string,
    { separator }: ServerFacts,
    public identity: Identity,
    public version: StompVersion = '1.2',
  ) {
    super();
    this.#chat = `/topic/${CHAT_TOPIC.replaceAll('.', separator)}`;
  }

  /** The room, as STOMP names it here. */
  get chatDestination(): string {
    return this.#chat;
  }

  connect(): void {
    void this.#client?.deactivate({ force: true });
    const { realm, name, ticket } = this.identity;
    const versions = new Versions([this.version]);
    const client = new Client({
      webSocketFactory: () => this.#socket(versions.protocolVersions()),
      stompVersions: versions,
      connectHeaders: { host: realm, ...(name === '' ? {} : { login: name, passcode: ticket }) },
      reconnectDelay: RETRY.first,
      maxReconnectDelay: RETRY.most,
      reconnectTimeMode: ReconnectionTimeMode.EXPONENTIAL,
      connectionTimeout: 5000,
      onConnect: ({ headers }) => this.#connected(client, headers['version'] ?? '1.0'),
      onStompError: (frame) => this.#refused(client, frame),
      onWebSocketClose: ({ code, reason }: CloseEvent) => {
        if (client !== this.#client || this.connection.value.kind === 'refused') return;
        this.#lost(`${reason === '' ? 'the server is gone' : reason} (${code})`);
      },
    });
    this.#client = client;
    this.connection.set({ kind: 'connecting' });
    client.activate();
  }

  disconnect(): void {
    const client = this.#client;
    this.#client = undefined;
    this.#invocations.clear();
    this.ended({ kind: 'closed' });
    void client?.deactivate();
  }

  say(text: string): void {
    const headers = { 'content-type': 'text/plain', 'said-by': this.#mark };
    this.#client?.publish({ destination: this.#chat, headers, body: text });
  }

  cancel({ uri, number }: CallRecord): void {
    const headers = { 'correlation-id': String(number), cancel: 'true' };
    this.#client?.publish({ destination: `/rpc/${uri}`, headers });
  }

  async withdraw(uri: string): Promise<void> {
    this.offered(uri, undefined);
    const client = this.#client;
    if (client?.connected !== true) return;
    const done = this.#receipt(client);
    client.unsubscribe(uri, { receipt: done.id });
    await done.arrived;
  }

  protected sendCall({ uri, number, args }: CallRecord): void {
    if (this.#client?.connected !== true) return this.settled(number, 'failed', 'not connected');
    const headers = { 'reply-to': ANSWERS, 'correlation-id': String(number), ...bodyOf.args };
    this.#client.publish({ destination: `/rpc/${uri}`, headers, body: JSON.stringify(args) });
  }

  protected register(uri: string): void {
    const client = this.#client;
    if (client === undefined) return;
    const { id, arrived } = this.#receipt(client, `offer ${uri}`);
    client.subscribe(`/rpc/${uri}`, (message) => void this.#invoked(client, uri, message), {
      id: uri,
      receipt: id,
    });
    void arrived.then(() => {
      if (this.offers.value.has(uri)) this.offered(uri, 'registered');
    });
  }

  #socket(protocols: string[]): ObservedSocket {
    const log = (direction: 'sent' | 'received') => (data: string | Uint8Array) => {
      const frame = shownStompFrame(data);
      this.log.add(direction, frame === undefined ? { kind: 'heart-beat' } : { kind: 'stomp', frame });
    };
    return new ObservedSocket(this.url, protocols, { sent: log('sent'), received: log('received') });
  }

  #connected(client: Client, version: string): void {
    if (client !== this.#client) return;
    client.subscribe(this.#chat, (message) => this.#heard(message), { id: 'chat' });
    client.subscribe(ANSWERS, (message) => this.#answered(message), { id: 'answers' });
    this.opened(`v${version.replace('.', '')}.stomp`);
  }

  /** ERROR: in STOMP it ends the connection. A procedure that somebody else offers is not asked for again. */
  #refused(client: Client, { headers, body }: IFrame): void {
    if (client !== this.#client) return;
    const why = body === '' ? (headers['message'] ?? 'ERROR') : body;
    const offer = /^offer (\S+)/.exec(headers['receipt-id'] ?? '')?.[1];
    if (offer !== undefined) {
      this.offered(offer, undefined);
      this.log.note(`${offer} was refused; after an ERROR, STOMP closes and the client comes back`);
    }
    if (this.isOpen) return;
    this.ended({ kind: 'refused', why });
    void client.deactivate();
  }

  #lost(why: string): void {
    for (const invocation of this.#invocations.values()) invocation.abort();
    this.#invocations.clear();
    this.ended({ kind: 'lost', why });
  }

  #heard(message: IMessage): void {
    const { headers } = message;
    const [text] = valuesOf(message);
    this.heard({
      key: headers['message-id'] ?? '',
      at: new Date(),
      text: typeof text === 'string' ? text : JSON.stringify(text ?? null),
      own: headers['said-by'] === this.#mark,
    });
  }

  #answered(message: IMessage): void {
    const { headers } = message;
    const number = Number(headers['correlation-id']);
    const values = valuesOf(message);
    const value = values.length === 1 ? values[0] : values;
    if (headers['error'] !== undefined)
      this.settled(number, 'failed', errorInWords(headers['error'], values));
    else if (headers['progress'] === 'true') this.progressed(number, value);
    else this.settled(number, 'returned', value);
  }

  /** A call of a procedure that this client offers, or that such a call is cancelled. */
  async #invoked(client: Client, uri: string, message: IMessage): Promise<void> {
    const { 'reply-to': destination = '', 'correlation-id': id = '', cancel } = message.headers;
    if (cancel === 'true') return this.#invocations.get(id)?.abort();
    const invocation = new AbortController();
    this.#invocations.set(id, invocation);
    const answer = (value: unknown, headers: StompHeaders = {}) => {
      if (client.connected) {
        const body = JSON.stringify(value ?? null);
        client.publish({ destination, headers: { ...bodyOf.value, ...headers }, body });
      }
    };
    try {
      const { signal } = invocation;
      const progress = (value: unknown) => answer(value, { progress: 'true' });
      answer(await demoProcedure(uri)?.run(valuesOf(message), { signal, progress }));
    } catch (error) {
      const { uri: name, args } =
        error instanceof ProcedureError ? error : new ProcedureError('wamp.error.runtime_error');
      answer(args, { ...bodyOf.args, error: name });
    } finally {
      this.#invocations.delete(id);
    }
  }

  #receipt(client: Client, about = 'done'): { readonly id: string; readonly arrived: Promise<void> } {
    this.#receipts += 1;
    const id = `${about} ${this.#receipts}`;
    return { id, arrived: new Promise((arrived) => client.watchForReceipt(id, () => arrived())) };
  }
}

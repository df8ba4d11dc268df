import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { SecureContextOptions, Server as TlsServer } from 'node:tls';
import type { Remote, Subprotocol } from '../subprotocols/index.js';
import { addressOf } from './address-of.js';
import type { AdmissionEnd } from './admission.js';
import type { Connections } from './connections.js';
import { streamFraming } from './framing.js';
import type { PlacePolicy } from './handshake.js';
import { refusePlace } from './handshake.js';
import { HTTP_SERVER_OPTIONS } from './limits.js';
import type { LongPollOptions, OwnListener } from './listener.js';
import { DEFAULT_HOST, authorityOf, listening, portOf } from './listening.js';
import { LongPollExchange } from './long-poll-exchange.js';
import { LongPollLink } from './long-poll-link.js';
import { choose, readOpening } from './long-poll-opening.js';
import type { Slot } from './registry.js';
import type { LinkContext } from './socket-link.js';
import { tlsFactsOf } from './tls-facts.js';
import type { AnyHttpServer } from './upgrade.js';
import { pathOf, queryOf } from './upgrade.js';

const DEFAULT_PATH = '/lp';

/** An HTTP server that serves long-poll below one path, and nothing else. */
export class LongPollListener implements OwnListener {
  readonly kind = 'longpoll';
  readonly #server: AnyHttpServer;
  readonly #context: LinkContext;
  readonly #path: string;
  /** Name of a transport → its link */
  readonly #links = new Map<string, LongPollLink>();
  #closed: Promise<void> | undefined = undefined;

  private constructor(
    private readonly options: LongPollOptions,
    private readonly connections: Connections,
    private readonly places: PlacePolicy,
  ) {
    this.#path = options.path ?? DEFAULT_PATH;
    if (!/^(?:\/[^/?#\s]+)+$/.test(this.#path)) throw new Error(`"${this.#path}" is not a path.`);
    const context = connections.context(this.#path, streamFraming);
    this.#context = {
      ...context,
      ended: (link) => {
        if (link instanceof LongPollLink) this.#links.delete(link.transport);
        context.ended(link);
      },
    };
    const bounds = { ...HTTP_SERVER_OPTIONS, requestTimeout: HTTP_SERVER_OPTIONS.headersTimeout };
    const handle = (request: IncomingMessage, response: ServerResponse): void =>
      this.#handle(request, response);
    const { tls } = options;
    const secure = { ...tls, handshakeTimeout: HTTP_SERVER_OPTIONS.headersTimeout };
    this.#server =
      tls === undefined ? createServer(bounds, handle) : createSecureServer({ ...bounds, ...secure }, handle);
    // A client has one connection for what it receives, and some for what it sends.
    this.#server.maxConnections = 4 * connections.options.limits.maxConnections;
  }

  /**
   * Listens; resolves when it does.
   *
   * @throws Error of the system (`EADDRINUSE`, …), or one that says what is wrong with the path or the certificate.
   */
  static async open(
    options: LongPollOptions,
    connections: Connections,
    places: PlacePolicy,
  ): Promise<LongPollListener> {
    const listener = new LongPollListener(options, connections, places);
    await listening(listener.#server, { host: options.host ?? DEFAULT_HOST, port: options.port });
    return listener;
  }

  get port(): number {
    return portOf(this.#server);
  }

  get url(): string {
    const { host = DEFAULT_HOST, tls } = this.options;
    return `${tls === undefined ? 'http' : 'https'}://${authorityOf(host, this.#server)}${this.#path}`;
  }

  setSecureContext(context: SecureContextOptions): void {
    if (this.options.tls === undefined) throw new Error(`${this.url} has no TLS.`);
    (this.#server as unknown as TlsServer).setSecureContext(context);
  }

  /** Nothing yet: clients fetch their good-byes here. New ones are turned away by the connections. */
  drain(): void {}

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { closeTimeoutMs } = this.connections.options.limits;
    for (const link of this.#links.values())
      link.close({ kind: 'going_away', text: 'The server is closing.' });
    const { timers, clock } = this.connections.options.services;
    const deadline = clock.now() + closeTimeoutMs + 100;
    while (this.#links.size > 0 && clock.now() < deadline) {
      await new Promise<void>((go) => void timers.schedule(10, () => go()));
    }
    await new Promise<void>((closed) => {
      this.#server.close(() => closed());
      this.#server.closeAllConnections();
    });
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    request.on('error', ignore);
    response.on('error', ignore);
    try {
      this.#route(request, response);
    } catch (error) {
      this.#fail(new LongPollExchange(request, response, undefined), error);
    }
  }

  #route(request: IncomingMessage, response: ServerResponse): void {
    const refusal = refusePlace(request, 'encrypted' in request.socket, this.places);
    if (refusal !== undefined) {
      this.#report(request, refusal.status, refusal.reason);
      new LongPollExchange(request, response, undefined).answer(refusal.status, refusal.message);
      return;
    }
    const { origin } = request.headers;
    const exchange = new LongPollExchange(request, response, origin);
    const route = this.#routeOf(pathOf(request));
    if (route === undefined) exchange.answer(404, 'There is nothing here.');
    else if (request.method === 'OPTIONS') exchange.answer(204, '', origin === undefined ? {} : PREFLIGHT);
    else if (request.method !== 'POST') exchange.answer(405, 'Only POST.', { Allow: 'POST, OPTIONS' });
    else if (route.transport === undefined) this.#open(exchange);
    else this.#serve(exchange, route.transport, route.verb);
  }

  /** What a path stands for; undefined if nothing. */
  #routeOf(path: string): Route | undefined {
    if (!path.startsWith(`${this.#path}/`)) return undefined;
    const [first = '', verb, ...more] = path.slice(this.#path.length + 1).split('/');
    if (more.length > 0) return undefined;
    if (verb === undefined) return first === 'open' ? { transport: undefined } : undefined;
    if (verb !== 'receive' && verb !== 'send' && verb !== 'close') return undefined;
    return { transport: first, verb };
  }

  #serve(exchange: LongPollExchange, transport: string, verb: Verb): void {
    const link = this.#links.get(transport);
    if (link === undefined) {
      // AutobahnJS closes the transport after a GOODBYE that ended it, and does not know of the end unless that succeeds.
      if (verb === 'close' && this.options.profile !== 'strict') exchange.answer(204);
      else exchange.answer(404, 'There is no such transport.');
      return;
    }
    switch (verb) {
      case 'receive':
        link.receive(exchange.withType(link.contentType));
        return;
      case 'send':
        link.bring(exchange);
        return;
      case 'close':
        link.leave(exchange);
    }
  }

  #open(exchange: LongPollExchange): void {
    const { request } = exchange;
    if (!this.connections.accepting) {
      this.#turnAway(exchange, 'closing', 503);
      return;
    }
    const slot = this.connections.take(addressOf(request.socket));
    if (typeof slot === 'string') {
      this.#turnAway(exchange, 'limit', 503);
      return;
    }
    // Given back if no link is made: then the request ends without one.
    let isUsed = false;
    exchange.onEnd(() => {
      if (!isUsed) this.connections.release(slot);
    });
    readOpening(request, (protocols) => {
      const { subprotocols } = this.connections.options;
      const choice = choose(protocols, (token) => subprotocols.owner(token));
      if (choice.kind === 'refused') {
        exchange.answer(400, choice.message);
        return;
      }
      this.#admit(exchange, (end) => {
        if (end.kind === 'admitted' && this.connections.accepting && exchange.isOpen) {
          isUsed = true;
          this.#begin(exchange, slot, choice);
        } else this.#notAdmitted(exchange, end);
      });
    });
  }

  #admit(exchange: LongPollExchange, done: (end: AdmissionEnd) => void): void {
    const { request } = exchange;
    const asked = {
      transport: this.kind,
      path: pathOf(request),
      query: queryOf(request),
      headers: request.headers,
      remoteAddress: addressOf(request.socket),
    } as const;
    const applicant = {
      watch(left: () => void): () => void {
        request.socket.once('close', left);
        return () => void request.socket.off('close', left);
      },
      destroy: () => exchange.destroy(),
    };
    this.connections.admit(asked, applicant, (end) => {
      try {
        done(end);
      } catch (error) {
        this.#fail(exchange, error);
      }
    });
  }

  #notAdmitted(exchange: LongPollExchange, end: AdmissionEnd): void {
    switch (end.kind) {
      case 'admitted':
        this.#turnAway(exchange, 'closing', 503);
        return;
      case 'gone':
        exchange.destroy();
        return;
      case 'late':
        this.#turnAway(exchange, 'admit_timeout', 503);
        return;
      case 'refused':
        this.#turnAway(exchange, 'admit', end.status);
        return;
      case 'failed':
        this.#fail(exchange, end.error);
    }
  }

  #begin(
    exchange: LongPollExchange,
    slot: Slot,
    { token, owner }: { readonly token: string; readonly owner: Subprotocol },
  ): void {
    const { request } = exchange;
    const tls = tlsFactsOf(request.socket);
    const remote: Remote = {
      address: addressOf(request.socket),
      headers: Object.assign(Object.create(null), request.headers) as Remote['headers'],
      query: queryOf(request),
      encrypted: tls !== undefined,
      transport: 'longpoll',
      tls,
    };
    const transport = this.connections.options.services.ids.token();
    const doneStatus = this.options.profile === 'strict' ? 202 : 204;
    const parts = { transport, remote, slot, token, subprotocol: owner, doneStatus };
    const link = new LongPollLink(this.#context, parts);
    this.#links.set(transport, link);
    this.connections.add(link, token);
    link.begin();
    exchange.json({ protocol: token, transport });
  }

  #turnAway(exchange: LongPollExchange, reason: string, status: number): void {
    this.#report(exchange.request, status, reason);
    const retry = status === 503 ? { 'Retry-After': String(1 + Math.floor(Math.random() * 10)) } : {};
    exchange.answer(status, 'Nobody is taken in now.', retry);
  }

  #report(request: IncomingMessage, status: number, reason: string): void {
    const fields = { status, reason, transport: this.kind, remote: addressOf(request.socket) };
    this.connections.options.services.instrumentation.event('refused', fields);
  }

  /** Something was thrown where nothing may throw: the client hears no more than that. */
  #fail(exchange: LongPollExchange, error: unknown): void {
    this.connections.options.services.instrumentation.defect('longpoll', error);
    exchange.answer(500, 'Internal Server Error');
  }
}

type Verb = 'receive' | 'send' | 'close';
type Route = { readonly transport: undefined } | { readonly transport: string; readonly verb: Verb };

/** What a page of an allowed origin may send. */
const PREFLIGHT = {
  'Access-Control-Allow-Methods': 'POST',
  'Access-Control-Allow-Headers': 'Content-Type',
  'Access-Control-Max-Age': '600',
} as const;

function ignore(): void {}

import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Server } from 'ws';
import { WebSocketServer } from 'ws';
import type { CoarseTimers } from '../lib/index.js';
import type { Remote, Services, Session, Subprotocol } from '../subprotocols/index.js';
import { addressOf } from './address-of.js';
import type { AdmitHook, AdmissionEnd } from './admission.js';
import { socketApplicant } from './admission.js';
import { Connections } from './connections.js';
import { webSocketFraming } from './framing.js';
import type { HandshakePolicy, HandshakeRefusal } from './handshake.js';
import { inspect } from './handshake.js';
import type { TransportLimits } from './limits.js';
import { listenTo } from './listen.js';
import type { ListenOptions, Listener, OwnListener } from './listener.js';
import { LinkedWebSocket } from './linked-web-socket.js';
import type { Unnegotiated } from './negotiate.js';
import { hostList, originList } from './origin.js';
import { refuse } from './refuse.js';
import type { Slot } from './registry.js';
import type { LinkContext, SocketLink } from './socket-link.js';
import { SubprotocolTable } from './subprotocol-table.js';
import { tlsFactsOf } from './tls-facts.js';
import type { AnyHttpServer, UpgradeHandler } from './upgrade.js';
import { attachHandler, detachHandler, pathOf, queryOf } from './upgrade.js';
import { WsLink } from './ws-link.js';

/** What a {@link Transport} takes. */
export interface TransportOptions {
  /** The path of the endpoint, compared exactly with what requests hold; begins with a slash. */
  readonly path: string;
  /** The wire protocols. A token has one owner. */
  readonly subprotocols: readonly Subprotocol[];
  readonly services: Services;
  readonly limits: TransportLimits;
  /** Origins that may connect besides the server's own, exactly as browsers send them. Default none. */
  readonly origins?: readonly string[] | undefined;
  /** Host names (without port) that are answered; others get 421. Default: all. */
  readonly hosts?: readonly string[] | undefined;
  /** What to do with a client that offers no token. Default `recognise`. */
  readonly unnegotiated?: Unnegotiated | undefined;
  /** Asked before the 101. Default: nobody is. */
  readonly admit?: AdmitHook | undefined;
}

/** WebSocket connections on one path of any number of HTTP servers. Knows no protocol but WebSocket. */
export class Transport implements UpgradeHandler {
  readonly path: string;
  readonly #options: TransportOptions;
  readonly #policy: HandshakePolicy;
  readonly #webSockets: Server<typeof LinkedWebSocket>;
  readonly #connections: Connections;
  readonly #context: LinkContext;
  readonly #servers = new Set<AnyHttpServer>();
  readonly #listeners = new Set<OwnListener>();
  /** The token that was chosen for the upgrade that is just being completed. */
  #chosen: string | undefined = undefined;

  /**
   * @throws Error if two subprotocols claim one token, the path does not begin with a slash, or an origin or a host is not
   * written as it must be.
   */
  constructor(options: TransportOptions) {
    const { services, limits, path } = options;
    if (!path.startsWith('/') || /[?#\s]/.test(path)) throw new Error(`"${path}" is not a path.`);
    this.path = path;
    this.#options = options;
    const subprotocols = new SubprotocolTable(options.subprotocols, services.instrumentation);
    this.#policy = {
      tokens: subprotocols.tokens,
      unnegotiated: options.unnegotiated ?? 'recognise',
      origins: originList(options.origins ?? []),
      hosts: options.hosts === undefined ? undefined : hostList(options.hosts),
    };
    this.#webSockets = webSocketServer(options, () => this.#chosen ?? false);
    this.#connections = new Connections({ services, limits, subprotocols, admit: options.admit });
    this.#context = this.#connections.context(path, webSocketFraming);
  }

  /** The tokens that are answered. */
  get tokens(): readonly string[] {
    return [...this.#policy.tokens];
  }

  /** Connected sockets: those that are being admitted, that have no session yet, and that are closing included. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Sockets without a session. */
  get pending(): number {
    return this.#connections.pending;
  }

  /** The links that are open or closing. */
  get links(): ReadonlySet<SocketLink> {
    return this.#connections.links;
  }

  /** The conversations whose links are open or closing. */
  get sessions(): readonly Session[] {
    return this.#connections.sessions;
  }

  /** For the dispatcher's own refusals. */
  get timers(): CoarseTimers {
    return this.#options.services.timers;
  }

  /**
   * Serves upgrade requests for the path on this server; others go to the listeners that were there. Attaching twice does
   * nothing.
   *
   * @throws Error if another transport serves the path on this server.
   */
  attach(server: AnyHttpServer): void {
    if (this.#servers.has(server)) return;
    attachHandler(server, this);
    this.#servers.add(server);
  }

  /**
   * Listens for clients that speak no WebSocket. They have the same sessions and count against the same limits.
   *
   * @throws Error of the system (`EADDRINUSE`, …), if the certificate cannot be used, if no subprotocol is there that could be
   * spoken, or if the transport is closed.
   */
  async listen(options: ListenOptions): Promise<Listener> {
    if (!this.#connections.accepting) throw new Error('The transport is closed.');
    const listener = await listenTo(options, this.#connections, this.#policy);
    if (this.#connections.accepting) {
      this.#listeners.add(listener);
      return listener;
    }
    await listener.close();
    throw new Error('The transport is closed.');
  }

  /** Gives the server back as it was found. Open connections stay open. */
  detach(server: AnyHttpServer): void {
    if (this.#servers.delete(server)) detachHandler(server, this);
  }

  /** From now on upgrade requests are answered with 503, and nobody else is taken either. */
  stopAccepting(): void {
    for (const listener of this.#listeners) listener.drain();
    this.#connections.stopAccepting();
  }

  /** Closes what is open (1001), detaches from all servers, and resolves when the last socket is gone. */
  async close(): Promise<void> {
    this.stopAccepting();
    for (const server of this.#servers) this.detach(server);
    await this.#connections.close();
    await Promise.all([...this.#listeners].map((listener) => listener.close()));
    this.#listeners.clear();
  }

  /** Takes over the socket of an upgrade request for the path. */
  upgrade(request: IncomingMessage, rest: Buffer): void {
    try {
      this.#inspect(request, rest);
    } catch (error) {
      this.#fail(request, error);
    }
  }

  #inspect(request: IncomingMessage, rest: Buffer): void {
    if (!this.#connections.accepting) {
      this.#refuse(request, unavailable('closing', 'This server is going away.'));
      return;
    }
    const inspection = inspect(request, rest, isEncrypted(request.socket), this.#policy);
    if (inspection.kind === 'refused') {
      this.#refuse(request, inspection.refusal);
      return;
    }
    const slot = this.#connections.take(addressOf(request.socket));
    if (typeof slot === 'string') {
      this.#refuse(request, unavailable('limit', `Too many connections (${slot}).`));
      return;
    }
    request.socket.once('close', () => this.#connections.release(slot));
    this.#admit(request, rest, { token: inspection.token, slot });
  }

  #admit(request: IncomingMessage, rest: Buffer, granted: Granted): void {
    const { socket } = request;
    const asked = {
      transport: 'websocket',
      path: this.path,
      query: queryOf(request),
      headers: request.headers,
      remoteAddress: addressOf(socket),
    } as const;
    this.#connections.admit(asked, socketApplicant(socket), (end) => {
      try {
        this.#decided(request, rest, granted, end);
      } catch (error) {
        this.#fail(request, error);
      }
    });
  }

  #decided(request: IncomingMessage, rest: Buffer, granted: Granted, end: AdmissionEnd): void {
    switch (end.kind) {
      case 'admitted':
        if (this.#connections.accepting) this.#complete(request, rest, granted);
        else this.#refuse(request, unavailable('closing', 'This server is going away.'));
        return;
      case 'gone':
        request.socket.destroy();
        return;
      case 'late':
        this.#refuse(request, unavailable('admit_timeout', 'Nobody decided about this connection in time.'));
        return;
      case 'refused': {
        const { status } = end;
        this.#refuse(request, { status, reason: 'admit', message: STATUS_CODES[status] ?? 'Refused' });
        return;
      }
      case 'failed':
        this.#fail(request, end.error);
    }
  }

  #complete(request: IncomingMessage, rest: Buffer, granted: Granted): void {
    const { socket } = request;
    const remote: Remote = {
      address: addressOf(socket),
      headers: Object.assign(Object.create(null), request.headers) as Remote['headers'],
      query: queryOf(request),
      encrypted: isEncrypted(socket),
      transport: 'websocket',
      tls: tlsFactsOf(socket),
    };
    this.#chosen = granted.token;
    this.#webSockets.handleUpgrade(request, socket, rest, (webSocket) => {
      const link = new WsLink(this.#context, { webSocket, socket, remote, slot: granted.slot });
      this.#connections.add(link, granted.token);
      link.begin(granted.token);
    });
  }

  #refuse(request: IncomingMessage, refusal: HandshakeRefusal): void {
    const { status, reason } = refusal;
    const fields = { status, reason, path: pathOf(request), remote: addressOf(request.socket) };
    this.#options.services.instrumentation.event('refused', fields);
    refuse(request.socket, refusal, this.timers);
  }

  /** Something was thrown where nothing may throw: the client hears no more than that. */
  #fail(request: IncomingMessage, error: unknown): void {
    this.#options.services.instrumentation.defect('upgrade', error);
    this.#refuse(request, { status: 500, reason: 'defect', message: 'Internal Server Error' });
  }
}

/** What an upgrade has been granted so far. */
interface Granted {
  readonly token: string | undefined;
  readonly slot: Slot;
}

function webSocketServer(
  { limits, services }: TransportOptions,
  chosen: () => string | false,
): Server<typeof LinkedWebSocket> {
  const settings = {
    noServer: true,
    clientTracking: false,
    WebSocket: LinkedWebSocket,
    handleProtocols: chosen,
    perMessageDeflate: false,
    maxPayload: services.limits.messageBytes,
    maxFragments: limits.maxFragments,
    maxBufferedChunks: limits.maxBufferedChunks,
    closeTimeout: limits.closeTimeoutMs,
  };
  return new WebSocketServer(settings);
}

/** A refusal for now; the client is asked to come back, not at the same moment as all others. */
function unavailable(reason: string, message: string): HandshakeRefusal {
  const seconds = 1 + Math.floor(Math.random() * 10);
  return { status: 503, reason, message, headers: { 'Retry-After': String(seconds) } };
}

function isEncrypted(socket: Socket): boolean {
  return 'encrypted' in socket && socket.encrypted === true;
}

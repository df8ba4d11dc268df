import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { SecureContextOptions, Server as TlsServer, TlsOptions } from 'node:tls';
import { addressOf } from './address-of.js';
import type { ListenPlace, OwnListener, SocketOptions } from './listener.js';
import { DEFAULT_HOST, authorityOf, listening, portOf } from './listening.js';
import type { Slot } from './registry.js';

/** What a listener does with those who come. */
export interface Guests {
  /** Somebody has come: a place for the socket, or undefined if it was turned away. With TLS, before the handshake. */
  arrive(socket: Socket): Slot | undefined;
  /** The socket can be used: at once, or after the handshake. */
  enter(socket: Socket, place: Slot): void;
}

/** How a server is made. */
export interface NetListenerOptions {
  readonly listen: SocketOptions;
  /** Silence after which the system asks for a sign of life, in ms. */
  readonly keepAliveMs: number;
  /** How long the handshake of TLS may take, in ms. */
  readonly handshakeTimeoutMs: number;
  readonly guests: Guests;
}

/** A server for TCP, TLS or a Unix socket. */
export class NetListener implements OwnListener {
  readonly kind: SocketOptions['kind'];
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  readonly #listen: ListenPlace;
  /** Address and port of a peer whose TLS handshake is under way → its place */
  readonly #shakingHands = new Map<string, Slot>();

  private constructor({ listen, keepAliveMs, handshakeTimeoutMs, guests }: NetListenerOptions) {
    this.kind = listen.kind;
    this.#listen = listen;
    const settings = {
      // Who has said all may still be waiting for answers.
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
    };
    const tls = 'tls' in listen ? listen.tls : undefined;
    this.#tls = tls && this.#secured({ ...tls, handshakeTimeout: handshakeTimeoutMs }, guests);
    this.#server = createServer(settings, (socket) => this.#arrive(socket, guests));
  }

  /**
   * Listens; resolves when it does.
   *
   * @throws Error of the system (`EADDRINUSE`, `EACCES`, …), or one that says what is wrong with the certificate.
   */
  static async open(options: NetListenerOptions): Promise<NetListener> {
    const listener = new NetListener(options);
    const place = listener.#listen;
    const where =
      'socket' in place ? { path: place.socket } : { host: place.host ?? DEFAULT_HOST, port: place.port };
    await listening(listener.#server, where);
    return listener;
  }

  get port(): number {
    return portOf(this.#server);
  }

  get url(): string {
    if ('socket' in this.#listen) return `unix:${this.#listen.socket}`;
    const { host = DEFAULT_HOST } = this.#listen;
    return `${this.#tls === undefined ? 'tcp' : 'tls'}://${authorityOf(host, this.#server)}`;
  }

  setSecureContext(context: SecureContextOptions): void {
    if (this.#tls === undefined) throw new Error(`${this.url} has no TLS.`);
    this.#tls.setSecureContext(context);
  }

  drain(): void {
    this.#server.close();
  }

  close(): Promise<void> {
    this.#server.close();
    // The port is free, and the file of a Unix socket gone, when the system has heard of it: not when all have left.
    return new Promise((closed) => setImmediate(closed));
  }

  #arrive(socket: Socket, guests: Guests): void {
    // Before anything else: an error on a socket that nobody listens to would end the process.
    socket.on('error', ignore);
    const place = guests.arrive(socket);
    if (place === undefined) return;
    if (this.#tls === undefined) {
      guests.enter(socket, place);
      return;
    }
    const peer = peerOf(socket);
    this.#shakingHands.set(peer, place);
    socket.once('close', () => this.#shakingHands.delete(peer));
    this.#tls.emit('connection', socket);
  }

  /** Does not listen itself: it is given the connections that were not turned away. */
  #secured(options: TlsOptions, guests: Guests): TlsServer {
    const server = createTlsServer(options, (socket) => {
      socket.on('error', ignore);
      const place = this.#shakingHands.get(peerOf(socket));
      if (place === undefined) socket.destroy();
      else guests.enter(socket, place);
    });
    // A handshake that fails is the client's business; its socket is gone.
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return server;
  }
}

/** One peer has one connection from one port of one address. */
function peerOf(socket: Socket): string {
  return `${addressOf(socket)} ${socket.remotePort}`;
}

function ignore(): void {}

import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { CoarseTimers } from '../lib/index.js';
import { refuse } from './refuse.js';

/** An HTTP server whose upgrade requests can be served. */
export type AnyHttpServer = HttpServer | HttpsServer;

/** Who serves the upgrade requests of one path. */
export interface UpgradeHandler {
  readonly path: string;
  readonly timers: CoarseTimers;
  /** Takes over the socket of the request. */
  upgrade(request: IncomingMessage, rest: Buffer): void;
}

type UpgradeListener = (this: AnyHttpServer, request: IncomingMessage, socket: Duplex, rest: Buffer) => void;

/** HTTP server → who tells its upgrade requests apart */
const dispatchers = new WeakMap<AnyHttpServer, UpgradeDispatcher>();

/**
 * Serves upgrade requests for the handler's path on this server; all others go to the listeners that were there.
 *
 * @throws Error if the path is served already.
 */
export function attachHandler(server: AnyHttpServer, handler: UpgradeHandler): void {
  let dispatcher = dispatchers.get(server);
  if (dispatcher === undefined) {
    dispatcher = new UpgradeDispatcher(server);
    dispatchers.set(server, dispatcher);
  }
  dispatcher.add(handler);
}

/** Takes the handler off the server; with the last one, the server is as it was found. */
export function detachHandler(server: AnyHttpServer, handler: UpgradeHandler): void {
  if (dispatchers.get(server)?.remove(handler) === true) dispatchers.delete(server);
}

/** One per HTTP server, shared by all handlers, whatever the order in which they come and go. */
class UpgradeDispatcher {
  /** path, exactly as it stands in the request → handler */
  readonly #handlers = new Map<string, UpgradeHandler>();
  /** Listeners of others, called for the paths that are not ours. */
  #foreign: UpgradeListener[] = [];

  constructor(private readonly server: AnyHttpServer) {
    this.#takeOver();
    server.on('upgrade', this.#dispatch);
    server.on('newListener', this.#noticeListener);
  }

  add(handler: UpgradeHandler): void {
    if (this.#handlers.has(handler.path)) {
      throw new Error(`The path ${handler.path} is served on this server already.`);
    }
    this.#handlers.set(handler.path, handler);
  }

  /** True if it was the last: the listeners of others have been put back. */
  remove(handler: UpgradeHandler): boolean {
    if (this.#handlers.get(handler.path) !== handler) return false;
    this.#handlers.delete(handler.path);
    if (this.#handlers.size > 0) return false;
    this.#takeOver();
    this.server.off('newListener', this.#noticeListener);
    this.server.off('upgrade', this.#dispatch);
    for (const listener of this.#foreign) this.server.on('upgrade', listener);
    return true;
  }

  /** A listener added later would otherwise hear of our requests too, and many destroy what they do not know. */
  readonly #noticeListener = (event: string | symbol): void => {
    if (event === 'upgrade') queueMicrotask(() => this.#takeOver());
  };

  #takeOver(): void {
    for (const listener of this.server.rawListeners('upgrade')) {
      if (listener === this.#dispatch) continue;
      this.#foreign.push(listener as UpgradeListener);
      this.server.off('upgrade', listener as UpgradeListener);
    }
  }

  readonly #dispatch = (request: IncomingMessage, _socket: Duplex, rest: Buffer): void => {
    // Before anything else: an error on a socket that nobody listens to would end the process.
    request.socket.on('error', ignore);
    const handler = this.#handlers.get(pathOf(request));
    if (handler !== undefined) {
      handler.upgrade(request, rest);
      return;
    }
    if (this.#foreign.length === 0) this.#notFound(request);
    for (const listener of this.#foreign) listener.call(this.server, request, request.socket, rest);
  };

  #notFound(request: IncomingMessage): void {
    const [handler] = this.#handlers.values();
    if (handler === undefined) request.socket.destroy();
    else refuse(request.socket, NOT_FOUND, handler.timers);
  }
}

const NOT_FOUND = { status: 404, reason: 'path', message: 'There is no WebSocket endpoint here.' } as const;

/** The path of a request, not decoded and not normalised: what is compared is what was sent. */
export function pathOf(request: IncomingMessage): string {
  const target = request.url ?? '';
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/** The query of a request, without the question mark. */
export function queryOf(request: IncomingMessage): string {
  const target = request.url ?? '';
  const query = target.indexOf('?');
  return query === -1 ? '' : target.slice(query + 1);
}

function ignore(): void {}

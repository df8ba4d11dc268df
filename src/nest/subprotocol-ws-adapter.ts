import type { IncomingMessage } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { Router } from '../router/index.js';
import { MANGROVE_ROUTER } from './mangrove-client.js';

/** What a WebSocket server of the adapter has: `ws`, in whichever version Nest brings along. */
interface GatewayServer {
  handleUpgrade(request: IncomingMessage, socket: unknown, rest: Buffer, done: unknown): void;
}

/** The port that stands for the application's own HTTP server. */
const SHARED_PORT = 0;

/**
 * For applications that live on gateways: on a gateway's path, sockets that offer a subprotocol of Mangrove's go to Mangrove,
 * all others to the gateway, as before. A gateway may have the path of the module: that path is then shared.
 *
 * `app.useWebSocketAdapter(new SubprotocolWsAdapter(app))`, before `listen`.
 */
export class SubprotocolWsAdapter extends WsAdapter {
  readonly #router: () => Router;
  /** Paths of gateways on the application's own server. */
  readonly #paths = new Set<string>();

  /** @param token of the router that is served; default: that of the module without a name. */
  constructor(app: INestApplicationContext, token: string | symbol = MANGROVE_ROUTER) {
    super(app);
    this.#router = () => app.get<Router>(token, { strict: false });
  }

  /** Whether a gateway has this path on the application's own server. */
  servesPath(path: string): boolean {
    return this.#paths.has(path);
  }

  /** Makes the server of a gateway; Nest calls it. */
  override create(...given: Parameters<WsAdapter['create']>): ReturnType<WsAdapter['create']> {
    const [port, options] = given;
    const server = super.create(...given) as GatewayServer & { readonly path?: string };
    const path: unknown = options?.path;
    if (port === SHARED_PORT) this.#paths.add(server.path ?? (typeof path === 'string' ? path : '/'));
    const router = this.#router();
    const handleUpgrade = server.handleUpgrade.bind(server);
    server.handleUpgrade = (request, socket, rest, done) => {
      if (offersOneOf(router.tokens, request)) router.upgrade(request, rest);
      else handleUpgrade(request, socket, rest, done);
    };
    return server as ReturnType<WsAdapter['create']>;
  }
}

/** Whether the request offers a subprotocol that is ours; what is malformed is judged by whoever takes it. */
function offersOneOf(tokens: readonly string[], { headers }: IncomingMessage): boolean {
  const offered = headers['sec-websocket-protocol']?.split(',') ?? [];
  return offered.some((token) => tokens.includes(token.trim()));
}

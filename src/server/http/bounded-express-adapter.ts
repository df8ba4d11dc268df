import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { ExpressAdapter } from '@nestjs/platform-express';
import { HTTP_SERVER_OPTIONS } from '../../transport/index.js';
import type { HttpLimits } from '../config/index.js';
import type { ServedTls } from '../tls/index.js';

/**
 * Express on a server that bounds what a request may take before anybody has looked at it: Node's defaults hold a silent
 * or dripping socket for 90 s.
 */
export class BoundedExpressAdapter extends ExpressAdapter {
  /**
   * @param limits of one request.
   * @param tls undefined: without TLS.
   */
  constructor(
    private readonly limits: HttpLimits,
    private readonly tls?: ServedTls,
  ) {
    super();
    this.disable('x-powered-by');
    this.disable('etag');
  }

  /** Called by Nest; makes the HTTP server. */
  override initHttpServer(): void {
    const { httpHeaderBytes, httpRequestTimeoutMs } = this.limits;
    const bounds = {
      ...HTTP_SERVER_OPTIONS,
      maxHeaderSize: httpHeaderBytes,
      headersTimeout: httpRequestTimeoutMs,
      requestTimeout: httpRequestTimeoutMs,
    };
    if (this.tls === undefined) {
      this.httpServer = createServer(bounds, this.getInstance());
      return;
    }
    const secure = { ...this.tls.options, handshakeTimeout: httpRequestTimeoutMs };
    const server = createSecureServer({ ...bounds, ...secure }, this.getInstance());
    this.tls.add(server);
    this.httpServer = server;
  }

  /** Stops listening; requests that are still arriving are cut off, because the drain is over by then. */
  override close(): Promise<unknown> | undefined {
    const closed = super.close();
    this.httpServer.closeAllConnections();
    return closed;
  }
}

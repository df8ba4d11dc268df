import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { MANGROVE_ROUTER } from '../nest/index.js';
import type { Router } from '../router/index.js';
import { AppModule } from './app.module.js';
import { urlHost } from './config/index.js';
import type { ServerConfig } from './config/index.js';
import { endpointOptions } from './endpoint-options.js';
import { BoundedExpressAdapter, refuseOtherHosts, servePlayground } from './http/index.js';
import { ServerLogger, logInstrumentation } from './logging/index.js';

/** A server that listens. */
export interface RunningServer {
  /** `http://127.0.0.1:8080` */
  readonly httpUrl: string;
  /** `ws://127.0.0.1:8080/ws` */
  readonly wsUrl: string;
  /** Where the page to try things with is; undefined if it is off. */
  readonly playgroundUrl: string | undefined;
  readonly router: Router;
  readonly logger: ServerLogger;
  /** Drains within the configured time and stops listening. Later calls wait for the first. */
  stop(): Promise<void>;
}

/**
 * Starts the server application.
 *
 * @throws Error if it cannot listen (the error's `code` is the system's, such as `EADDRINUSE`).
 */
export async function startServer(config: ServerConfig): Promise<RunningServer> {
  const logger = new ServerLogger(config.logs);
  const options = endpointOptions(config, logInstrumentation(logger));
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot(options),
    new BoundedExpressAdapter(config.limits),
    { logger, abortOnError: false, bodyParser: false },
  );
  app.use(refuseOtherHosts(config));
  const page = config.playground ? servePlayground(config) : undefined;
  if (page !== undefined) app.use(page);
  else if (config.playground) logger.warn('the playground was not built (npm run build)', 'Server');
  try {
    await app.listen(config.port, config.host);
  } catch (error) {
    await app.close();
    throw error;
  }
  return running(app, config, logger, page !== undefined);
}

function running(
  app: NestExpressApplication,
  config: ServerConfig,
  logger: ServerLogger,
  hasPage: boolean,
): RunningServer {
  const address = app.getHttpServer().address();
  const port = typeof address === 'object' && address !== null ? address.port : config.port;
  const authority = `${urlHost(config.host)}:${port}`;
  const router = app.get<Router>(MANGROVE_ROUTER, { strict: false });
  let stopped: Promise<void> | undefined;
  return {
    httpUrl: `http://${authority}`,
    wsUrl: `ws://${authority}${router.path}`,
    playgroundUrl: hasPage ? `http://${authority}/` : undefined,
    router,
    logger,
    stop: () => (stopped ??= app.close()),
  };
}

import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { MANGROVE_ROUTER } from '../nest/index.js';
import type { Listener, RolesAuthorizer, Router } from '../router/index.js';
import { AppModule } from './app.module.js';
import { isReachable, urlHost } from './config/index.js';
import type { AuthorizationConfig, ServerConfig } from './config/index.js';
import { loginsFrom } from './authentication.js';
import { replaceableRights, rulesOf } from './authorization.js';
import { endpointOptions } from './endpoint-options.js';
import { BoundedExpressAdapter, refuseOtherHosts, serveCookieLogin, servePlayground } from './http/index.js';
import { openListeners } from './listeners.js';
import { ServerLogger, logInstrumentation } from './logging/index.js';
import { openStore } from './open-store.js';
import { ServedTls } from './tls/index.js';

/** A server that listens. */
export interface RunningServer {
  /** `http://127.0.0.1:8080`, or with `https`. */
  readonly httpUrl: string;
  /** `ws://127.0.0.1:8080/ws`, or with `wss`. */
  readonly wsUrl: string;
  /** Where the page to try things with is; undefined if it is off. */
  readonly playgroundUrl: string | undefined;
  /** What else is listened at. */
  readonly listeners: readonly Listener[];
  readonly router: Router;
  readonly logger: ServerLogger;
  /**
   * Reads the files of `tls` again; connections that begin from now on get the new certificate. If a file cannot be used the
   * old certificate stays. The log says which.
   */
  reloadTls(): void;
  /**
   * Other rules from now on; what clients hold and may not have any more is taken away. The procedure that decides stays what
   * it was. A server that was started without rules has none to replace.
   */
  reloadRights(authorization: AuthorizationConfig): void;
  /** Drains within the configured time and stops listening. Later calls wait for the first. */
  stop(): Promise<void>;
}

/**
 * Starts the server application.
 *
 * @throws Error if it cannot listen (the error's `code` is the system's, such as `EADDRINUSE`; `ListenerError` for one of
 * `listeners`), its store cannot be used (`UnusableStoreError`), or a file of `tls` cannot (`TlsFileError`).
 */
export async function startServer(config: ServerConfig): Promise<RunningServer> {
  const logger = new ServerLogger(config.logs);
  const instrumentation = logInstrumentation(logger);
  const tls = config.tls === undefined ? undefined : new ServedTls(config.tls);
  const store = await openStore(config, instrumentation);
  const logins = loginsFrom(config, (ended) => routerOf(app).evict(({ principal }) => principal === ended));
  const options = endpointOptions(config, instrumentation, store, logins.authenticator);
  let app: NestExpressApplication;
  try {
    app = await NestFactory.create<NestExpressApplication>(
      AppModule.forRoot(options),
      new BoundedExpressAdapter(config.limits, tls),
      { logger, abortOnError: false, bodyParser: false },
    );
  } catch (error) {
    // Nobody else would let go of it: the router closes its store, and there is none.
    await store?.close();
    throw error;
  }
  if (tls !== undefined) warnOfEnd(tls.validTo, logger);
  if (config.anonymous && isReachable(config)) logger.warn(EVERYBODY, 'Server');
  app.use(refuseOtherHosts(config));
  const cookieLogin = serveCookieLogin(config, logins, instrumentation);
  if (cookieLogin !== undefined) app.use(cookieLogin);
  const page = config.playground ? servePlayground(config) : undefined;
  if (page !== undefined) app.use(page);
  else if (config.playground) logger.warn('the playground was not built (npm run build)', 'Server');
  let listeners: readonly Listener[];
  try {
    await app.listen(config.port, config.host);
    listeners = await openListeners(routerOf(app), config, tls);
  } catch (error) {
    await app.close();
    throw error;
  }
  const rights = replaceableRights(options.authorizer);
  return running(app, config, { logger, tls, rights, listeners, hasPage: page !== undefined });
}

function routerOf(app: NestExpressApplication): Router {
  return app.get<Router>(MANGROVE_ROUTER, { strict: false });
}

const EVERYBODY =
  'everybody who can reach this server comes in without a login (anonymous: true in the configuration)';

/** A certificate that ends within so much time is spoken of, in ms. */
const NEAR_MS = 14 * 86_400_000;

function warnOfEnd(validTo: number, logger: ServerLogger): void {
  if (validTo - Date.now() > NEAR_MS) return;
  logger.warn(
    'the certificate has ended or ends soon',
    { validTo: new Date(validTo).toISOString() },
    'Server',
  );
}

function reload(tls: ServedTls, logger: ServerLogger): void {
  const reloaded = tls.reload();
  if (reloaded.kind === 'kept') {
    logger.error(
      'the new certificate cannot be used; the old one is kept',
      { reason: reloaded.reason },
      'Server',
    );
    return;
  }
  logger.log('certificate reloaded', { validTo: new Date(reloaded.validTo).toISOString() }, 'Server');
  warnOfEnd(reloaded.validTo, logger);
}

/** What a running server has besides the application. */
interface RunningParts {
  readonly logger: ServerLogger;
  readonly tls: ServedTls | undefined;
  /** undefined: no rules are configured */
  readonly rights: RolesAuthorizer | undefined;
  readonly listeners: readonly Listener[];
  readonly hasPage: boolean;
}

function running(
  app: NestExpressApplication,
  config: ServerConfig,
  { logger, tls, rights, listeners, hasPage }: RunningParts,
): RunningServer {
  const address = app.getHttpServer().address();
  const port = typeof address === 'object' && address !== null ? address.port : config.port;
  const authority = `${urlHost(config.host)}:${port}`;
  const router = routerOf(app);
  const secure = tls === undefined ? '' : 's';
  let stopped: Promise<void> | undefined;
  return {
    httpUrl: `http${secure}://${authority}`,
    wsUrl: `ws${secure}://${authority}${router.path}`,
    playgroundUrl: hasPage ? `http${secure}://${authority}/` : undefined,
    listeners,
    router,
    logger,
    reloadTls: () => tls !== undefined && reload(tls, logger),
    reloadRights(authorization): void {
      if (rights === undefined) return;
      rights.replace(rulesOf(authorization));
      logger.log('rules reloaded', { roles: authorization.roles.length }, 'Server');
    },
    stop: () => (stopped ??= app.close()),
  };
}

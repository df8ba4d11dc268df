import { Inject, Logger, Module } from '@nestjs/common';
import type {
  BeforeApplicationShutdown,
  DynamicModule,
  OnApplicationBootstrap,
  OnModuleDestroy,
} from '@nestjs/common';
import { ApplicationConfig, DiscoveryModule, HttpAdapterHost } from '@nestjs/core';
import type { Instrumentation } from '../broker/index.js';
import { createRouter } from '../router/index.js';
import type { AnyHttpServer, Router } from '../router/index.js';
import { HandlerExplorer } from './handler-explorer.js';
import { MANGROVE_ROUTER, MangroveClient } from './mangrove-client.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './mangrove-module-definition.js';
import type { MangroveModuleExtras, MangroveModuleOptions } from './mangrove-module-options.js';
import { applicationPrincipal } from './mangrove-module-options.js';
import { SubprotocolWsAdapter } from './subprotocol-ws-adapter.js';

const DEFAULT_DRAIN_MS = 10_000;

/**
 * Serves STOMP and WAMP on the HTTP server of a Nest application; `imports: [MangroveModule.forRoot()]` is all it needs.
 *
 * Methods with `@Procedure` and `@Subscribe` of all providers and controllers are in force, and it takes over upgrade
 * requests for its own path, once the application is bootstrapped (gateways are bound by then); all other upgrade requests
 * go to the listeners that were there. When the application closes, sessions are drained before the HTTP server stops:
 * health checks are still answered meanwhile.
 *
 * @throws Error at start in an application without an HTTP server, and if a decorated method cannot be put in force.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: MANGROVE_ROUTER,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: MangroveModuleOptions): Router =>
        createRouter({
          ...options,
          instrumentation: options.instrumentation ?? logged(new Logger('Mangrove')),
        }),
    },
    {
      provide: MangroveClient,
      inject: [MANGROVE_ROUTER, MODULE_OPTIONS_TOKEN],
      useFactory: (router: Router, options: MangroveModuleOptions): MangroveClient =>
        new MangroveClient(() => router.connect({ principal: applicationPrincipal(options) })),
    },
    HandlerExplorer,
  ],
})
export class MangroveModule
  extends ConfigurableModuleClass
  implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown
{
  #drained: Promise<void> | undefined;

  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: MangroveModuleOptions,
    @Inject(MANGROVE_ROUTER) private readonly router: Router,
    @Inject(MangroveClient) private readonly client: MangroveClient,
    @Inject(HandlerExplorer) private readonly handlers: HandlerExplorer,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
  ) {
    super();
  }

  /** Serves with these options; all have defaults. */
  static override forRoot(options: MangroveModuleOptions & MangroveModuleExtras = {}): DynamicModule {
    return super.forRoot(options);
  }

  /** Puts the decorated methods in force, then attaches to the HTTP server. */
  async onApplicationBootstrap(): Promise<void> {
    // An application context has no adapter, whatever the declared type says.
    const adapter: HttpAdapterHost['httpAdapter'] | undefined = this.host.httpAdapter;
    const server: AnyHttpServer | undefined = adapter?.getHttpServer();
    if (server === undefined) {
      throw new Error('MangroveModule needs an application with an HTTP server (NestFactory.create).');
    }
    await this.handlers.start();
    const sockets: unknown = this.config.getIoAdapter();
    const shared = sockets instanceof SubprotocolWsAdapter && sockets.servesPath(this.router.path);
    if (!shared) this.router.attach(server);
  }

  /** Begins the drain; from here on new sockets are refused, and decorated subscribers take no more events. */
  onModuleDestroy(): void {
    this.handlers.drain();
    this.#drained = this.router.drain(this.options.drainMs ?? DEFAULT_DRAIN_MS);
  }

  /** Waits for the drain, then ends what is left. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#drained;
    this.client.close();
    await this.router.close();
  }
}

/** What an application hears that says nothing about instrumentation: defects, and who was put out. */
function logged(logger: Logger): Instrumentation {
  return {
    count() {},
    event(name, fields) {
      if (name === 'evicted') logger.warn(`evicted ${JSON.stringify(fields)}`);
    },
    defect: (where, error) => logger.error(where, error instanceof Error ? error.stack : String(error)),
  };
}

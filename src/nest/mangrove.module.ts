import { Inject, Module } from '@nestjs/common';
import type {
  BeforeApplicationShutdown,
  DynamicModule,
  OnApplicationBootstrap,
  OnModuleDestroy,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { createRouter } from '../router/index.js';
import type { AnyHttpServer, Router } from '../router/index.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './mangrove-module-definition.js';
import type { MangroveModuleExtras, MangroveModuleOptions } from './mangrove-module-options.js';

/** Injection token of the module's {@link Router}. */
export const MANGROVE_ROUTER = Symbol('MANGROVE_ROUTER');

const DEFAULT_DRAIN_MS = 10_000;

/**
 * Serves STOMP and WAMP on the HTTP server of a Nest application; `imports: [MangroveModule.forRoot()]` is all it needs.
 *
 * It takes over upgrade requests for its own path once the application is bootstrapped (gateways are bound by then) and
 * hands all others to the listeners that were there. When the application closes, sessions are drained before the HTTP
 * server stops: health checks are still answered meanwhile.
 *
 * @throws Error at start in an application without an HTTP server.
 */
@Module({
  providers: [
    {
      provide: MANGROVE_ROUTER,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: MangroveModuleOptions): Router => createRouter(options),
    },
  ],
  exports: [MANGROVE_ROUTER],
})
export class MangroveModule
  extends ConfigurableModuleClass
  implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown
{
  #drained: Promise<void> | undefined;

  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: MangroveModuleOptions,
    @Inject(MANGROVE_ROUTER) private readonly router: Router,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {
    super();
  }

  /** Serves with these options; all have defaults. */
  static override forRoot(options: MangroveModuleOptions & MangroveModuleExtras = {}): DynamicModule {
    return super.forRoot(options);
  }

  /** Attaches to the HTTP server. */
  onApplicationBootstrap(): void {
    // An application context has no adapter, whatever the declared type says.
    const adapter: HttpAdapterHost['httpAdapter'] | undefined = this.host.httpAdapter;
    const server: AnyHttpServer | undefined = adapter?.getHttpServer();
    if (server === undefined) {
      throw new Error('MangroveModule needs an application with an HTTP server (NestFactory.create).');
    }
    this.router.attach(server);
  }

  /** Begins the drain; from here on new sockets are refused. */
  onModuleDestroy(): void {
    this.#drained = this.router.drain(this.options.drainMs ?? DEFAULT_DRAIN_MS);
  }

  /** Waits for the drain, then ends what is left. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#drained;
    await this.router.close();
  }
}

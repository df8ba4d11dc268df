import { Inject, Injectable, Logger } from '@nestjs/common';
import { DiscoveryService, ExternalContextCreator, MetadataScanner, ModuleRef } from '@nestjs/core';
import type {
  LocalClient,
  LocalConsumption,
  LocalRegistration,
  LocalSubscription,
  Router,
} from '../router/index.js';
import { MangroveError } from '../router/index.js';
import { assertNever } from '../lib/index.js';
import { SerializerError } from '../serializers/index.js';
import { streamingContextCreator } from './context-creator.js';
import type { HandlerDefinition, MangroveContext } from './decorators/index.js';
import { findHandlers } from './handler-host.js';
import type { FoundHandler } from './handler-host.js';
import { HandlerRunner } from './handler-runner.js';
import { MODULE_NAME, MODULE_OPTIONS_TOKEN } from './mangrove-module-definition.js';
import { MANGROVE_ROUTER } from './mangrove-client.js';
import type { MangroveModuleOptions } from './mangrove-module-options.js';
import { applicationPrincipal } from './mangrove-module-options.js';

/** Finds the decorated methods of the application that are this module's, and puts them in force. */
@Injectable()
export class HandlerExplorer {
  readonly #logger = new Logger('Mangrove');
  /** realm → the client whose handlers are there */
  readonly #clients = new Map<string, LocalClient>();
  /** Handlers of events and messages, which are drained. */
  readonly #drained = new Set<LocalSubscription | LocalConsumption>();

  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: MangroveModuleOptions,
    @Inject(MODULE_NAME) private readonly name: string,
    @Inject(MANGROVE_ROUTER) private readonly router: Router,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(ExternalContextCreator) private readonly creator: ExternalContextCreator,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
  ) {}

  /**
   * Registers, subscribes and consumes; resolves when all are in force.
   *
   * @throws Error that names the method, if the router refuses one (taken by another, not authorized, no such realm).
   */
  async start(): Promise<void> {
    const creator = streamingContextCreator(this.creator, this.options.globalEnhancers !== false);
    const expose = this.options.exposeErrors ?? process.env['NODE_ENV'] !== 'production';
    for (const handler of findHandlers(this.discovery, this.scanner)) {
      if ((handler.definition.options.module ?? '') !== this.name) continue;
      const host = { wrapper: handler.wrapper, moduleRef: this.moduleRef };
      const runner = new HandlerRunner(host, handler.method, { creator, expose });
      await this.#putInForce(handler, (context) => runner.handle(context));
    }
  }

  /** Takes no more events and messages; those that came are handled. Calls are still answered. */
  drain(): void {
    for (const handler of this.#drained) {
      handler.drain().catch((error: unknown) => this.#logger.error(error));
    }
  }

  async #putInForce(handler: FoundHandler, handle: Handle): Promise<void> {
    const { definition } = handler;
    try {
      const client = this.#clientOf(definition.options.realm);
      this.#watch(handler, handle, await inForce(client, definition, handle));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const decorator = `@${DECORATORS[definition.kind]}('${definition.pattern}')`;
      throw new Error(`${decorator} of ${handler.place}: ${reason}`, { cause: error });
    }
  }

  /** A handler that the router put out comes back: a method that lagged behind has lost events, and that is said. */
  #watch(
    handler: FoundHandler,
    handle: Handle,
    running: LocalSubscription | LocalConsumption | LocalRegistration,
  ): void {
    if ('drain' in running) this.#drained.add(running);
    void running.ended.then((why) => {
      if ('drain' in running) this.#drained.delete(running);
      if (why === undefined || this.router.draining) return;
      this.#logger.error(`${handler.place} was put out and begins again; events may be lost: ${why.message}`);
      this.#putInForce(handler, handle).catch((error: unknown) => this.#logger.error(error));
    });
  }

  #clientOf(realm = this.router.realms[0] ?? ''): LocalClient {
    const known = this.#clients.get(realm);
    if (known !== undefined) return known;
    const principal = applicationPrincipal(this.options);
    const client = this.router.connect({ realm, principal, onError: (error) => this.#report(error) });
    this.#clients.set(realm, client);
    return client;
  }

  /**
   * What a handler of events or messages came to. Unexpected errors have been logged by Nest's own filter; refusals, and payloads that
   * cannot be read, are no news.
   */
  #report(error: unknown): void {
    const expected = error instanceof MangroveError || error instanceof SerializerError;
    if (expected) this.options.instrumentation?.count('nest.events_failed');
    else this.#logger.error(error);
  }
}

/** Runs a decorated method. */
type Handle = (context: MangroveContext) => Promise<unknown>;

const DECORATORS = {
  procedure: 'Procedure',
  subscription: 'Subscribe',
  consumer: 'Consume',
} as const satisfies Record<HandlerDefinition['kind'], string>;

/** Puts one method in force. Options that a decorator does not have are undefined, and have their defaults. */
function inForce(
  client: LocalClient,
  { kind, pattern, options }: HandlerDefinition,
  handle: Handle,
): Promise<LocalSubscription | LocalConsumption | LocalRegistration> {
  switch (kind) {
    case 'procedure':
      return client.register(pattern, handle, options);
    case 'subscription':
      return client.subscribe(pattern, handle, options);
    case 'consumer':
      return client.consume(pattern, handle, options);
    default:
      return assertNever(kind);
  }
}

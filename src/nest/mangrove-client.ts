import { Inject } from '@nestjs/common';
import type {
  CallHandler,
  CallOptions,
  ConsumeOptions,
  EnqueueOptions,
  EventHandler,
  RegisterOptions,
  LocalClient,
  LocalConsumption,
  LocalRegistration,
  LocalSubscription,
  MessageHandler,
  Principal,
  PublishOptions,
  SubscribeOptions,
} from '../router/index.js';

/**
 * Injectable client of the module's router, in its default realm, as the application itself (the module's `principal`).
 * It is attached when it is first used, so an application that only serves has no session of its own, and closed with the
 * application; see {@link LocalClient} for what the methods do.
 */
export class MangroveClient implements LocalClient {
  #local: LocalClient | undefined;
  #closed = false;

  constructor(private readonly connect: () => LocalClient) {}

  get realm(): string {
    return this.#client.realm;
  }

  get principal(): Principal {
    return this.#client.principal;
  }

  get session(): number {
    return this.#client.session;
  }

  get closed(): boolean {
    return this.#closed || this.#local?.closed === true;
  }

  publish(
    topic: string,
    args?: readonly unknown[],
    kwargs?: Readonly<Record<string, unknown>>,
    options?: PublishOptions,
  ): Promise<number> {
    return this.#client.publish(topic, args, kwargs, options);
  }

  subscribe(pattern: string, handler: EventHandler, options?: SubscribeOptions): Promise<LocalSubscription> {
    return this.#client.subscribe(pattern, handler, options);
  }

  call<T = unknown>(
    procedure: string,
    args?: readonly unknown[],
    kwargs?: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<T> {
    return this.#client.call<T>(procedure, args, kwargs, options);
  }

  register(pattern: string, handler: CallHandler, options?: RegisterOptions): Promise<LocalRegistration> {
    return this.#client.register(pattern, handler, options);
  }

  enqueue(
    queue: string,
    args?: readonly unknown[],
    kwargs?: Readonly<Record<string, unknown>>,
    options?: EnqueueOptions,
  ): Promise<number> {
    return this.#client.enqueue(queue, args, kwargs, options);
  }

  consume(queue: string, handler: MessageHandler, options?: ConsumeOptions): Promise<LocalConsumption> {
    return this.#client.consume(queue, handler, options);
  }

  close(): void {
    this.#closed = true;
    this.#local?.close();
  }

  /** @throws Error if the client was closed before its first use. */
  get #client(): LocalClient {
    if (this.#local === undefined && this.#closed) throw new Error('The Mangrove client is closed.');
    this.#local ??= this.connect();
    return this.#local;
  }
}

/** Injection token of a module's router; of the module without a name, {@link MANGROVE_ROUTER} itself. */
export function getMangroveRouterToken(name?: string): string | symbol {
  return name === undefined ? MANGROVE_ROUTER : `MANGROVE_ROUTER(${name})`;
}

/** Injection token of a module's client; of the module without a name, the class {@link MangroveClient} itself. */
export function getMangroveClientToken(name?: string): string | typeof MangroveClient {
  return name === undefined ? MangroveClient : `MANGROVE_CLIENT(${name})`;
}

/** Injects the client of a module by its name. */
export function InjectMangroveClient(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getMangroveClientToken(name));
}

/** Injection token of the router of the module without a name. */
export const MANGROVE_ROUTER = Symbol('MANGROVE_ROUTER');

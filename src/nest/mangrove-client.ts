import { Inject } from '@nestjs/common';
import type {
  CallHandler,
  CallOptions,
  EventHandler,
  HandlerOptions,
  LocalClient,
  LocalRegistration,
  LocalSubscription,
  Principal,
  PublishOptions,
} from '../router/index.js';

/**
 * Injectable client of the module's router, in its default realm, as the application itself (the module's `principal`).
 * It is there from the beginning and closed with the application; see {@link LocalClient} for what the methods do.
 */
export class MangroveClient implements LocalClient {
  constructor(private readonly local: LocalClient) {}

  get realm(): string {
    return this.local.realm;
  }

  get principal(): Principal {
    return this.local.principal;
  }

  get session(): number {
    return this.local.session;
  }

  get closed(): boolean {
    return this.local.closed;
  }

  publish(
    topic: string,
    args?: readonly unknown[],
    kwargs?: Readonly<Record<string, unknown>>,
    options?: PublishOptions,
  ): Promise<number> {
    return this.local.publish(topic, args, kwargs, options);
  }

  subscribe(pattern: string, handler: EventHandler, options?: HandlerOptions): Promise<LocalSubscription> {
    return this.local.subscribe(pattern, handler, options);
  }

  call<T = unknown>(
    procedure: string,
    args?: readonly unknown[],
    kwargs?: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<T> {
    return this.local.call<T>(procedure, args, kwargs, options);
  }

  register(pattern: string, handler: CallHandler, options?: HandlerOptions): Promise<LocalRegistration> {
    return this.local.register(pattern, handler, options);
  }

  close(): void {
    this.local.close();
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

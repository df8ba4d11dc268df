import type { Principal, RouterOptions } from '../router/index.js';

/** What `MangroveModule.forRoot` takes: everything that `createRouter` takes, and how it lives in the application. */
export interface MangroveModuleOptions extends RouterOptions {
  /** How long the application's shutdown waits for calls in progress and good-byes, in ms. Default 10 000. */
  readonly drainMs?: number;
  /** As whom the application's own handlers and client act. Default `application` for each part. */
  readonly principal?: Partial<Principal>;
  /**
   * Whether guards, pipes, interceptors and filters that are set for the whole application apply to decorated methods. Those
   * that only know HTTP should ask for `context.getType()`; where they do not, say false. Default true.
   */
  readonly globalEnhancers?: boolean;
  /** Whether callers see the message of an unexpected error. Default: unless `NODE_ENV` is `production`. */
  readonly exposeErrors?: boolean;
}

/** What belongs to the module rather than to the router. */
export interface MangroveModuleExtras {
  /** Whether the module's exports are visible everywhere. Default false. */
  isGlobal?: boolean;
  /** Names the module, so that an application can have several: its client is injected, and its handlers are told, by it. */
  name?: string | undefined;
}

/** As whom the application acts. */
export function applicationPrincipal({ principal }: MangroveModuleOptions): Partial<Principal> {
  return { authid: 'application', authrole: 'application', ...principal };
}

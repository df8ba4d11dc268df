import type { RouterOptions } from '../router/index.js';

/** What `MangroveModule.forRoot` takes: everything that `createRouter` takes, and how to stop. */
export interface MangroveModuleOptions extends RouterOptions {
  /** How long the application's shutdown waits for calls in progress and good-byes, in ms. Default 10 000. */
  readonly drainMs?: number;
}

/** What belongs to the module rather than to the router. */
export interface MangroveModuleExtras {
  /** Whether the module's exports are visible everywhere. Default false. */
  isGlobal?: boolean;
}

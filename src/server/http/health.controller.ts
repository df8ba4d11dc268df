import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import { MANGROVE_ROUTER } from '../../nest/index.js';
import { VERSION } from '../../router/index.js';
import type { Router } from '../../router/index.js';

/** What `/health` answers. */
export interface Health {
  /**
   * `draining` from the moment on when the server was told to stop; `store_failed` when its store confirms nothing any more
   * and the server has to be started again.
   */
  readonly status: 'ok' | 'draining' | 'store_failed';
  readonly version: string;
  /** Milliseconds since the server started. */
  readonly uptimeMs: number;
}

/** Tells load balancers whether to send clients here. */
@Controller()
export class HealthController {
  readonly #started = performance.now();

  constructor(@Inject(MANGROVE_ROUTER) private readonly router: Router) {}

  /** 200, or 503 while the server drains or its store has failed. */
  @Get('health')
  @Header('Cache-Control', 'no-store')
  health(): Health {
    const uptimeMs = Math.round(performance.now() - this.#started);
    const trouble = this.#trouble();
    if (trouble !== undefined) {
      throw new ServiceUnavailableException({ status: trouble, version: VERSION, uptimeMs } satisfies Health);
    }
    return { status: 'ok', version: VERSION, uptimeMs };
  }

  #trouble(): Exclude<Health['status'], 'ok'> | undefined {
    if (this.router.draining) return 'draining';
    return this.router.storeFailure === undefined ? undefined : 'store_failed';
  }
}

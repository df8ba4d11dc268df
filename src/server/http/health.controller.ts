import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import { MANGROVE_ROUTER } from '../../nest/index.js';
import { VERSION } from '../../router/index.js';
import type { Router } from '../../router/index.js';

/** What `/health` answers. */
export interface Health {
  /** `draining` from the moment on when the server was told to stop. */
  readonly status: 'ok' | 'draining';
  readonly version: string;
  /** Milliseconds since the server started. */
  readonly uptimeMs: number;
}

/** Tells load balancers whether to send clients here. */
@Controller()
export class HealthController {
  readonly #started = performance.now();

  constructor(@Inject(MANGROVE_ROUTER) private readonly router: Router) {}

  /** 200, or 503 while the server drains. */
  @Get('health')
  @Header('Cache-Control', 'no-store')
  health(): Health {
    const uptimeMs = Math.round(performance.now() - this.#started);
    if (this.router.draining) {
      throw new ServiceUnavailableException({
        status: 'draining',
        version: VERSION,
        uptimeMs,
      } satisfies Health);
    }
    return { status: 'ok', version: VERSION, uptimeMs };
  }
}

import { afterEach, describe, expect, it } from '@jest/globals';
import { ServiceUnavailableException } from '@nestjs/common';
import { memoryStore } from '../../engines/memory/index.js';
import { createRouter } from '../../router/index.js';
import type { Router } from '../../router/index.js';
import { HealthController } from './health.controller.js';

let router: Router | undefined;
let failure: string | undefined;

afterEach(async () => {
  failure = undefined;
  await router?.close();
});

/** What is answered over a router whose store can be made to fail. */
function answer(): unknown {
  const store = {
    ...memoryStore(),
    get failure(): string | undefined {
      return failure;
    },
  };
  router ??= createRouter({ store });
  try {
    return new HealthController(router).health();
  } catch (error) {
    if (error instanceof ServiceUnavailableException)
      return { code: error.getStatus(), body: error.getResponse() };
    throw error;
  }
}

describe('/health', () => {
  it('D3: is 503 from the moment on when the store confirms nothing any more', () => {
    expect(answer()).toMatchObject({ status: 'ok' });
    failure = 'the disk is gone';
    expect(answer()).toMatchObject({ code: 503, body: { status: 'store_failed' } });
  });
});

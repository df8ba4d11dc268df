import { createServer } from 'node:http';
import { createRouter } from 'mangrove';
import { serve } from '../processes/child.js';
import { portOf } from './listen.js';
import { LIMITS, LIMITS_NOTE } from './mangrove-limits.js';

/** The router with a callee in its own process that is no more than a function: what is under a decorated procedure. */
async function start(): Promise<number> {
  const router = createRouter({ limits: LIMITS });
  await router.connect().register('bench.echo', ({ args: [text] }) => text);
  const server = createServer((_request, response) => response.writeHead(404).end());
  router.attach(server);
  return portOf(server);
}

serve({ listen: async () => ({ port: await start(), notes: [LIMITS_NOTE] }) });

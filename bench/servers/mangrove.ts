import { createServer } from 'node:http';
import type { RouterOptions } from 'mangrove';
import { createRouter } from 'mangrove';
import { serve } from '../processes/child.js';
import { portOf } from './listen.js';

/**
 * The only limits that differ from the defaults: one publisher at full speed is above what a server in the open should take
 * from one socket. Everything else, the login limits and the outbound bounds too, is as a user gets it.
 */
const LIMITS = {
  messagesPerSecond: 10_000_000,
  bytesPerSecond: 10 * 1024 * 1024 * 1024,
} as const satisfies RouterOptions['limits'];

async function start(): Promise<number> {
  const router = createRouter({ limits: LIMITS });
  const server = createServer((_request, response) => response.writeHead(404).end());
  router.attach(server);
  return portOf(server);
}

const raised = Object.entries(LIMITS).map(([name, value]) => `${name}: ${value}`);

serve({
  listen: async () => ({
    port: await start(),
    notes: [`mangrove is createRouter() with limits raised: ${raised.join(', ')}; all else is default`],
  }),
});

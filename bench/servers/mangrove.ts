import { createServer } from 'node:http';
import { createRouter } from 'mangrove';
import { serve } from '../processes/child.js';
import { ownMemory } from '../processes/memory.js';
import { portOf } from './listen.js';
import { LIMITS, LIMITS_NOTE } from './mangrove-limits.js';

async function start(): Promise<number> {
  const router = createRouter({ limits: LIMITS });
  const server = createServer((_request, response) => response.writeHead(404).end());
  router.attach(server);
  return portOf(server);
}

serve({ listen: async () => ({ port: await start(), notes: [LIMITS_NOTE] }), memory: ownMemory });

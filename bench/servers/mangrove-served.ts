import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { serve } from '../processes/child.js';
import { SpawnedServer, describeDisk, makeDataFolder } from '../processes/spawned-server.js';
import { LIMITS } from './mangrove-limits.js';

const START_MS = 60_000;
/** What queues may hold: more than any scenario puts in. */
const QUEUES = { maxMessages: 10_000_000, maxBytes: 10 * 1024 ** 3 } as const;

/**
 * Serves the program that users run, `mangrove serve`, as a process of its own, and answers for it. With queues on disk, or in
 * memory.
 */
export function serveProgram(store: 'lmdb' | 'memory'): void {
  const folder = makeDataFolder();
  const config = join(folder, 'mangrove.yaml');
  writeFileSync(config, configuration(folder, store));
  const main = join(dirname(createRequire(import.meta.url).resolve('mangrove/package.json')), 'dist/main.js');
  let server: SpawnedServer | undefined;

  const start = async (): Promise<{ readonly port: number; readonly readyMs: number }> => {
    const began = performance.now();
    const { execArgv } = process;
    server = new SpawnedServer(process.execPath, [
      ...execArgv,
      main,
      'serve',
      '--config',
      config,
      '--json-logs',
    ]);
    const [, port] = await server.written(/"websocket":"ws:[^"]*:(\d+)\//, START_MS);
    return { port: Number(port), readyMs: performance.now() - began };
  };
  const running = (): SpawnedServer => {
    if (server === undefined) throw new Error('not started');
    return server;
  };

  serve({
    async listen() {
      const { port } = await start();
      return { port, notes: [...notes(), ...(store === 'lmdb' ? [diskNote(folder)] : [])] };
    },
    async restart() {
      await running().end('SIGKILL');
      return start();
    },
    cpu: () => running().cpu(),
    memory: () => running().memory(),
    // It writes its profile when it ends by itself.
    end: () => running().end(),
  });
}

function configuration(folder: string, store: 'lmdb' | 'memory'): string {
  const limits = Object.entries(LIMITS).map(([name, value]) => `  ${name}: ${Math.min(value, 1024 ** 3)}\n`);
  return [
    'host: 127.0.0.1\nport: 0\nplayground: false\n',
    store === 'lmdb'
      ? `store:\n  lmdb:\n    path: ${JSON.stringify(join(folder, 'store'))}\n    sync: commit\n`
      : '',
    `queues:\n  - match: '#'\n    maxMessages: ${QUEUES.maxMessages}\n    maxBytes: ${QUEUES.maxBytes}\n`,
    `limits:\n${limits.join('')}`,
  ].join('');
}

function notes(): string[] {
  const raised = [...Object.keys(LIMITS), ...Object.keys(QUEUES)].join(', ');
  return [`mangrove runs as \`mangrove serve\`, limits raised: ${raised}; all else is default`];
}

function diskNote(folder: string): string {
  return `the store is on ${describeDisk(folder)}; each confirmation waits for its sync`;
}

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { serve } from '../processes/child.js';
import { SpawnedServer, atExit, describeDisk, makeDataFolder } from '../processes/spawned-server.js';
import { RABBITMQ_SERVER, requireRabbitMq } from './rabbitmq-package.js';

const START_MS = 60_000;

let server: SpawnedServer | undefined;

/** Starts a node of its own, on loopback only, with its data beside that of the other contenders. */
async function start(): Promise<{ readonly port: number; readonly notes: readonly string[] }> {
  requireRabbitMq();
  const folder = makeDataFolder();
  const [amqp = 0, distribution = 0, names = 0, port = 0] = await freePorts(4);
  const config = join(folder, 'rabbitmq.conf');
  mkdirSync(join(folder, 'mnesia'));
  writeFileSync(
    config,
    `listeners.tcp.1 = 127.0.0.1:${amqp}
stomp.listeners.tcp = none
web_stomp.tcp.ip = 127.0.0.1
web_stomp.tcp.port = ${port}
`,
  );
  writeFileSync(join(folder, 'plugins'), '[rabbitmq_web_stomp].\n');
  const env = {
    ...process.env,
    // Its cookie, too, is of this run.
    HOME: folder,
    RABBITMQ_NODENAME: `mangrove-bench-${process.pid}@localhost`,
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    ERL_EPMD_PORT: String(names),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  };
  // Erlang's port mapper leaves our session, and stays.
  atExit(() => {
    server?.signal('SIGKILL');
    spawnSync('epmd', ['-port', String(names), '-relaxed_command_check', '-kill'], { env });
  });
  server = new SpawnedServer(RABBITMQ_SERVER, [], env);
  const [, version = ''] = await server.written(/Starting RabbitMQ (\S+)/, START_MS);
  await server.written(/Server startup complete/, START_MS);
  const note = `RabbitMQ ${version}, durable classic queues, Web-STOMP, as it comes; its data is on ${describeDisk(folder)}`;
  return { port, notes: [note] };
}

async function freePorts(count: number): Promise<number[]> {
  const listeners = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports = await Promise.all(
    listeners.map(
      (listener) =>
        new Promise<number>((resolve) =>
          listener.once('listening', () => resolve((listener.address() as AddressInfo).port)),
        ),
    ),
  );
  await Promise.all(listeners.map((listener) => new Promise((closed) => listener.close(closed))));
  return ports;
}

serve({
  listen: start,
  cpu: () => server?.cpu() ?? 0,
  // There is nothing to save.
  end: async () => server?.end('SIGKILL'),
});

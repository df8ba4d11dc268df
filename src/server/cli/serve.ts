import { isDeepStrictEqual } from 'node:util';
import { VERSION } from '../../router/index.js';
import { ConfigurationError, loadConfig } from '../config/index.js';
import type { AuthorizationConfig, ServerConfig } from '../config/index.js';
import { loginsOf } from '../authentication.js';
import { rightsOf } from '../authorization.js';
import { ListenerError } from '../listeners.js';
import { UnusableStoreError } from '../open-store.js';
import { startServer } from '../start.js';
import { systemErrorCode } from '../system-error.js';
import type { RunningServer } from '../start.js';
import { EXIT } from './console-io.js';
import type { ConsoleIo, StopReason } from './console-io.js';

/** Options of `mangrove serve`. */
export interface ServeOptions {
  readonly config?: string;
  readonly jsonLogs?: boolean;
}

/** Runs the server until the process is told to stop. Resolves to the exit code. */
export async function serve(options: ServeOptions, io: ConsoleIo): Promise<number> {
  const config = loadConfig({ file: options.config, jsonLogs: options.jsonLogs, env: io.env });
  let server: RunningServer;
  try {
    server = await startServer(config);
  } catch (error) {
    io.err(`mangrove: ${startFailure(error, config)}\n`);
    return EXIT.failed;
  }
  // Before anybody is told that it runs, and may ask it to stop.
  if (config.tls !== undefined || config.authorization !== undefined) {
    io.onReload(() => {
      server.reloadTls();
      if (config.authorization !== undefined) reloadRights(server, config.authorization, options, io);
    });
  }
  const told = new Promise<StopReason>((stop) => io.onStop(stop));
  announce(server, config, io);
  const why = await told;
  if (why.kind === 'signal') server.logger.log('stopping', { signal: why.signal }, 'Server');
  else server.logger.fatal('stopping after an uncaught error', { stack: stackOf(why.error) }, 'Server');
  await server.stop();
  server.logger.log('stopped', 'Server');
  return why.kind === 'signal' ? EXIT.ok : EXIT.failed;
}

/** Reads the configuration again; of what it says, the rules of `authorization` take effect. */
function reloadRights(
  server: RunningServer,
  atStart: AuthorizationConfig,
  options: ServeOptions,
  io: ConsoleIo,
): void {
  const kept = 'the new rules cannot be used; the old ones are kept';
  try {
    const { authorization } = loadConfig({ file: options.config, env: io.env });
    if (authorization !== undefined) {
      server.reloadRights(authorization);
      if (!isDeepStrictEqual(authorization.authorizer, atStart.authorizer))
        server.logger.warn('authorization.authorizer has changed: that needs a restart', 'Server');
    } else
      server.logger.error(
        kept,
        { reason: 'authorization: it can only be taken away by a restart' },
        'Server',
      );
  } catch (error) {
    // A file that is not there any more, too: the server goes on.
    const reason = error instanceof ConfigurationError ? error.message : stackOf(error);
    server.logger.error(kept, { reason }, 'Server');
  }
}

/** Says where the server is and what it promises: one log line in JSON, a short table for people. */
function announce(server: RunningServer, config: ServerConfig, io: ConsoleIo): void {
  const { router } = server;
  const facts = {
    ...(server.playgroundUrl === undefined ? {} : { playground: server.playgroundUrl }),
    http: `${server.httpUrl}/health`,
    websocket: server.wsUrl,
    ...(server.listeners.length === 0 ? {} : { listeners: listenersOf(server) }),
    subprotocols: router.tokens.join(' '),
    realms: router.realms.join(' '),
    store: storeOf(config),
    logins: loginsOf(config),
    rights: rightsOf(config),
  };
  if (config.logs.json) {
    server.logger.log('started', { version: VERSION, ...facts }, 'Server');
    return;
  }
  const rows = Object.entries(facts).map(([name, value]) => `  ${name.padEnd(14)}${value}\n`);
  io.out(`Mangrove ${VERSION} is running; stop it with Ctrl-C\n${rows.join('')}`);
}

function listenersOf({ listeners }: RunningServer): string {
  return listeners.map(({ kind, url }) => `${kind} ${url}`).join(', ');
}

function storeOf({ store: { lmdb } }: ServerConfig): string {
  if (lmdb === undefined) return 'memory (nothing survives a restart)';
  if (lmdb.sync === 'commit') return `LMDB in ${lmdb.path} (what is confirmed is on disk)`;
  return `LMDB in ${lmdb.path} (a power cut may lose what was confirmed in the last second)`;
}

function startFailure(error: unknown, { host, port }: ServerConfig): string {
  if (error instanceof ListenerError || error instanceof UnusableStoreError) return error.message;
  const code = systemErrorCode(error);
  if (code === 'EADDRINUSE') {
    return `port ${port} of ${host} is in use; choose another with PORT or \`port\` in the configuration`;
  }
  if (code === 'EACCES') return `port ${port} of ${host} may not be used by this user`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `this machine has no address ${host}`;
  return `cannot start: ${stackOf(error)}`;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

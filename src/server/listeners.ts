import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import type { ListenOptions, Listener, Router } from '../router/index.js';
import type { ListenerConfig, ServerConfig } from './config/index.js';
import { systemErrorCode } from './system-error.js';
import type { ServedTls } from './tls/index.js';

/** One of `listeners` cannot be listened at. Its message is one line that says which, and why. */
export class ListenerError extends Error {
  override readonly name = 'ListenerError';
}

/**
 * Opens the configured listeners.
 *
 * @throws ListenerError for the first that cannot be listened at; those before it stay open.
 */
export async function openListeners(
  router: Router,
  server: ServerConfig,
  tls: ServedTls | undefined,
): Promise<readonly Listener[]> {
  const { host, listeners } = server;
  const opened: Listener[] = [];
  for (const [at, config] of listeners.entries()) {
    try {
      if (config.socket !== undefined) await removeLeftOver(config.socket);
      const listener = await router.listen(listenOptions(config, server, tls));
      if (config.tls) tls?.add(listener);
      opened.push(listener);
    } catch (error) {
      const place = config.socket ?? `port ${config.port} of ${config.host ?? host}`;
      throw new ListenerError(`listeners[${at}]: ${place} ${reasonOf(error)}`, { cause: error });
    }
  }
  return opened;
}

function reasonOf(error: unknown): string {
  switch (systemErrorCode(error)) {
    case 'EADDRINUSE':
      return 'is in use';
    case 'EACCES':
      return 'may not be used by this user';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'is no address of this machine';
    default:
      return `cannot be listened at: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function listenOptions(
  { kind, socket, port = 0, host, path, tls: secure }: ListenerConfig,
  { host: ownHost, subprotocols }: ServerConfig,
  tls: ServedTls | undefined,
): ListenOptions {
  const options = {
    host: host ?? ownHost,
    port,
    ...(secure && tls !== undefined ? { tls: tls.options } : {}),
  };
  if (kind === 'longpoll') return { kind, ...options, path, profile: subprotocols.wamp.profile };
  return socket === undefined ? { kind, ...options } : { kind, socket };
}

/** A server that was killed leaves the file of its socket behind: removed if nobody listens there any more. */
async function removeLeftOver(path: string): Promise<void> {
  if (!isSocket(path)) return;
  const isAlive = await new Promise<boolean>((settle) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      settle(true);
    });
    probe.once('error', (error) => settle(systemErrorCode(error) !== 'ECONNREFUSED'));
  });
  if (!isAlive) unlinkSync(path);
}

function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    // Whatever is wrong, listening will say it.
    return false;
  }
}

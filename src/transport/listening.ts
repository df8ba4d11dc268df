import type { AddressInfo, ListenOptions, Server } from 'node:net';

/** Where a listener listens if it is not told: for this machine alone. */
export const DEFAULT_HOST = '127.0.0.1';

/**
 * Has a server listen; resolves when it does.
 *
 * @throws Error of the system (`EADDRINUSE`, `EACCES`, …).
 */
export function listening(server: Server, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      // Nobody can be told of an accept that failed; the next one may succeed.
      server.on('error', () => {});
      resolve();
    });
  });
}

/** The port that a server has; 0 if it has none. */
export function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? (address as AddressInfo).port : 0;
}

/** Host and port as they stand in a URL. */
export function authorityOf(host: string, server: Server): string {
  return `${host.includes(':') ? `[${host}]` : host}:${portOf(server)}`;
}

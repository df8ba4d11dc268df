import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';

/** Listens on a free loopback port and hands upgrades over; resolves to the port. */
export function listen(
  onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
): Promise<number> {
  const server = createServer((_request, response) => response.writeHead(404).end());
  server.on('upgrade', onUpgrade);
  return portOf(server);
}

/** Has a server listen on a free loopback port; resolves to the port. */
export function portOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no port'));
      else resolve(address.port);
    });
  });
}

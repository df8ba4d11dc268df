import type { Socket } from 'node:net';

/** The address of the other side, IPv4 without its IPv6 wrapping; empty on a Unix socket. */
export function addressOf(socket: Socket): string {
  const address = socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}

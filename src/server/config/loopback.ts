import { isIPv4 } from 'node:net';

/** Whether an address to listen at, or a name from a `Host` header (IPv6 in brackets), can only be this machine. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  if (name === 'localhost' || name === '::1') return true;
  const mapped = name.startsWith('::ffff:') ? name.slice('::ffff:'.length) : name;
  return isIPv4(mapped) && mapped.startsWith('127.');
}

/** How a host is written in a URL: IPv6 in brackets. */
export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { allowsHost, hostList } from '../../transport/index.js';
import { urlHost } from '../config/index.js';
import type { ServerConfig } from '../config/index.js';

/** The loopback names of a `Host` header that people and programs use. */
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/**
 * The names that the server answers to; undefined means all. On loopback these are loopback names, so that no web page
 * can reach the server through a name of its own that points here (DNS rebinding).
 */
export function answeredHosts(config: ServerConfig): readonly string[] | undefined {
  if (config.loopback) {
    return [...new Set([...LOOPBACK_HOSTS, urlHost(config.host), ...config.hosts])];
  }
  return config.hosts.length === 0 ? undefined : config.hosts;
}

/**
 * Answers 421 to requests for other hosts, by the same comparison as the upgrade's.
 *
 * @throws Error naming the first of `hosts` that is not a host name without port.
 */
export function refuseOtherHosts(config: ServerConfig) {
  const hosts = answeredHosts(config);
  const known = hosts === undefined ? undefined : hostList(hosts);
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    if (known === undefined || allowsHost(request.headers.host, known)) {
      next();
      return;
    }
    response.writeHead(421, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
    response.end('This server does not answer for that host.\n');
  };
}

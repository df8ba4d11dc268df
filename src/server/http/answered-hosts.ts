import type { IncomingMessage, ServerResponse } from 'node:http';
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

/** Answers 421 to requests for other hosts. */
export function refuseOtherHosts(config: ServerConfig) {
  const hosts = answeredHosts(config);
  const known = hosts === undefined ? undefined : new Set(hosts.map(canonicalHost));
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    if (known === undefined || known.has(canonicalHost(request.headers.host))) {
      next();
      return;
    }
    response.writeHead(421, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
    response.end('This server does not answer for that host.\n');
  };
}

/** Only what may stand in a host and its port, so that a URL parser sees no user name, path or query in it. */
const HOST = /^[A-Za-z0-9._:[\]-]{1,255}$/;

/** A host as browsers write it, without its port; empty, which is never answered, if it is none. */
function canonicalHost(host = ''): string {
  const url = `http://${host}`;
  return HOST.test(host) && URL.canParse(url) ? new URL(url).hostname : '';
}

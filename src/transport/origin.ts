/**
 * Whether a request may come from this origin: there is none (not a browser), it is the server's own, or it is listed.
 * Compared exactly, as browsers send it: no substring, no pattern, no upper case; `null` and lists never match.
 */
export function allowsOrigin(
  origin: string | undefined,
  own: string | undefined,
  allowed: ReadonlySet<string>,
): boolean {
  return origin === undefined || (own !== undefined && origin === own) || allowed.has(origin);
}

/** The server's own origin as a browser would write it, or undefined if the Host header makes none. */
export function ownOrigin(encrypted: boolean, host: string | undefined): string | undefined {
  return parseHost(encrypted ? 'https' : 'http', host)?.origin;
}

/**
 * Makes the allow-list.
 *
 * @throws Error naming the first entry that no browser would ever send: a path, upper case, a default port, a pattern.
 */
export function originList(origins: readonly string[]): ReadonlySet<string> {
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin || origin.includes('*')) {
      throw new Error(
        `"${origin}" is not an origin as browsers send it (scheme://host or scheme://host:port).`,
      );
    }
  }
  return new Set(origins);
}

/** Whether the Host header names one of the hosts, whatever its port. */
export function allowsHost(host: string | undefined, allowed: ReadonlySet<string>): boolean {
  const hostname = parseHost('http', host)?.hostname;
  return hostname !== undefined && allowed.has(hostname);
}

/**
 * Makes the list of host names. IPv6 addresses may be given with or without brackets.
 *
 * @throws Error naming the first entry that is not a host name without port.
 */
export function hostList(hosts: readonly string[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const host of hosts) {
    const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
    const url = parseHost('http', bracketed);
    if (url === undefined || /\]?:\d*$/.test(bracketed))
      throw new Error(`"${host}" is not a host name without port.`);
    names.add(url.hostname);
  }
  return names;
}

/** Only what may stand in a host and its port, so that a URL parser sees no user name, path or query in it. */
const HOST = /^[A-Za-z0-9._:[\]-]{1,255}$/;

function parseHost(scheme: string, host: string | undefined): URL | undefined {
  if (host === undefined || !HOST.test(host)) return undefined;
  const url = `${scheme}://${host}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}

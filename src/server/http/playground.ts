import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../../router/index.js';
import type { ServerConfig } from '../config/index.js';

/** Where `npm run build` puts the page. */
const BUILT_PAGE = fileURLToPath(new URL('../../playground/', import.meta.url));

/** What the page may do: load what this server serves, and connect to it. No inline code, no eval, no frames around it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  // Covers the WebSocket too: 'self' matches ws: and wss: of the same host and port.
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const SAFETY: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Kinds of files that the page consists of; others are not served. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** The names of files below `assets/` hold a hash of their content. */
const FOREVER = 'public, max-age=31536000, immutable';

/** What the page asks its server: where the endpoint is, and what it speaks. */
export interface PlaygroundFacts {
  readonly version: string;
  /** Path of the WebSocket endpoint. */
  readonly path: string;
  readonly realms: readonly string[];
  readonly stomp: boolean;
  readonly wamp: boolean;
  /** What separates the words of a STOMP destination after `/topic/`. */
  readonly separator: '.' | '/';
  /** Whether a client may come in without a login. */
  readonly anonymous: boolean;
  /** Whether a client may log in with a ticket. */
  readonly tickets: boolean;
}

interface PageFile {
  readonly body: Buffer;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly etag: string;
}

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/**
 * Serves the page at `/`, for GET and HEAD. The files are read once, at start, and looked up by their exact path: no
 * request can name another one. Undefined if the page was not built.
 *
 * @param folder of the built page.
 */
export function servePlayground(config: ServerConfig, folder = BUILT_PAGE): Middleware | undefined {
  const files = readPage(folder);
  if (!files.has('/')) return undefined;
  files.set('/playground.json', {
    ...pageFile('.json', Buffer.from(JSON.stringify(factsOf(config)))),
    contentType: 'application/json; charset=utf-8',
    cacheControl: 'no-store',
  });
  return (request, response, next) => {
    const file = files.get(pathOf(request));
    if (file === undefined) next();
    else answer(request, response, file);
  };
}

/** path of the URL → file */
function readPage(folder: string): Map<string, PageFile> {
  const files = new Map<string, PageFile>();
  for (const entry of entriesOf(folder)) {
    const extension = extname(entry);
    if (CONTENT_TYPES[extension] === undefined) continue;
    const path = `/${relative(folder, entry).split(sep).join('/')}`;
    const file = pageFile(extension, readFileSync(entry));
    if (path === '/index.html') files.set('/', file);
    else files.set(path, path.startsWith('/assets/') ? { ...file, cacheControl: FOREVER } : file);
  }
  return files;
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    // It was not built, as with `npm run start:dev`.
    return [];
  }
}

function pageFile(extension: string, body: Buffer): PageFile {
  return {
    body,
    contentType: CONTENT_TYPES[extension] ?? 'application/octet-stream',
    cacheControl: 'no-cache',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`,
  };
}

function factsOf({ path, realms, subprotocols, anonymous, authentication }: ServerConfig): PlaygroundFacts {
  const { stomp, wamp } = subprotocols;
  return {
    version: VERSION,
    path,
    realms,
    stomp: stomp.enabled,
    wamp: wamp.enabled,
    separator: stomp.separator,
    anonymous,
    tickets: authentication !== undefined,
  };
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

function answer(request: IncomingMessage, response: ServerResponse, file: PageFile): void {
  for (const [name, value] of Object.entries(SAFETY)) response.setHeader(name, value);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD', 'Content-Type': 'text/plain; charset=utf-8' });
    response.end('Only GET and HEAD.\n');
    return;
  }
  response.setHeader('Cache-Control', file.cacheControl);
  response.setHeader('ETag', file.etag);
  if (isKnown(request.headers['if-none-match'], file.etag)) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': file.contentType, 'Content-Length': file.body.length });
  response.end(request.method === 'HEAD' ? undefined : file.body);
}

/** Whether the client has this version already [RFC 9110 §13.1.2]. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((known) => [etag, `W/${etag}`, '*'].includes(known.trim()));
}

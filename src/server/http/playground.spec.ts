import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../config/index.js';
import { servePlayground } from './playground.js';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let parent = '';
let server: Server;

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'mangrove-page-'));
  const folder = join(parent, 'page');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(parent, 'secret.html'), 'secret');
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(folder, 'favicon.svg'), '<svg/>');
  writeFileSync(join(folder, 'notes.md'), 'not a part of the page');
  writeFileSync(join(folder, 'assets/index-abc.js'), 'export {};');
  writeFileSync(join(folder, 'assets/index-abc.css'), 'p {}');
  writeFileSync(join(folder, 'assets/text-abc.woff2'), 'wOF2');
  const serve = servePlayground(loadConfig({}), folder);
  server = createServer((asked, answer) => serve?.(asked, answer, () => answer.writeHead(404).end('nobody')));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  rmSync(parent, { recursive: true });
});

/** Sends the path as it is: a URL would tidy it up. */
function ask(path: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  return new Promise((answered, failed) => {
    request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => answered({ status: response.statusCode, headers: response.headers, body }));
    })
      .on('error', failed)
      .end();
  });
}

describe('the playground', () => {
  it.each([
    ['/', 'text/html; charset=utf-8', 'no-cache'],
    ['/?from=readme', 'text/html; charset=utf-8', 'no-cache'],
    ['/favicon.svg', 'image/svg+xml', 'no-cache'],
    ['/assets/index-abc.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/assets/index-abc.css', 'text/css; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/assets/text-abc.woff2', 'font/woff2', 'public, max-age=31536000, immutable'],
    ['/playground.json', 'application/json; charset=utf-8', 'no-store'],
  ])('serves %s as %s, %s', async (path, type, cache) => {
    const { status, headers } = await ask(path);
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, type, cache]);
  });

  it('lets the page load what this server has, connect to it, and nothing else', async () => {
    const { headers } = await ask('/');
    const policy = headers['content-security-policy'] as string;
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "font-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
  });

  it('tells the page where the endpoint is and what it speaks, and no more', async () => {
    const { body } = await ask('/playground.json');
    expect(JSON.parse(body)).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      path: '/ws',
      realms: ['realm1'],
      stomp: true,
      wamp: true,
      separator: '.',
      anonymous: true,
      tickets: false,
    });
  });

  it('answers 304 to a client that has this version', async () => {
    const { headers } = await ask('/');
    const etag = headers.etag ?? '';
    expect(etag).toMatch(/^"[\w-]{27}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await ask('/', 'GET', { 'If-None-Match': known });
      expect([again.status, again.body, again.headers.etag]).toEqual([304, '', etag]);
    }
    expect((await ask('/', 'GET', { 'If-None-Match': '"other"' })).status).toBe(200);
  });

  it('answers HEAD as GET, without the body', async () => {
    const { status, headers, body } = await ask('/', 'HEAD');
    expect([status, headers['content-length'], body]).toEqual([200, '34', '']);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('answers 405 to %s', async (method) => {
    const { status, headers } = await ask('/', method);
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  it.each([
    '/index.html',
    '/notes.md',
    '/none',
    '//',
    '/./',
    '/assets',
    '/assets/',
    '/assets/..',
    '/../secret.html',
    '/assets/../../secret.html',
    '/..%2fsecret.html',
    '/%2e%2e/secret.html',
    '/..\\secret.html',
    '/favicon.svg%00.html',
    '/constructor',
    '/__proto__',
    'http://127.0.0.1/favicon.svg',
  ])('leaves %s to others', async (path) => {
    expect(await ask(path)).toMatchObject({ status: 404, body: 'nobody' });
  });

  it('is not there if it was not built', () => {
    expect(servePlayground(loadConfig({}), join(parent, 'nowhere'))).toBeUndefined();
  });
});

import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { built } from './built.js';
import { get } from './http-exchange.js';

const children: ChildProcessWithoutNullStreams[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  /** What it has written so far. */
  readonly out: () => string;
  readonly err: () => string;
  readonly exited: Promise<number | null>;
}

function run(args: readonly string[], env: Record<string, string> = {}): Running {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, args, { env: { PATH, ...env } });
  children.push(child);
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return { child, out: () => text.out, err: () => text.err, exited };
}

async function written(running: Running, pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const found = pattern.exec(running.out());
    if (found !== null) return found;
    await Promise.race([
      once(running.child.stdout, 'data'),
      running.exited.then((code) => {
        throw new Error(`exited with ${code} before it wrote ${pattern}: ${running.out()}${running.err()}`);
      }),
    ]);
  }
}

describe('the server process', () => {
  it('prints where it is and what it promises, drains on SIGTERM and exits with 0', async () => {
    const server = run([built('main.js'), 'serve'], { PORT: '0' });
    const [, url = ''] = await written(server, /websocket +(ws:\/\/127\.0\.0\.1:\d+\/ws)\n[^]*logins/);
    expect(server.out()).toMatch(/http +http:\/\/127\.0\.0\.1:\d+\/health\n/);
    expect(server.out()).toMatch(/subprotocols .*v12\.stomp.*wamp\.2\.json/);
    expect(server.out()).toMatch(/realms +realm1\n/);
    expect(server.out()).toMatch(/store +memory/);

    const socket = new WebSocket(url, ['v12.stomp']);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    server.child.kill('SIGTERM');
    expect((await closed)[0]).toBe(1001);
    expect(await server.exited).toBe(0);
    expect(server.err()).toBe('');
  });

  it('writes one JSON object a line with --json-logs, and exits with 0 on SIGINT', async () => {
    const server = run([built('main.js'), 'serve', '--json-logs'], { PORT: '0' });
    await written(server, /"msg":"started".*\n/);
    server.child.kill('SIGINT');
    expect(await server.exited).toBe(0);
    const lines = server.out().trimEnd().split('\n');
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toEqual(['started', 'stopping', 'stopped']);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      realms: 'realm1',
      websocket: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+\/ws$/),
    });
  });

  it('says in one line that the port is in use, and exits with 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    try {
      await once(taken, 'listening');
      const { port } = taken.address() as AddressInfo;
      const server = run([built('main.js'), 'serve'], { PORT: String(port) });
      expect(await server.exited).toBe(1);
      expect(server.err()).toBe(
        `mangrove: port ${port} of 127.0.0.1 is in use; choose another with PORT or \`port\` in the configuration\n`,
      );
      expect(server.out()).toBe('');
    } finally {
      taken.close();
    }
  });

  it('D6 D8: says in one line why the store cannot be used, and what to do, and exits with 1', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mangrove-process-'));
    try {
      const [store, file] = [join(folder, 'store'), join(folder, 'mangrove.yaml')];
      writeFileSync(file, `port: 0\nstore:\n  lmdb:\n    path: ${store}\n`);
      const first = run([built('main.js'), 'serve', '--config', file]);
      await written(first, /logins/);
      const second = run([built('main.js'), 'serve', '--config', file]);
      expect(await second.exited).toBe(1);
      expect(second.err()).toMatch(/^mangrove: [^\n]* process \d+[^\n]*\n$/);
      first.child.kill('SIGTERM');
      expect(await first.exited).toBe(0);
      truncateSync(join(store, 'data.mdb'));
      const third = run([built('main.js'), 'serve', '--config', file]);
      expect(await third.exited).toBe(1);
      expect(third.err()).toMatch(
        /^mangrove: [^\n]*data\.mdb cannot be opened: it is empty\. Put back a copy[^\n]*\n$/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('A19: exits with 2 on an open address', async () => {
    const server = run([built('main.js'), 'serve'], { HOST: '0.0.0.0', PORT: '0' });
    expect(await server.exited).toBe(2);
    expect(server.err()).toContain('Two ways out');
  });

  it('answers /health until it has drained', async () => {
    const server = run([built('main.js'), 'serve'], { PORT: '0' });
    const [, url = ''] = await written(server, /http +(http:\S+)\n[^]*logins/);
    expect((await get(url)).status).toBe(200);
    server.child.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  });
});

describe('the library', () => {
  it('loads nothing of Nest, neither rxjs nor reflect-metadata', async () => {
    const hooks = `
      import { writeSync } from 'node:fs';
      export async function load(url, context, next) { writeSync(1, url + '\\n'); return next(url, context); }`;
    const register = `
      import { register } from 'node:module';
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));`;
    const main = `
      import { createServer } from 'node:http';
      const { createRouter } = await import(${JSON.stringify(pathToFileURL(built('router/index.js')).href)});
      const server = createServer();
      const router = createRouter();
      router.attach(server);
      await router.close();`;
    const child = run([
      '--import',
      `data:text/javascript,${encodeURIComponent(register)}`,
      '--input-type=module',
      '--eval',
      main,
    ]);
    expect(await child.exited).toBe(0);
    const loaded = child.out().split('\n');
    expect(loaded.filter((url) => url.endsWith('/dist/router/index.js'))).toHaveLength(1);
    expect(
      loaded.filter((url) => /node_modules\/(@nestjs|rxjs|reflect-metadata|express)\//.test(url)),
    ).toEqual([]);
  });
});

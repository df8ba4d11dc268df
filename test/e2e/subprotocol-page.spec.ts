import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { eventually } from '../support/test-server.js';
import { built } from './built.js';

/** The programs import the package by its name, so they run from a folder inside the repository. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

let folder = '';
let child: ChildProcess | undefined;
let socket: WebSocket | undefined;

beforeEach(() => {
  built('testing/index.js');
  mkdirSync(`${ROOT}build`, { recursive: true });
  folder = mkdtempSync(`${ROOT}build/subprotocol-`);
  const page = readFileSync(`${ROOT}docs/subprotocol.md`, 'utf8');
  for (const [, name = '', text = ''] of page.matchAll(/^```js (\S+)\n([^]*?)^```$/gm)) {
    writeFileSync(`${folder}/${name}`, text);
  }
});

afterEach(async () => {
  socket?.terminate();
  socket = undefined;
  if (child !== undefined && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  child = undefined;
  rmSync(folder, { recursive: true });
});

describe('docs/subprotocol.md', () => {
  it.each([['v1.echo'], [undefined]])('has a subprotocol that works, offered as %p', async (token) => {
    const server = spawn(process.execPath, [`${folder}/server.mjs`], {
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = server;
    let output = '';
    server.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually(() => output.includes('\n') || server.exitCode !== null, 10_000);
    const client = token === undefined ? new WebSocket(output.trim()) : new WebSocket(output.trim(), token);
    socket = client;
    await once(client, 'open');
    client.send('ECHO hello');
    expect(String((await once(client, 'message'))[0])).toBe('ECHO hello');
    client.send('BYE');
    expect((await once(client, 'close'))[0]).toBe(1000);
  });

  it('has a test of it that passes', () => {
    // As a run of its own: a runner of node:test that thinks it is inside of another reports in another way.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const output = execFileSync(process.execPath, ['--test', `${folder}/echo.test.mjs`], { env }).toString();
    expect(output).toMatch(/^# pass [1-9]\d*$|^ℹ pass [1-9]\d*$/m);
    expect(output).toMatch(/^(?:#|ℹ) fail 0$/m);
  });
});

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/server/config/index.js';
import { startServer } from '../../src/server/index.js';
import type { RunningServer } from '../../src/server/index.js';

/** The programs import packages by name, so they run from a folder inside the repository. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Node 20 has its WebSocket behind a flag, as the README says. */
const WEBSOCKET = 'WebSocket' in globalThis ? [] : ['--experimental-websocket'];

/** How long a program may take for the next thing that it has to write, in ms. */
const PATIENCE_MS = 8000;

let folder = '';
let server: RunningServer;
const children: ChildProcess[] = [];

beforeEach(async () => {
  mkdirSync(`${ROOT}build`, { recursive: true });
  folder = mkdtempSync(`${ROOT}build/readme-`);
  const config = loadConfig({ env: { PORT: '0' } });
  server = await startServer({ ...config, logs: { json: false, level: 'error' } });
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** The fenced block of the README that is marked with this file name. */
function program(name: string): string {
  const readme = readFileSync(`${ROOT}README.md`, 'utf8');
  const found = new RegExp(`^\`\`\`js ${name.replaceAll('.', '\\.')}\\n([^]*?)^\`\`\`$`, 'm').exec(readme);
  if (found?.[1] === undefined) throw new Error(`The README has no block "js ${name}".`);
  return found[1];
}

/** Starts a program of the README against our server; the README's own address is the default one. */
function start(name: string): { readonly wrote: (text: string) => Promise<void> } {
  const file = `${folder}/${name}`;
  writeFileSync(file, program(name).replaceAll('ws://127.0.0.1:8080/ws', server.wsUrl));
  const child = spawn(process.execPath, ['--no-warnings', ...WEBSOCKET, file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const output = { text: '', ended: false, late: false };
  const changed = new EventTarget();
  const add = (chunk: Buffer): void => {
    output.text += chunk.toString();
    changed.dispatchEvent(new Event('change'));
  };
  child.stdout.on('data', add);
  child.stderr.on('data', add);
  child.on('close', () => {
    output.ended = true;
    changed.dispatchEvent(new Event('change'));
  });
  return {
    async wrote(text) {
      const timer = setTimeout(() => {
        output.late = true;
        changed.dispatchEvent(new Event('change'));
      }, PATIENCE_MS);
      while (!output.text.includes(text)) {
        if (output.ended || output.late) {
          const how = output.ended ? 'ended' : `ran ${PATIENCE_MS} ms`;
          throw new Error(`${name} ${how} without writing "${text}": ${output.text}`);
        }
        await new Promise((go) => changed.addEventListener('change', go, { once: true }));
      }
      clearTimeout(timer);
    },
  };
}

describe('the README', () => {
  it('has a STOMP and a WAMP program that hear and call each other', async () => {
    const wamp = start('wamp.mjs');
    await wamp.wrote('ready');
    const stomp = start('stomp.mjs');
    await stomp.wrote('2 + 3 = ');
    await stomp.wrote('5');
    await wamp.wrote('hello from STOMP');
    await stomp.wrote('adding 2 and 3');
  });

  it('has two short programs', () => {
    for (const name of ['stomp.mjs', 'wamp.mjs']) {
      const lines = program(name)
        .split('\n')
        .filter((line) => line.trim() !== '');
      expect(lines.length).toBeLessThanOrEqual(11);
    }
  });
});

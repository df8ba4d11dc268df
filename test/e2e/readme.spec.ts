import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/server/config/index.js';
import { startServer } from '../../src/server/index.js';
import type { RunningServer } from '../../src/server/index.js';
import { PlainWamp } from '../support/plain-clients.js';
import { built } from './built.js';

/** The programs import packages by name, so they run from a folder inside the repository. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** How long a program may take for the next thing that is waited for, in ms. */
const PATIENCE_MS = 12_000;

/** What `nest new` puts beside the module, as a program that says when it listens. */
const NEST_MAIN = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './compiled/app.module.js';
const app = await NestFactory.create(AppModule, { logger: ['error'] });
await app.listen(8080, '127.0.0.1');
`;

const readme = readFileSync(`${ROOT}README.md`, 'utf8');
let folder = '';
let server: RunningServer | undefined;
const children: ChildProcess[] = [];

beforeEach(() => {
  mkdirSync(`${ROOT}build`, { recursive: true });
  folder = mkdtempSync(`${ROOT}build/readme-`);
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await server?.stop();
  server = undefined;
  rmSync(folder, { recursive: true });
});

/** The fenced block of the README that is marked with this file name. */
function program(name: string): string {
  const found = new RegExp(`^\`\`\`[jt]s ${name.replaceAll('.', '\\.')}\\n([^]*?)^\`\`\`$`, 'm').exec(readme);
  if (found?.[1] === undefined) throw new Error(`The README has no block "${name}".`);
  return found[1];
}

/** A port that nobody listens on just now: the programs name theirs. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** A program that runs. */
interface Running {
  /** Waits until it has written this. */
  readonly wrote: (text: string) => Promise<void>;
}

/** Starts a program, with another port than the README's. */
function start(name: string, text: string, port: number): Running {
  const file = `${folder}/${name}`;
  writeFileSync(file, text.replaceAll('8080', String(port)));
  // Without a flag and without noise, as the README says.
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const output = { text: '', ended: false, late: false };
  const changed = new EventTarget();
  const change = (): void => void changed.dispatchEvent(new Event('change'));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output.text += chunk.toString();
      change();
    });
  }
  child.on('close', () => {
    output.ended = true;
    change();
  });
  return {
    async wrote(expected) {
      const timer = setTimeout(() => {
        output.late = true;
        change();
      }, PATIENCE_MS);
      while (!output.text.includes(expected) && !output.ended && !output.late) {
        await new Promise((go) => changed.addEventListener('change', go, { once: true }));
      }
      clearTimeout(timer);
      if (output.text.includes(expected)) return;
      const how = output.ended ? 'ended' : `ran ${PATIENCE_MS} ms`;
      throw new Error(`${name} ${how} without writing "${expected}": ${output.text}`);
    },
  };
}

/** Calls the sum until somebody answers it: the program that registers it is then at work. */
async function untilAdding(port: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  let answer: unknown;
  while (performance.now() < deadline) {
    try {
      const caller = await PlainWamp.connect(`ws://127.0.0.1:${port}/ws`);
      caller.send([48, 1, {}, 'com.example.add', [20, 22]]);
      answer = await caller.next();
      await caller.close();
    } catch (error) {
      answer = error;
    }
    if (JSON.stringify(answer) === '[50,1,{},[42]]') return;
    await new Promise((go) => setTimeout(go, 50));
  }
  throw new Error(`nobody adds at ${port}: ${String(answer)}`);
}

describe('the README', () => {
  it('has a STOMP and a WAMP program that hear and call each other', async () => {
    const config = loadConfig({ env: { PORT: '0' } });
    server = await startServer({ ...config, logs: { json: false, level: 'error' } });
    const port = Number(new URL(server.wsUrl).port);
    const wamp = start('wamp.mjs', program('wamp.mjs'), port);
    await untilAdding(port);
    const stomp = start('stomp.mjs', program('stomp.mjs'), port);
    await stomp.wrote('2 + 3 = 5');
    await stomp.wrote('STOMP heard: hello from STOMP');
    await stomp.wrote('adding 2 and 3');
    await wamp.wrote('WAMP heard: hello from STOMP');
  }, 40_000);

  it('has a program of the library that the STOMP program meets', async () => {
    built('router/index.js');
    const port = await freePort();
    const library = start('library.mjs', program('library.mjs'), port);
    await untilAdding(port);
    const stomp = start('stomp.mjs', program('stomp.mjs'), port);
    await stomp.wrote('2 + 3 = 5');
    await library.wrote('stomp: hello from STOMP');
  }, 40_000);

  it('has a Nest module that type-checks and that the STOMP program calls', async () => {
    built('nest/index.js');
    const port = await freePort();
    writeFileSync(`${folder}/app.module.ts`, program('app.module.ts'));
    const options = { rootDir: '.', outDir: 'compiled' };
    const config = { extends: '../../tsconfig.json', compilerOptions: options, include: ['*.ts'] };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
    const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const compiled = promisify(execFile)(process.execPath, [compiler, '-p', folder]);
    expect(await compiled.catch((error: { stdout: string }) => error)).toEqual({ stdout: '', stderr: '' });
    start('main.mjs', NEST_MAIN, port);
    await untilAdding(port);
    await start('stomp.mjs', program('stomp.mjs'), port).wrote('2 + 3 = 5');
  }, 60_000);

  it.each(['stomp.mjs', 'wamp.mjs', 'library.mjs', 'app.module.ts'])('has %s in ten lines', (name) => {
    const lines = program(name)
      .split('\n')
      // The line for Node 20 goes when Node 20 does.
      .filter((line) => line.trim() !== '' && !line.startsWith('globalThis.WebSocket ??='));
    expect(lines.length).toBeLessThanOrEqual(10);
  });

  it('links every page of the documentation, and nothing that is not there', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)/g)].map(([, target]) => target!);
    const pages = readdirSync(`${ROOT}docs`).filter((file) => file.endsWith('.md'));
    expect(links).toEqual(expect.arrayContaining(pages.map((page) => `docs/${page}`)));
    expect(links.filter((target) => !target.startsWith('https:') && !existsSync(ROOT + target))).toEqual([]);
  });
});

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { loadConfig } from '../../src/server/config/index.js';
import { startServer } from '../../src/server/index.js';
import type { RunningServer } from '../../src/server/index.js';
import { Authority } from '../support/certificates.js';
import { built } from './built.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
let folder = '';
let server: RunningServer | undefined;
const here = process.cwd();

/** What runs the programs of a language. */
const PROGRAMS = { js: process.execPath, python: '/usr/bin/python3' } as const;

beforeEach(() => {
  // Inside the repository, so that packages are found by their names.
  mkdirSync(`${ROOT}build`, { recursive: true });
  folder = mkdtempSync(`${ROOT}build/transports-`);
  // Paths in the pages are relative to where the server is started.
  process.chdir(folder);
  jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await server?.stop();
  server = undefined;
  process.chdir(here);
  rmSync(folder, { recursive: true, force: true });
});

/** The fenced blocks of a page that have a language and a file name, in order. */
function blocksOf(page: string, language: string, file: string): string[] {
  const text = readFileSync(`${ROOT}docs/${page}`, 'utf8');
  return [...text.matchAll(/^```(\w+) (\S+)\n([^]*?)^```$/gm)]
    .filter(([, found, name]) => found === language && name === file)
    .map(([, , , body]) => body!);
}

async function start(yaml: string): Promise<RunningServer> {
  writeFileSync('mangrove.yaml', yaml);
  server = await startServer(loadConfig({ file: 'mangrove.yaml', env: { PORT: '0' } }));
  return server;
}

/** Runs a program of a page, with its ports changed to those that were free; returns what it wrote, and what it should. */
async function run(
  page: string,
  [language, file]: readonly ['js' | 'python', string],
  ports: Readonly<Record<string, number>>,
): Promise<readonly [string, string | undefined]> {
  let [text = ''] = blocksOf(page, language, file);
  for (const [written, free] of Object.entries(ports)) text = text.replaceAll(written, String(free));
  writeFileSync(file, text);
  const env = { ...process.env, NODE_NO_WARNINGS: '1', PYTHONIOENCODING: 'utf-8' };
  const { stdout } = await promisify(execFile)(PROGRAMS[language], [file], {
    cwd: folder,
    timeout: 15_000,
    env,
  });
  return [stdout, blocksOf(page, 'text', file)[0]];
}

describe('docs/transports.md', () => {
  it.each([
    ['python', 'stomp_client.py'],
    ['js', 'rawsocket-client.js'],
    ['js', 'longpoll-client.js'],
  ] as const)('has a configuration and a %s program %s that writes what it says', async (...program) => {
    const [yaml = ''] = blocksOf('transports.md', 'yaml', 'mangrove.yaml');
    const { listeners } = await start(yaml.replaceAll(/port: \d+/g, 'port: 0'));
    const [stomp, raw, , longPoll] = listeners.map(({ port }) => port);
    const ports = { '61613': stomp!, '8091': raw!, '8092': longPoll! };
    const [written, expected] = await run('transports.md', program, ports);
    expect(written).toBe(expected);
  });

  it('has a program for the library that writes what it says', async () => {
    built('router/index.js');
    const [written, expected] = await run('transports.md', ['js', 'listen.js'], {});
    expect(written).toBe(expected);
  });
});

describe('docs/tls.md', () => {
  it('has configurations for which the client writes what it says', async () => {
    const authority = new Authority();
    const { cert, key } = authority.issue({ names: ['localhost'] });
    for (const [file, text] of Object.entries({
      'cert.pem': cert,
      'key.pem': key,
      'ca.pem': authority.cert,
    })) {
      writeFileSync(file, text);
    }
    const configurations = blocksOf('tls.md', 'yaml', 'mangrove.yaml');
    expect(configurations).toHaveLength(2);
    for (const yaml of configurations) {
      const { wsUrl } = await start(yaml);
      const { port } = new URL(wsUrl);
      const [written, expected] = await run('tls.md', ['js', 'client.js'], {
        '8080': Number(port),
      });
      expect(written).toBe(expected);
      await server?.stop();
    }
  });
});

import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/server/config/index.js';
import { built } from './built.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A fenced block that is marked with a file name. */
interface Block {
  readonly language: string;
  readonly file: string;
  readonly text: string;
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(`${ROOT}docs/${page}`, 'utf8');
  return [...text.matchAll(/^```(\w+) (\S+)\n([^]*?)^```$/gm)].map(([, language, file, body]) => ({
    language: language!,
    file: file!,
    text: body!,
  }));
}

const library = [...blocksOf('library.md'), ...blocksOf('authorization.md')];
const nest = [...blocksOf('nest.md'), ...blocksOf('authorization.md')];
let folder = '';

beforeAll(() => {
  built('router/index.js');
  // Inside the repository, so that the package is found by its name.
  mkdirSync(`${ROOT}build`, { recursive: true });
  folder = mkdtempSync(`${ROOT}build/documents-`);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('docs/library.md and docs/authorization.md', () => {
  const programs = library.filter(({ language }) => language === 'js').map(({ file, text }) => [file, text]);

  it.each(programs)('has a program %s that writes what it says', async (file, text) => {
    const path = `${folder}/${file}`;
    writeFileSync(path, text!);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [path], { timeout: 15_000 });
    const expected = library.find((block) => block.language === 'text' && block.file === file)?.text;
    expect([stdout, stderr]).toEqual([expected, '']);
  });

  it('has several', () => {
    expect(programs.length).toBeGreaterThanOrEqual(5);
  });
});

describe('docs/nest.md and docs/authorization.md', () => {
  it('has programs that type-check', () => {
    const files = nest.filter(({ language }) => language === 'ts');
    expect(files.map(({ file }) => file)).toEqual([
      'minimal.ts',
      'modules.ts',
      'enhancers.ts',
      'workers.ts',
      'adapter.ts',
      'rights.ts',
    ]);
    for (const { file, text } of files) writeFileSync(`${folder}/${file}`, text);
    const options = { noEmit: true, noUnusedLocals: false, rootDir: '.' };
    const config = { extends: '../../tsconfig.json', compilerOptions: options, include: ['*.ts'] };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
    const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const compile = (): string => {
      try {
        return execFileSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8', stdio: 'pipe' });
      } catch (error) {
        return (error as { stdout: string }).stdout;
      }
    };
    expect(compile()).toBe('');
  }, 60_000);
});

describe('a configuration in the documentation', () => {
  it.each(['docs/stomp.md', 'docs/store.md', 'README.md'])('is valid in %s', (page) => {
    const text = readFileSync(ROOT + page, 'utf8');
    const blocks = [...text.matchAll(/^```yaml mangrove\.yaml\n([^]*?)^```$/gm)];
    expect(blocks.length).toBeGreaterThan(0);
    for (const [at, [, yaml = '']] of blocks.entries()) {
      const file = `${folder}/${at}.yaml`;
      writeFileSync(file, yaml);
      expect(loadConfig({ file, env: {} }).store.lmdb?.path).toMatch(/\w/);
    }
  });
});

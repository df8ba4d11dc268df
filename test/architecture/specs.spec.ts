import { describe, expect, it, jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from './sources.js';

// A process of its own, which may have to wait for the processor.
jest.setTimeout(60_000);

/** Folders that the repository does not hold, as `.gitignore` lists them. */
const IGNORED = new Set([
  '.git',
  ...readFileSync(join(ROOT, '.gitignore'), 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('/'))
    .map((line) => line.slice(0, -1)),
]);

/** Files that by their name are tests, wherever they are. */
function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return IGNORED.has(entry.name) ? [] : testFiles(path);
    return /[.-](?:spec|test)\.[cm]?[jt]sx?$/.test(entry.name) ? [relative(ROOT, path)] : [];
  });
}

describe('Jest', () => {
  it('runs every spec file of the repository, and nothing else', () => {
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
    const listed = execFileSync(process.execPath, [jest, '--listTests', '--json'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const known = (JSON.parse(listed) as string[]).map((path) => relative(ROOT, path));
    expect(known.sort()).toEqual(testFiles(ROOT).sort());
  });
});

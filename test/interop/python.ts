import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Debian's Python, whose packages are Debian's. */
const PYTHON = '/usr/bin/python3';

/** What the programs print arrives as it was meant, and they leave nothing behind. */
const ENV = { PYTHONIOENCODING: 'utf-8', PYTHONDONTWRITEBYTECODE: '1' };

function pathOf(program: string): string {
  return fileURLToPath(new URL(`python/${program}`, import.meta.url));
}

/** Starts a program of `test/interop/python`, to talk with it. */
export function startPython(program: string): ChildProcessWithoutNullStreams {
  return spawn(PYTHON, [pathOf(program)], { env: { ...process.env, ...ENV } });
}

/** Runs a program of `test/interop/python` to its end. */
export function runPython(
  program: string,
  args: readonly string[],
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return promisify(execFile)(PYTHON, [pathOf(program), ...args], {
    timeout: 60_000,
    env: { ...process.env, ...ENV },
  });
}

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { StoreOpenError } from './errors.js';
import type { StoreOpenErrorCode } from './errors.js';
import type { Verification } from './verify-file.js';

/** A sound store. */
export type SoundStore = Extract<Verification, { readonly verdict: 'sound' }>;

/** The process may take so much longer than its budget, in ms: it has to start, and to read all inner pages. */
const SLACK_MS = 60_000;

/** The script that runs in a process of its own; where only the sources are at hand, the built one. */
function scriptFile(): string {
  const beside = fileURLToPath(new URL('verify-main.js', import.meta.url));
  return existsSync(beside) ? beside : beside.replace(/([\\/])src([\\/])(?!.*[\\/]src[\\/])/, '$1dist$2');
}

/**
 * Finds out in a process of its own whether a store can be opened.
 *
 * @param budgetMs how long records are read; the rest is checked when it is read. Infinite: all of them.
 * @throws StoreOpenError `damaged`, `foreign` or `newer`, with what to do.
 */
export async function verifyStore(path: string, budgetMs: number): Promise<SoundStore> {
  const budget = Number.isFinite(budgetMs) ? budgetMs : Number.MAX_SAFE_INTEGER;
  const deadlineMs = Number.isFinite(budgetMs) ? budgetMs + SLACK_MS : undefined;
  return soundOf(path, await runApart(['verify', path, String(budget)], deadlineMs));
}

/**
 * Copies a store to a folder that is not there yet, in a process of its own, and looks at the copy.
 *
 * @throws StoreOpenError
 */
export async function copyStore(path: string, to: string, how: 'plain' | 'compact'): Promise<SoundStore> {
  return soundOf(to, await runApart(['copy', path, to, how], undefined));
}

function soundOf(path: string, verification: Verification): SoundStore {
  const { verdict } = verification;
  if (verdict === 'sound') return verification;
  if (verdict === 'failed')
    throw new StoreOpenError(
      'unreadable',
      `The store in ${path} cannot be read or written: ${verification.why}.`,
    );
  throw refusal(path, verdict, verification.why);
}

/** The error for a store that must not be opened. */
function refusal(path: string, code: StoreOpenErrorCode & keyof typeof ADVICE, why: string): StoreOpenError {
  return new StoreOpenError(code, `${path}/data.mdb cannot be opened: ${why}. ${ADVICE[code]}`);
}

const ADVICE = {
  damaged:
    'Put back a copy made with `mangrove store backup`, or move the folder away to begin with an empty store; the file is left as it is.',
  foreign: 'Give the store a folder of its own.',
  newer: 'Use the version of Mangrove that wrote it, or a newer one.',
} as const;

async function runApart(args: readonly string[], deadlineMs: number | undefined): Promise<Verification> {
  const child = spawn(process.execPath, [scriptFile(), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing that was meant for this process: debuggers, loaders.
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (err = (err + chunk.toString('utf8')).slice(-2000)));
  const timer = deadlineMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  const { code, signal } = await ended(child);
  clearTimeout(timer);
  if (code === 0 && out !== '') return JSON.parse(out) as Verification;
  if (signal === null)
    throw new StoreOpenError(
      'unreadable',
      `The store cannot be checked: ${err.trim() || `exit code ${code}`}`,
    );
  return { verdict: 'damaged', why: `the process that looked at it was ended by ${signal}` };
}

function ended(
  child: ReturnType<typeof spawn>,
): Promise<{ readonly code: number | null; readonly signal: string | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(
        new StoreOpenError('unreadable', `The store cannot be checked: ${error.message}`, { cause: error }),
      );
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

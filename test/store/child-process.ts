import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LmdbStoreOptions } from '../../src/engines/lmdb/index.js';
import { built } from '../e2e/built.js';

const SCRIPT = fileURLToPath(new URL('store-child.mjs', import.meta.url));

/** What a scenario of `store-child.mjs` is told. */
export interface ChildOptions {
  readonly store: LmdbStoreOptions;
  readonly [name: string]: unknown;
}

/** How a process ended, and what it told. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly lines: readonly string[];
  readonly errors: string;
}

/** A process with a store. */
export class StoreChild {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  #rest = '';
  #errors = '';
  #tellLine: () => void = () => {};

  /** @param tracer a command and its arguments that the process is run under. */
  constructor(scenario: string, options: ChildOptions, tracer: readonly string[] = []) {
    built('engines/lmdb/index.js');
    const command = [...tracer, process.execPath, SCRIPT, scenario, JSON.stringify(options)];
    this.#child = spawn(command[0]!, command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      // One thread writes: strace counts the calls of each.
      env: { ...process.env, NODE_OPTIONS: '', UV_THREADPOOL_SIZE: tracer.length === 0 ? '4' : '1' },
    });
    this.#child.stdout!.on('data', (chunk: Buffer) => this.#read(chunk.toString()));
    this.#child.stderr!.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()));
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        this.#tellLine();
        resolve({ code, signal, lines: this.lines, errors: this.#errors });
      });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get ended(): Promise<Ended> {
    return this.#ended;
  }

  kill(): Promise<Ended> {
    this.#child.kill('SIGKILL');
    return this.#ended;
  }

  /** Waits until it has told so many lines, or has ended. */
  async told(count: number): Promise<void> {
    while (this.lines.length < count && this.#child.exitCode === null && this.#child.signalCode === null)
      await new Promise<void>((resolve) => (this.#tellLine = resolve));
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    this.lines.push(...lines);
    this.#tellLine();
  }
}

/** Runs a scenario to its end. */
export function runChild(
  scenario: string,
  options: ChildOptions,
  tracer: readonly string[] = [],
): Promise<Ended> {
  return new StoreChild(scenario, options, tracer).ended;
}

/** What a scenario told last, as an object. */
export function told({ lines, code, signal, errors }: Ended): Record<string, unknown> {
  const last = lines.findLast((line) => line.startsWith('{'));
  if (last === undefined)
    throw new Error(
      `The process ended with ${code ?? signal} and told nothing: ${lines.slice(-5).join(' ')} ${errors}`,
    );
  return JSON.parse(last) as Record<string, unknown>;
}

/** A disk of a few MiB in memory. */
export function mountDisk(folder: string, mebibytes: number): { unmount(): void } {
  run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder]);
  return { unmount: () => run('umount', [folder]) };
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
}

import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { memoryOf, readText } from './memory.js';
import type { Memory } from './protocol.js';

/** Ticks of `/proc/<pid>/stat` in a second: 100 on every Linux that runs Node. */
const TICK_US = 10_000;

const removed = new Set<() => void>();
process.on('exit', () => {
  for (const remove of removed) remove();
});

/** Does something when this process ends, however that comes about. */
export function atExit(remove: () => void): void {
  removed.add(remove);
}

/**
 * Makes a folder for a server's data, which goes with this process. It is below `build/`, so that all contenders write to
 * one disk, and not to a `/tmp` that may be memory.
 */
export function makeDataFolder(): string {
  const folder = mkdtempSync(join(fileURLToPath(new URL('../..', import.meta.url)), 'bench-data-'));
  atExit(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** What the folder's file system is, for the report. */
export function describeDisk(folder: string): string {
  const found = spawnSync('findmnt', ['-n', '-o', 'FSTYPE,SOURCE', '-T', folder], { encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim().replace(/\s+/, ' on ') : 'an unknown file system';
}

/** A server program that we start, ask the system about, and end. */
export class SpawnedServer {
  readonly #child: ChildProcess;
  #output = '';
  #gone: Promise<unknown>;

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    // A session of its own: by its number all processes of it are found, and Ctrl-C is not for them.
    this.#child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env });
    const hears = (chunk: Buffer): void =>
      void (this.#output = (this.#output + chunk.toString()).slice(-20_000));
    this.#child.stdout?.on('data', hears);
    this.#child.stderr?.on('data', hears);
    this.#gone = once(this.#child, 'close').catch((error: unknown) => hears(Buffer.from(String(error))));
    atExit(() => this.signal('SIGKILL'));
  }

  /**
   * Waits until its output has something.
   *
   * @throws Error if it ends before, or takes more than `withinMs`.
   */
  async written(pattern: RegExp, withinMs: number): Promise<RegExpExecArray> {
    let ended = false;
    void this.#gone.then(() => (ended = true));
    const late = performance.now() + withinMs;
    for (;;) {
      const found = pattern.exec(this.#output);
      if (found !== null) return found;
      if (ended || performance.now() > late) {
        throw new Error(`the server ${ended ? 'has ended' : 'does not start'}: ${this.#output.slice(-1500)}`);
      }
      await new Promise((go) => setTimeout(go, 5));
    }
  }

  /** CPU time of all its processes, user and system, in µs. */
  cpu(): number {
    let ticks = 0;
    for (const { fields } of this.#processes()) ticks += Number(fields[11]) + Number(fields[12]);
    return ticks * TICK_US;
  }

  /** Resident memory of all its processes. */
  memory(): Memory {
    const memory = { residentBytes: 0, anonymousBytes: 0 };
    for (const { pid } of this.#processes()) {
      const one = memoryOf(pid);
      memory.residentBytes += one.residentBytes;
      memory.anonymousBytes += one.anonymousBytes;
    }
    return memory;
  }

  /** Sends a signal to all its processes. */
  signal(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    process.kill(-pid, signal);
  }

  /** Ends it: with SIGTERM, and with SIGKILL if that takes too long. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.signal(signal);
    const late = setTimeout(() => this.signal('SIGKILL'), 5000);
    await this.#gone;
    clearTimeout(late);
  }

  /** All processes of its session, with the fields of `/proc/<pid>/stat` behind the name. */
  *#processes(): Generator<{ readonly pid: string; readonly fields: readonly string[] }> {
    const session = String(this.#child.pid);
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      const stat = readText(`/proc/${pid}/stat`);
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields[3] === session) yield { pid, fields };
    }
  }
}

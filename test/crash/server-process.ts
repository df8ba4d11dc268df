import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How long the server may take until it listens, in ms. */
const START_MS = 30_000;

/** What runs now, so that nothing is left behind, however this process ends. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) signalGroup(child, 'SIGKILL');
});

/** To it and what it started, if it still runs. */
function signalGroup({ pid, exitCode, signalCode }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  process.kill(-pid, signal);
}

/** A folder for the store, the configuration and what the consumers write down. */
export interface Site {
  readonly folder: string;
  /** The configuration of the server. */
  readonly config: string;
  /** The folder of the store, inside. */
  readonly store: string;
  /** Leaves it where it is, for somebody to look at; else it goes with this process at the latest. */
  keep(): void;
  remove(): void;
}

/** Makes a folder with a configuration that keeps queues in LMDB, each commit on disk. */
export function makeSite(): Site {
  const folder = mkdtempSync(join(tmpdir(), 'mangrove-crash-'));
  const config = join(folder, 'mangrove.yaml');
  const store = join(folder, 'store');
  mkdirSync(store);
  // No limit may be what ends a run: a publisher at full speed is above what a server in the open takes from one socket.
  writeFileSync(
    config,
    `host: 127.0.0.1
port: 0
playground: false
store:
  lmdb:
    path: ${JSON.stringify(store)}
    sync: commit
queues:
  - match: '#'
    maxMessages: 10000000
    maxBytes: 10737418240
limits:
  messagesPerSecond: 10000000
  bytesPerSecond: 1073741824
`,
  );
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.on('exit', remove);
  return { folder, config, store, keep: () => void process.off('exit', remove), remove };
}

/** What stands before `node` on the command line: nothing, or a tracer. */
export type Prefix = readonly string[];

/** One life of the server: `node dist/main.js serve`. */
export class ServerProcess {
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  readonly #child: ChildProcess;
  #output = '';
  #wanted = false;

  /**
   * @param main path of `dist/main.js`.
   * @param unexpected is told when it ends and nobody wanted that.
   */
  constructor(main: string, site: Site, unexpected: (why: Error) => void, prefix: Prefix = []) {
    const [command = '', ...args] = [...prefix, process.execPath, main, 'serve', '--config', site.config];
    this.#child = spawn(command, [...args, '--json-logs'], {
      // A group of its own: Ctrl-C is for us, and a tracer dies with what it traces.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '' },
    });
    running.add(this.#child);
    const hears = (chunk: Buffer): void =>
      void (this.#output = (this.#output + chunk.toString()).slice(-20_000));
    this.#child.stdout?.on('data', hears);
    this.#child.stderr?.on('data', hears);
    this.gone = once(this.#child, 'close').then(([code, signal]) => {
      running.delete(this.#child);
      if (!this.#wanted) {
        unexpected(new Error(`the server ended by itself (${signal ?? code}):\n${this.#output}`));
      }
    });
  }

  /** What it has written, the end of it. */
  get output(): string {
    return this.#output;
  }

  /** Waits until it listens; resolves to the address of the endpoint. */
  async ready(): Promise<string> {
    let ended = false;
    void this.gone.then(() => (ended = true));
    const late = performance.now() + START_MS;
    for (;;) {
      const [, url] = /"websocket":"(ws:[^"]+)"/.exec(this.#output) ?? [];
      if (url !== undefined) return url;
      if (ended || performance.now() > late) {
        throw new Error(`the server ${ended ? 'has ended' : 'does not start'}:\n${this.#output}`);
      }
      await new Promise((go) => setTimeout(go, 5));
    }
  }

  /** Ends it as a crash does, at once. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.gone;
  }

  /** Ends it as an operator does. */
  async stop(): Promise<void> {
    this.#signal('SIGTERM');
    const late = setTimeout(() => this.#signal('SIGKILL'), START_MS);
    await this.gone;
    clearTimeout(late);
  }

  #signal(signal: NodeJS.Signals): void {
    this.#wanted = true;
    signalGroup(this.#child, signal);
  }
}

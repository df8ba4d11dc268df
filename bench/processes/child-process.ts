import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Answer, Requests } from './protocol.js';

/** How long a child may take to end, with its profile to write, in ms. */
const END_TIMEOUT_MS = 10_000;

/** A child of ours, alone on its core if there is one for it, that answers requests. */
export class Child {
  readonly #process: ChildProcess;
  #waiting: { answer: (answer: unknown) => void; fail: (error: Error) => void } | undefined;
  #gone: Error | undefined;

  /**
   * @param script the script's path below the compiled bench.
   * @param core the core to pin it to; undefined: wherever the system likes.
   * @param profiles folder for a CPU profile, written when it ends; undefined: none.
   */
  constructor(
    private readonly script: string,
    core: number | undefined,
    profiles?: string,
  ) {
    const path = fileURLToPath(new URL(`../${script}`, import.meta.url));
    const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
    const node = [process.execPath, ...profiling, path];
    const [command = '', ...args] = core === undefined ? node : ['taskset', '-c', String(core), ...node];
    this.#process = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#process.on('message', (answer: Answer) => this.#answered(answer));
    this.#process.on('error', (error) => this.#ended(error));
    this.#process.on('exit', (code, signal) => this.#ended(new Error(`${script} ended: ${signal ?? code}`)));
  }

  /** Asks, and waits for the answer. One request at a time. */
  ask<Name extends keyof Requests>(name: Name, question: Requests[Name][0]): Promise<Requests[Name][1]> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) return reject(this.#gone);
      if (this.#waiting !== undefined) return reject(new Error(`${this.script} is still busy`));
      this.#waiting = { answer: (answer) => resolve(answer as Requests[Name][1]), fail: reject };
      this.#process.send({ name, question });
    });
  }

  /** Ends it; resolves when it is gone. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#gone !== undefined) return resolve();
      this.#process.once('exit', () => resolve());
      this.#process.disconnect();
      // A server that is stuck does not see the disconnect.
      setTimeout(() => this.#process.kill('SIGKILL'), END_TIMEOUT_MS).unref();
    });
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if ('error' in answer) waiting?.fail(new Error(`${this.script}: ${answer.error}`));
    else waiting?.answer(answer.answer);
  }

  #ended(why: Error): void {
    this.#gone = why;
    this.#waiting?.fail(why);
    this.#waiting = undefined;
  }
}

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { BinaryPeer, Cargo } from './binary-peers.js';
import { spelled } from './binary-peers.js';
import type { Serializer } from './features/client.js';
import { startPython } from './python.js';

/** What waits for the answer to a command. */
interface Waiting {
  answered(result: unknown): void;
  failed(error: Error): void;
}

/** An answer of the program's. */
interface Answer {
  readonly number: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Sessions of Debian's autobahn, all in one process. */
export class PythonPeers {
  readonly #process: ChildProcessWithoutNullStreams = startPython('wamp_peer.py');
  readonly #exit = once(this.#process, 'exit');
  /** number of a command → who waits for its answer */
  readonly #waiting = new Map<number, Waiting>();
  #complaints = '';
  #numbers = 0;

  constructor() {
    this.#process.stderr.on('data', (text: Buffer) => {
      this.#complaints += text.toString();
    });
    createInterface(this.#process.stdout).on('line', (line) => this.#take(JSON.parse(line) as Answer));
    void this.#exit.then(() => {
      for (const { failed } of this.#waiting.values())
        failed(new Error(`Python is gone: ${this.#complaints}`));
    });
  }

  async join(url: string, serializer: Serializer): Promise<BinaryPeer> {
    this.#numbers += 1;
    const peer = this.#numbers;
    const tell = (method: string, ...args: unknown[]): Promise<unknown> => this.#tell(peer, method, args);
    await tell('join', url, serializer);
    return {
      send: async (topic, cargo) => void (await tell('send', topic, spelled(cargo))),
      hear: async (topic) => {
        await tell('hear', topic);
        return async () => (await tell('heard', topic)) as Cargo;
      },
      serve: async (procedure, answer) => {
        await tell('serve', procedure, spelled(answer));
        return async () => (await tell('was_asked', procedure)) as Cargo;
      },
      ask: async (procedure, cargo) => (await tell('ask', procedure, spelled(cargo))) as Cargo,
      leave: async () => void (await tell('leave')),
    };
  }

  /** Ends the process; resolves to what it complained of. */
  async end(): Promise<string> {
    this.#process.stdin.end();
    await this.#exit;
    return this.#complaints;
  }

  #tell(peer: number, method: string, args: readonly unknown[]): Promise<unknown> {
    this.#numbers += 1;
    const number = this.#numbers;
    return new Promise((answered, failed) => {
      this.#waiting.set(number, { answered, failed });
      this.#process.stdin.write(`${JSON.stringify({ number, peer, method, args })}\n`);
    });
  }

  #take({ number, result, error }: Answer): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (error === undefined) waiting?.answered(result);
    else waiting?.failed(new Error(error));
  }
}

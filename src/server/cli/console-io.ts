/** What a command reads and writes; tests bring their own. */
export interface ConsoleIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads standard input to its end. */
  readonly readInput: () => Promise<string>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Calls back when the process is told to stop (SIGTERM, SIGINT), or broke (an uncaught error); at most once each. */
  readonly onStop: (callback: (why: StopReason) => void) => void;
  /** Calls back each time the process is told to read its files again (SIGHUP). Without it, SIGHUP ends the process. */
  readonly onReload: (callback: () => void) => void;
}

/** Why the process stops. */
export type StopReason =
  { readonly kind: 'signal'; readonly signal: string } | { readonly kind: 'broken'; readonly error: unknown };

/** Exit codes of the command. */
export const EXIT = {
  ok: 0,
  /** It could not do what it was asked to do. */
  failed: 1,
  /** It was asked the wrong way: command line or configuration. */
  usage: 2,
} as const;

/** The real console and process. */
export function processIo(): ConsoleIo {
  return {
    env: process.env,
    readInput,
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    onStop(callback) {
      // A log that nobody reads any more must not end the server.
      process.stdout.on('error', () => {});
      process.stderr.on('error', () => {});
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        process.once(signal, () => callback({ kind: 'signal', signal }));
      }
      process.once('uncaughtException', (error) => callback({ kind: 'broken', error }));
    },
    onReload: (callback) => void process.on('SIGHUP', callback),
  };
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

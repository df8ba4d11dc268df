/** Programs that a script starts, watches and ends. */
import { spawn } from 'node:child_process';

/**
 * Runs a command to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions & { withinMs: number }} options `withinMs`: it is killed after that.
 * @returns {Promise<{ code: number | null, output: string }>} output: what it wrote, standard error included.
 */
export async function run(command, args, { withinMs, ...options }) {
  const program = start(command, args, options);
  const late = setTimeout(() => program.kill(), withinMs);
  const code = await program.exited;
  clearTimeout(late);
  return { code, output: program.output() };
}

/**
 * Runs a command that has to succeed.
 *
 * @returns {Promise<string>} what it wrote.
 * @throws Error with its output, if it ends with anything but 0.
 */
export async function mustRun(command, args, options) {
  const { code, output } = await run(command, args, options);
  if (code !== 0) throw new Error(`"${command} ${args.join(' ')}" ended with ${code}:\n${output}`);
  return output;
}

/** Programs that run; none outlives the script. */
const running = new Set();

process.on('exit', () => {
  for (const kill of running) kill();
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/**
 * Starts a command, in a process group of its own, so that `kill` ends its children too.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 */
export function start(command, args, options) {
  const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const heard = new Set();
  const hear = (chunk) => {
    output += chunk.toString();
    for (const listener of heard) listener();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const kill = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  running.add(kill);
  /** @type {Promise<number | null>} */
  const exited = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      running.delete(kill);
      resolve(code);
    });
  });
  return { exited, kill, output: () => output, signal: (name) => child.kill(name), written };

  /** Waits for text; resolves to the match, rejects when the program ends or the time is over. */
  function written(pattern, withinMs) {
    return new Promise((resolve, reject) => {
      const settle = (how, value) => {
        clearTimeout(late);
        heard.delete(look);
        how(value);
      };
      const look = () => {
        const found = pattern.exec(output);
        if (found !== null) settle(resolve, found);
      };
      const missed = (why) => settle(reject, new Error(`${why} without writing ${pattern}:\n${output}`));
      const late = setTimeout(() => missed(`ran ${withinMs} ms`), withinMs);
      heard.add(look);
      exited.then((code) => missed(`ended with ${code}`), reject);
      look();
    });
  }
}

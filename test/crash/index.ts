import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { killRun, killsOf } from './kill-run.js';
import type { KillRunState } from './kill-run.js';
import { VIOLATIONS } from './ledger.js';
import type { Violation } from './ledger.js';
import { syncOrder } from './sync-order.js';

const HELP = `npm run test:crash -- [options]

Kills the server again and again under confirmed load and checks that every promise was kept.

options
  --kills <n>      how often (default 100)
  --seed <n>       the moments of the kills depend on it (default: by the clock, and printed)
  --seconds <n>    ends the run after so long, whatever --kills says
  --life <a>-<b>   seconds under load before a kill (default 0.2-2)
  --sync-order     instead: proves by strace that each RECEIPT leaves after the sync that covers its message
  --messages <n>   for --sync-order: how many (default 1000)
  --server <file>  the server's main.js (default dist/main.js)
  --help           this

exit codes: 0 every promise was kept; 1 one was not, or the run broke; 2 wrong usage
`;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

class UsageError extends Error {}

interface Wishes {
  readonly kills: number;
  readonly seed: number;
  readonly seconds: number;
  readonly lifeMs: readonly [number, number];
  readonly syncOrder: boolean;
  readonly messages: number;
  readonly main: string;
  readonly help: boolean;
}

function read(args: string[]): Wishes {
  const { values } = parse(args);
  const [, least = '', most = ''] = /^([\d.]+)-([\d.]+)$/.exec(values.life ?? '0.2-2') ?? [];
  const lifeMs = [Number(least) * 1000, Number(most) * 1000] as const;
  if (least === '' || !(lifeMs[0] <= lifeMs[1])) throw new UsageError('--life: two numbers such as 0.2-2');
  const main = resolve(values.server ?? 'dist/main.js');
  if (values.help !== true && !existsSync(main)) throw new UsageError(`${main} is missing: npm run build`);
  return {
    kills: whole(values.kills, 100, '--kills'),
    seed: whole(values.seed, Date.now() % 1_000_000_007, '--seed'),
    seconds: whole(values.seconds, 7 * 86_400, '--seconds'),
    lifeMs,
    syncOrder: values['sync-order'] === true,
    messages: whole(values.messages, 1000, '--messages'),
    main,
    help: values.help === true,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        kills: { type: 'string' },
        seed: { type: 'string' },
        seconds: { type: 'string' },
        life: { type: 'string' },
        'sync-order': { type: 'boolean' },
        messages: { type: 'string' },
        server: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function whole(text: string | undefined, otherwise: number, name: string): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new UsageError(`${name}: a whole number from 1 on`);
  return value;
}

async function kill({ kills, seed, seconds, lifeMs, main }: Wishes): Promise<number> {
  say(`seed ${seed}: ${kills} kills, each after ${lifeMs[0]}–${lifeMs[1]} ms of load`);
  const started = performance.now();
  let told = 0;
  const state = await killRun({
    main,
    kills,
    seed,
    lifeMs,
    withinMs: seconds * 1000,
    progress(so) {
      if (performance.now() - told < 10_000) return;
      told = performance.now();
      say(progressLine(so, performance.now() - started));
    },
  });
  say(describe(state, seed, performance.now() - started));
  return state.ledger.clean ? 0 : 1;
}

function progressLine(state: KillRunState, ms: number): string {
  const { ledger } = state;
  const wrong = Object.values(ledger.violations).reduce((sum, count) => sum + count, 0);
  return `${String(killsOf(state)).padStart(5)} kills  ${ledger.confirmed} confirmed  ${wrong} violations  ${(ms / 1000).toFixed(0)} s`;
}

function describe(state: KillRunState, seed: number, ms: number): string {
  const { kills, ledger, folder } = state;
  const rows: readonly (readonly [string, number, string])[] = [
    [
      'kills',
      killsOf(state),
      `${kills.load} under load, ${kills.drain} in a drain, ${kills.start} in a start`,
    ],
    ['confirmed', ledger.confirmed, 'messages, by STOMP and WAMP producers'],
    ['redelivered', ledger.redelivered, 'with the flag, as they should be'],
    ['unknown', ledger.unknown, 'not confirmed and not there: allowed'],
    ...Object.entries(VIOLATIONS).map(
      ([name, what]) => [LABELS[name as Violation], ledger.violations[name as Violation], what] as const,
    ),
  ];
  const lines = rows.map(
    ([name, count, what]) => `  ${name.padEnd(30)}${String(count).padStart(10)}  ${what}`,
  );
  const end = ledger.clean
    ? `every promise was kept; seed ${seed}, ${(ms / 1000).toFixed(0)} s`
    : `BROKEN; seed ${seed}; the store and what the consumers wrote down: ${folder}`;
  return [...lines, ...ledger.findings.map((finding) => `  ! ${finding}`), end].join('\n');
}

const LABELS = {
  missing: 'missing',
  duplicates: 'duplicates without flag',
  outOfOrder: 'out of order',
  ackedBack: 'acknowledged, came back',
  unackedGone: 'not acknowledged, gone',
  damaged: 'damaged',
} as const satisfies Record<Violation, string>;

async function proveOrder({ messages, main }: Wishes): Promise<number> {
  const result = await syncOrder({ main, messages });
  say(
    [
      `  receipts      ${result.receipts}`,
      `  syncs         ${result.syncs}`,
      `  proved        ${result.proved}  left after the return of a sync that began after their message was written`,
      `  violations    ${result.violations.length}`,
      ...result.violations.slice(0, 20).map((violation) => `  ! ${violation}`),
      result.violations.length === 0 ? 'in order' : `OUT OF ORDER; the trace: ${result.trace}`,
    ].join('\n'),
  );
  return result.violations.length === 0 ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143));
}
try {
  const wishes = read(process.argv.slice(2));
  if (wishes.help) say(HELP);
  else process.exitCode = wishes.syncOrder ? await proveOrder(wishes) : await kill(wishes);
} catch (error) {
  const usage = error instanceof UsageError;
  complain(usage ? `${error.message}\n\n${HELP}` : error instanceof Error ? error.message : String(error));
  process.exitCode = usage ? 2 : 1;
}

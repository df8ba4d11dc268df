import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chooseCores } from './processes/cores.js';
import type { ScenarioReport } from './report.js';
import {
  circumstances,
  describeCircumstances,
  describeRound,
  describeScenario,
  report,
  verdictsOf,
} from './report.js';
import type { Effort } from './run.js';
import { FailedRun, runScenario } from './run.js';
import type { Scenario } from './scenarios/index.js';
import { findScenarios, quickScenarios, scenarios } from './scenarios/index.js';

const QUICK: Effort = { rounds: 3, roundMs: 1200, warmUpMs: 800, verifyMs: 300 };
const FULL: Effort = { rounds: 7, roundMs: 3000, warmUpMs: 1000, verifyMs: 1000 };

const HELP = `npm run bench -- [options] [scenario…]

Measures Mangrove beside plain ws servers, its queues beside RabbitMQ's, in the same run, and checks the floors.

scenarios (default: all; a name without its number selects all that share it)
${scenarios.map(({ name, title }) => `  ${name.padEnd(14)} ${title}`).join('\n')}

options
  --quick           shorter rounds and shallower queues, within 6 minutes in all
  --rounds <n>      timed rounds per contender (default ${FULL.rounds}, quick ${QUICK.rounds})
  --json [file]     writes everything as JSON to the file, or to the standard output (then the text goes to the standard error)
  --cpu-prof <dir>  has each server write a CPU profile there (its cost is in the figures)
  --plain-only      measures only the plain servers: how steady is this machine?
  --assert-floors   exit code 1 if a floor is missed
  --help            this

exit codes: 0 done; 1 a message was missing, surplus or wrong, or (with --assert-floors) a floor was missed; 2 wrong usage
`;

interface Wishes {
  readonly selected: readonly Scenario[];
  readonly effort: Effort;
  /** A file's name; '' for the standard output; undefined: no JSON. */
  readonly json: string | undefined;
  /** Folder for CPU profiles of the servers. */
  readonly profiles: string | undefined;
  readonly plainOnly: boolean;
  readonly assertFloors: boolean;
  readonly help: boolean;
}

class UsageError extends Error {}

function read(args: readonly string[]): Wishes {
  const { values, positionals } = parse(jsonArgument(args));
  const effort = values.quick === true ? QUICK : FULL;
  const all = values.quick === true ? quickScenarios : scenarios;
  const rounds = values.rounds === undefined ? effort.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new UsageError('--rounds: a number from 1 on');
  const found = positionals.map((name) => {
    const matches = findScenarios(name, all);
    if (matches === undefined) {
      throw new UsageError(
        `no scenario ${name}; there are: ${scenarios.map((scenario) => scenario.name).join(', ')}`,
      );
    }
    return matches;
  });
  return {
    selected: found.length === 0 ? all : [...new Set(found.flat())],
    effort: { ...effort, rounds },
    json: values.json,
    profiles: values['cpu-prof'],
    plainOnly: values['plain-only'] === true,
    assertFloors: values['assert-floors'] === true,
    help: values.help === true,
  };
}

/** `parseArgs` knows no optional value: `--json` stands alone unless the name of a file (with a dot or a slash) follows. */
function jsonArgument(args: readonly string[]): string[] {
  const at = args.indexOf('--json');
  if (at < 0) return [...args];
  const next = args[at + 1];
  const isFile = next !== undefined && !next.startsWith('-') && /[./]/.test(next);
  return [...args.slice(0, at), `--json=${isFile ? next : ''}`, ...args.slice(at + (isFile ? 2 : 1))];
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        rounds: { type: 'string' },
        json: { type: 'string' },
        'cpu-prof': { type: 'string' },
        'plain-only': { type: 'boolean' },
        'assert-floors': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function measure(scenario: Scenario, wishes: Wishes, say: (line: string) => void) {
  const contenders = wishes.plainOnly ? [scenario.plain] : [scenario.plain, ...scenario.contenders];
  const result = await runScenario(scenario, contenders, {
    effort: wishes.effort,
    cores: chooseCores(),
    profiles: wishes.profiles,
    progress(contender, round, told) {
      const place = `${scenario.name}  ${round === 0 ? 'verifying' : `round ${round}/${wishes.effort.rounds}`}`;
      const text =
        'serverCpuUs' in told
          ? describeRound(told, scenario.unit)
          : `${told.arrived} messages, each decoded, in order, as sent`;
      say(`${place.padEnd(26)}  ${contender.name.padEnd(18)}  ${text}`);
    },
  });
  return report(result);
}

async function main(): Promise<number> {
  const wishes = read(process.argv.slice(2));
  if (wishes.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const out = wishes.json === '' ? process.stderr : process.stdout;
  const say = (text: string): void => void out.write(`${text}\n`);
  const around = circumstances(wishes.effort, chooseCores().description);
  say(`${describeCircumstances(around)}\n`);
  const reports: ScenarioReport[] = [];
  let failure: string | undefined;
  try {
    for (const scenario of wishes.selected) {
      const measured = await measure(scenario, wishes, say);
      reports.push(measured);
      say(`\n${describeScenario(measured)}\n`);
    }
  } catch (error) {
    if (!(error instanceof FailedRun)) throw error;
    failure = error.message;
    say(`FAILED RUN  ${failure}`);
  }
  const floors = reports.flatMap(verdictsOf);
  const missed = floors.filter((floor) => !floor.passed).length;
  if (failure === undefined)
    say(`every message arrived; floors: ${floors.length - missed} PASS, ${missed} FAIL`);
  const json = JSON.stringify({ ...around, failure: failure ?? null, scenarios: reports }, undefined, 2);
  if (wishes.json === '') process.stdout.write(`${json}\n`);
  else if (wishes.json !== undefined) writeFileSync(wishes.json, `${json}\n`);
  return failure !== undefined || (wishes.assertFloors && missed > 0) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const usage = error instanceof UsageError;
  process.stderr.write(usage ? `${error.message}\n\n${HELP}` : `${String(error)}\n`);
  process.exitCode = usage ? 2 : 1;
}

import type { RoundResult } from './floors.js';
import type { Tally } from './load/flight.js';
import { Child } from './processes/child-process.js';
import type { Cores } from './processes/cores.js';
import type { Memory } from './processes/protocol.js';
import type { Contender, Finding, Scenario } from './scenarios/index.js';

/** How long and how often. */
export interface Effort {
  readonly rounds: number;
  /** Of sending in a timed round, in ms. */
  readonly roundMs: number;
  /** Of sending before it, over the same connections, in ms. */
  readonly warmUpMs: number;
  /** Of sending in the verifying round, in ms. */
  readonly verifyMs: number;
}

/** What one contender did in one scenario. */
export interface ContenderResult {
  readonly contender: Contender;
  /** How its server was set up, where that differs from what a user would get. */
  readonly notes: readonly string[];
  /** Messages that were decoded and checked in the verifying round. */
  readonly verified: number;
  readonly rounds: readonly RoundResult[];
  /** What the scenario found out when the rounds were over. */
  readonly findings: readonly Finding[];
}

/** A contender that could not be measured here. */
export interface Absence {
  readonly contender: Contender;
  readonly why: string;
}

/** What came of one scenario: the plain server first. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly contenders: readonly ContenderResult[];
  readonly absent: readonly Absence[];
}

/** A message was missing, surplus or wrong, or a connection broke: there is no figure then. */
export class FailedRun extends Error {}

interface Running {
  readonly contender: Contender;
  readonly server: Child;
  port: number;
  /** The port before any restart. */
  readonly firstPort: number;
  readonly notes: readonly string[];
  /** Memory before the first client, if the scenario wants to know. */
  readonly empty: Memory | undefined;
  verified: number;
  readonly rounds: RoundResult[];
  findings: readonly Finding[];
}

/** How a scenario is run. */
export interface RunOptions {
  readonly effort: Effort;
  readonly cores: Cores;
  /** Folder for CPU profiles of the servers; undefined: none. */
  readonly profiles: string | undefined;
  readonly progress: Progress;
}

/** Is told of each round when it is over; round 0 is the verifying one. */
export type Progress = (contender: Contender, round: number, result: RoundResult | Tally) => void;

/**
 * Runs one scenario: a verifying round for each contender, then timed rounds in turns (A B C, A B C, …). Each contender has a
 * server process of its own from the first round to the last; one load process serves them all.
 *
 * @throws FailedRun if a message is missing, surplus or wrong.
 */
export async function runScenario(
  scenario: Scenario,
  contenders: readonly Contender[],
  { effort, cores, profiles, progress }: RunOptions,
): Promise<ScenarioResult> {
  const load = new Child('load/worker.js', cores.load);
  const children = [load];
  try {
    const running: Running[] = [];
    const absent: Absence[] = [];
    for (const contender of contenders) {
      const shared = running.find((one) => sharesServer(contender, one.contender));
      const server = shared?.server ?? new Child(`servers/${contender.server}.js`, cores.server, profiles);
      if (shared === undefined) children.push(server);
      try {
        running.push(await startOne(scenario, contender, server, shared));
      } catch (error) {
        if (contender.optional !== true) throw error;
        absent.push({ contender, why: error instanceof Error ? error.message : String(error) });
      }
    }
    for (const one of timed(scenario) ? running : []) {
      const tally = await verifyingRound(scenario, one, load, effort);
      one.verified = tally.arrived;
      progress(one.contender, 0, tally);
    }
    for (let round = 1; timed(scenario) && round <= effort.rounds; round++) {
      for (const one of running) {
        const result = await timedRound(scenario, one, load, effort);
        one.rounds.push(result);
        progress(one.contender, round, result);
      }
    }
    for (const one of running) {
      if (scenario.after !== undefined) one.findings = await findOut(scenario, one, load);
    }
    return { scenario, contenders: running, absent };
  } finally {
    await Promise.all(children.map((child) => child.end()));
  }
}

function timed(scenario: Scenario): boolean {
  return scenario.timed !== false;
}

/** A program that is not ours is started once: contenders that differ in their clients only share it. */
function sharesServer(one: Contender, other: Contender): boolean {
  return one.optional === true && one.server === other.server;
}

async function startOne(
  scenario: Scenario,
  contender: Contender,
  server: Child,
  shared: Running | undefined,
): Promise<Running> {
  const { port, notes } = shared ?? (await server.ask('listen', undefined));
  const empty = scenario.after === undefined ? undefined : await server.ask('memory', undefined);
  return { contender, server, port, firstPort: port, notes, empty, verified: 0, rounds: [], findings: [] };
}

async function findOut(scenario: Scenario, one: Running, load: Child): Promise<readonly Finding[]> {
  const { server, contender, empty } = one;
  if (scenario.after === undefined || empty === undefined) return [];
  try {
    return await scenario.after({
      contender,
      empty,
      memory: () => server.ask('memory', undefined),
      async restart() {
        const { port, readyMs } = await server.ask('restart', undefined);
        one.port = port;
        return readyMs;
      },
      prepare: () => prepare(scenario, one, load),
      drain: () => load.ask('drain', undefined),
      close: () => load.ask('close', undefined),
    });
  } catch (error) {
    throw failed(scenario, contender, error instanceof Error ? error.message : String(error));
  }
}

async function verifyingRound(scenario: Scenario, one: Running, load: Child, effort: Effort): Promise<Tally> {
  await prepare(scenario, one, load);
  const tally = await checkedRun(scenario, one, load, { ms: effort.verifyMs, verify: true });
  await load.ask('close', undefined);
  return tally;
}

async function timedRound(
  scenario: Scenario,
  one: Running,
  load: Child,
  effort: Effort,
): Promise<RoundResult> {
  await prepare(scenario, one, load);
  await checkedRun(scenario, one, load, { ms: effort.warmUpMs, verify: false });
  const loadBefore = await load.ask('cpu', undefined);
  const serverBefore = await one.server.ask('cpu', undefined);
  const tally = await checkedRun(scenario, one, load, { ms: effort.roundMs, verify: false });
  const serverCpuUs = (await one.server.ask('cpu', undefined)) - serverBefore;
  const loadCpuUs = (await load.ask('cpu', undefined)) - loadBefore;
  await load.ask('close', undefined);
  const { arrived: messages, elapsedMs, latency } = tally;
  return { messages, elapsedMs, serverCpuUs, loadCpuUs, latency };
}

async function prepare(
  scenario: Scenario,
  { contender, port, firstPort }: Running,
  load: Child,
): Promise<void> {
  const setting = { ...contender.setting, port: firstPort };
  try {
    await load.ask('prepare', { scenario: scenario.name, dialect: contender.dialect, port, setting });
  } catch (error) {
    throw failed(scenario, contender, error instanceof Error ? error.message : String(error));
  }
}

async function checkedRun(
  scenario: Scenario,
  { contender }: Running,
  load: Child,
  how: { readonly ms: number; readonly verify: boolean },
): Promise<Tally> {
  const tally = await load.ask('run', how);
  const { due, missing, surplus, problem } = tally;
  if (problem !== undefined || missing > 0 || surplus > 0 || due === 0) {
    const counts = `${missing} missing and ${surplus} surplus of ${due}`;
    throw failed(scenario, contender, problem === undefined ? counts : `${problem}; ${counts}`);
  }
  return tally;
}

function failed(scenario: Scenario, contender: Contender, why: string): FailedRun {
  return new FailedRun(`${scenario.name}, ${contender.name}: ${why}`);
}

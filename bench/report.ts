import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, release, totalmem } from 'node:os';
import type { Comparison, Figures, RoundResult, Verdict } from './floors.js';
import { compare, figures, judge } from './floors.js';
import type { ContenderResult, Effort, ScenarioResult } from './run.js';
import type { Finding, Floor } from './scenarios/index.js';
import type { Spread } from './statistics.js';

/** What was compared, on what, and how. */
export interface Circumstances {
  readonly versions: Readonly<Record<'node' | 'ws' | 'mangrove', string>>;
  readonly machine: string;
  readonly cores: string;
  readonly effort: Effort;
}

/** One contender of one scenario, as it is reported. */
export interface ContenderReport {
  readonly name: string;
  readonly server: string;
  readonly notes: readonly string[];
  readonly verified: number;
  /** Absent if there were no timed rounds. */
  readonly figures?: Figures;
  /** Against the plain server; absent for the plain server itself. */
  readonly comparison?: Comparison;
  /** One for each floor that could be judged. */
  readonly floors: readonly Verdict[];
  readonly findings: readonly Finding[];
  readonly rounds: readonly RoundResult[];
}

/** One scenario, as it is reported: the plain server first. */
export interface ScenarioReport {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly contenders: readonly ContenderReport[];
  /** Who could not be measured here, and why. */
  readonly absent: readonly { readonly name: string; readonly why: string }[];
}

/** Finds out what is compared, and on what. */
export function circumstances(effort: Effort, cores: string): Circumstances {
  const require = createRequire(import.meta.url);
  const versionOf = (path: string): string => {
    const { version } = JSON.parse(readFileSync(require.resolve(path), 'utf8')) as { version: string };
    return version;
  };
  const all = cpus();
  const memory = (totalmem() / 2 ** 30).toFixed(1);
  return {
    versions: {
      node: process.versions.node,
      ws: versionOf('ws/package.json'),
      mangrove: versionOf('mangrove/package.json'),
    },
    machine: `${all[0]?.model ?? 'unknown processor'} × ${all.length}, ${memory} GiB, ${process.platform} ${release()} ${arch()}`,
    cores,
    effort,
  };
}

/** Turns the rounds of a scenario into figures, ratios and verdicts. */
export function report({ scenario, contenders, absent }: ScenarioResult): ScenarioReport {
  const [plain] = contenders;
  const verdicts = ({ contender, rounds }: ContenderResult, index: number): Verdict[] => {
    const byDefault = scenario.floor === undefined || index === 0 ? [] : [scenario.floor];
    return (contender.floors ?? byDefault).flatMap((floor) => judgeOne(floor, rounds));
  };
  const judgeOne = (floor: Floor, rounds: readonly RoundResult[]): Verdict[] => {
    const other = floor.beside === undefined ? plain : named(contenders, floor.beside);
    if (other === undefined) return [];
    const label = hasPlainServer(scenario) ? {} : { beside: other.contender.name };
    return [judge({ ...label, ...floor }, compare(rounds, other.rounds), figures(rounds).loadShare)];
  };
  return {
    name: scenario.name,
    title: scenario.title,
    unit: scenario.unit,
    contenders: contenders.map((result, index) => {
      const { contender, notes, verified, rounds, findings } = result;
      return {
        name: contender.name,
        server: contender.server,
        notes,
        verified,
        rounds,
        findings,
        ...(rounds.length === 0 ? {} : { figures: figures(rounds) }),
        ...(index === 0 || rounds.length === 0 ? {} : { comparison: compare(rounds, plain?.rounds ?? []) }),
        floors: verdicts(result, index),
      };
    }),
    absent: absent.map(({ contender, why }) => ({ name: contender.name, why })),
  };
}

function named(contenders: readonly ContenderResult[], name: string): ContenderResult | undefined {
  return contenders.find(({ contender }) => contender.name === name);
}

/** All that was judged in a scenario. */
export function verdictsOf({ contenders }: ScenarioReport): readonly { readonly passed: boolean }[] {
  return contenders.flatMap(({ floors, findings }) => [
    ...floors,
    ...findings.flatMap(({ passed }) => (passed === undefined ? [] : [{ passed }])),
  ]);
}

function hasPlainServer({ plain }: ScenarioResult['scenario']): boolean {
  return plain.name.startsWith('plain');
}

/** The head of the report. */
export function describeCircumstances({ versions, machine, cores, effort }: Circumstances): string {
  return [
    `mangrove ${versions.mangrove} beside ws ${versions.ws}, Node ${versions.node}`,
    machine,
    cores,
    `per contender: ${effort.verifyMs} ms verifying, then ${effort.rounds} rounds in turns of ${effort.roundMs} ms after ${effort.warmUpMs} ms of warm-up`,
  ].join('\n');
}

/** One line for one round. */
export function describeRound(result: RoundResult, unit: string): string {
  const cpu = result.serverCpuUs / result.messages;
  const rate = (result.messages / result.elapsedMs) * 1000;
  const load = result.loadCpuUs / 1000 / result.elapsedMs;
  return `${micros(cpu)} µs/${unit}  ${thousands(rate)}/s  load ${percent(load)}`;
}

/** A scenario's table, its floors, and what is to be known about the servers. */
export function describeScenario({ title, unit, contenders, absent }: ScenarioReport): string {
  const first = contenders[0]?.name ?? 'plain';
  const rows = contenders.flatMap((contender) => rowOf(contender));
  const judged = contenders.some(({ floors }) => floors.length > 0);
  const notes = new Set(contenders.flatMap((contender) => contender.notes));
  return [
    title,
    ...(rows.length === 0 ? [] : table([headOf(contenders, unit, first), ...rows])),
    ...absent.map(({ name, why }) => `  ${name}: not measured, and no floor beside it: ${why}`),
    ...contenders.flatMap((contender) =>
      judged ? describeVerdicts(contender) : describeOverhead(contender, unit, first),
    ),
    ...contenders.flatMap(({ findings }) => findings.map(describeFinding)),
    ...[...notes].map((note) => `  note: ${note}`),
  ].join('\n');
}

function headOf(contenders: readonly ContenderReport[], unit: string, first: string): string[] {
  const beside = first.startsWith('plain') ? 'plain' : 'first';
  const hasLatency = contenders.some(({ figures: summed }) => summed?.latencyUs !== undefined);
  return [
    'median (min–max)',
    `server CPU µs/${unit}`,
    'messages/s',
    ...(hasLatency ? ['p50 µs', 'p99 µs'] : []),
    'server core',
    'load core',
    `CPU vs ${beside}`,
    `per CPU vs ${beside}`,
    `per s vs ${beside}`,
  ];
}

function rowOf({ name, figures: summed, comparison }: ContenderReport): string[][] {
  if (summed === undefined) return [];
  const { latencyUs } = summed;
  return [
    [
      name,
      ranged(summed.cpuPerMessageUs, micros),
      ranged(summed.messagesPerSecond, thousands),
      ...(latencyUs === undefined ? [] : [latencyUs.p50, latencyUs.p99].map((took) => ranged(took, whole))),
      percent(summed.serverShare.median),
      percent(summed.loadShare.median),
      ...(comparison === undefined
        ? ['1', '1', '1']
        : [comparison.cpu, comparison.efficiency, comparison.rate].map((ratio) => ranged(ratio, times))),
    ],
  ];
}

function describeVerdicts({ name, floors }: ContenderReport): string[] {
  return floors.map(({ passed, text }) => describeFinding({ passed, text: `${name}: ${text}` }));
}

function describeOverhead({ name, comparison }: ContenderReport, unit: string, first: string): string[] {
  if (comparison === undefined) return [];
  const { overheadUs, cpu } = comparison;
  const overhead = `${ranged(overheadUs, micros)} µs of server CPU per ${unit}, ${ranged(cpu, times)}×`;
  return [`  overhead of ${name} over ${first}: ${overhead}; no floor`];
}

function describeFinding({ passed, text }: Finding): string {
  return passed === undefined ? `  ${text}` : `  ${passed ? 'PASS' : 'FAIL'}  ${text}`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map(
    (row) =>
      `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`,
  );
}

function ranged(figure: Spread, write: (value: number) => string): string {
  return `${write(figure.median)} (${write(figure.min)}–${write(figure.max)})`;
}

function micros(value: number): string {
  return value.toFixed(value < 1 ? 3 : 2);
}

function whole(value: number): string {
  return value.toFixed(0);
}

function thousands(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  return `${(value / 1e3).toFixed(1)} k`;
}

function times(value: number): string {
  return value.toFixed(2);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, release, totalmem } from 'node:os';
import type { Comparison, Figures, RoundResult, Verdict } from './floors.js';
import { compare, figures, judge } from './floors.js';
import type { Effort, ScenarioResult } from './run.js';
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
  readonly figures: Figures;
  /** Against the plain server; absent for the plain server itself. */
  readonly comparison?: Comparison;
  readonly floor?: Verdict;
  readonly rounds: readonly RoundResult[];
}

/** One scenario, as it is reported: the plain server first. */
export interface ScenarioReport {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly contenders: readonly ContenderReport[];
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
export function report({ scenario, contenders }: ScenarioResult): ScenarioReport {
  const plain = contenders[0]?.rounds ?? [];
  return {
    name: scenario.name,
    title: scenario.title,
    unit: scenario.unit,
    contenders: contenders.map(({ contender, notes, verified, rounds }, index) => {
      const summed = figures(rounds);
      const facts = { name: contender.name, server: contender.server, notes, verified, rounds };
      if (index === 0) return { ...facts, figures: summed };
      const comparison = compare(rounds, plain);
      const measured = { ...facts, figures: summed, comparison };
      if (scenario.floor === undefined) return measured;
      return { ...measured, floor: judge(scenario.floor, comparison, summed.loadShare) };
    }),
  };
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
export function describeScenario({ title, unit, contenders }: ScenarioReport): string {
  const head = [
    'median (min–max)',
    `server CPU µs/${unit}`,
    'messages/s',
    'server core',
    'load core',
    'CPU vs plain',
    'per CPU vs plain',
    'per s vs plain',
  ];
  const rows = contenders.map(({ name, figures: summed, comparison }) => [
    name,
    ranged(summed.cpuPerMessageUs, micros),
    ranged(summed.messagesPerSecond, thousands),
    percent(summed.serverShare.median),
    percent(summed.loadShare.median),
    ...(comparison === undefined
      ? ['1', '1', '1']
      : [comparison.cpu, comparison.efficiency, comparison.rate].map((ratio) => ranged(ratio, times))),
  ]);
  const notes = new Set(contenders.flatMap((contender) => contender.notes));
  return [
    title,
    ...table([head, ...rows]),
    ...contenders.flatMap(({ name, comparison, floor }) => {
      if (floor !== undefined) return [`  ${floor.passed ? 'PASS' : 'FAIL'}  ${name}: ${floor.text}`];
      if (comparison === undefined) return [];
      const { overheadUs, cpu } = comparison;
      const overhead = `${ranged(overheadUs, micros)} µs of server CPU per ${unit}, ${ranged(cpu, times)}×`;
      return [`  overhead of ${name} over ${contenders[0]?.name ?? 'plain'}: ${overhead}; no floor`];
    }),
    ...[...notes].map((note) => `  note: ${note}`),
  ].join('\n');
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

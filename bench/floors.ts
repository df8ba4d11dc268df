import type { Latency } from './load/latencies.js';
import type { Floor } from './scenarios/index.js';
import type { Spread } from './statistics.js';
import { differences, ratios, spread } from './statistics.js';

/** What one contender did in one timed round. */
export interface RoundResult {
  /** Messages that arrived, all of those that were due. */
  readonly messages: number;
  readonly elapsedMs: number;
  /** Server CPU, user and system, whole process, in µs. */
  readonly serverCpuUs: number;
  /** CPU of the load process, in µs. */
  readonly loadCpuUs: number;
  /** How long messages took, if that was measured. */
  readonly latency?: Latency | undefined;
}

/** The rounds of one contender, in figures. */
export interface Figures {
  /** Server CPU per message, in µs. */
  readonly cpuPerMessageUs: Spread;
  readonly messagesPerSecond: Spread;
  /** Share of a core that the server used, 0–1. */
  readonly serverShare: Spread;
  /** Share of a core that the load side used, 0–1: near 1 it bounds the rate, and only the CPU figures compare. */
  readonly loadShare: Spread;
  /** Half of the messages of a round took no longer, and 99 of 100, in µs; absent if that was not measured. */
  readonly latencyUs?: { readonly p50: Spread; readonly p99: Spread };
}

/** A contender beside the plain server, round by round. */
export interface Comparison {
  /** Server CPU per message as a multiple of the plain server's. */
  readonly cpu: Spread;
  /** Server CPU per message beyond the plain server's, in µs. */
  readonly overheadUs: Spread;
  /** Messages per second of server CPU as a multiple: the inverse. */
  readonly efficiency: Spread;
  /** Messages per second as a multiple. */
  readonly rate: Spread;
}

/** Whether a floor was reached, and why. */
export interface Verdict {
  readonly passed: boolean;
  readonly text: string;
}

/** From this share of its core on, the load side is what bounds the rate. */
const LOAD_BOUND = 0.9;

/** Server CPU per message of a round, in µs. */
function cpuPerMessage(round: RoundResult): number {
  return round.serverCpuUs / round.messages;
}

/** Messages per second of a round. */
function rate(round: RoundResult): number {
  return (round.messages / round.elapsedMs) * 1000;
}

/** Sums up the rounds of one contender. */
export function figures(rounds: readonly RoundResult[]): Figures {
  const latencies = rounds.flatMap(({ latency }) => latency ?? []);
  return {
    cpuPerMessageUs: spread(rounds.map(cpuPerMessage)),
    messagesPerSecond: spread(rounds.map(rate)),
    serverShare: spread(rounds.map((round) => round.serverCpuUs / 1000 / round.elapsedMs)),
    loadShare: spread(rounds.map((round) => round.loadCpuUs / 1000 / round.elapsedMs)),
    ...(latencies.length === 0
      ? {}
      : {
          latencyUs: {
            p50: spread(latencies.map(({ p50Us }) => p50Us)),
            p99: spread(latencies.map(({ p99Us }) => p99Us)),
          },
        }),
  };
}

/** Compares a contender's rounds with those of the plain server that they took turns with. */
export function compare(rounds: readonly RoundResult[], plain: readonly RoundResult[]): Comparison {
  return {
    cpu: ratios(rounds.map(cpuPerMessage), plain.map(cpuPerMessage)),
    overheadUs: differences(rounds.map(cpuPerMessage), plain.map(cpuPerMessage)),
    efficiency: ratios(plain.map(cpuPerMessage), rounds.map(cpuPerMessage)),
    rate: ratios(rounds.map(rate), plain.map(rate)),
  };
}

/**
 * Judges by the medians. A floor of `efficiency` has to be reached in messages per server CPU, and in messages per second too,
 * unless the load side was what bounded these: else a server that dawdles would pass.
 */
export function judge(floor: Floor, comparison: Comparison, loadShare: Spread): Verdict {
  const { beside = 'plain' } = floor;
  const cpu = comparison.cpu.median;
  if (floor.measure === 'cpu') {
    return {
      passed: cpu <= floor.bound,
      text: `server CPU ${cpu.toFixed(2)}× ${beside}, at most ${floor.bound}×`,
    };
  }
  if (floor.measure === 'rate') {
    const rate = comparison.rate.median;
    return {
      passed: rate >= floor.bound,
      text: `${rate.toFixed(2)}× ${beside} per second, at least ${floor.bound}×`,
    };
  }
  const efficiency = comparison.efficiency.median;
  const speed = comparison.rate.median;
  const bounded = loadShare.median >= LOAD_BOUND;
  return {
    passed: efficiency >= floor.bound && (bounded || speed >= floor.bound),
    text:
      `${efficiency.toFixed(2)}× ${beside} per server CPU, ${speed.toFixed(2)}× per second` +
      `${bounded ? ' (bounded by the load side)' : ''}, at least ${floor.bound}×`,
  };
}

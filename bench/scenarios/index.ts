import { calls } from './calls.js';
import { fanOut } from './fan-out.js';
import { idleSessions } from './idle.js';
import { pairs } from './pairs.js';
import { patterns } from './patterns.js';
import { procedures } from './procedures.js';
import { deepQueue } from './queue-depth.js';
import { durableQueue, memoryQueue } from './queue.js';
import type { Scenario } from './scenario.js';

export type {
  Aftermath,
  Bystanding,
  Cast,
  CastSetting,
  Contender,
  Finding,
  Floor,
  Scenario,
  ServerName,
} from './scenario.js';

/** What is measured, in the order in which it is. */
export const scenarios: readonly Scenario[] = [
  fanOut(64, { measure: 'efficiency', bound: 8 }),
  fanOut(1, { measure: 'cpu', bound: 1.1 }),
  calls(1),
  calls(64, {
    stomp: { measure: 'efficiency', bound: 0.9 },
    'wamp-json': { measure: 'efficiency', bound: 1 },
    'wamp-msgpack': { measure: 'efficiency', bound: 1 },
  }),
  calls(512),
  pairs(500, { measure: 'efficiency', bound: 0.8 }),
  patterns('realistic', { measure: 'cpu', bound: 1.2 }),
  patterns('hostile', { measure: 'cpu', bound: 1.2 }),
  idleSessions(2000),
  procedures(64),
  durableQueue,
  memoryQueue,
  deepQueue(1_000_000),
];

/** The same with less to wait for. */
export const quickScenarios: readonly Scenario[] = scenarios.map((scenario) =>
  scenario.name === 'queue-depth' ? deepQueue(50_000) : scenario,
);

/** Finds scenarios by name; the part before the last `-` finds all that share it. Undefined if there is none. */
export function findScenarios(
  name: string,
  among: readonly Scenario[] = scenarios,
): readonly Scenario[] | undefined {
  const found = among.filter((scenario) => scenario.name === name || scenario.name.startsWith(`${name}-`));
  return found.length > 0 ? found : undefined;
}

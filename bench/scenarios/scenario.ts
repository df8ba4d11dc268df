import type { Target } from '../load/connect.js';
import type { DialectName } from '../load/dialects/index.js';
import type { Tally } from '../load/flight.js';

/** The servers under test, by the name of their file in `servers/`. */
export type ServerName =
  'plain-ws-broadcast' | 'plain-ws-relay' | 'mangrove' | 'mangrove-callee' | 'mangrove-nest';

/** A server, and how its clients speak. */
export interface Contender {
  readonly name: string;
  readonly server: ServerName;
  readonly dialect: DialectName;
}

/**
 * What a contender must reach beside the plain server of the same run. `efficiency`: messages per second of server CPU, as a
 * multiple, at least; `cpu`: server CPU per message, as a multiple, at most.
 */
export interface Floor {
  readonly measure: 'efficiency' | 'cpu';
  readonly bound: number;
}

/** The clients of one round, connected and ready. */
export interface Cast {
  /** Keeps messages in flight for `ms`, then waits for what is due. `verify`: decode and check everything. */
  run(ms: number, verify: boolean): Promise<Tally>;
  close(): Promise<void>;
}

/** Something that is measured. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** What is counted, in the singular. */
  readonly unit: 'delivery' | 'call';
  /** The plain server that all others are compared with: the least that does the same job. */
  readonly plain: Contender;
  readonly contenders: readonly Contender[];
  /** Undefined: what is measured is only told. */
  readonly floor: Floor | undefined;
  /** Connects the clients of a round. Runs in the load process. */
  prepare(target: Target): Promise<Cast>;
}

/** Mangrove by both of its protocols, under the names that the report uses. */
export const mangroveContenders: readonly Contender[] = [
  { name: 'mangrove STOMP', server: 'mangrove', dialect: 'stomp' },
  { name: 'mangrove WAMP json', server: 'mangrove', dialect: 'wamp-json' },
];

import type { CastSetting } from '../processes/cast-setting.js';
import type { Target } from '../load/connect.js';
import type { DialectName } from '../load/dialects/index.js';
import type { Tally } from '../load/flight.js';
import type { Drained, Memory } from '../processes/protocol.js';

export type { Bystanding, CastSetting } from '../processes/cast-setting.js';

/** The servers under test, by the name of their file in `servers/`. */
export type ServerName =
  | 'plain-ws-broadcast'
  | 'plain-ws-relay'
  | 'mangrove'
  | 'mangrove-callee'
  | 'mangrove-nest'
  | 'mangrove-lmdb'
  | 'mangrove-memory'
  | 'rabbitmq';

/** A server, and how its clients speak. */
export interface Contender {
  readonly name: string;
  readonly server: ServerName;
  readonly dialect: DialectName;
  readonly setting?: CastSetting;
  /** Not everybody has it: if it does not start, the report says why. Default false: the run fails. */
  readonly optional?: boolean;
  /** What it must reach; default: the scenario's floor. */
  readonly floors?: readonly Floor[];
}

/**
 * What a contender must reach beside another of the same run. `efficiency`: messages per second of server CPU, as a multiple,
 * at least; `cpu`: server CPU per message, as a multiple, at most; `rate`: messages per second, as a multiple, at least.
 */
export interface Floor {
  readonly measure: 'efficiency' | 'cpu' | 'rate';
  readonly bound: number;
  /** Name of the other contender. Default: the plain server, or whatever stands first. */
  readonly beside?: string;
}

/** The clients of one round, connected and ready. */
export interface Cast {
  /** Keeps messages in flight for `ms`, then waits for what is due. `verify`: decode and check everything. */
  run(ms: number, verify: boolean): Promise<Tally>;
  /** Takes out everything that waits, and checks it. */
  drain?(): Promise<Drained>;
  close(): Promise<void>;
}

/** What a scenario may ask about a contender when its rounds are over. */
export interface Aftermath {
  readonly contender: Contender;
  /** Memory of the server before its first client came. */
  readonly empty: Memory;
  memory(): Promise<Memory>;
  /** Kills the server, starts it again on the same data, and says how long it took until it listened, in ms. */
  restart(): Promise<number>;
  /** Connects the clients once more. */
  prepare(): Promise<void>;
  drain(): Promise<Drained>;
  /** Ends the connections. */
  close(): Promise<void>;
}

/** What a scenario found out besides. */
export interface Finding {
  readonly text: string;
  /** Whether a floor was reached; undefined: there is none. */
  readonly passed?: boolean;
}

/** Something that is measured. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** What is counted, in the singular. */
  readonly unit: 'delivery' | 'call' | 'message' | 'session';
  /** The plain server that all others are compared with: the least that does the same job. Where there is none: the first. */
  readonly plain: Contender;
  readonly contenders: readonly Contender[];
  /** Undefined: what is measured is only told. */
  readonly floor: Floor | undefined;
  /** False: there are no rounds, only what `after` finds out. Default true. */
  readonly timed?: boolean;
  /** Connects the clients of a round. Runs in the load process. */
  prepare(target: Target, setting: CastSetting): Promise<Cast>;
  /** What is to be found out about a contender after its rounds, all at once. Absent: nothing. */
  after?(aftermath: Aftermath): Promise<readonly Finding[]>;
}

/** Mangrove by both of its protocols, under the names that the report uses. */
export const mangroveContenders: readonly Contender[] = [
  { name: 'mangrove STOMP', server: 'mangrove', dialect: 'stomp' },
  { name: 'mangrove WAMP json', server: 'mangrove', dialect: 'wamp-json' },
];

import type { Pattern } from '../address.js';
import type { Refusal } from '../errors.js';
import type { Principal } from '../ports/authenticator.js';
import type { InvocationPolicy } from '../calls/invocation-policy.js';

/** How an endpoint is connected; shown to those who may see sessions. */
export interface ConnectionFacts {
  readonly transport: 'websocket' | 'rawsocket' | 'longpoll' | 'tcp' | 'local';
  /** The wire protocol as it was agreed on: a WebSocket token such as `wamp.2.json` or `v12.stomp`. */
  readonly token?: string | undefined;
  /** The address that it comes from. */
  readonly peer?: string | undefined;
  readonly encrypted?: boolean | undefined;
  /** What the client says it is. */
  readonly agent?: string | undefined;
}

/** A session as others may see it: of any protocol, and of clients in this process. */
export interface SessionView {
  readonly session: number;
  readonly principal: Principal;
  /** `stomp`, `wamp`, `local`, or the name of another subprotocol. */
  readonly protocol: string;
  readonly connection: ConnectionFacts;
  /** When it began, in ms since the Unix epoch. */
  readonly since: number;
}

/** A procedure, or a pattern of them, with those who share it. */
export interface ProcedureView {
  /** Router-scope id [WAMP BP IDs]. */
  readonly id: number;
  readonly pattern: Pattern;
  readonly policy: InvocationPolicy;
  /** When its first callee registered it, in ms since the Unix epoch. */
  readonly since: number;
  /** Sessions of its callees, in the order in which they came. */
  readonly callees: readonly number[];
  /** Whether a session is one of them. */
  isOfferedBy(session: number): boolean;
}

/** A topic, or a pattern of them, with those who have subscribed to it. */
export interface InterestView {
  /** Router-scope id [WAMP BP IDs]. */
  readonly id: number;
  readonly pattern: Pattern;
  /** When its first subscriber came, in ms since the Unix epoch. */
  readonly since: number;
  /** Sessions of its subscribers, each once. Made anew each time that it is read. */
  readonly subscribers: readonly number[];
  /** Whether it has any: some last without, for their history. */
  readonly isInUse: boolean;
}

/** What a realm holds now, for those who show it. Reads nothing that waits. */
export interface RealmView {
  sessions(): Iterable<SessionView>;
  session(id: number): SessionView | undefined;
  procedures(): Iterable<ProcedureView>;
  procedure(id: number): ProcedureView | undefined;
  /** The procedure that was registered with exactly this pattern. */
  procedureOf(pattern: Pattern): ProcedureView | undefined;
  /** The procedure that a call of this URI would go to. */
  procedureFor(uri: string): ProcedureView | undefined;
  interests(): Iterable<InterestView>;
  interest(id: number): InterestView | undefined;
  /** The interest of exactly this pattern. */
  interestOf(pattern: Pattern): InterestView | undefined;
  /** All that a publication to this topic would reach. */
  interestsIn(topic: string): readonly InterestView[];
}

/** Is told of each change of a realm, within the run that makes it, after the state has changed. Must neither throw nor wait. */
export interface RealmObserver {
  joined(session: SessionView): void;
  left(session: SessionView): void;
  interestCreated(by: number, interest: InterestView): void;
  subscribed(by: number, interest: InterestView): void;
  unsubscribed(by: number, interest: InterestView): void;
  interestDeleted(by: number, interest: InterestView): void;
  procedureCreated(by: number, procedure: ProcedureView): void;
  registered(by: number, procedure: ProcedureView): void;
  unregistered(by: number, procedure: ProcedureView): void;
  procedureDeleted(by: number, procedure: ProcedureView): void;
}

/** Why a session is ended by somebody else. */
export interface Eviction extends Refusal {
  /** The URI that a WAMP client is told in GOODBYE. Default: ABORT with the URI of the code. */
  readonly uri?: string | undefined;
}

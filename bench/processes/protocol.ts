import type { DialectName } from '../load/dialects/index.js';
import type { Tally } from '../load/flight.js';

/** What the parent may ask of a child process: name → [question, answer]. */
export interface Requests {
  /** CPU time of the whole process since its start, in µs, user and system. Every child answers. */
  cpu: [undefined, number];
  /** Of a server: starts it; the answer is its port and what is to be known about how it was set up. */
  listen: [undefined, { readonly port: number; readonly notes: readonly string[] }];
  /** Of the load process: connects the clients of a round. */
  prepare: [{ readonly scenario: string; readonly dialect: DialectName; readonly port: number }, void];
  /** Of the load process: one run over these clients. */
  run: [{ readonly ms: number; readonly verify: boolean }, Tally];
  /** Of the load process: ends the connections. */
  close: [undefined, void];
}

/** A question as it is sent. */
export interface Question {
  readonly name: keyof Requests;
  readonly question: unknown;
}

/** An answer as it is sent. */
export type Answer = { readonly answer: unknown } | { readonly error: string };

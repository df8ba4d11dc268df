import type { DialectName } from '../load/dialects/index.js';
import type { Tally } from '../load/flight.js';
import type { CastSetting } from './cast-setting.js';

/** Resident memory of a server, in bytes. */
export interface Memory {
  readonly residentBytes: number;
  /** Without the pages of files, such as those of a store. */
  readonly anonymousBytes: number;
}

/** What the parent may ask of a child process: name → [question, answer]. */
export interface Requests {
  /** CPU time of the whole process since its start, in µs, user and system. Every child answers, for itself or its server. */
  cpu: [undefined, number];
  /** Of a server. */
  memory: [undefined, Memory];
  /** Of a server that is a program of its own: kills it and starts it again on the same data; how long it took until it listened, in ms. */
  restart: [undefined, { readonly port: number; readonly readyMs: number }];
  /** Of such a server: ends it. */
  end: [undefined, void];
  /** Of a server: starts it; the answer is its port and what is to be known about how it was set up. */
  listen: [undefined, { readonly port: number; readonly notes: readonly string[] }];
  /** Of the load process: connects the clients of a round. */
  prepare: [
    {
      readonly scenario: string;
      readonly dialect: DialectName;
      readonly port: number;
      readonly setting: CastSetting;
    },
    void,
  ];
  /** Of the load process: one run over these clients. */
  run: [{ readonly ms: number; readonly verify: boolean }, Tally];
  /** Of the load process: takes out everything that these clients left at the server, and checks it. */
  drain: [undefined, Drained];
  /** Of the load process: ends the connections. */
  close: [undefined, void];
}

/** What was taken out. */
export interface Drained {
  readonly messages: number;
  readonly elapsedMs: number;
}

/** A question as it is sent. */
export interface Question {
  readonly name: keyof Requests;
  readonly question: unknown;
}

/** An answer as it is sent. */
export type Answer = { readonly answer: unknown } | { readonly error: string };

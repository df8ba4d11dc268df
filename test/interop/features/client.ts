import type { Mailbox } from '../../support/mailbox.js';

/** Positional arguments. */
export type Args = readonly unknown[];

/** Keyword arguments, options or details. */
export type Dict = Readonly<Record<string, unknown>>;

/** An event or an invocation as the client hands it out. */
export interface Heard {
  readonly args: Args;
  readonly kwargs: Dict;
  readonly details: Dict;
}

/** What an endpoint is asked, and how it reports progress if the caller wants that. */
export interface Asked extends Heard {
  readonly progress: ((args: Args) => void) | undefined;
}

/** A result. */
export interface Result {
  readonly args?: Args;
  readonly kwargs?: Dict;
}

/** The error that a call ended with; an endpoint throws one. */
export class Refusal extends Error {
  constructor(
    readonly uri: string,
    readonly args: Args = [],
    readonly kwargs: Dict = {},
  ) {
    super(uri);
  }
}

/** A call that runs. */
export interface Call {
  /** The result, or the URI of the error and its arguments. */
  readonly answer: Promise<Answer>;
  readonly progress: Mailbox<Args>;
  cancel(mode: 'skip' | 'kill' | 'killnowait'): void;
}

/** How a call ended. */
export interface Answer {
  readonly error?: string;
  readonly args: Args;
  readonly kwargs: Dict;
}

/** What can be ended with a request of its own. */
export interface Ending {
  /** Its number, which the router has given it. */
  readonly id: number;
  end(): Promise<unknown>;
}

/** A real client, whatever its make: one face for the scenarios. */
export interface FeatureClient {
  /** The session's number, also when it is over. */
  readonly session: number;
  /** Resolves when the connection has ended. */
  readonly gone: Promise<unknown>;
  subscribe(topic: string, options?: Dict): Promise<Ending & { readonly events: Mailbox<Heard> }>;
  /** Resolves when the publication is acknowledged; rejects with a {@link Refusal}. */
  publish(topic: string, args?: Args, kwargs?: Dict, options?: Dict): Promise<void>;
  /** Rejects with a {@link Refusal}. */
  register(
    procedure: string,
    endpoint: (asked: Asked) => Result | Promise<Result>,
    options?: Dict,
  ): Promise<Ending>;
  call(procedure: string, args?: Args, kwargs?: Dict, options?: Dict): Call;
  /** Says GOODBYE and waits for the end. */
  leave(): Promise<void>;
}

/** The makes that there are. */
export type Make = 'autobahn' | 'wampy';

/** How one of them joins. */
export type Join = (url: string, serializer: Serializer, authid: string) => Promise<FeatureClient>;

/** The serializers that each of them speaks. */
export const SERIALIZERS = ['json', 'msgpack', 'cbor'] as const;

/** One of {@link SERIALIZERS}. */
export type Serializer = (typeof SERIALIZERS)[number];

/** Runs what may be refused: the URI then, `done` otherwise. */
export async function outcomeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'done';
  } catch (error) {
    if (error instanceof Refusal) return error.uri;
    throw error;
  }
}

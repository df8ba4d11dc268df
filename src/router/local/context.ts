import type {
  Death,
  Delivery,
  Headers,
  Invocation,
  Origin,
  Pattern,
  Principal,
  Publication,
} from '../../broker/index.js';
import { Payload } from '../../broker/index.js';

/** Several results, keyword results, or headers beside a result; any other value is one result. */
export class CallResult {
  constructor(
    readonly args: readonly unknown[] = [],
    readonly kwargs: Readonly<Record<string, unknown>> = {},
    readonly headers: Readonly<Record<string, string>> = {},
  ) {}
}

/** What a handler is told about an event, a message or a call. */
abstract class HandlerContext {
  abstract readonly kind: 'event' | 'message' | 'call';
  /** Positional arguments. Objects in them have no prototype. */
  readonly args: readonly unknown[];
  /** Keyword arguments. */
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** User headers that came with it. */
  readonly headers: Headers;
  /** Whose action it is. Known for every sender: disclosure is about what other clients are told. */
  readonly #origin: Origin;
  #abort: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;

  constructor(
    readonly realm: string,
    /** The pattern of the subscription or registration; the queue's name, exactly. */
    readonly pattern: Pattern,
    { payload, headers, origin }: Pick<Publication | Invocation, 'payload' | 'headers' | 'origin'>,
  ) {
    const { args, kwargs } = payload.values();
    this.args = args;
    this.kwargs = kwargs;
    this.headers = headers ?? NO_HEADERS;
    this.#origin = origin;
  }

  /** What the sender speaks: `stomp`, `wamp`, the name of another subprotocol, or `local` for code of this process. */
  get protocol(): string {
    return this.#origin.protocol;
  }

  /** The sender's session id. */
  get session(): number {
    return this.#origin.session;
  }

  /** Who the sender is. */
  get principal(): Principal {
    return this.#origin.principal;
  }

  /**
   * The arguments as one value: the argument itself if it is the only one, the object of keyword arguments if there are no
   * others, the array of several arguments, `{ args, kwargs }` if there are both, undefined if there is nothing.
   */
  get payload(): unknown {
    return oneValue(this);
  }

  /** Aborted when nobody waits for the handler any more: the call was canceled, the subscription or consumer has ended. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#aborted !== undefined) this.#abort.abort(this.#aborted.reason);
    }
    return this.#abort.signal;
  }

  /** Aborts the signal. For the endpoint. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#abort?.abort(reason);
  }
}

/** One event, for its handler. */
export class EventContext extends HandlerContext {
  readonly kind = 'event';
  readonly topic: string;
  /** The publication's id. */
  readonly publication: number;
  /** It was published before this handler subscribed, and the topic kept it. */
  readonly retained: boolean;

  constructor(realm: string, pattern: Pattern, publication: Publication) {
    super(realm, pattern, publication);
    this.topic = publication.topic;
    this.retained = publication.retained;
    this.publication = publication.id;
  }
}

/** One message of a queue, for its handler. */
export class MessageContext extends HandlerContext {
  readonly kind = 'message';
  /** The queue's name. */
  readonly queue: string;
  /** The publication's id; the same whenever the message is delivered. */
  readonly publication: number;
  /** Which counted delivery this is: 1 for the first. */
  readonly attempt: number;
  /** Somebody may have had it before. */
  readonly redelivered: boolean;
  /** Why it is in a dead-letter queue; undefined if it is not. */
  readonly death: Death | undefined;

  constructor(realm: string, { consumer, publication, attempt, redelivered, death }: Delivery) {
    super(realm, { match: 'exact', text: consumer.queue }, publication);
    this.queue = consumer.queue;
    this.publication = publication.id;
    this.attempt = attempt;
    this.redelivered = redelivered;
    this.death = death;
  }
}

/** One call, for its handler. */
export class CallContext extends HandlerContext {
  readonly kind = 'call';
  readonly procedure: string;
  /** ms until an answer is due, as counted from the beginning of the call. */
  readonly timeoutMs: number;

  constructor(
    realm: string,
    invocation: Invocation,
    /**
     * Tells the caller a value before the result; undefined if it did not ask for such [WAMP AP Progressive Call Results].
     *
     * @throws SerializerError if no serializer can say the value.
     */
    readonly progress: ((value: unknown) => void) | undefined,
  ) {
    super(realm, invocation.registration.pattern, invocation);
    this.procedure = invocation.procedure;
    this.timeoutMs = invocation.timeoutMs;
  }
}

const NO_HEADERS: Headers = new Map();

/** Positional and keyword arguments as values. */
export interface ArgumentValues {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** Arguments as one value; see `payload` of a handler's context. */
export function oneValue({ args, kwargs }: ArgumentValues): unknown {
  if (Object.keys(kwargs).length > 0) return args.length === 0 ? kwargs : { args, kwargs };
  return args.length > 1 ? args : args[0];
}

/** A handler's result, or a value of its stream, as an answer. */
export function answerOf(value: unknown): {
  readonly payload: Payload;
  readonly headers: Headers | undefined;
} {
  if (value === undefined) return { payload: Payload.empty, headers: undefined };
  if (!(value instanceof CallResult)) return { payload: Payload.ofValues([value]), headers: undefined };
  return { payload: Payload.ofValues(value.args, value.kwargs), headers: headersOf(value.headers) };
}

/** Headers as the broker takes them. */
export function headersOf(headers: Readonly<Record<string, string>> | undefined): Headers | undefined {
  if (headers === undefined) return undefined;
  const entries = Object.entries(headers);
  return entries.length === 0 ? undefined : new Map(entries);
}

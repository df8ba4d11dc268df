import type {
  Broker,
  Consumer,
  InvocationPolicy,
  MatchPolicy,
  Pattern,
  Principal,
  Refusal,
  Registration,
  Subscription,
} from '../../broker/index.js';
import { Payload } from '../../broker/index.js';
import type { Clock, CoarseTimers } from '../../lib/index.js';
import type { CallOptions } from './call.js';
import { makeCall } from './call.js';
import { LocalCallee } from './callee.js';
import type { CallHandler } from './callee.js';
import type { EnqueueOptions, PublishOptions } from './commands.js';
import { enqueueCommandOf, publishCommandOf } from './commands.js';
import type { ConsumeOptions, LocalConsumption, MessageHandler } from './consumer.js';
import { LocalConsumer } from './consumer.js';
import { LocalEndpoint } from './endpoint.js';
import type { LocalHost, Success } from './endpoint.js';
import type { MangroveError } from './errors.js';
import { closedError } from './errors.js';
import { LocalSubscriber } from './subscriber.js';
import type { EventHandler } from './subscriber.js';

/** Who a client of this process is, and where. */
export interface ConnectOptions {
  /** Default: the router's first realm. */
  readonly realm?: string;
  /** Whom the authorizer is asked about. Default `local` for each part, `embedder` as the provider. */
  readonly principal?: Partial<Principal>;
  /** Told what handlers threw where no caller is told of it. Default: the router's `instrumentation.defect`. */
  readonly onError?: (error: unknown) => void;
}

/** Which topics or procedures a handler is for, and how many it takes at once. */
export interface HandlerOptions {
  /** How the pattern is read. Default `exact`. */
  readonly match?: MatchPolicy;
  /** How many the handler works on at a time. Default: 1 for events, so that their order is kept; no limit for calls. */
  readonly concurrency?: number;
}

/** Which procedures a handler is for, how many calls it takes at once, and how it shares them with others. */
export interface RegisterOptions extends HandlerOptions {
  /** Who of several that are registered with the same policy gets a call. Default `single`: there is one. */
  readonly policy?: InvocationPolicy;
}

/** Which topics a handler is for, how many events it takes at once, and with which it begins. */
export interface SubscribeOptions extends HandlerOptions {
  /** Begin with what is retained for topics of the pattern. Default false. */
  readonly retained?: boolean;
  /**
   * The place of this handler, of those that share out events with a `shard` [WAMP AP Sharded Subscription]: each key is at home
   * at one place that a subscription of this pattern names. Default: it is at none, and gets all events.
   */
  readonly place?: string;
}

/** A handler of events that is in force. */
export interface LocalSubscription {
  readonly pattern: Pattern;
  /** Ends it: nothing begins any more, the signals of the handlers that run are aborted. */
  unsubscribe(): void;
  /** Ends it once the events that came have been handled; none comes any more from now on. */
  drain(): Promise<void>;
  /** Resolves when it is over: with the reason if nobody here ended it (too slow, for one, or the client was), else with undefined. */
  readonly ended: Promise<MangroveError | undefined>;
}

/** A handler of calls that is in force. */
export interface LocalRegistration {
  readonly pattern: Pattern;
  /** Ends it: no call comes any more, those that are here are answered first. */
  unregister(): Promise<void>;
  /** Resolves when it is over: with the reason if nobody here ended it, or the client, else with undefined. */
  readonly ended: Promise<MangroveError | undefined>;
}

/**
 * A client in this process, on the same footing as those with a socket: the authorizer is asked about its principal, and
 * limits hold. It hears what it publishes itself. Promises are rejected with a {@link MangroveError} for whatever the
 * router or a callee refuses, and with a SerializerError for values that no serializer can say.
 */
export interface LocalClient {
  readonly realm: string;
  readonly principal: Principal;
  /** The session id under which it publishes and calls; each handler has one of its own. */
  readonly session: number;
  /** Whether it is over: closed, or its router is. */
  readonly closed: boolean;
  /** Publishes an event; resolves with the publication's id once the router has taken it. */
  publish(
    topic: string,
    args?: readonly unknown[],
    kwargs?: Readonly<Record<string, unknown>>,
    options?: PublishOptions,
  ): Promise<number>;
  /** Subscribes; resolves when the subscription is in force. */
  subscribe(pattern: string, handler: EventHandler, options?: SubscribeOptions): Promise<LocalSubscription>;
  /**
   * Calls a procedure; resolves with its result as one value: the result itself if it is one, an array if there are
   * several, the object of the keyword results if there are no others, `{ args, kwargs }` if there are both.
   */
  call<T = unknown>(
    procedure: string,
    args?: readonly unknown[],
    kwargs?: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<T>;
  /** Registers a procedure; resolves when it can be called. */
  register(pattern: string, handler: CallHandler, options?: RegisterOptions): Promise<LocalRegistration>;
  /**
   * Puts a message into a queue, for one of its consumers; resolves with the publication's id once it is safe.
   *
   * @throws RangeError for a priority, a time or a number of a producer that cannot be.
   */
  enqueue(
    queue: string,
    args?: readonly unknown[],
    kwargs?: Readonly<Record<string, unknown>>,
    options?: EnqueueOptions,
  ): Promise<number>;
  /** Takes messages of a queue, in competition with all its other consumers; resolves when it is in force. */
  consume(queue: string, handler: MessageHandler, options?: ConsumeOptions): Promise<LocalConsumption>;
  /** Ends everything at once: subscriptions, registrations, consumers, calls. */
  close(): void;
}

/** What a client needs from its router. */
export interface LocalClientParts {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly timers: CoarseTimers;
  /** Whom the router itself acts as; such a client is shown to nobody. Default: whom the options name. */
  readonly routerPrincipal?: Principal | undefined;
  /** Told what handlers threw, if no caller is told. */
  readonly report: (error: unknown) => void;
  /** Called once, when the client is over. */
  readonly closed: (client: EmbeddedClient) => void;
}

const LOCAL: Principal = {
  authid: 'local',
  authrole: 'local',
  authmethod: 'local',
  authprovider: 'embedder',
};

/** The one {@link LocalClient}: an endpoint for what it does itself, and one for each handler. */
export class EmbeddedClient implements LocalClient {
  readonly principal: Principal;
  readonly #host: LocalHost;
  readonly #commands: CommandEndpoint;
  readonly #handlers = new Set<LocalSubscriber | LocalConsumer | LocalCallee>();
  #finished = false;

  constructor(
    private readonly parts: LocalClientParts,
    { principal, onError }: ConnectOptions = {},
  ) {
    const { broker, clock, routerPrincipal } = parts;
    this.principal = routerPrincipal ?? { ...LOCAL, ...principal };
    const unlisted = routerPrincipal !== undefined;
    const report = guarded(onError, parts.report);
    const host = { broker, clock, principal: this.principal, unlisted, report };
    this.#commands = new CommandEndpoint(host);
    this.#host = { ...host, whole: this.#commands.attachment };
    void this.#commands.ended.then((why) => this.#finish(why));
  }

  get realm(): string {
    return this.parts.broker.realm;
  }

  get session(): number {
    return this.#commands.attachment.session;
  }

  get closed(): boolean {
    return this.#commands.over;
  }

  /** Events and messages that handlers are at, or that wait for them. */
  get busy(): number {
    let busy = 0;
    for (const handler of this.#handlers) if (!(handler instanceof LocalCallee)) busy += handler.busy;
    return busy;
  }

  async publish(
    topic: string,
    args: readonly unknown[] = [],
    kwargs: Readonly<Record<string, unknown>> = {},
    options: PublishOptions = {},
  ): Promise<number> {
    const event = { topic, payload: Payload.ofValues(args, kwargs) };
    const command = publishCommandOf(event, options, this.parts.clock.wallTime());
    const { attachment } = this.#commands;
    const outcome = await this.#commands.request((request) => attachment.publish(request, command, true));
    return expected(outcome, 'published').publication;
  }

  async call<T = unknown>(
    procedure: string,
    args: readonly unknown[] = [],
    kwargs: Readonly<Record<string, unknown>> = {},
    options: CallOptions = {},
  ): Promise<T> {
    const { clock, timers } = this.parts;
    const wallTime = (): number => clock.wallTime();
    const request = { procedure, args, kwargs, options };
    // Whoever calls says what the procedure returns; nothing here could check it.
    return (await makeCall(this.#commands, request, { timers, wallTime })) as T;
  }

  async subscribe(
    text: string,
    handler: EventHandler,
    { match = 'exact', concurrency = 1, retained = false, place }: SubscribeOptions = {},
  ): Promise<LocalSubscription> {
    this.#check(concurrency);
    const pattern = { match, text };
    const endpoint = this.#add(new LocalSubscriber(this.#host, pattern, handler, concurrency));
    const { attachment } = endpoint;
    const outcome = await this.#inForce(endpoint, (request) =>
      attachment.subscribe(request, { key: text, pattern, retained, place }),
    );
    const { subscription } = expected(outcome, 'subscribed');
    return {
      pattern,
      ended: endpoint.ended,
      unsubscribe: () => endpoint.end(),
      drain: async () => {
        if (subscription.active && !endpoint.over) {
          await endpoint.request((request) => {
            attachment.unsubscribe(request, subscription);
            return undefined;
          });
        }
        await endpoint.finish();
      },
    };
  }

  async register(
    text: string,
    handler: CallHandler,
    { match = 'exact', concurrency = Number.POSITIVE_INFINITY, policy }: RegisterOptions = {},
  ): Promise<LocalRegistration> {
    this.#check(concurrency);
    const pattern = { match, text };
    const endpoint = this.#add(new LocalCallee(this.#host, handler, concurrency));
    const { attachment } = endpoint;
    const outcome = await this.#inForce(endpoint, (request) =>
      attachment.register(request, { pattern, policy }),
    );
    const { registration } = expected(outcome, 'registered');
    return {
      pattern,
      ended: endpoint.ended,
      unregister: async () => {
        if (registration.active && !endpoint.over) {
          await endpoint.request((request) => {
            attachment.unregister(request, registration);
            return undefined;
          });
        }
        await endpoint.finish();
      },
    };
  }

  async enqueue(
    queue: string,
    args: readonly unknown[] = [],
    kwargs: Readonly<Record<string, unknown>> = {},
    options: EnqueueOptions = {},
  ): Promise<number> {
    const message = { queue, payload: Payload.ofValues(args, kwargs) };
    const command = enqueueCommandOf(message, options, this.parts.clock.wallTime());
    const { attachment } = this.#commands;
    const outcome = await this.#commands.request((request) => attachment.enqueue(request, command, true));
    return expected(outcome, 'enqueued').publication;
  }

  async consume(
    queue: string,
    handler: MessageHandler,
    { concurrency = 1, priority, exclusive }: ConsumeOptions = {},
  ): Promise<LocalConsumption> {
    this.#check(concurrency);
    const endpoint = this.#add(new LocalConsumer(this.#host, handler, concurrency));
    const { attachment } = endpoint;
    const credit = Number.isFinite(concurrency) ? Math.floor(concurrency) : undefined;
    const command = { key: queue, queue, settling: 'explicit', credit, priority, exclusive } as const;
    const outcome = await this.#inForce(endpoint, (request) => attachment.consume(request, command));
    const { consumer } = expected(outcome, 'consuming');
    return {
      queue,
      ended: endpoint.ended,
      cancel: () => endpoint.cancel(consumer),
      drain: async () => {
        await endpoint.finish();
        endpoint.cancel(consumer);
      },
    };
  }

  close(): void {
    // If somebody else has ended it, its handlers are about to hear why.
    if (this.closed) return;
    this.#commands.end();
    this.#finish(undefined);
  }

  /** The broker has ended all handlers with the client itself. */
  #finish(why: MangroveError | undefined): void {
    if (this.#finished) return;
    this.#finished = true;
    for (const handler of this.#handlers) handler.end(why);
    this.parts.closed(this);
  }

  #check(concurrency: number): void {
    if (this.closed) throw closedError();
    if (concurrency >= 1) return;
    throw new RangeError('The concurrency of a handler is at least 1.');
  }

  #add<E extends LocalSubscriber | LocalConsumer | LocalCallee>(endpoint: E): E {
    this.#handlers.add(endpoint);
    void endpoint.ended.then(() => this.#handlers.delete(endpoint));
    return endpoint;
  }

  /** A handler whose command is refused leaves nothing. */
  async #inForce(
    endpoint: LocalEndpoint,
    command: Parameters<LocalEndpoint['request']>[0],
  ): Promise<Success> {
    try {
      return await endpoint.request(command);
    } catch (error) {
      endpoint.end();
      throw error;
    }
  }
}

/** Publishes and calls; nothing is delivered to it. */
class CommandEndpoint extends LocalEndpoint {
  deliver(): boolean {
    return true;
  }

  invoke(): void {}

  interrupt(): void {}

  /** It holds nothing that could be taken away. */
  override revoked(_what: Subscription | Registration | Consumer, _why: Refusal): void {}
}

function expected<K extends Success['kind']>(
  outcome: Success,
  kind: K,
): Extract<Success, { readonly kind: K }> {
  if (outcome.kind === kind) return outcome as Extract<Success, { readonly kind: K }>;
  throw new Error(`Expected ${kind}, not ${outcome.kind}.`);
}

/** Whoever is told of errors must not make more of them. */
function guarded(
  onError: ((error: unknown) => void) | undefined,
  fallback: (error: unknown) => void,
): (error: unknown) => void {
  if (onError === undefined) return fallback;
  return (error) => {
    try {
      onError(error);
    } catch (another) {
      fallback(another);
    }
  };
}

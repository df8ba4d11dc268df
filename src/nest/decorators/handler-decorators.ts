import type { MatchPolicy, ConsumeOptions as RouterConsumeOptions } from '../../router/index.js';

/** Which procedures or topics a decorated method is for, and where. */
export interface ProcedureOptions {
  /** How the URI is read: `exact` (default), `prefix`, `wildcard`, `multi`. */
  readonly match?: MatchPolicy;
  /** How many calls the method works on at a time. Default: no limit. */
  readonly concurrency?: number;
  /** The realm. Default: the module's first one. */
  readonly realm?: string;
  /** The name of the module (`MangroveModule.forRoot({ name })`) that it joins. Default: the one without a name. */
  readonly module?: string;
}

/** Which topics a decorated method is for, and where. */
export interface SubscribeOptions extends Omit<ProcedureOptions, 'concurrency'> {
  /** How many events the method works on at a time. Default 1: their order is kept while it awaits. */
  readonly concurrency?: number;
  /** Begin with what is retained for topics of the pattern. Default false. */
  readonly retained?: boolean;
}

/** How a decorated method takes messages of a queue, and where. */
export interface ConsumeOptions extends RouterConsumeOptions, Pick<ProcedureOptions, 'realm' | 'module'> {}

/** What a decorator says about a method. */
export type HandlerDefinition =
  | { readonly kind: 'procedure'; readonly pattern: string; readonly options: ProcedureOptions }
  | { readonly kind: 'subscription'; readonly pattern: string; readonly options: SubscribeOptions }
  | { readonly kind: 'consumer'; readonly pattern: string; readonly options: ConsumeOptions };

const HANDLERS = Symbol('mangrove:handlers');

/**
 * Makes a method of a provider or controller a procedure, for clients of every protocol. It returns the result, a promise
 * of it, or an Observable or AsyncIterable, whose values are progressive results and whose last value is the result.
 */
export function Procedure(uri: string, options: ProcedureOptions = {}): MethodDecorator {
  return decorator({ kind: 'procedure', pattern: uri, options });
}

/** Has a method of a provider or controller hear the events of a topic, or of a pattern of topics. */
export function Subscribe(pattern: string, options: SubscribeOptions = {}): MethodDecorator {
  return decorator({ kind: 'subscription', pattern, options });
}

/**
 * Has a method of a provider or controller work on the messages of a queue, in competition with all other consumers. When it
 * has returned (a promise, an Observable or AsyncIterable to its end), the message is done. What it, a guard or a pipe throws
 * sends the message back, counted; `Unavailable` (of `mangrove`) or an HTTP exception with 503 sends it back uncounted.
 */
export function Consume(queue: string, options: ConsumeOptions = {}): MethodDecorator {
  return decorator({ kind: 'consumer', pattern: queue, options });
}

/** What the decorators of a method say. */
export function definitionsOf(method: object): readonly HandlerDefinition[] {
  return (Reflect.getOwnMetadata(HANDLERS, method) as readonly HandlerDefinition[] | undefined) ?? [];
}

function decorator(definition: HandlerDefinition): MethodDecorator {
  return (_target, _key, descriptor) => {
    const method = descriptor.value;
    if (typeof method !== 'function')
      throw new TypeError('Only methods can be procedures, subscribers and consumers.');
    Reflect.defineMetadata(HANDLERS, [...definitionsOf(method), definition], method);
  };
}

import type { MatchPolicy } from '../../router/index.js';

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
}

/** What a decorator says about a method. */
export interface HandlerDefinition {
  readonly kind: 'procedure' | 'subscription';
  readonly pattern: string;
  readonly options: ProcedureOptions;
}

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

/** What the decorators of a method say. */
export function definitionsOf(method: object): readonly HandlerDefinition[] {
  return (Reflect.getOwnMetadata(HANDLERS, method) as readonly HandlerDefinition[] | undefined) ?? [];
}

function decorator(definition: HandlerDefinition): MethodDecorator {
  return (_target, _key, descriptor) => {
    const method = descriptor.value;
    if (typeof method !== 'function') throw new TypeError('Only methods can be procedures and subscribers.');
    Reflect.defineMetadata(HANDLERS, [...definitionsOf(method), definition], method);
  };
}

import type { PipeTransform, Type } from '@nestjs/common';
import type {
  CallContext,
  EventContext,
  MessageContext,
  Principal as RouterPrincipal,
} from '../../router/index.js';

/** What a handler was called with; what `switchToRpc().getContext()` gives. */
export type MangroveContext = CallContext | EventContext | MessageContext;

type Pipe = Type<PipeTransform> | PipeTransform;

/** A schema that a validation pipe may use: any that implements Standard Schema, such as zod's. */
export interface SchemaOptions {
  readonly schema: unknown;
}

/** Where Nest keeps what is known about the parameters of handlers; shared, so that decorators of the user's own work. */
export const PARAMETERS = '__routeArguments__';

/** Nest's own numbers of what its pipes validate (body, query, param); with others they would pass a value on unseen. */
const PAYLOAD = 3;
const KWARGS = 4;
const ARGS = 5;
const HEADERS = 101;
const PRINCIPAL = 102;
const CONTEXT = 103;

/**
 * The arguments as one value: the argument if it is the only one, the keyword arguments if there are no others, else all
 * of them. With a name, the property of that name.
 */
export function Payload(...pipes: (Pipe | SchemaOptions)[]): ParameterDecorator;
export function Payload(property: string, ...pipes: (Pipe | SchemaOptions)[]): ParameterDecorator;
export function Payload(...given: readonly Given[]): ParameterDecorator {
  return parameter(PAYLOAD, given);
}

/** The positional arguments; with an index, the one at that place. */
export function Args(...pipes: (Pipe | SchemaOptions)[]): ParameterDecorator;
export function Args(index: number, ...pipes: (Pipe | SchemaOptions)[]): ParameterDecorator;
export function Args(...given: readonly Given[]): ParameterDecorator {
  return parameter(ARGS, given);
}

/** The keyword arguments; with a key, the one of that name. */
export function Kwargs(...pipes: (Pipe | SchemaOptions)[]): ParameterDecorator;
export function Kwargs(key: string, ...pipes: (Pipe | SchemaOptions)[]): ParameterDecorator;
export function Kwargs(...given: readonly Given[]): ParameterDecorator {
  return parameter(KWARGS, given);
}

/** The user headers, as a map; with a name, the value of that one. */
export function Headers(name?: string): ParameterDecorator {
  return parameter(HEADERS, name === undefined ? [] : [name]);
}

/** Who published, called or sent; with a property, that part of it. */
export function Principal(property?: keyof RouterPrincipal): ParameterDecorator {
  return parameter(PRINCIPAL, property === undefined ? [] : [property]);
}

/** All that is known about the event, message or call: {@link MangroveContext}. */
export function Ctx(): ParameterDecorator {
  return parameter(CONTEXT, []);
}

type Given = Pipe | SchemaOptions | string | number;

function parameter(type: number, given: readonly Given[]): ParameterDecorator {
  return (target, method, index) => {
    if (method === undefined) throw new TypeError('Parameters of constructors are not given by Mangrove.');
    const [first] = given;
    const named = typeof first === 'string' || typeof first === 'number';
    const rest = (named ? given.slice(1) : given) as readonly (Pipe | SchemaOptions)[];
    const known = Reflect.getMetadata(PARAMETERS, target.constructor, method) as object | undefined;
    const entry = {
      index,
      data: named ? first : undefined,
      pipes: rest.filter((item): item is Pipe => !isSchema(item)),
      schema: rest.find(isSchema)?.schema,
    };
    Reflect.defineMetadata(PARAMETERS, { ...known, [`${type}:${index}`]: entry }, target.constructor, method);
  };
}

function isSchema(item: Pipe | SchemaOptions): item is SchemaOptions {
  return typeof item === 'object' && 'schema' in item && !('transform' in item);
}

/** Gives parameters their values; `args` is what the handler was called with: payload and context. */
export const parametersFactory = {
  exchangeKeyForValue(type: number, data: unknown, args: readonly unknown[]): unknown {
    const [payload, context] = args as readonly [unknown, MangroveContext];
    switch (type) {
      case PAYLOAD:
        return typeof data === 'string' ? propertyOf(payload, data) : payload;
      case KWARGS:
        return typeof data === 'string' ? propertyOf(context.kwargs, data) : context.kwargs;
      case ARGS:
        return typeof data === 'number' ? context.args[data] : context.args;
      case HEADERS:
        return typeof data === 'string' ? context.headers.get(data) : context.headers;
      case PRINCIPAL:
        return typeof data === 'string' ? propertyOf(context.principal, data) : context.principal;
      case CONTEXT:
        return context;
      default:
        return undefined;
    }
  },
};

function propertyOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import type { ContextId, ExternalContextCreator } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import type { MangroveError } from '../router/index.js';
import { PARAMETERS, parametersFactory } from './decorators/index.js';
import type { MangroveContext } from './decorators/index.js';
import { callerErrorOf, filteredErrorOf } from './handler-errors.js';
import type { HandlerHost } from './handler-host.js';
import { isAsyncIterable, withErrors } from './observable-stream.js';

/** What runs a decorated method. */
interface Pipeline {
  /** Guards, interceptors, pipes, the method; what they throw is thrown. */
  readonly run: (payload: unknown, context: MangroveContext) => Promise<unknown>;
  /** The filters for an error: returns what the one that took it returned, throws the error if none did. */
  readonly filter: (payload: unknown, context: MangroveContext, error: unknown) => Promise<unknown>;
}

/** How handlers are run. */
export interface RunnerOptions {
  readonly creator: ExternalContextCreator;
  /** Whether callers see the message of an unexpected error. */
  readonly expose: boolean;
}

/**
 * Runs one decorated method the way Nest runs its own handlers: guards, interceptors, pipes, the method, filters, with the
 * context type `rpc`. An instance per call is made where the class or one of its dependencies is request-scoped.
 */
export class HandlerRunner {
  /** Made once, unless each call needs an instance of its own. */
  readonly #pipeline: Pipeline | undefined;

  constructor(
    private readonly host: HandlerHost,
    private readonly method: string,
    private readonly options: RunnerOptions,
  ) {
    const { wrapper } = host;
    const shared = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
    this.#pipeline = shared ? this.#assemble(wrapper.instance as Instance) : undefined;
  }

  /**
   * Runs the method; resolves with its result or with a stream.
   *
   * @throws MangroveError for whatever was thrown and no filter made into another one; the stream does so too.
   */
  async handle(context: MangroveContext): Promise<unknown> {
    const { payload } = context;
    const pipeline = this.#pipeline ?? (await this.#pipelineFor(context));
    const failed = (error: unknown): Promise<MangroveError> =>
      this.#filtered(pipeline, { payload, context }, error);
    try {
      const result = await pipeline.run(payload, context);
      return isAsyncIterable(result) ? withErrors(result, failed) : result;
    } catch (error) {
      throw await failed(error);
    }
  }

  async #pipelineFor(context: MangroveContext): Promise<Pipeline> {
    const { token, host } = this.host.wrapper;
    const moduleRef = host?.getProviderByKey(ModuleRef).instance ?? this.host.moduleRef;
    const contextId = ContextIdFactory.getByRequest(context);
    moduleRef.registerRequestByContextId(context, contextId);
    const instance = await moduleRef.resolve<Instance>(token as never, contextId, {
      strict: host !== undefined,
    });
    return this.#assemble(instance, contextId);
  }

  #assemble(instance: Instance, contextId?: ContextId): Pipeline {
    const { creator } = this.options;
    const { method } = this;
    const { id } = this.host.wrapper;
    const callback = instance[method] as (...args: unknown[]) => unknown;
    const all = { guards: true, interceptors: true, filters: false };
    const onlyFilters = { guards: false, interceptors: false, filters: true };
    return {
      run: creator.create(
        instance,
        callback,
        method,
        PARAMETERS,
        parametersFactory,
        contextId,
        id,
        all,
        'rpc',
      ),
      filter: creator.create(
        instance,
        throwing(callback),
        method,
        NO_PARAMETERS,
        undefined,
        contextId,
        id,
        onlyFilters,
        'rpc',
      ),
    };
  }

  async #filtered(
    { filter }: Pipeline,
    { payload, context }: { readonly payload: unknown; readonly context: MangroveContext },
    error: unknown,
  ): Promise<MangroveError> {
    const { expose } = this.options;
    try {
      const answer = await filter(payload, context, error);
      const settled: unknown = isObservable(answer)
        ? await lastValueFrom(answer, { defaultValue: undefined })
        : answer;
      return filteredErrorOf(settled, error, expose);
    } catch (thrown) {
      return callerErrorOf(thrown, expose);
    }
  }
}

/** Where nothing is kept about parameters: Nest would otherwise apply what it knows of the method's own. */
const NO_PARAMETERS = 'mangrove:no-parameters';

type Instance = Record<string, unknown>;

/**
 * Stands for a method where only its filters are wanted: throws the error that it is given. Its metadata are those of the
 * method, since that is where Nest looks for filters.
 */
function throwing(method: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  const stand = (_payload: unknown, _context: unknown, error: unknown): never => {
    throw error;
  };
  for (const key of Reflect.getMetadataKeys(method) as readonly (string | symbol)[]) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, method), stand);
  }
  return stand as (...args: unknown[]) => unknown;
}

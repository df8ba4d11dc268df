import type { DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import { definitionsOf } from './decorators/index.js';
import type { HandlerDefinition } from './decorators/index.js';

/** Nest's record of a provider or controller. */
export type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Where a decorated method was found. */
export interface HandlerHost {
  readonly wrapper: Wrapper;
  /** Used for what Nest knows no module of. */
  readonly moduleRef: ModuleRef;
}

/** One decorated method. */
export interface FoundHandler {
  readonly wrapper: Wrapper;
  readonly method: string;
  readonly definition: HandlerDefinition;
  /** `ClassName.method`, for people. */
  readonly place: string;
}

/** Finds the decorated methods of all providers and controllers of the application. */
export function findHandlers(discovery: DiscoveryService, scanner: MetadataScanner): FoundHandler[] {
  const found: FoundHandler[] = [];
  const seen = new Set<string>();
  for (const wrapper of [...discovery.getProviders(), ...discovery.getControllers()]) {
    if (wrapper.isAlias || wrapper.isNotMetatype || typeof wrapper.instance !== 'object') continue;
    const instance = wrapper.instance as Readonly<Record<string, unknown>> | null;
    if (instance === null) continue;
    for (const method of scanner.getAllMethodNames(Object.getPrototypeOf(instance) as object | null)) {
      const key = `${wrapper.id} ${method}`;
      const value = instance[method];
      if (typeof value !== 'function' || seen.has(key)) continue;
      seen.add(key);
      const place = `${wrapper.name}.${method}`;
      for (const definition of definitionsOf(value)) found.push({ wrapper, method, definition, place });
    }
  }
  return found;
}

import type { ExternalContextCreator } from '@nestjs/core';
import { isObservable } from 'rxjs';
import { ObservableStream } from './observable-stream.js';

/** The parts of Nest's context creator that know what is set for the whole application. */
const WITH_GLOBALS = [
  'guardsContextCreator',
  'pipesContextCreator',
  'interceptorsContextCreator',
  'filtersContextCreator',
] as const;

/**
 * Nest's context creator, but for two things: an Observable is given as a stream of all its values, not as the last of them;
 * and guards, pipes, interceptors and filters that are set for the whole application can be left out.
 *
 * It is derived from the application's own creator, which stays as it is.
 */
export function streamingContextCreator(
  creator: ExternalContextCreator,
  globalEnhancers: boolean,
): ExternalContextCreator {
  const derived = derive(creator, {
    transformToResult: async (result: unknown): Promise<unknown> =>
      isObservable(result) ? new ObservableStream(result) : result,
  });
  if (globalEnhancers) return derived;
  const own = WITH_GLOBALS.map((part) => [part, derive(creator[part], { getGlobalMetadata: () => [] })]);
  return derive(derived, Object.fromEntries(own));
}

/** An object like another, with other properties. */
function derive<T extends object>(from: T, properties: Readonly<Record<string, unknown>>): T {
  const derived = Object.create(from) as T;
  for (const [name, value] of Object.entries(properties)) Object.defineProperty(derived, name, { value });
  return derived;
}

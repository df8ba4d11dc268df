import type { Stage } from './dockerfile.mjs';

/** See compose.mjs. */
export function schemaFaults(text: string): string[];
/** See compose.mjs. */
export function serviceFaults(
  folder: string,
  text: string,
  image: Stage,
  config: string,
): Generator<string, void>;

import type { Stage } from './dockerfile.mjs';

/** See context.mjs. */
export function missingSources(stages: readonly Stage[], context: readonly string[]): string[];

import type { RouterOptions } from 'mangrove';

/**
 * The only limits that differ from the defaults: one publisher at full speed is above what a server in the open should take
 * from one socket. Everything else, the login limits and the outbound bounds too, is as a user gets it.
 */
export const LIMITS = {
  messagesPerSecond: 10_000_000,
  bytesPerSecond: 10 * 1024 * 1024 * 1024,
} as const satisfies RouterOptions['limits'];

const raised = Object.entries(LIMITS).map(([name, value]) => `${name}: ${value}`);

/** What the report says about it. */
export const LIMITS_NOTE = `mangrove runs with limits raised: ${raised.join(', ')}; all else is default`;

import { BAND } from '../ports/queue-store.js';

/** How many bands messages are handed out of: one for each priority. */
export const BANDS = 10;
/** The priority of a message whose sender names none [STOMP: `priority`, as in JMS]. */
export const DEFAULT_PRIORITY = 4;

/** The band of a position. */
export function bandOf(position: number): number {
  return Math.floor(position / BAND);
}

/** The band of a priority, 0 … 9; what is beyond counts as the nearest. */
export function bandOfPriority(priority: number | undefined): number {
  const rounded = Math.trunc(priority ?? DEFAULT_PRIORITY);
  return BANDS - 1 - Math.min(Math.max(rounded, 0), BANDS - 1);
}

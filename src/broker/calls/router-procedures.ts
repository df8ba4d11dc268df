import type { Attachment } from '../attachment.js';
import type { OwnCall, RouterAnswer } from './router-callee.js';

/** A call of a procedure that the router answers itself. */
export interface RouterCall extends OwnCall {
  /** Who calls. */
  readonly caller: Attachment;
}

/**
 * Answers calls of one procedure of the router's own, within a run of the broker or later. What it throws is a defect, and the
 * caller is told `internal`.
 */
export type RouterProcedure = (call: RouterCall) => RouterAnswer | Promise<RouterAnswer>;

import type { Attachment } from './attachment.js';
import type { Refusal } from './errors.js';

/** A call of a procedure that the router answers itself. */
export interface RouterCall {
  /** Who calls. */
  readonly caller: Attachment;
  readonly procedure: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** What the router answers: a result, an error with a URI as a callee would give it, or a refusal of the broker's own. */
export type RouterAnswer =
  | {
      readonly kind: 'result';
      readonly args: readonly unknown[];
      readonly kwargs?: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'failed'; readonly error: string; readonly args?: readonly unknown[] }
  | ({ readonly kind: 'refused' } & Refusal);

/**
 * Answers calls of one procedure of the router's own, within a run of the broker or later. What it throws is a defect, and the
 * caller is told `internal`.
 */
export type RouterProcedure = (call: RouterCall) => RouterAnswer | Promise<RouterAnswer>;

import type { Attachment, Broker, Refusal, RouterAnswer } from '../../../broker/index.js';
import { SerializerError } from '../../../serializers/index.js';

/** What is left of an answer's bytes for what is not listed. */
const FRAME = 1024;

/** A procedure that answers nothing. */
export const NOTHING: RouterAnswer = { kind: 'result', args: [] };

/** The arguments of a call make no sense. */
export function invalid(reason: string): RouterAnswer {
  return { kind: 'failed', error: 'wamp.error.invalid_argument', args: [reason] };
}

/** One value. */
export function answer(value: unknown, kwargs?: Readonly<Record<string, unknown>>): RouterAnswer {
  return { kind: 'result', args: [value], ...(kwargs && { kwargs }) };
}

/** A refusal of the broker; nothing if there is none. */
export function refusedOr(why: Refusal | undefined, otherwise: RouterAnswer): RouterAnswer {
  return why === undefined ? otherwise : { kind: 'refused', ...why };
}

/** Bytes that a list may have in the answer to a caller. */
export function roomOf({ limits }: Broker, { features }: Attachment): number {
  const { maxAnswerBytes = Number.POSITIVE_INFINITY } = features;
  return Math.min(limits.replayBytes, maxAnswerBytes - FRAME);
}

/** Whether a value is a map, as arguments have them. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

/** What `encode` makes; undefined if the values cannot be said. */
export function encoded<T>(encode: () => T): T | undefined {
  try {
    return encode();
  } catch (error) {
    if (error instanceof SerializerError) return undefined;
    throw error;
  }
}

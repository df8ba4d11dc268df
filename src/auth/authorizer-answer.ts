import type { Decision } from '../broker/index.js';

/** What the application answers: yes or no, or more about it. */
export type AuthorizationAnswer = boolean | AuthorizationDetails;

/** A decision of the application. What is left out is a no. */
export interface AuthorizationDetails {
  readonly allow: boolean;
  /** Of `publish` and `call`: whether who asks may be shown; of `register`: whether callers may be shown to it. */
  readonly disclose?: boolean;
  /** Of `register`: whether it may take the procedure from another principal. */
  readonly takeover?: boolean;
  /** Of `publish` and `call`: a whole number from 0. Needs the option `trustlevels`. */
  readonly trustlevel?: number;
  /** Of `subscribe` to a pattern: deliver only events of topics for which a yes is known already, or given at once. */
  readonly filtered?: boolean;
  /** Whether this answer may be given again without asking: false for not at all, or for how many ms. Default true. */
  readonly cache?: boolean | number;
}

/** An answer, read. */
export interface ReadAnswer {
  readonly decision: Decision;
  readonly cache: boolean | number;
}

/**
 * Reads an answer, which may come from a procedure: nothing in it is believed to have its type.
 *
 * @throws Error for an answer that makes no sense, so that nobody gets a right by a mistake.
 */
export function readAnswer(answer: unknown): ReadAnswer {
  if (typeof answer === 'boolean') return { decision: { allow: answer, disclose: false }, cache: true };
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) throw malformed('its type');
  const {
    allow,
    disclose,
    takeover,
    filtered,
    trustlevel,
    cache = true,
  } = answer as Readonly<Record<string, unknown>>;
  if (typeof allow !== 'boolean') throw malformed('allow');
  if (!isCacheTime(cache)) throw malformed('cache');
  if (trustlevel !== undefined && trustlevel !== null && !isLevel(trustlevel)) throw malformed('trustlevel');
  return {
    decision: {
      allow,
      disclose: isSet(disclose, 'disclose'),
      ...(isSet(takeover, 'takeover') && { takeover: true }),
      ...(isSet(filtered, 'filtered') && { filtered: true }),
      ...(isLevel(trustlevel) && { trustlevel }),
    },
    cache,
  };
}

function isSet(value: unknown, name: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  throw malformed(name);
}

function isCacheTime(value: unknown): value is boolean | number {
  return typeof value === 'boolean' || (typeof value === 'number' && value >= 0);
}

function isLevel(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function malformed(what: string): Error {
  return new Error(`The answer of a dynamic authorizer makes no sense: ${what}.`);
}

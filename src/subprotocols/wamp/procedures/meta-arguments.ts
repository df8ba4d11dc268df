import type { Attachment, Pattern, RouterAnswer } from '../../../broker/index.js';
import { canonicalPattern } from '../../../broker/index.js';
import { invalid, isMap } from './router-answers.js';

/** What a meta procedure says where an argument makes no sense. */
export function wanted(what: string): RouterAnswer {
  return invalid(`The first argument must be ${what}.`);
}

/** An id, as integer or as a float without a fraction; undefined if it is none. */
export function idOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** A list of strings; nothing said is `all`, undefined if it is none. */
export function namesOf(value: unknown): ReadonlySet<string> | 'all' | undefined {
  if (value === undefined || value === null) return 'all';
  return Array.isArray(value) && value.every((name) => typeof name === 'string') ? new Set(value) : undefined;
}

/** Why a call names what is no address, if so: nothing is looked for under a text of any length. */
export function faultOf(caller: Attachment, pattern: Pattern): RouterAnswer | undefined {
  const fault = caller.rights.faultOf(pattern);
  return fault === undefined ? undefined : { kind: 'refused', ...fault };
}

/** The words for how a pattern may be read; `multi` is that of STOMP, which WAMP does not have. */
const MATCHES = ['exact', 'prefix', 'wildcard', 'multi'] as const;

/** `[uri, {match}]`, exact by default; undefined if it is none. */
export function patternIn([text, options]: readonly unknown[]): Pattern | undefined {
  if (typeof text !== 'string') return undefined;
  const said = isMap(options) ? options['match'] : undefined;
  if (!isMap(options) && options !== undefined && options !== null) return undefined;
  const match = MATCHES.find((known) => known === (said ?? 'exact'));
  return match === undefined ? undefined : canonicalPattern({ match, text });
}

/** ids by how their patterns are read; `multi` is only there if there are any. */
export function listed(all: Iterable<{ readonly id: number; readonly pattern: Pattern }>): object {
  const lists: { exact: number[]; prefix: number[]; wildcard: number[]; multi?: number[] } = {
    exact: [],
    prefix: [],
    wildcard: [],
  };
  for (const { id, pattern } of all) (lists[pattern.match] ??= []).push(id);
  return lists;
}

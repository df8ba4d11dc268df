import type { z } from 'zod';
import { findKey, formatPath } from './keys.js';

/** A configuration that cannot be used. Its message has one line per problem: where, what, and what is allowed. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  /** @param problems one line each. */
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/** Says where the value at a path came from: a line of a file, a variable of the environment. */
export type Locate = (path: readonly PropertyKey[]) => string;

/** Turns what the schema found into lines that name the key, the value and what is allowed. */
export function describeIssues(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  locate: Locate,
): readonly string[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => describeUnknownKey(issue.path, key, locate))
      : [describeValue(issue, input, locate)],
  );
}

function describeUnknownKey(section: readonly PropertyKey[], key: string, locate: Locate): string {
  const path = [...section, key];
  const known = findKey(section)?.children ?? [];
  const similar = known.find((name) => distance(name.toLowerCase(), key.toLowerCase()) <= 2);
  const hint = similar === undefined ? '' : ` (did you mean ${similar}?)`;
  return `${locate(path)}${quote(formatPath(path))}: unknown key${hint}; allowed are ${known.join(', ')}`;
}

function describeValue(issue: z.core.$ZodIssue, input: unknown, locate: Locate): string {
  const key = findKey(issue.path);
  // A check of our own carries the words for what is allowed; the rest is told by the schema's node.
  const allowed = issue.code === 'custom' ? issue.message : (key?.allowed ?? issue.message);
  const where = `${locate(issue.path)}${formatPath(issue.path) || 'the configuration'}`;
  const value = valueAt(input, issue.path);
  if (value === undefined && issue.code === 'custom') {
    return `${where}: its default is not allowed here; allowed is ${allowed}`;
  }
  if (value === undefined) return `${where}: is missing; allowed is ${allowed}`;
  const shown = key?.secret === true ? 'this value' : show(value);
  return `${where}: ${shown} is not allowed; allowed is ${allowed}`;
}

/** What stands in the input at a path; undefined if nothing does. */
function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'a section';
  return typeof value === 'string' ? quote(value) : String(value);
}

/** Quotes what somebody wrote, without letting it control the terminal, cut to a readable length. */
function quote(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(cut).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, (char) => escapeChar(char));
}

function escapeChar(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Levenshtein distance, for short names. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [i, char] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (char === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

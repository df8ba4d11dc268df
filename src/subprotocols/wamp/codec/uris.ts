/** Which characters a component may have [WAMP BP URIs]: all but dot, `#` and white space, or only `0-9a-z_`. */
export type UriRule = 'loose' | 'strict';

/** One component or more, none empty. */
const EXACT = {
  loose: /^[^\s.#]+(?:\.[^\s.#]+)*$/,
  strict: /^[0-9a-z_]+(?:\.[0-9a-z_]+)*$/,
} as const satisfies Record<UriRule, RegExp>;

/** Empty components stand for any. */
const WILDCARD = {
  loose: /^[^\s#]+$/,
  strict: /^[0-9a-z_.]+$/,
} as const satisfies Record<UriRule, RegExp>;

/** Like an exact one; may be empty, and may end in a dot. */
const PREFIX = {
  loose: /^(?:[^\s.#]+(?:\.[^\s.#]+)*\.?)?$/,
  strict: /^(?:[0-9a-z_]+(?:\.[0-9a-z_]+)*\.?)?$/,
} as const satisfies Record<UriRule, RegExp>;

const FORMS = { exact: EXACT, prefix: PREFIX, wildcard: WILDCARD } as const;

/**
 * Whether the text is a URI in the given form: `exact` for topics, procedures and realms, `prefix` and `wildcard` for
 * patterns. Linear in its length.
 */
export function isUri(text: string, rule: UriRule, form: keyof typeof FORMS = 'exact'): boolean {
  return FORMS[form][rule].test(text);
}

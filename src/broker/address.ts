import { isUserTopic } from './user-topics.js';

/**
 * Addresses of the broker. A topic and a procedure are dotted texts; the same text may name both, in different tables.
 *
 * An address that begins with `#` is private to the router (reply addresses): no pattern matches it, and no client can
 * spell it, because `#` is no URI character [WAMP BP URIs] and STOMP destinations escape it. Topics of one user
 * (`user.<name>.queue.…`, `user.<name>.topic.…`) are matched by no pattern either, and only that user may subscribe to them.
 */

/** How a pattern's text is read. */
export type MatchPolicy = 'exact' | 'prefix' | 'wildcard' | 'multi';

/**
 * What a subscription or registration matches.
 *
 * - `exact`: the text itself.
 * - `prefix`: every address that begins with the text, by characters, not components [WAMP AP Prefix Matching].
 * - `wildcard`: as many components as the text; an empty component stands for exactly one of any value [WAMP AP Wildcard
 *   Matching].
 * - `multi`: like `wildcard`, and a component `#` stands for zero or more components (STOMP's `#`).
 */
export interface Pattern {
  readonly match: MatchPolicy;
  readonly text: string;
}

/** The component of a `multi` pattern that stands for zero or more components. */
export const MANY = '#';

/** The first component of what belongs to the router. */
export const RESERVED = 'wamp';

/** Whether the address belongs to the router alone: its first component is exactly `wamp` [WAMP BP URIs]. */
export function isReserved(address: string): boolean {
  return (
    address.startsWith(RESERVED) && (address.length === RESERVED.length || address[RESERVED.length] === '.')
  );
}

/** The word before a queue's name where queues and procedures, or queues and topics, are told apart by the address alone. */
const QUEUES = 'queue.';

/** The address of a queue, as permissions know it. */
export function queueAddress(queue: string): string {
  return QUEUES + queue;
}

/** Whether a procedure of that name would be taken for a queue: it can be neither registered nor called. */
export function isQueueAddress(procedure: string): boolean {
  return procedure.startsWith(QUEUES);
}

/** Whether the address is private: a reply address, or a topic of one user. Patterns never match it. */
export function isPrivate(address: string): boolean {
  return isReplyAddress(address) || isUserTopic(address);
}

/** Whether the address is private to the router: a reply address, good for whoever was told it. */
export function isReplyAddress(address: string): boolean {
  return address.startsWith('#');
}

/**
 * Whether the pattern could match an address by its form, and yet does not: private addresses are matched by exact patterns
 * only, those of the router (`wamp.…`) also by patterns that begin with that word.
 */
export function isHiddenFrom({ match, text }: Pattern, address: string): boolean {
  if (match === 'exact') return false;
  return isPrivate(address) || (isReserved(address) && !isReserved(text));
}

/** Whether the pattern names one reply address. A `multi` pattern may begin with `#` too, and is not private. */
export function isPrivatePattern(pattern: Pattern): boolean {
  return pattern.match === 'exact' && isReplyAddress(pattern.text);
}

/** Whether nobody is told of a subscription to the pattern: it is to one private address. */
export function isUntold({ match, text }: Pattern): boolean {
  return match === 'exact' && isPrivate(text);
}

/** One text for a pattern, to be used as a key. */
export function patternKey(pattern: Pattern): string {
  return `${pattern.match} ${pattern.text}`;
}

/**
 * The pattern in its canonical form, so that the same pattern has one subscription whatever protocol asked for it: a `multi`
 * without `#` is a wildcard. A wildcard without an empty component stays one, beside the exact pattern of the same text
 * [WAMP AP Pattern-based Registrations].
 */
export function canonicalPattern(pattern: Pattern): Pattern {
  if (pattern.match !== 'multi' || pattern.text.split('.').includes(MANY)) return pattern;
  return { match: 'wildcard', text: pattern.text };
}

/** The key of a subscription whose owner knows it by its pattern alone (WAMP). */
export function keyOf(pattern: Pattern): string {
  return patternKey(canonicalPattern(pattern));
}

import type { Pattern } from '../../broker/index.js';
import type { UriRule } from './codec/index.js';
import { isUri } from './codec/index.js';

/** Why a request was refused at WAMP's own door: the error URI, and a text for people. */
export interface DoorRefusal {
  readonly error: string;
  readonly reason: string;
}

const BAD_URI: DoorRefusal = { error: 'wamp.error.invalid_uri', reason: 'Not a valid URI.' };
const BAD_MATCH: DoorRefusal = {
  error: 'wamp.error.invalid_argument',
  reason: 'match must be exact, prefix or wildcard.',
};

/** Why the text cannot name a topic or a procedure, if it cannot [WAMP BP URIs]. */
export function addressFault(text: string, rule: UriRule): DoorRefusal | undefined {
  return isUri(text, rule) ? undefined : BAD_URI;
}

/** What a subscription or registration matches [WAMP AP Pattern-based Subscriptions]; `match` is exact by default. */
export function patternOf(match: string | undefined, text: string, rule: UriRule): Pattern | DoorRefusal {
  switch (match) {
    case undefined:
    case 'exact':
      return isUri(text, rule) ? { match: 'exact', text } : BAD_URI;
    case 'prefix':
    case 'wildcard':
      return isUri(text, rule, match) ? { match, text } : BAD_URI;
    default:
      return BAD_MATCH;
  }
}

import type { Admission } from '../../inbox.js';
import { patternOf } from '../addresses.js';
import type { Register } from '../codec/index.js';
import type { LiveSession } from '../live-session.js';
import { WampRequest } from '../live-session.js';
import { uriRuleOf } from '../profile.js';

/** Invocation policies of [WAMP AP Shared Registration]. Not announced yet, so each means `single`. */
const POLICIES: ReadonlySet<string> = new Set(['single', 'roundrobin', 'random', 'first', 'last']);

const BAD_POLICY = {
  error: 'wamp.error.invalid_argument',
  reason: 'invoke must be single, roundrobin, random, first or last.',
} as const;

/** REGISTER: a procedure has one owner [WAMP BP Registering]. */
export function register(session: LiveSession, message: Register): Admission {
  const request = new WampRequest('register', message.request);
  const { match, invoke, procedure, discloseCaller } = message;
  if (invoke !== undefined && !POLICIES.has(invoke)) return session.refuse(request, BAD_POLICY);
  const pattern = patternOf(match, procedure, uriRuleOf(session.profile));
  if ('error' in pattern) return session.refuse(request, pattern);
  session.expect(request);
  return session.attachment.register(request, { pattern, discloseCaller });
}

/** UNREGISTER: an id that this session does not hold is an ERROR, also if somebody else holds it. */
export function unregister(session: LiveSession, id: number, registration: number): undefined {
  const request = new WampRequest('unregister', id, registration);
  session.attachment.unregister(request, session.registrations.get(registration));
  return undefined;
}

import type { Pattern } from '../../../broker/index.js';
import { isInvocationPolicy } from '../../../broker/index.js';
import type { Admission } from '../../inbox.js';
import type { DoorRefusal } from '../addresses.js';
import { patternOf } from '../addresses.js';
import type { Offered } from '../announcements.js';
import type { Register } from '../codec/index.js';
import { UNDISCLOSED, optionRefused } from '../dialect.js';
import type { LiveSession } from '../live-session.js';
import { WampRequest } from '../live-session.js';
import { uriRuleOf } from '../profile.js';
import { queueOf } from '../queue-names.js';
import { NOT_EXACT, registerConsumer, release } from './consume.js';

const BAD_POLICY = {
  error: 'wamp.error.invalid_argument',
  reason: 'invoke must be single, roundrobin, random, first or last.',
} as const;

/** REGISTER: a procedure has one owner [WAMP BP Registering] or several that share it, a queue (`queue.<name>`) has consumers. */
export function register(session: LiveSession, message: Register): Admission {
  const request = new WampRequest('register', message.request);
  const { match, invoke: policy = 'single', procedure, discloseCaller, consumer, sharing } = message;
  if (!isInvocationPolicy(policy)) return session.refuse(request, BAD_POLICY);
  const { offered } = session;
  const pattern = patternOf(match, procedure, uriRuleOf(session.profile));
  if ('error' in pattern) return session.refuse(request, pattern);
  const unoffered = unofferedBy(offered, message, pattern.match);
  if (unoffered !== undefined) return session.refuse(request, unoffered);
  const queue = queueOf(procedure);
  if (queue !== undefined) {
    if (pattern.match !== 'exact') return session.refuse(request, NOT_EXACT);
    return registerConsumer(session, request.id, queue, consumer);
  }
  const { concurrency, force: takeOver, fault } = sharing;
  if (fault !== undefined) {
    return session.refuse(request, { error: 'wamp.error.invalid_argument', reason: fault });
  }
  session.expect(request);
  const forwardTimeout = sharing.forwardTimeout && offered.call_timeout;
  const wishes = { discloseCaller, policy, concurrency, takeOver, forwardTimeout };
  return session.attachment.register(request, { pattern, ...wishes });
}

/** Why a registration asks for what is switched off, if it does. */
function unofferedBy(
  offered: Offered,
  { invoke = 'single', discloseCaller }: Register,
  match: Pattern['match'],
): DoorRefusal | undefined {
  if (match !== 'exact' && !offered.pattern_based_registration) return optionRefused('match');
  if (invoke !== 'single' && !offered.shared_registration) return optionRefused('invoke');
  return discloseCaller && !offered.caller_identification ? UNDISCLOSED : undefined;
}

/** UNREGISTER: an id that this session does not hold is an ERROR, also if somebody else holds it. */
export function unregister(session: LiveSession, id: number, registration: number): undefined {
  const request = new WampRequest('unregister', id, registration);
  const consumer = session.consumers.ofId('callee', registration);
  if (consumer !== undefined) release(session, request, consumer);
  else session.attachment.unregister(request, session.registrations.get(registration));
}

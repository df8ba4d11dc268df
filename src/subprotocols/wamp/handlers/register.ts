import { isInvocationPolicy } from '../../../broker/index.js';
import type { Admission } from '../../inbox.js';
import { patternOf } from '../addresses.js';
import type { Register } from '../codec/index.js';
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
  const pattern = patternOf(match, procedure, uriRuleOf(session.profile));
  if ('error' in pattern) return session.refuse(request, pattern);
  const queue = queueOf(procedure);
  if (queue !== undefined) {
    if (pattern.match !== 'exact') return session.refuse(request, NOT_EXACT);
    return registerConsumer(session, request.id, queue, consumer);
  }
  const { concurrency, force: takeOver, forwardTimeout, fault } = sharing;
  if (fault !== undefined) {
    return session.refuse(request, { error: 'wamp.error.invalid_argument', reason: fault });
  }
  session.expect(request);
  const wishes = { discloseCaller, policy, concurrency, takeOver, forwardTimeout };
  return session.attachment.register(request, { pattern, ...wishes });
}

/** UNREGISTER: an id that this session does not hold is an ERROR, also if somebody else holds it. */
export function unregister(session: LiveSession, id: number, registration: number): undefined {
  const request = new WampRequest('unregister', id, registration);
  const consumer = session.consumers.ofId('callee', registration);
  if (consumer !== undefined) release(session, request, consumer);
  else session.attachment.unregister(request, session.registrations.get(registration));
}

import { keyOf } from '../../../broker/index.js';
import type { Admission } from '../../inbox.js';
import { patternOf } from '../addresses.js';
import type { Subscribe } from '../codec/index.js';
import type { LiveSession } from '../live-session.js';
import { WampRequest } from '../live-session.js';
import { uriRuleOf } from '../profile.js';

/** SUBSCRIBE: the same topic and match again gets the same subscription [WAMP BP Subscribing]. */
export function subscribe(session: LiveSession, message: Subscribe): Admission {
  const request = new WampRequest('subscribe', message.request);
  const pattern = patternOf(message.match, message.topic, uriRuleOf(session.profile));
  if ('error' in pattern) return session.refuse(request, pattern);
  session.expect(request);
  return session.attachment.subscribe(request, { key: keyOf(pattern), pattern });
}

/** UNSUBSCRIBE: an id that this session does not hold is an ERROR, also if somebody else holds it. */
export function unsubscribe(session: LiveSession, id: number, subscription: number): undefined {
  const request = new WampRequest('unsubscribe', id, subscription);
  session.attachment.unsubscribe(request, session.subscriptions.get(subscription));
  return undefined;
}

import { keyOf } from '../../../broker/index.js';
import type { Admission } from '../../inbox.js';
import { patternOf } from '../addresses.js';
import type { Subscribe } from '../codec/index.js';
import { optionRefused } from '../dialect.js';
import type { LiveSession } from '../live-session.js';
import { WampRequest } from '../live-session.js';
import { uriRuleOf } from '../profile.js';
import { NOT_EXACT, release, subscribeConsumer } from './consume.js';

/** SUBSCRIBE: the same topic and match again gets the same subscription [WAMP BP Subscribing]. */
export function subscribe(session: LiveSession, message: Subscribe): Admission {
  const request = new WampRequest('subscribe', message.request);
  const { match, topic, source } = message;
  const { offered } = session;
  if (source.fault !== undefined) {
    return session.refuse(request, { error: 'wamp.error.invalid_argument', reason: source.fault });
  }
  const pattern = patternOf(match, topic, uriRuleOf(session.profile));
  if ('error' in pattern) return session.refuse(request, pattern);
  if (pattern.match !== 'exact' && !offered.pattern_based_subscription) {
    return session.refuse(request, optionRefused('match'));
  }
  if (source.queue !== undefined) {
    if (pattern.match !== 'exact') return session.refuse(request, NOT_EXACT);
    return subscribeConsumer(session, request.id, topic, source.queue);
  }
  session.expect(request);
  const retained = source.getRetained && offered.event_retention;
  const place = offered.sharded_subscription ? source.place : undefined;
  return session.attachment.subscribe(request, { key: keyOf(pattern), pattern, retained, place });
}

/** UNSUBSCRIBE: an id that this session does not hold is an ERROR, also if somebody else holds it. */
export function unsubscribe(session: LiveSession, id: number, subscription: number): undefined {
  const request = new WampRequest('unsubscribe', id, subscription);
  const consumer = session.consumers.ofId('subscriber', subscription);
  if (consumer !== undefined) release(session, request, consumer);
  else session.attachment.unsubscribe(request, session.subscriptions.get(subscription));
}

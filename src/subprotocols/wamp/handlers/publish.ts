import type { Audience } from '../../../broker/index.js';
import type { Admission } from '../../inbox.js';
import { addressFault } from '../addresses.js';
import type { DeliveryOptions, Publish, QueueOptions } from '../codec/index.js';
import type { LiveSession } from '../live-session.js';
import { WampRequest } from '../live-session.js';
import { uriRuleOf } from '../profile.js';

/** PUBLISH: without `acknowledge` not a word comes back, whatever happens [WAMP BP Publishing]. */
export function publish(session: LiveSession, message: Publish): Admission {
  const { topic, cargo, delivery, discloseMe, excludeMe, acknowledge } = message;
  const request = new WampRequest('publish', message.request);
  request.silent = !acknowledge;
  const reason = cargo.fault ?? delivery.fault;
  if (reason !== undefined) {
    return session.refuse(request, { error: 'wamp.error.invalid_argument', reason });
  }
  const fault = addressFault(topic, uriRuleOf(session.profile));
  if (fault !== undefined) return session.refuse(request, fault);
  if (acknowledge) session.expect(request);
  if (delivery.queue !== undefined) return enqueue(session, request, message, delivery.queue);
  const command = {
    topic,
    payload: session.payloadOf(cargo),
    headers: cargo.headers,
    disclose: discloseMe,
    excludePublisher: excludeMe,
    audience: audienceOf(delivery),
    retain: delivery.retain === true,
    expiresAt: session.timeIn(delivery.ttlMs),
  };
  return session.attachment.publish(request, command, acknowledge);
}

/** `_queue`: for one of those who consume the queue that the topic names; acknowledged when it is safe. */
function enqueue(
  session: LiveSession,
  request: WampRequest,
  { topic, cargo, discloseMe, delivery, acknowledge }: Publish,
  { priority, delayMs, persistent, producer }: QueueOptions,
): Admission {
  const command = {
    queue: topic,
    payload: session.payloadOf(cargo),
    headers: cargo.headers,
    disclose: discloseMe,
    ...(persistent !== undefined && { persistent }),
    ...(priority !== undefined && { priority }),
    expiresAt: session.timeIn(delivery.ttlMs),
    deliverAt: session.timeIn(delayMs),
    producer,
  };
  return session.attachment.enqueue(request, command, acknowledge);
}

/** Who of the subscribers may have it [WAMP AP Subscriber Black- and Whitelisting]; undefined if the options do not say. */
function audienceOf({ eligible, exclude }: DeliveryOptions): Audience | undefined {
  return eligible === undefined && exclude === undefined ? undefined : { eligible, exclude };
}

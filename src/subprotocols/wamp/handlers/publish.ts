import type { Admission } from '../../inbox.js';
import { addressFault } from '../addresses.js';
import type { Publish, QueueOptions } from '../codec/index.js';
import type { LiveSession } from '../live-session.js';
import { WampRequest } from '../live-session.js';
import { mayPack } from '../packing.js';
import { uriRuleOf } from '../profile.js';
import { eventOf, optionsFault } from '../publishing.js';

/** PUBLISH: without `acknowledge` not a word comes back, whatever happens [WAMP BP Publishing]. */
export function publish(session: LiveSession, message: Publish): Admission {
  const { topic, cargo, delivery, acknowledge } = message;
  const { offered, profile } = session;
  if (!mayPack(session, 'publisher', cargo.passthru)) {
    return session.violate('Payload passthru was not announced.');
  }
  const request = new WampRequest('publish', message.request);
  request.silent = !acknowledge;
  const fault = optionsFault(message, offered) ?? addressFault(topic, uriRuleOf(profile));
  if (fault !== undefined) return session.refuse(request, fault);
  if (acknowledge) session.expect(request);
  if (delivery.queue !== undefined) return enqueue(session, request, message, delivery.queue);
  const command = eventOf(message, offered, session.payloadOf(cargo), session.timeIn(delivery.ttlMs));
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
    passthru: cargo.passthru,
  };
  return session.attachment.enqueue(request, command, acknowledge);
}

import type { ConsumeCommand } from '../../../broker/index.js';
import type { Admission } from '../../inbox.js';
import type { ConsumerOptions } from '../codec/index.js';
import type { ConsumerRole, WampConsumer } from '../consumers.js';
import type { LiveSession } from '../live-session.js';
import { WampRequest } from '../live-session.js';

/** The refusal of a pattern of queues. */
export const NOT_EXACT = {
  error: 'wamp.error.invalid_argument',
  reason: 'A queue is consumed by its whole name: match must be exact.',
} as const;

/** The refusal of what one session asks for a second time. */
const HELD = {
  error: 'wamp.error.procedure_already_exists',
  reason: 'This session is registered for the queue.',
} as const;

/**
 * REGISTER of `queue.<name>`: a consumer whose messages are INVOCATIONs, answered by YIELD or ERROR. Those of several sessions
 * compete; one session has one.
 */
export function registerConsumer(
  session: LiveSession,
  id: number,
  queue: string,
  options: ConsumerOptions,
): Admission {
  const held = session.consumers.find('callee', queue) !== undefined;
  if (held) return session.refuse(new WampRequest('register', id), HELD);
  return consume(session, id, { role: 'callee', queue }, options);
}

/** SUBSCRIBE with `_queue`: a consumer whose messages are EVENTs, done when they are sent. Again: the same subscription. */
export function subscribeConsumer(
  session: LiveSession,
  id: number,
  queue: string,
  options: ConsumerOptions,
): Admission {
  const known = session.consumers.find('subscriber', queue);
  if (known === undefined) return consume(session, id, { role: 'subscriber', queue }, options);
  const request = new WampRequest('subscribe', id, known.id);
  session.expect(request);
  if (known.consumer === undefined) known.waiting.push(request);
  else session.answer(request, { kind: 'consuming', consumer: known.consumer });
  return undefined;
}

/** UNREGISTER or UNSUBSCRIBE of a consumer: what it has not answered goes back, as if it had never had it. */
export function release(session: LiveSession, request: WampRequest, consumer: WampConsumer): void {
  session.consumers.end(consumer);
  session.expect(request);
  session.attachment.release(request, consumer.consumer);
}

function consume(
  session: LiveSession,
  id: number,
  { role, queue }: { readonly role: ConsumerRole; readonly queue: string },
  { credit, priority, exclusive, fault }: ConsumerOptions,
): Admission {
  const name = role === 'callee' ? 'register' : 'subscribe';
  const subject = session.newId();
  const request = new WampRequest(name, id, subject);
  if (fault !== undefined) {
    return session.refuse(request, { error: 'wamp.error.invalid_argument', reason: fault });
  }
  const { key } = session.consumers.begin(role, queue, subject);
  session.expect(request);
  const settling = role === 'callee' ? 'explicit' : 'auto';
  const command: ConsumeCommand = { key, queue, settling, credit, priority, exclusive };
  return session.attachment.consume(request, command);
}

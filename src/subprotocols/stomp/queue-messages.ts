import type { Consumer, Publication, Delivery as QueueDelivery } from '../../broker/index.js';
import { Payload } from '../../broker/index.js';
import type { Conversation } from './conversation.js';
import { queueDestination } from './destinations.js';
import type { OwnHeader } from './header-hygiene.js';
import { identityHeaders } from './header-hygiene.js';
import { topicDestinationOf, topicFrame } from './message-form.js';
import { payloadFor } from './negotiated-body.js';
import type { Consumption } from './subscriptions.js';

/** Sends one message of a queue: a MESSAGE with an id of its own for each delivery [STOMP 1.2 §MESSAGE]. */
export function deliverMessage(conversation: Conversation, message: QueueDelivery): void {
  const consumption = conversation.consumptions.find(message.consumer);
  // None: it was taken away in this very run, and the broker takes back what is not settled.
  if (consumption === undefined) return;
  const { publication } = message;
  const { pile, style } = consumption.subscription;
  const subject = pile.mode === 'auto' ? undefined : message;
  const delivery = conversation.acks.issue(publication.id, pile, subject);
  const unusual = message.redelivered || message.death !== undefined;
  // Events go to many, and share a tail. What is in a queue goes to one, and is not kept in a second form.
  if (consumption.durable && !unusual) {
    conversation.link.send(topicFrame(publication, conversation.headOf(delivery), style));
    return;
  }
  const identity = identityHeaders(publication.publisher);
  const frame = conversation.ownFrame(delivery, {
    destination: destinationOfMessage(publication, consumption),
    own: unusual ? [...deliveryHeaders(message), ...identity] : identity,
    user: publication.headers,
    payload: payloadFor(publication, style.accept),
  });
  conversation.link.send(frame);
}

/** The sender's own spelling, byte for byte; WAMP publishers have none. */
function destinationOfMessage(
  publication: Publication,
  { durable, subscription: { style } }: Consumption,
): string {
  if (durable) return topicDestinationOf(publication, style);
  return publication.spelling ?? queueDestination(publication.topic, style.separator);
}

/** What the server says of a message that was delivered before, or has died before; no client can forge them. */
function deliveryHeaders({ redelivered, attempt, death }: QueueDelivery): readonly OwnHeader[] {
  const headers: OwnHeader[] = [];
  if (redelivered) headers.push(['redelivered:', 'true'], ['x-delivery-count:', String(attempt)]);
  if (death === undefined) return headers;
  const first = death.first ?? death;
  headers.push(
    ['x-death-reason:', death.reason],
    ['x-death-queue:', death.queue],
    ['x-death-count:', String(death.deliveries)],
    ['x-death-time:', String(death.at)],
    ['x-first-death-reason:', first.reason],
    ['x-first-death-queue:', first.queue],
  );
  return headers;
}

/** Tells a browser that it has been shown all there was: a MESSAGE with `browser:end`, as ActiveMQ has it. */
export function endBrowsing(conversation: Conversation, consumer: Consumer): void {
  const { consumptions, subscriptions, acks } = conversation;
  const consumption = consumptions.find(consumer);
  if (consumption === undefined) return;
  const { subscription } = consumption;
  const forgotten = consumptions.exhaust(consumption);
  if (forgotten !== undefined && subscriptions.get(forgotten.key) === forgotten) {
    subscriptions.delete(forgotten.key);
  }
  conversation.link.send(
    conversation.ownFrame(acks.issue('browser', subscription.pile), {
      destination: subscription.destination,
      own: [['browser:', 'end']],
      user: undefined,
      payload: NO_BODY,
    }),
  );
}

const NO_BODY = Payload.ofBody(new Uint8Array(0), undefined);

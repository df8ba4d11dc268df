import { Registration, Subscription } from '../../../broker/index.js';
import type { Admission } from '../../inbox.js';
import { closeReplyAddress } from '../calls.js';
import type { FrameHeaders, StompFrame } from '../codec/index.js';
import type { Conversation } from '../conversation.js';
import type { StompSubscription } from '../subscriptions.js';
import { subscriptionKey } from '../subscriptions.js';
import { isTempQueue } from '../destinations.js';
import { protocolError, quoted } from '../errors.js';
import { Consumption } from '../subscriptions.js';
import { ReplyAddress } from '../reply-addresses.js';
import { subscriptionNames } from './consume.js';

/** UNSUBSCRIBE [STOMP 1.2 §UNSUBSCRIBE]: ends a subscription, a registration or a reply address. */
export function unsubscribe(conversation: Conversation, frame: StompFrame): Admission {
  const { headers } = frame;
  const id = headers.get('id');
  const destination = headers.get('destination');
  const receipt = headers.get('receipt');
  const subscription = find(conversation, id, destination);
  if (subscription !== undefined) return end(conversation, subscription, headers);
  const name = id ?? destination;
  if (name !== undefined && isTempQueue(name)) {
    // A reply address that was never subscribed to has its own name as id; it may be over already.
    const address = conversation.replies.find(name);
    if (address !== undefined && !address.explicit) closeReplyAddress(conversation, address);
    conversation.receipt(receipt);
    return undefined;
  }
  const detail =
    name === undefined ? 'UNSUBSCRIBE needs an id header.' : `There is no subscription ${quoted(name)}.`;
  const message = name === undefined ? 'missing header' : 'no such subscription';
  return conversation.fail(protocolError(message, detail, receipt));
}

function find(
  conversation: Conversation,
  id: string | undefined,
  destination: string | undefined,
): StompSubscription | undefined {
  const { subscriptions, version } = conversation;
  if (id !== undefined) return subscriptions.get(subscriptionKey(id, ''));
  if (destination === undefined || version !== '1.0') return undefined;
  const unnamed = subscriptions.get(subscriptionKey(undefined, destination));
  if (unnamed !== undefined) return unnamed;
  // 1.0 lets a subscription with an id be ended by its destination as well.
  for (const named of subscriptions.values()) if (named.destination === destination) return named;
  return undefined;
}

function end(conversation: Conversation, subscription: StompSubscription, headers: FrameHeaders): undefined {
  const { attachment, acks } = conversation;
  const { pile, key } = subscription;
  // One that waits for its replay is held by the broker already.
  const target = subscription.target ?? attachment.subscriptions.get(key);
  conversation.subscriptions.delete(subscription.key);
  acks.forget(pile);
  if (target instanceof Consumption) {
    giveBack(conversation, target, headers);
    return;
  }
  const command = conversation.command(headers.get('receipt'), () => {});
  if (target instanceof Subscription) attachment.unsubscribe(command, target);
  else if (target instanceof Registration) {
    conversation.procedures.delete(target);
    attachment.unregister(command, target);
  } else {
    if (target instanceof ReplyAddress) closeReplyAddress(conversation, target);
    command.settled({ kind: 'unsubscribed' });
  }
}

/** Ends a consumer: what it has not acknowledged goes back to its queue, and is not this client's any more. */
function giveBack(conversation: Conversation, consumption: Consumption, headers: FrameHeaders): void {
  const { attachment, consumptions, acks } = conversation;
  const forget = consumption.durable && forgets(conversation, headers);
  // Until then it is handed messages, which are lost if they acknowledge themselves and nobody sends them.
  const command = conversation.command(headers.get('receipt'), () => {
    consumptions.end(consumption);
    acks.forget(consumption.subscription.pile);
  });
  consumption.afterwards(() => {
    const { consumer } = consumption;
    if (consumer === undefined) command.settled({ kind: 'released' });
    else attachment.release(command, consumer, forget);
  });
}

/**
 * Whether an UNSUBSCRIBE forgets what is durable of its subscription, `durable:true` in RabbitMQ's words, the name in
 * ActiveMQ's. The name itself is not read: what this subscription has recorded is what is forgotten.
 */
function forgets({ settings }: Conversation, headers: FrameHeaders): boolean {
  if (headers.get('durable') === 'true' || headers.get('persistent') === 'true') return true;
  return subscriptionNames(settings.strict).some((name) => headers.get(name) !== undefined);
}

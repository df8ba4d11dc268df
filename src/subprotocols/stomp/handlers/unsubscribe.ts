import { Registration, Subscription } from '../../../broker/index.js';
import type { Admission } from '../../inbox.js';
import { closeReplyAddress } from '../calls.js';
import type { StompFrame } from '../codec/index.js';
import type { Conversation, StompSubscription } from '../conversation.js';
import { isTempQueue } from '../destinations.js';
import { protocolError, quoted } from '../errors.js';
import { ReplyAddress } from '../reply-addresses.js';
import { subscriptionKey } from './subscribe.js';

/** UNSUBSCRIBE [STOMP 1.2 §UNSUBSCRIBE]: ends a subscription, a registration or a reply address. */
export function unsubscribe(conversation: Conversation, frame: StompFrame): Admission {
  const { headers } = frame;
  const id = headers.get('id');
  const destination = headers.get('destination');
  const receipt = headers.get('receipt');
  const subscription = find(conversation, id, destination);
  if (subscription !== undefined) return end(conversation, subscription, receipt);
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

function end(
  conversation: Conversation,
  subscription: StompSubscription,
  receipt: string | undefined,
): undefined {
  const { attachment, acks } = conversation;
  const { target, pile } = subscription;
  conversation.subscriptions.delete(subscription.key);
  acks.forget(pile);
  const command = conversation.command(receipt, () => {});
  if (target instanceof Subscription) attachment.unsubscribe(command, target);
  else if (target instanceof Registration) {
    conversation.procedures.delete(target);
    attachment.unregister(command, target);
  } else {
    if (target instanceof ReplyAddress) closeReplyAddress(conversation, target);
    command.settled({ kind: 'unsubscribed' });
  }
}

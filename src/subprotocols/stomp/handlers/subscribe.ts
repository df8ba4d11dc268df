import { assertNever } from '../../../lib/index.js';
import type { Pattern } from '../../../broker/index.js';
import type { Admission } from '../../inbox.js';
import { Pile, ackModeOf } from '../acks.js';
import type { StompFrame } from '../codec/index.js';
import type { Conversation, StompSubscription } from '../conversation.js';
import { destinationOf } from '../destinations.js';
import { protocolError, quoted } from '../errors.js';
import { MessageForm } from '../message-form.js';
import { acknowledgedForm } from '../own-form.js';
import { refuseDestination } from './send.js';

/** SUBSCRIBE [STOMP 1.2 §SUBSCRIBE]: listens to a topic, registers a procedure, or names a reply address. */
export function subscribe(conversation: Conversation, frame: StompFrame): Admission {
  const text = frame.headers.get('destination');
  if (text === undefined) return refuseDestination(conversation, frame, 'The destination is missing.');
  const destination = destinationOf(text, conversation.settings.separator, true);
  if (destination.kind === 'fault') return refuseDestination(conversation, frame, destination.detail);
  const subscription = subscriptionOf(conversation, frame, text);
  if (subscription === undefined) return undefined;
  switch (destination.kind) {
    case 'topic':
      return listen(conversation, frame, subscription, destination.pattern);
    case 'procedure':
      return register(conversation, frame, subscription, destination.uri);
    case 'temp-queue':
      return holdReplyAddress(conversation, frame, subscription, destination.name);
    case 'reply-queue':
      return refuseDestination(conversation, frame, 'A reply address is listened to under its own name.');
    default:
      return assertNever(destination);
  }
}

/** The place of a subscription: by its `id`, or in 1.0 without one by its destination. */
export function subscriptionKey(id: string | undefined, destination: string): string {
  return id === undefined ? `to ${destination}` : `id ${id}`;
}

function subscriptionOf(
  conversation: Conversation,
  frame: StompFrame,
  destination: string,
): StompSubscription | undefined {
  const { headers } = frame;
  const id = headers.get('id');
  const receipt = headers.get('receipt');
  if (id === undefined && conversation.version !== '1.0') {
    return conversation.fail(protocolError('missing header', 'SUBSCRIBE needs an id header.', receipt));
  }
  const mode = ackModeOf(headers.get('ack'));
  if (mode === undefined) {
    const detail = `The ack mode ${quoted(headers.get('ack') ?? '')} is none.`;
    return conversation.fail(protocolError('invalid ack mode', detail, receipt));
  }
  const key = subscriptionKey(id, destination);
  if (conversation.subscriptions.has(key)) {
    const detail = `There is a subscription ${quoted(id ?? destination)} already.`;
    return conversation.fail(protocolError('subscription exists', detail, receipt));
  }
  return { key, id, destination, pile: new Pile(mode, id), target: undefined };
}

function listen(
  conversation: Conversation,
  frame: StompFrame,
  subscription: StompSubscription,
  pattern: Pattern,
): Admission {
  const { attachment, style, acks } = conversation;
  const command = conversation.command(frame.headers.get('receipt'), (outcome) => {
    if (outcome.kind !== 'subscribed') return;
    const held = outcome.subscription;
    subscription.target = held;
    if (subscription.pile.mode !== 'auto') {
      held.form = acknowledgedForm(conversation, subscription);
      return;
    }
    const name = MessageForm.nameOf(subscription.id, style);
    const form = held.interest.form(name, (ordinal) => new MessageForm(ordinal, subscription.id, style));
    held.form = form;
    acks.noteForm(form.ordinal);
  });
  conversation.subscriptions.set(subscription.key, subscription);
  const noLocal = frame.headers.get('no-local') === 'true';
  return attachment.subscribe(command, { key: subscription.key, pattern, noLocal });
}

function register(
  conversation: Conversation,
  frame: StompFrame,
  subscription: StompSubscription,
  uri: string,
): Admission {
  const command = conversation.command(frame.headers.get('receipt'), (outcome) => {
    if (outcome.kind !== 'registered') return;
    subscription.target = outcome.registration;
    conversation.procedures.set(outcome.registration, subscription);
  });
  conversation.subscriptions.set(subscription.key, subscription);
  return conversation.attachment.register(command, { pattern: { match: 'exact', text: uri } });
}

/** The client's own subscription to its reply address; some want one before they send a request. */
function holdReplyAddress(
  conversation: Conversation,
  frame: StompFrame,
  subscription: StompSubscription,
  name: string,
): undefined {
  const receipt = frame.headers.get('receipt');
  const address = conversation.replies.obtain(name);
  if (address === undefined || address.explicit) {
    const detail =
      address === undefined
        ? `A session may have ${conversation.settings.limits.replyAddresses} reply addresses.`
        : 'There is a subscription to this reply address already.';
    return conversation.fail({ message: 'reply address refused', detail, close: 'policy', receipt });
  }
  address.explicit = true;
  address.pile = subscription.pile;
  subscription.target = address;
  conversation.subscriptions.set(subscription.key, subscription);
  conversation.receipt(receipt);
}

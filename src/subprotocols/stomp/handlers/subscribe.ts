import { assertNever } from '../../../lib/index.js';
import type { InvocationPolicy, Pattern } from '../../../broker/index.js';
import { isInvocationPolicy } from '../../../broker/index.js';
import type { Admission } from '../../inbox.js';
import { Pile, ackModeOf } from '../acks.js';
import type { StompFrame } from '../codec/index.js';
import type { Conversation } from '../conversation.js';
import type { StompSubscription } from '../subscriptions.js';
import { subscriptionKey } from '../subscriptions.js';
import { destinationOf } from '../destinations.js';
import { REFUSALS, protocolError, quoted } from '../errors.js';
import { HeaderValues } from '../header-values.js';
import { accepting } from '../message-form.js';
import { acceptedTypeOf } from '../negotiated-body.js';
import { assignForm } from '../replay-form.js';
import { replayOptionsOf } from '../replay-options.js';
import { selectorOf } from '../selector-header.js';
import { consume, durableNameOf } from './consume.js';
import { ERRORS_DESTINATION, ERRORS_ID } from '../soft-errors.js';
import { topicOfUser } from '../user-destinations.js';
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
      return listenOrConsume(conversation, frame, subscription, destination.pattern);
    case 'user': {
      const pattern = { match: 'exact', text: topicOfUser(destination, conversation.user) } as const;
      return listenOrConsume(conversation, frame, subscription, pattern);
    }
    case 'queue':
      return consume(conversation, frame, subscription, { queue: destination.name });
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
  if (conversation.softErrors && id === ERRORS_ID && destination !== ERRORS_DESTINATION) {
    const detail = `The subscription ${ERRORS_ID} is for ${ERRORS_DESTINATION}.`;
    return conversation.fail(protocolError('subscription exists', detail, receipt));
  }
  const key = subscriptionKey(id, destination);
  if (conversation.subscriptions.has(key)) {
    const detail = `There is a subscription ${quoted(id ?? destination)} already.`;
    return conversation.fail(protocolError('subscription exists', detail, receipt));
  }
  const values = new HeaderValues(headers);
  const accept = acceptedTypeOf(values);
  const error = values.error(receipt);
  if (error !== undefined) return conversation.fail(error);
  const style = accept === undefined ? conversation.style : accepting(conversation.style, accept);
  return { key, id, destination, pile: new Pile(mode, id), style, target: undefined };
}

/** A durable subscription consumes what a queue of its own collects; any other listens to the topic. */
function listenOrConsume(
  conversation: Conversation,
  frame: StompFrame,
  subscription: StompSubscription,
  pattern: Pattern,
): Admission {
  const values = new HeaderValues(frame.headers);
  const name = durableNameOf(conversation, frame.headers, values);
  const error = values.error(frame.headers.get('receipt'));
  if (error !== undefined) return conversation.fail(error);
  if (name === undefined) return listen(conversation, frame, subscription, pattern);
  return consume(conversation, frame, subscription, { queue: name, binding: pattern });
}

function listen(
  conversation: Conversation,
  frame: StompFrame,
  subscription: StompSubscription,
  pattern: Pattern,
): Admission {
  const { key } = subscription;
  const receipt = frame.headers.get('receipt');
  const aliases = !conversation.settings.strict;
  const values = new HeaderValues(frame.headers);
  const filter = selectorOf(values);
  const noLocal = values.truth(...(aliases ? ['no-local', 'activemq.noLocal'] : ['no-local'])) === true;
  const past = replayOptionsOf(values, aliases);
  const error = values.error(receipt);
  if (error !== undefined) return conversation.fail(error);
  const command = conversation.command(receipt, (outcome) => {
    if (outcome.kind !== 'subscribed') return;
    subscription.target = outcome.subscription;
    assignForm(conversation, subscription, outcome.subscription, outcome.recovered);
  });
  conversation.subscriptions.set(key, subscription);
  return conversation.attachment.subscribe(command, { key, pattern, noLocal, filter, ...past });
}

function register(
  conversation: Conversation,
  frame: StompFrame,
  subscription: StompSubscription,
  uri: string,
): Admission {
  const receipt = frame.headers.get('receipt');
  const values = new HeaderValues(frame.headers);
  const policy = policyOf(values);
  const error = values.error(receipt);
  if (error !== undefined) return conversation.fail(error);
  const command = conversation.command(receipt, (outcome) => {
    if (outcome.kind !== 'registered') return;
    subscription.target = outcome.registration;
    conversation.procedures.set(outcome.registration, subscription);
  });
  conversation.subscriptions.set(subscription.key, subscription);
  return conversation.attachment.register(command, { pattern: { match: 'exact', text: uri }, policy });
}

/** How several callees share a procedure, by the header `invoke`: WAMP's words for it. */
function policyOf(values: HeaderValues): InvocationPolicy | undefined {
  const policy = values.text('invoke');
  if (policy === undefined || isInvocationPolicy(policy)) return policy;
  values.refuse('invoke', `is single, roundrobin, random, first or last, not ${quoted(policy)}`);
  return undefined;
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
    const { uri } = REFUSALS.limit_exceeded;
    return conversation.fail({ message: 'reply address refused', detail, close: 'policy', receipt, uri });
  }
  address.explicit = true;
  address.pile = subscription.pile;
  subscription.target = address;
  conversation.subscriptions.set(subscription.key, subscription);
  conversation.receipt(receipt);
}

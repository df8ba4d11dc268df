import type { EnqueueCommand, PublishCommand } from '../../../broker/index.js';
import { Payload } from '../../../broker/index.js';
import { assertNever } from '../../../lib/index.js';
import type { Admission } from '../../inbox.js';
import { refuseAudience } from '../audience-headers.js';
import { answerInvocation, call, cancelCalls, checkAnswer, checkCall } from '../calls.js';
import type { StompFrame } from '../codec/index.js';
import type { Conversation } from '../conversation.js';
import type { Destination } from '../destinations.js';
import { destinationOf, isTempQueue, replyQueue } from '../destinations.js';
import { REFUSALS } from '../errors.js';
import { shapeOf, userHeaders } from '../header-hygiene.js';
import { HeaderValues } from '../header-values.js';
import { replyForm } from '../own-form.js';
import { producerOf } from '../producer-headers.js';
import { PUBLICATION_HEADERS, publicationOptionsOf } from '../publication-options.js';
import type { ReplyAddress } from '../reply-addresses.js';
import { replyTopic } from '../reply-addresses.js';
import { ENQUEUE_HEADERS, EXPIRY_HEADERS, asksFor, enqueueOptionsOf, expiryOf } from '../send-options.js';
import type { Sending, Transaction } from '../transactions.js';
import { topicOfUser } from '../user-destinations.js';
import { transactionOf } from './transaction.js';

/** SEND [STOMP 1.2 §SEND]: publishes, calls, or answers, as its destination says. */
export function send(conversation: Conversation, frame: StompFrame): Admission {
  const destination = destinationOfSend(conversation, frame);
  if (destination === undefined) return undefined;
  const transaction = transactionOf(conversation, frame);
  if (transaction === 'unknown') return undefined;
  switch (destination.kind) {
    case 'topic':
      return publish(conversation, frame, destination.pattern.text, transaction);
    case 'user': {
      const topic = topicOfUser(destination, conversation.user);
      return publish(conversation, frame, topic, transaction, destination.spelling);
    }
    case 'queue':
      return enqueue(conversation, frame, destination.name, transaction);
    case 'procedure':
      return sendToProcedure(conversation, frame, destination.uri, transaction);
    case 'reply-queue':
      return reply(conversation, frame, destination.token, transaction);
    case 'temp-queue':
      return refuseDestination(conversation, frame, 'A reply address is for reply-to and SUBSCRIBE only.');
    default:
      return assertNever(destination);
  }
}

function destinationOfSend(conversation: Conversation, frame: StompFrame): Destination | undefined {
  const text = frame.headers.get('destination');
  if (text === undefined) return refuseDestination(conversation, frame, 'The destination is missing.');
  if (text === conversation.lastSent?.text) return conversation.lastSent.destination;
  const destination = destinationOf(text, conversation.settings.separator, false);
  if (destination.kind === 'fault') return refuseDestination(conversation, frame, destination.detail);
  conversation.lastSent = { text, destination };
  return destination;
}

/** Ends the session because of a destination: never a broadcast of what was meant for something else. */
export function refuseDestination(conversation: Conversation, frame: StompFrame, detail: string): undefined {
  const receipt = frame.headers.get('receipt');
  const { uri } = REFUSALS.invalid_address;
  return conversation.fail({ message: 'invalid destination', detail, close: 'policy', receipt, uri });
}

function publish(
  conversation: Conversation,
  frame: StompFrame,
  topic: string,
  transaction: Transaction | undefined,
  spelling = frame.headers.get('destination'),
): Admission {
  const { headers, body } = keptFor(transaction, frame);
  const user = passedOn(conversation, frame);
  if (user === 'refused') return undefined;
  const options = publicationOptionsOf(headers, (wrong) => refusedHeader(conversation, frame, wrong));
  if (options === undefined) return undefined;
  const values = new HeaderValues(user);
  const { clock } = conversation.services;
  const expiresAt = asksFor(EXPIRY_HEADERS, user) ? expiryOf(values, clock) : undefined;
  if (refusedHeader(conversation, frame, values)) return undefined;
  const command: PublishCommand = {
    topic,
    payload: Payload.ofBody(body, headers.get('content-type'), shapeOf(headers)),
    headers: user,
    spelling,
    expiresAt,
    ...options,
  };
  if (transaction !== undefined) return keep(conversation, frame, { kind: 'publish', command }, transaction);
  const receipt = headers.get('receipt');
  const { attachment, unconfirmed } = conversation;
  return receipt === undefined
    ? attachment.publish(unconfirmed, command)
    : attachment.publish(conversation.command(receipt, nothing), command, true);
}

/** SEND to a queue: its RECEIPT says that the message is as safe as its queue, and its sender, want it to be. */
function enqueue(
  conversation: Conversation,
  frame: StompFrame,
  queue: string,
  transaction: Transaction | undefined,
): Admission {
  const { headers, body } = keptFor(transaction, frame);
  const user = passedOn(conversation, frame);
  if (user === 'refused') return undefined;
  const values = new HeaderValues(headers);
  const { clock } = conversation.services;
  const options = asksFor(ENQUEUE_HEADERS, user) ? enqueueOptionsOf(values, clock) : undefined;
  const isRuled = headers.hasAny(PUBLICATION_HEADERS);
  if (isRuled) refuseAudience(headers, values);
  const producer = isRuled ? producerOf(values) : undefined;
  if (refusedHeader(conversation, frame, values)) return undefined;
  const command: EnqueueCommand = {
    queue,
    payload: Payload.ofBody(body, headers.get('content-type'), shapeOf(headers)),
    headers: user,
    spelling: headers.get('destination'),
    producer,
    ...options,
  };
  if (transaction !== undefined) return keep(conversation, frame, { kind: 'enqueue', command }, transaction);
  return conversation.attachment.enqueue(conversation.storing(headers.get('receipt')), command, true);
}

/** The headers that receivers get, with a reply address that they can use; `refused` if there can be none. */
function passedOn(
  conversation: Conversation,
  frame: StompFrame,
): Map<string, string> | undefined | 'refused' {
  const user = userHeaders(frame.headers);
  const replyTo = user?.get('reply-to');
  if (user === undefined || replyTo === undefined || !isTempQueue(replyTo)) return user;
  const token = replyTokenOf(conversation, frame, replyTo);
  if (token === undefined) return 'refused';
  return user.set('reply-to', replyQueue(token));
}

function refusedHeader(conversation: Conversation, frame: StompFrame, values: HeaderValues): boolean {
  const error = values.error(frame.headers.get('receipt'));
  if (error === undefined) return false;
  conversation.fail(error);
  return true;
}

function sendToProcedure(
  conversation: Conversation,
  frame: StompFrame,
  procedure: string,
  transaction: Transaction | undefined,
): Admission {
  const { headers } = frame;
  const replyTo = headers.get('reply-to');
  if (replyTo !== undefined && !isTempQueue(replyTo)) {
    return refuseDestination(conversation, frame, 'The reply-to of a call is a /temp-queue/ of its own.');
  }
  if (!checkCall(conversation, frame)) return undefined;
  const correlationId = headers.get('correlation-id');
  const kept = keptFor(transaction, frame);
  return perform(conversation, frame, transaction, () => {
    if (headers.get('cancel') === 'true') return cancelCalls(conversation, procedure, correlationId);
    const address = replyTo === undefined ? undefined : replyAddressOf(conversation, kept, replyTo);
    if (replyTo !== undefined && address === undefined) return undefined;
    return call(conversation, kept, procedure, address);
  });
}

/** An answer: to a call that this client serves, or to whoever holds the reply address. To nobody, if it is over. */
function reply(
  conversation: Conversation,
  frame: StompFrame,
  token: string,
  transaction: Transaction | undefined,
): Admission {
  const open = conversation.invocations.byToken(token);
  if (open !== undefined) {
    if (!checkAnswer(conversation, frame)) return undefined;
    const kept = keptFor(transaction, frame);
    return perform(conversation, frame, transaction, () => answerInvocation(conversation, kept, open));
  }
  if (TOKEN.test(token)) return publish(conversation, frame, replyTopic(token), transaction);
  conversation.count('stomp.answers_to_nobody');
  return perform(conversation, frame, transaction, nothing);
}

const TOKEN = /^[\w-]{1,64}$/;

/** A frame that waits for a COMMIT has a body of its own, which must not keep the message alive that it came in. */
function keptFor(transaction: Transaction | undefined, frame: StompFrame): StompFrame {
  return transaction === undefined ? frame : { ...frame, body: Buffer.from(frame.body) };
}

/** Does it now, or at the COMMIT; the RECEIPT says that the frame was accepted, so it comes first. */
function perform(
  conversation: Conversation,
  frame: StompFrame,
  transaction: Transaction | undefined,
  action: () => Admission,
): Admission {
  if (transaction !== undefined) {
    if (!reserve(conversation, frame, transaction)) return undefined;
    transaction.actions.push(action);
  }
  conversation.receipt(frame.headers.get('receipt'));
  return transaction === undefined ? action() : undefined;
}

/** Keeps a message for the COMMIT, after everything that could fail then was checked [STOMP 1.2 §COMMIT]. */
function keep(
  conversation: Conversation,
  frame: StompFrame,
  item: Sending,
  transaction: Transaction,
): Admission {
  if (!reserve(conversation, frame, transaction)) return undefined;
  const receipt = frame.headers.get('receipt');
  const accept = (): void => {
    if (conversation.state !== 'live' || request.refused) return;
    transaction.steps.push(item);
    conversation.receipt(receipt);
  };
  const request = conversation.refusable(receipt);
  const admission = conversation.attachment.examine(request, item);
  if (admission !== undefined) return admission.then(accept);
  accept();
  return undefined;
}

function reserve(conversation: Conversation, frame: StompFrame, transaction: Transaction): boolean {
  const fault = conversation.transactions.reserve(transaction, frame);
  if (fault === undefined) return true;
  const receipt = frame.headers.get('receipt');
  const { uri } = REFUSALS.limit_exceeded;
  conversation.fail({ message: 'transaction too large', detail: fault, close: 'policy', receipt, uri });
  return false;
}

function replyAddressOf(
  conversation: Conversation,
  frame: StompFrame,
  name: string,
): ReplyAddress | undefined {
  const address = conversation.replies.obtain(name);
  if (address !== undefined) return address;
  const { replyAddresses } = conversation.settings.limits;
  return conversation.fail({
    message: 'limit exceeded',
    detail: `A session may have ${replyAddresses} reply addresses.`,
    close: 'policy',
    receipt: frame.headers.get('receipt'),
    uri: REFUSALS.limit_exceeded.uri,
  });
}

/** The unguessable name of a reply address; others may send to it as long as the client holds the address. */
function replyTokenOf(conversation: Conversation, frame: StompFrame, name: string): string | undefined {
  const address = replyAddressOf(conversation, frame, name);
  if (address === undefined || address.token !== undefined) return address?.token;
  const token = conversation.services.ids.token();
  const command = conversation.command(undefined, (outcome) => {
    if (outcome.kind !== 'subscribed') return;
    outcome.subscription.form = replyForm(conversation, address);
    address.subscription = outcome.subscription;
    address.token = token;
  });
  const pattern = { match: 'exact', text: replyTopic(token) } as const;
  // A private topic is no matter of authorization: the outcome is there at once.
  void conversation.attachment.subscribe(command, { key: `reply ${token}`, pattern });
  return address.token;
}

function nothing(): undefined {}

import type { Admission } from '../../inbox.js';
import type { Delivery } from '../acks.js';
import { declineInvocation } from '../calls.js';
import type { FrameHeaders, StompFrame } from '../codec/index.js';
import type { Conversation } from '../conversation.js';
import { protocolError, quoted } from '../errors.js';
import { transactionOf } from './transaction.js';

/**
 * ACK and NACK [STOMP 1.2 §ACK, §NACK]. Nothing is redelivered from a topic, so both settle its deliveries; NACK of a call
 * gives it back to the caller as not taken.
 */
export function acknowledge(conversation: Conversation, frame: StompFrame): Admission {
  const { headers } = frame;
  const receipt = headers.get('receipt');
  const id = idOf(conversation, headers);
  if (id === undefined) {
    const name = conversation.version === '1.2' ? 'an id' : 'a message-id';
    const detail = `${frame.command} needs ${name} header.`;
    return conversation.fail(protocolError('missing header', detail, receipt));
  }
  const transaction = transactionOf(conversation, frame);
  if (transaction === 'unknown') return undefined;
  const subscriptionId = headers.get('subscription');
  const deliveries = find(conversation, id, subscriptionId);
  if (deliveries === undefined) {
    const detail = `No delivery ${quoted(id)} is waiting here.`;
    return conversation.fail(protocolError('no such delivery', detail, receipt));
  }
  const refused = frame.command === 'NACK';
  if (transaction === undefined) settleAll(conversation, deliveries, refused);
  else {
    const fault = conversation.transactions.reserve(transaction, frame);
    if (fault !== undefined) {
      return conversation.fail({ message: 'transaction too large', detail: fault, close: 'policy', receipt });
    }
    // Looked up again at the COMMIT: a cumulative ACK must not keep a list of all that it names.
    transaction.actions.push(() =>
      settleAll(conversation, find(conversation, id, subscriptionId) ?? [], refused),
    );
  }
  conversation.receipt(receipt);
  return undefined;
}

/** 1.2 names the MESSAGE's `ack`, which is its message id, so old habits work too; before, the message id. */
function idOf({ version, settings }: Conversation, headers: FrameHeaders): string | undefined {
  if (version !== '1.2') return headers.get('message-id');
  return headers.get('id') ?? (settings.strict ? undefined : headers.get('message-id'));
}

/** The deliveries that are meant; none if they were settled before; undefined if there never were any. */
function find(
  { acks, version, settings }: Conversation,
  id: string,
  subscriptionId: string | undefined,
): readonly Delivery[] | undefined {
  if (version === '1.1' && settings.strict && subscriptionId === undefined) return undefined;
  const found = acks.find(id);
  if (found.kind === 'ignored') return [];
  // Automatically acknowledged ones need no ACK; saying it anyway does no harm.
  if (found.kind === 'foreign') return !settings.strict && acks.isAutomatic(id) ? [] : undefined;
  const [first] = found.deliveries;
  const other =
    version !== '1.2' && subscriptionId !== undefined && first?.pile.subscriptionId !== subscriptionId;
  return other ? undefined : found.deliveries;
}

function settleAll(conversation: Conversation, deliveries: readonly Delivery[], refused: boolean): undefined {
  for (const delivery of deliveries) {
    const waiting = conversation.acks.settle(delivery);
    if (waiting && refused && delivery.invocation !== undefined) {
      declineInvocation(conversation, delivery.invocation);
    }
  }
}

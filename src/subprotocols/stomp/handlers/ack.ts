import type { SettlementVerdict } from '../../../broker/index.js';
import type { Admission } from '../../inbox.js';
import type { Delivery } from '../acks.js';
import { settlementsOf } from '../acks.js';
import { declineCall } from '../calls.js';
import type { FrameHeaders, StompFrame } from '../codec/index.js';
import type { Conversation } from '../conversation.js';
import { protocolError, quoted } from '../errors.js';
import { HeaderValues } from '../header-values.js';
import type { Transaction } from '../transactions.js';
import { transactionOf } from './transaction.js';

/**
 * ACK and NACK [STOMP 1.2 §ACK, §NACK]. A message of a queue is done, or goes back to its place: NACK says `requeue:false`
 * to give it up. NACK of a call gives it back to the caller as not taken. Nothing is redelivered from a topic, so both end
 * its deliveries.
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
  const verdict = verdictOf(conversation, frame);
  if (verdict === undefined) return undefined;
  const transaction = transactionOf(conversation, frame);
  if (transaction === 'unknown') return undefined;
  const named = find(conversation, id, headers.get('subscription'));
  if (named === 'foreign') {
    const detail = `No delivery ${quoted(id)} is waiting here.`;
    return conversation.fail(protocolError('no such delivery', detail, receipt));
  }
  if (transaction !== undefined) return keep(conversation, frame, { transaction, named, verdict });
  if (named === undefined) conversation.receipt(receipt);
  else settle(conversation, named, verdict, receipt);
  return undefined;
}

/** What becomes of what is named; undefined, and the session ended, if a NACK does not say it rightly. */
function verdictOf(
  conversation: Conversation,
  { command, headers }: StompFrame,
): SettlementVerdict | undefined {
  if (command === 'ACK') return 'ack';
  const values = new HeaderValues(headers);
  const verdict = values.truth('requeue') === false ? 'reject' : 'requeue';
  const error = values.error(headers.get('receipt'));
  return error === undefined ? verdict : conversation.fail(error);
}

/** 1.2 names the MESSAGE's `ack`, which is its message id, so old habits work too; before, the message id. */
function idOf({ version, settings }: Conversation, headers: FrameHeaders): string | undefined {
  if (version !== '1.2') return headers.get('message-id');
  return headers.get('id') ?? (settings.strict ? undefined : headers.get('message-id'));
}

/** The delivery that is meant; undefined if it was settled before; `foreign` if there never was one. */
function find(
  { acks, version, settings }: Conversation,
  id: string,
  subscriptionId: string | undefined,
): Delivery | undefined | 'foreign' {
  if (version === '1.1' && settings.strict && subscriptionId === undefined) return 'foreign';
  const found = acks.find(id);
  if (found.kind === 'ignored') return undefined;
  // Automatically acknowledged ones need no ACK; saying it anyway does no harm.
  if (found.kind === 'foreign') return !settings.strict && acks.isAutomatic(id) ? undefined : 'foreign';
  const { delivery } = found;
  const other =
    version !== '1.2' && subscriptionId !== undefined && delivery.pile.subscriptionId !== subscriptionId;
  return other ? 'foreign' : delivery;
}

/** The RECEIPT comes when what was settled is safe: it will not come again. */
function settle(
  conversation: Conversation,
  named: Delivery,
  verdict: SettlementVerdict,
  receipt: string | undefined,
): void {
  const { acks, attachment } = conversation;
  const covered = acks.coveredBy(named);
  for (const delivery of covered) {
    acks.settle(delivery);
    declineCall(conversation, delivery, verdict);
  }
  const settlements = settlementsOf(covered, verdict);
  if (settlements.length === 0) conversation.receipt(receipt);
  else attachment.settle(conversation.storing(receipt), settlements, true);
}

/** Keeps it for the COMMIT, and tells that it was accepted. */
function keep(
  conversation: Conversation,
  frame: StompFrame,
  pending: {
    readonly transaction: Transaction;
    readonly named: Delivery | undefined;
    readonly verdict: SettlementVerdict;
  },
): undefined {
  const { transaction, named, verdict } = pending;
  const receipt = frame.headers.get('receipt');
  const fault = conversation.transactions.reserve(transaction, frame);
  if (fault !== undefined) {
    return conversation.fail({ message: 'transaction too large', detail: fault, close: 'policy', receipt });
  }
  if (named !== undefined) transaction.steps.push({ kind: 'acknowledge', delivery: named, verdict });
  conversation.receipt(receipt);
}

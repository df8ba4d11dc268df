import type { Batch, BatchItem, SettlementVerdict } from '../../../broker/index.js';
import type { Admission } from '../../inbox.js';
import type { Delivery } from '../acks.js';
import { Coverage, settlementsOf } from '../acks.js';
import { declineCall } from '../calls.js';
import type { StompFrame } from '../codec/index.js';
import type { Conversation } from '../conversation.js';
import { REFUSALS, protocolError, quoted } from '../errors.js';
import type { Transaction } from '../transactions.js';

/** BEGIN [STOMP 1.2 §BEGIN]: opens a transaction under a fresh id. */
export function begin(conversation: Conversation, frame: StompFrame): Admission {
  const id = idOf(conversation, frame);
  if (id === undefined) return undefined;
  const receipt = frame.headers.get('receipt');
  const fault = conversation.transactions.begin(id);
  if (fault === undefined) conversation.receipt(receipt);
  else conversation.fail({ message: 'transaction refused', detail: fault, close: 'policy', receipt });
  return undefined;
}

/** COMMIT [STOMP 1.2 §COMMIT]: messages and acknowledgements in one step, all or nothing, then calls and answers in order. */
export function commit(conversation: Conversation, frame: StompFrame): Admission {
  const transaction = endOf(conversation, frame);
  if (transaction === undefined) return undefined;
  if (transaction.refused) {
    return conversation.fail({
      message: 'transaction refused',
      detail: 'A frame of the transaction was refused, so nothing of it is done.',
      close: 'policy',
      receipt: frame.headers.get('receipt'),
      uri: REFUSALS.canceled.uri,
    });
  }
  const { attachment, acks } = conversation;
  const { batch, acknowledged } = commitmentOf(conversation, transaction);
  // Forgotten when it is done: what a refused COMMIT would have settled is un-acknowledged.
  const done = (): void => {
    for (const { delivery, verdict } of acknowledged) {
      if (acks.settle(delivery)) declineCall(conversation, delivery, verdict);
    }
  };
  const command = conversation.command(frame.headers.get('receipt'), done, true);
  const admission = attachment.commit(command, batch);
  return carryOut(conversation, transaction.actions, admission);
}

/** What a COMMIT does at the broker, and which deliveries are over when it is done. */
interface Commitment {
  readonly batch: Batch;
  readonly acknowledged: readonly { readonly delivery: Delivery; readonly verdict: SettlementVerdict }[];
}

function commitmentOf({ acks }: Conversation, { steps }: Transaction): Commitment {
  const coverage = new Coverage();
  const acknowledged: { delivery: Delivery; verdict: SettlementVerdict }[] = [];
  const batch = steps.flatMap((step): BatchItem | BatchItem[] => {
    if (step.kind !== 'acknowledge') return step;
    const { delivery: named, verdict } = step;
    const isWaiting = acks.find(named.messageId).kind === 'waiting';
    // What its queue has taken back the broker refuses: the SENDs must not be done while it is given to somebody else.
    const covered = named.takenBack ? [named] : isWaiting ? coverage.add(named) : [];
    for (const delivery of covered) acknowledged.push({ delivery, verdict });
    return settlementsOf(covered, verdict).map((settlement) => ({ kind: 'settle', settlement }));
  });
  return { batch, acknowledged };
}

/** ABORT [STOMP 1.2 §ABORT]: as if nothing had been sent. */
export function abort(conversation: Conversation, frame: StompFrame): Admission {
  if (endOf(conversation, frame) !== undefined) conversation.receipt(frame.headers.get('receipt'));
  return undefined;
}

/** The transaction that a frame belongs to, if any; `unknown`, and the session ended, if there is none of its name. */
export function transactionOf(
  conversation: Conversation,
  frame: StompFrame,
): Transaction | undefined | 'unknown' {
  const id = frame.headers.get('transaction');
  if (id === undefined) return undefined;
  const transaction = conversation.transactions.get(id);
  if (transaction !== undefined) return transaction;
  unknownTransaction(conversation, frame, id);
  return 'unknown';
}

function endOf(conversation: Conversation, frame: StompFrame): Transaction | undefined {
  const id = idOf(conversation, frame);
  if (id === undefined) return undefined;
  return conversation.transactions.end(id) ?? unknownTransaction(conversation, frame, id);
}

function idOf(conversation: Conversation, frame: StompFrame): string | undefined {
  const id = frame.headers.get('transaction');
  if (id !== undefined) return id;
  const detail = `${frame.command} needs a transaction header.`;
  return conversation.fail(protocolError('missing header', detail, frame.headers.get('receipt')));
}

function unknownTransaction(conversation: Conversation, frame: StompFrame, id: string): undefined {
  const detail = `There is no open transaction ${quoted(id)}.`;
  return conversation.fail(protocolError('no such transaction', detail, frame.headers.get('receipt')));
}

/** One after the other, each when the one before was admitted; a promise only from where one has to wait. */
function carryOut(
  conversation: Conversation,
  actions: readonly (() => Admission)[],
  before: Admission,
): Admission {
  let admission = before;
  for (const [at, action] of actions.entries()) {
    if (admission !== undefined) {
      return admission.then(() => carryOut(conversation, actions.slice(at), undefined));
    }
    if (conversation.state !== 'live') return undefined;
    admission = action();
  }
  return admission;
}

import type { Invocation, Outcome, SettlementVerdict } from '../../broker/index.js';
import { Payload } from '../../broker/index.js';
import type { Admission } from '../inbox.js';
import type { Delivery } from './acks.js';
import type { Command, Conversation } from './conversation.js';
import type { StompFrame } from './codec/index.js';
import { looseUri, procedureDestination, replyQueue } from './destinations.js';
import { REFUSALS, protocolError, quoted } from './errors.js';
import type { OwnHeader } from './header-hygiene.js';
import { callHeaders, identityHeaders, shapeOf } from './header-hygiene.js';
import type { OpenInvocation } from './invocations.js';
import type { ReplyAddress } from './reply-addresses.js';

/** A call that this client has made; its outcomes arrive at the reply address, refusals too, never as ERROR. */
class OutgoingCall implements Command {
  constructor(
    private readonly conversation: Conversation,
    readonly procedure: string,
    readonly correlationId: string | undefined,
    /** Where the answers go; a call without one is forgotten. */
    readonly address: ReplyAddress | undefined,
  ) {}

  settled(outcome: Outcome): void {
    const { conversation, address } = this;
    if (address === undefined) {
      if (outcome.kind !== 'progress') conversation.count('stomp.answers_without_reply_to');
      return;
    }
    if (!address.over) this.#tell(address, outcome);
    if (outcome.kind === 'progress') return;
    address.calls -= 1;
    conversation.replies.releaseIfIdle(address);
  }

  #tell(address: ReplyAddress, outcome: Outcome): void {
    const { conversation } = this;
    const own: OwnHeader[] = [];
    if (this.correlationId !== undefined) own.push(['correlation-id:', this.correlationId]);
    const answer = answerOf(outcome);
    if (answer === undefined) return;
    if (answer.error !== undefined) own.push(['error:', speakable(answer.error)]);
    if (outcome.kind === 'progress') own.push(['progress:', 'true']);
    const delivery = conversation.acks.issue('reply', address.pile);
    const { payload, headers } = answer;
    conversation.sendOwn(delivery, {
      destination: address.name,
      own,
      user: headers,
      payload,
    });
  }
}

const EVERY_CONTROL = /\p{Cc}/gu;

/** WAMP passes on any text as an error's URI; a header that a version cannot say would be left out, and the error a result. */
function speakable(uri: string): string {
  return uri.replace(EVERY_CONTROL, encodeURIComponent);
}

interface AnswerInWords {
  readonly error?: string;
  readonly payload: Payload;
  readonly headers?: ReadonlyMap<string, string> | undefined;
}

function answerOf(outcome: Outcome): AnswerInWords | undefined {
  switch (outcome.kind) {
    case 'progress':
    case 'result':
      return { payload: outcome.payload, headers: outcome.headers };
    case 'failed':
      return { error: outcome.error, payload: outcome.payload, headers: outcome.headers };
    case 'refused': {
      const reason = Payload.ofBody(Buffer.from(outcome.reason), 'text/plain');
      return { error: REFUSALS[outcome.code].uri, payload: reason };
    }
    default:
      return undefined;
  }
}

const MILLISECONDS = /^\d{1,10}$/;

/** Whether the headers of a SEND to a procedure make sense; if not, the session is ended. */
export function checkCall(conversation: Conversation, frame: StompFrame): boolean {
  const timeout = frame.headers.get('timeout');
  if (timeout === undefined || MILLISECONDS.test(timeout)) return true;
  const detail = `The timeout ${quoted(timeout)} is not a number of milliseconds.`;
  conversation.fail(protocolError('invalid timeout', detail, frame.headers.get('receipt')));
  return false;
}

/** SEND to a procedure: a call. `address` is where its `reply-to` leads; without one the call is made and forgotten. */
export function call(
  conversation: Conversation,
  { headers, body }: Pick<StompFrame, 'headers' | 'body'>,
  procedure: string,
  address: ReplyAddress | undefined,
): Admission {
  const outgoing = new OutgoingCall(conversation, procedure, headers.get('correlation-id'), address);
  const timeoutMs = Number(headers.get('timeout') ?? 0);
  if (address !== undefined) address.calls += 1;
  return conversation.attachment.call(outgoing, {
    procedure,
    payload: Payload.ofBody(body, headers.get('content-type'), shapeOf(headers)),
    headers: callHeaders(headers),
    // As in WAMP, zero asks for nothing special.
    timeoutMs: timeoutMs === 0 ? undefined : timeoutMs,
    receiveProgress: address !== undefined,
  });
}

/** Gives up this client's calls of a procedure that have the same correlation id (or like it none). */
export function cancelCalls(
  conversation: Conversation,
  procedure: string,
  correlationId?: string,
): undefined {
  const { attachment } = conversation;
  for (const request of attachment.calls.keys()) {
    if (!(request instanceof OutgoingCall)) continue;
    if (request.procedure === procedure && request.correlationId === correlationId) {
      attachment.cancel(request, 'killnowait');
    }
  }
}

/** Ends a reply address: its calls are given up, and nothing arrives there any more. */
export function closeReplyAddress(conversation: Conversation, address: ReplyAddress): void {
  const { attachment } = conversation;
  conversation.replies.drop(address);
  conversation.acks.forget(address.pile);
  for (const request of attachment.calls.keys()) {
    if (request instanceof OutgoingCall && request.address === address)
      attachment.cancel(request, 'killnowait');
  }
  if (address.subscription !== undefined) {
    attachment.unsubscribe(conversation.unconfirmed, address.subscription);
  }
}

/** A call for this client as a callee: a MESSAGE with a reply address of its own. */
export function deliverInvocation(conversation: Conversation, invocation: Invocation): void {
  const { attachment, acks, invocations, services } = conversation;
  const subscription = conversation.procedures.get(invocation.registration);
  if (subscription === undefined) {
    attachment.decline(invocation, { code: 'callee_unavailable', reason: 'The callee is leaving.' });
    return;
  }
  const delivery = acks.issue('call', subscription.pile, invocation);
  const open: OpenInvocation = {
    invocation,
    token: services.ids.token(),
    correlationId: String(delivery.number),
    delivery,
  };
  for (const ended of invocations.add(open, attachment.invocations.size)) acks.settle(ended.delivery);
  conversation.sendOwn(delivery, {
    destination: procedureDestination(invocation.procedure),
    own: [
      ['reply-to:', replyQueue(open.token)],
      ['correlation-id:', open.correlationId],
      ...identityHeaders(invocation.caller),
    ],
    user: invocation.headers,
    payload: invocation.payload,
  });
}

/** Tells the callee that a call was given up: a MESSAGE with `cancel:true` and the call's correlation id. */
export function deliverInterrupt(
  conversation: Conversation,
  invocation: Invocation,
  mode: 'kill' | 'killnowait',
): void {
  const open = conversation.invocations.of(invocation);
  if (open === undefined) return;
  // Told, not asked: this MESSAGE needs no acknowledgement of its own.
  const delivery = { ...open.delivery, messageId: conversation.acks.unremembered('call') };
  conversation.sendOwn(delivery, {
    destination: procedureDestination(invocation.procedure),
    own: [
      ['correlation-id:', open.correlationId],
      ['cancel:', 'true'],
    ],
    user: undefined,
    payload: Payload.empty,
  });
  if (mode === 'killnowait') forgetInvocation(conversation, open);
}

/** Whether an answer's `error` is a URI; if not, the session is ended. */
export function checkAnswer(conversation: Conversation, { headers }: StompFrame): boolean {
  const error = headers.get('error');
  if (error === undefined || looseUri(error) !== undefined) return true;
  const detail = `The error ${quoted(error)} is no URI.`;
  conversation.fail(protocolError('invalid error', detail, headers.get('receipt')));
  return false;
}

/** SEND to the reply address of an invocation: its result, its error, or with `progress:true` a part of its result. */
export function answerInvocation(
  conversation: Conversation,
  { headers, body }: Pick<StompFrame, 'headers' | 'body'>,
  open: OpenInvocation,
): undefined {
  const { attachment } = conversation;
  const named = headers.get('error');
  const error = named === undefined ? undefined : looseUri(named);
  const progress = error === undefined && headers.get('progress') === 'true';
  const payload = Payload.ofBody(body, headers.get('content-type'), shapeOf(headers));
  const answer = { payload, headers: callHeaders(headers) };
  if (!progress) forgetInvocation(conversation, open);
  if (error === undefined) attachment.yield(open.invocation, answer, progress);
  else attachment.fail(open.invocation, error, answer);
}

/** NACK of an invocation: this callee does not take it. Anything else is passed over. */
export function declineCall(
  conversation: Conversation,
  { subject }: Delivery,
  verdict: SettlementVerdict,
): void {
  if (verdict === 'ack' || subject === undefined || !('registration' in subject)) return;
  const open = conversation.invocations.of(subject);
  if (open !== undefined) forgetInvocation(conversation, open);
  conversation.attachment.decline(subject, {
    code: 'callee_unavailable',
    reason: 'The callee did not take the call.',
  });
}

function forgetInvocation(conversation: Conversation, open: OpenInvocation): void {
  conversation.invocations.forget(open);
  conversation.acks.settle(open.delivery);
}

import type { ConsumeCommand, Pattern } from '../../../broker/index.js';
import type { Admission } from '../../inbox.js';
import { Pile } from '../acks.js';
import type { FrameHeaders, StompFrame } from '../codec/index.js';
import type { Command, Conversation } from '../conversation.js';
import type { StompSubscription } from '../subscriptions.js';
import { HeaderValues } from '../header-values.js';
import { consumerOptionsOf } from '../queue-arguments.js';
import { Consumption } from '../subscriptions.js';
import { refuseReplay } from '../replay-options.js';
import { selectorOf } from '../selector-header.js';

/** What a SUBSCRIBE consumes. */
export interface Source {
  /** The queue, or the name of the durable subscription. */
  readonly queue: string;
  /** What a durable subscription listens to. */
  readonly binding?: Pattern;
}

/**
 * SUBSCRIBE to a queue: competes for its messages, or with `browser:true` looks at them. With a `binding` to a topic that
 * outlives the connection: a queue of the client's own collects the topic's events.
 */
export function consume(
  conversation: Conversation,
  frame: StompFrame,
  subscription: StompSubscription,
  source: Source,
): Admission {
  const receipt = frame.headers.get('receipt');
  const values = new HeaderValues(frame.headers);
  const order = orderOf(conversation, subscription, source, values);
  const error = values.error(receipt);
  if (error !== undefined) return conversation.fail(error);
  // What is looked at is not taken, so there is nothing to acknowledge.
  const held =
    order.browse === true ? { ...subscription, pile: new Pile('auto', subscription.id) } : subscription;
  const consumption = new Consumption(held, source.binding !== undefined);
  held.target = consumption;
  const command = conversation.command(receipt, (outcome) => {
    if (outcome.kind !== 'consuming') return;
    conversation.consumptions.begin(consumption, outcome.consumer);
    // After DISCONNECT nobody reads what comes: what acknowledges itself would be lost.
    if (conversation.state === 'leaving')
      conversation.attachment.release(conversation.ours, outcome.consumer);
  });
  conversation.subscriptions.set(held.key, held);
  const request: Command = {
    settled: (outcome) => {
      command.settled(outcome);
      consumption.known();
    },
  };
  return conversation.attachment.consume(request, order);
}

function orderOf(
  { settings, consumptions }: Conversation,
  { pile }: StompSubscription,
  { queue, binding }: Source,
  values: HeaderValues,
): ConsumeCommand {
  const filter = selectorOf(values);
  refuseReplay(values);
  const options = consumerOptionsOf(values, queue, !settings.strict);
  const key = consumptions.nextKey();
  const settling = pile.mode === 'auto' ? 'auto' : 'explicit';
  if (binding === undefined) return { key, queue, settling, filter, ...options };
  const { credit, arguments: asked } = options;
  // Whose queue it is, and how long it lives, is not up to the headers.
  const { durable: _durable, autoDelete: _auto, singleActive: _single, ...rest } = asked ?? {};
  return { key, queue, binding, settling, filter, credit, arguments: rest, noLocal: options.noLocal };
}

/**
 * The name of a durable subscription, if a SUBSCRIBE to a topic asks for one: `durable-subscription-name` within the
 * connection's `client-id` (ActiveMQ), or with `durable:true` or `persistent:true` the `id` (RabbitMQ). Wrong headers are told
 * by `values`.
 */
export function durableNameOf(
  { clientId, settings }: Conversation,
  headers: FrameHeaders,
  values: HeaderValues,
): string | undefined {
  const header = subscriptionNames(settings.strict).find((one) => headers.get(one) !== undefined);
  if (header !== undefined) {
    if (clientId === undefined) values.refuse(header, 'needs a client-id at CONNECT');
    return `${clientId ?? ''}/${shortName(headers, header, values)}`;
  }
  const asked = ['durable', 'persistent'].find((one) => values.truth(one) === true);
  if (asked === undefined) return undefined;
  if (headers.get('id') === undefined) values.refuse(asked, 'needs an id, which names the subscription');
  return shortName(headers, 'id', values);
}

/** The longest half of a name, in UTF-8 bytes. */
export const LONGEST_NAME = 255;

function shortName(headers: FrameHeaders, header: string, values: HeaderValues): string {
  const name = headers.get(header) ?? '';
  if (Buffer.byteLength(name) > LONGEST_NAME) values.refuse(header, `has at most ${LONGEST_NAME} bytes here`);
  return name;
}

/** The headers that name a durable subscription. */
export function subscriptionNames(strict: boolean): readonly string[] {
  return strict ? ['durable-subscription-name'] : ['durable-subscription-name', 'activemq.subscriptionName'];
}

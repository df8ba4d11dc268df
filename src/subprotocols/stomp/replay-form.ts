import type { Publication, Subscription } from '../../broker/index.js';
import type { Conversation } from './conversation.js';
import type { StompSubscription } from './subscriptions.js';
import { MessageForm, topicFrame } from './message-form.js';
import { OwnForm } from './own-form.js';

/** The part of a MESSAGE that is one subscription's own. */
type Head = (publication: Publication) => string;

/**
 * Says how events of a subscription are written, once it is in force. With `recovered` the first of them, whatever it is, tells
 * in a header of that name whether all was replayed that the client asked for; the rest of it is shared with others.
 */
export function assignForm(
  conversation: Conversation,
  subscription: StompSubscription,
  held: Subscription,
  recovered: boolean | undefined,
): void {
  const { style } = subscription;
  const [form, head] = formOf(conversation, subscription, held);
  if (recovered === undefined) {
    held.form = form;
    return;
  }
  held.form = new OwnForm((publication) => {
    held.form = form;
    return topicFrame(publication, `${head(publication)}recovered:${recovered}\n`, style);
  });
}

function formOf(
  conversation: Conversation,
  subscription: StompSubscription,
  { interest }: Subscription,
): readonly [form: MessageForm | OwnForm, head: Head] {
  const { acks } = conversation;
  const { id, pile, style } = subscription;
  if (pile.mode !== 'auto') {
    // Each delivery has a message id of its own, the rest is everybody's.
    const head: Head = (publication) => conversation.headOf(acks.issue(publication.id, pile));
    return [new OwnForm((publication) => topicFrame(publication, head(publication), style)), head];
  }
  const form = interest.form(MessageForm.nameOf(id, style), (ordinal) => new MessageForm(ordinal, id, style));
  acks.noteForm(form.ordinal);
  return [form, (publication) => form.headOf(publication)];
}

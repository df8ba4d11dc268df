import type {
  Endpoint,
  EndpointFeatures,
  Invocation,
  Outcome,
  Publication,
  Refusal,
  Registration,
  Request,
  Subscription,
} from '../../broker/index.js';
import { deliverInterrupt, deliverInvocation } from './calls.js';
import type { Command, Conversation } from './conversation.js';
import { REFUSALS, errorOfRefusal } from './errors.js';
import { MessageForm, encodeInForm } from './message-form.js';
import { OwnForm } from './own-form.js';

/** A STOMP client as the broker sees it. */
export class StompEndpoint implements Endpoint {
  readonly features: EndpointFeatures = { callCanceling: true, progressiveResults: true };

  constructor(private readonly conversation: Conversation) {}

  deliver(subscription: Subscription, publication: Publication): boolean {
    const { link } = this.conversation;
    const { form } = subscription;
    if (form instanceof MessageForm) link.send(publication.encodeOnce(form, encodeInForm));
    else if (form instanceof OwnForm) link.send(form.encode(publication));
    return !link.congested;
  }

  invoke(invocation: Invocation): void {
    deliverInvocation(this.conversation, invocation);
  }

  interrupt(invocation: Invocation, mode: 'kill' | 'killnowait'): void {
    deliverInterrupt(this.conversation, invocation, mode);
  }

  answer(request: Request, outcome: Outcome): void {
    // Every request that this endpoint has made is a Command.
    (request as Command).settled(outcome);
  }

  /** STOMP has no word for it, and a client that listens in vain is worse off than one that has to connect again. */
  revoked(_what: Subscription | Registration, why: Refusal): void {
    this.conversation.fail(errorOfRefusal(why, undefined));
  }

  evict(why: Refusal): void {
    const { message, close } = REFUSALS[why.code];
    const kind = why.code === 'limit_exceeded' ? 'overloaded' : close;
    this.conversation.fail({ message, detail: why.reason, close: kind });
  }
}

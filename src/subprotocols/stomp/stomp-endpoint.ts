import type {
  Consumer,
  Delivery,
  Endpoint,
  EndpointFeatures,
  Eviction,
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
import type { StompSubscription } from './subscriptions.js';
import { REFUSALS, errorOfRefusal } from './errors.js';
import { MessageForm, encodeInForm } from './message-form.js';
import { OwnForm } from './own-form.js';
import { deliverMessage, endBrowsing } from './queue-messages.js';

/** The same for all: a client announces nothing. */
const FEATURES: EndpointFeatures = {
  callCanceling: true,
  progressiveResults: true,
  callReroute: 'shared',
};

/** A STOMP client as the broker sees it. */
export class StompEndpoint implements Endpoint {
  readonly features = FEATURES;

  constructor(private readonly conversation: Conversation) {}

  deliver(subscription: Subscription, publication: Publication): boolean {
    const { link } = this.conversation;
    const { form } = subscription;
    if (form instanceof MessageForm) link.send(publication.encodeOnce(form, encodeInForm));
    else if (form instanceof OwnForm) link.send(form.encode(publication));
    return !link.congested;
  }

  consume(delivery: Delivery): boolean {
    deliverMessage(this.conversation, delivery);
    return !this.conversation.link.congested;
  }

  exhausted(consumer: Consumer): void {
    endBrowsing(this.conversation, consumer);
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

  /**
   * STOMP has no word for it, and a client that listens in vain is worse off than one that has to connect again; one with soft
   * errors is told.
   */
  revoked(what: Subscription | Registration | Consumer, why: Refusal): void {
    const { conversation } = this;
    const { uri } = REFUSALS[why.code];
    conversation.revoke(this.#forget(what), { ...errorOfRefusal(why, undefined), uri });
  }

  evict(why: Eviction): void {
    const { message, close } = REFUSALS[why.code];
    const kind = why.code === 'limit_exceeded' ? 'overloaded' : close;
    this.conversation.fail({ message, detail: why.reason, close: kind });
  }

  /** The client's subscription that stood for it, which stands for nothing any more. */
  #forget(what: Subscription | Registration | Consumer): StompSubscription | undefined {
    const { consumptions, procedures, subscriptions, acks } = this.conversation;
    let known: StompSubscription | undefined;
    if (what.kind === 'consumer') {
      const consumption = consumptions.find(what);
      if (consumption !== undefined) consumptions.end(consumption);
      known = consumption?.subscription;
    } else {
      for (const subscription of subscriptions.values())
        if (subscription.target === what) known = subscription;
      if (what.kind === 'registration') procedures.delete(what);
    }
    if (known !== undefined) acks.forget(known.pile);
    return known;
  }
}

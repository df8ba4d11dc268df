import type { Refusal } from './errors.js';
import type { Outcome } from './outcome.js';
import type { Endpoint } from './ports/endpoint.js';
import type { Publication } from './publication.js';
import type { Consumer, Delivery } from './queues/consumer.js';
import type { CallPart, Invocation, Registration } from './calls/registrations.js';
import type { Request } from './request.js';
import type { Subscription } from './subscriptions.js';

/** What an endpoint did with something that it was given. */
export type Taken = 'more' | 'enough' | 'failed';

/**
 * An endpoint whose defects cost nobody else anything: what it throws is reported, and it is given up. Nothing is told to one
 * that has been detached.
 */
export class EndpointGuard {
  constructor(
    private readonly endpoint: Endpoint,
    private readonly whose: { readonly detached: boolean },
    private readonly failed: (where: string, error: unknown) => void,
  ) {}

  deliver(subscription: Subscription, publication: Publication): Taken {
    try {
      return this.endpoint.deliver(subscription, publication) ? 'more' : 'enough';
    } catch (error) {
      this.failed('endpoint.deliver', error);
      return 'failed';
    }
  }

  consume(delivery: Delivery): Taken {
    try {
      return this.endpoint.consume(delivery) ? 'more' : 'enough';
    } catch (error) {
      this.failed('endpoint.consume', error);
      return 'failed';
    }
  }

  answer(request: Request, outcome: Outcome): void {
    if (this.whose.detached) return;
    try {
      this.endpoint.answer(request, outcome);
    } catch (error) {
      this.failed('endpoint.answer', error);
    }
  }

  invoke(invocation: Invocation): void {
    try {
      this.endpoint.invoke(invocation);
    } catch (error) {
      this.failed('endpoint.invoke', error);
    }
  }

  /** Only called if it has said that it can take parts. */
  invokeMore(invocation: Invocation, part: CallPart): void {
    try {
      this.endpoint.invokeMore?.(invocation, part);
    } catch (error) {
      this.failed('endpoint.invokeMore', error);
    }
  }

  /** Passed over if it cannot hear that. */
  interrupt(invocation: Invocation, mode: 'kill' | 'killnowait', why: Refusal): void {
    if (this.whose.detached || !this.endpoint.features.callCanceling) return;
    try {
      this.endpoint.interrupt(invocation, mode, why);
    } catch (error) {
      this.failed('endpoint.interrupt', error);
    }
  }

  exhausted(consumer: Consumer): void {
    if (this.whose.detached) return;
    try {
      this.endpoint.exhausted(consumer);
    } catch (error) {
      this.failed('endpoint.exhausted', error);
    }
  }

  revoked(what: Subscription | Registration | Consumer, why: Refusal): void {
    if (this.whose.detached) return;
    try {
      this.endpoint.revoked(what, why);
    } catch (error) {
      this.failed('endpoint.revoked', error);
    }
  }
}

import type { Refusal } from '../errors.js';
import type { Outcome } from '../outcome.js';
import type { Publication } from '../publication.js';
import type { Consumer, Delivery } from '../queues/consumer.js';
import type { CallPart, EndpointFeatures, Invocation, Registration } from '../calls/registrations.js';
import type { Eviction } from '../sessions/realm-view.js';
import type { Request } from '../request.js';
import type { Subscription } from '../subscriptions.js';

/** How a call is given up, in the words of [WAMP AP Call Canceling]. */
export type CancelMode = 'skip' | 'kill' | 'killnowait';

/**
 * What the broker needs from whoever is attached: a socket's session, a handler in this process, a bridge.
 *
 * All methods are called synchronously within a run of the broker and must neither throw nor wait. Commands that an
 * endpoint issues from inside one of them are carried out after the run.
 */
export interface Endpoint {
  /** Read at each use: a session learns them at its login. */
  readonly features: EndpointFeatures;

  /**
   * Takes one publication for a subscription. Returns false when it wants no more for now: this one was taken, as with
   * a stream's `write`; `attachment.resume()` says that there is room again.
   */
  deliver(subscription: Subscription, publication: Publication): boolean;

  /**
   * Takes one message of a queue, within the consumer's credit; settled by `attachment.settle` unless the consumer settles
   * by itself. Returns false as `deliver` does: the queues of this endpoint then wait for `attachment.resume()`.
   */
  consume(delivery: Delivery): boolean;

  /** A browsing consumer has been shown all there was, and is over. */
  exhausted(consumer: Consumer): void;

  /** Starts a call on this callee; answered by `attachment.yield` or `attachment.fail`. */
  invoke(invocation: Invocation): void;

  /**
   * A further part of the arguments of a call that `invoke` has started and that is still open. Only called if
   * `features.progressiveInvocations`; whoever says that has this method.
   */
  invokeMore?(invocation: Invocation, part: CallPart): void;

  /**
   * The caller gave up. With `kill` this callee's answer is still awaited, with `killnowait` it will be ignored. Only called
   * if `features.callCanceling`, and never for an invocation that was answered.
   */
  interrupt(invocation: Invocation, mode: 'kill' | 'killnowait', why: Refusal): void;

  /**
   * The final outcome of a command, or before it the `progress` of a call. At most once per command: an event that was to be
   * published without an acknowledgement is answered only if it is refused.
   */
  answer(request: Request, outcome: Outcome): void;

  /** A subscription, registration or consumer was taken away by somebody other than this endpoint. */
  revoked(what: Subscription | Registration | Consumer, why: Refusal): void;

  /** The attachment is over and has been detached: too slow (`limit_exceeded`), `killed`, `credentials_expired`, or it failed. */
  evict(why: Eviction): void;
}

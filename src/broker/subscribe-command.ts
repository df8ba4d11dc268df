import type { Pattern } from './address.js';
import type { Filter } from './filter.js';

/** What a subscriber asks for. */
export interface SubscribeCommand {
  /** The endpoint's own name for the subscription, unique within the attachment. */
  readonly key: string;
  readonly pattern: Pattern;
  /** Leave out what this attachment publishes. Default false. */
  readonly noLocal?: boolean;
  /** Only publications that it accepts. Default all. */
  readonly filter?: Filter | undefined;
  /**
   * The place that this subscriber is one of [WAMP AP Sharded Subscription]: of publications with a `shard`, all subscribers of
   * the pattern that name a place share them out by it, and those that name none get them all. Default none.
   */
  readonly place?: string | undefined;
  /**
   * Begin with what is retained for topics of the pattern [WAMP AP Event Retention]: `retainedReplay` of the limits at most.
   * An event that the replayed history holds as well comes once, in its place there. Default false.
   */
  readonly retained?: boolean;
  /** Begin with what the history has. Default nothing. */
  readonly replay?: Replay | undefined;
}

/** The same, once it was admitted. */
export interface AdmittedSubscribe extends SubscribeCommand {
  /** Whether the subscriber may be told of a topic, where its right to the pattern is not one to each topic. Default: it may. */
  readonly sees?: ((topic: string) => boolean) | undefined;
}

/** Which part of a history a subscription begins with; the outcome says whether it was all there. */
export type Replay =
  | { readonly kind: 'last'; readonly count: number }
  /** All that came after this publication. */
  | { readonly kind: 'since'; readonly publication: number };

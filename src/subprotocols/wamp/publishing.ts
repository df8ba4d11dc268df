import type { Audience, Payload, PublishCommand } from '../../broker/index.js';
import { audienceFault } from '../../broker/index.js';
import type { DoorRefusal } from './addresses.js';
import type { Offered } from './announcements.js';
import type { DeliveryOptions, Publish } from './codec/index.js';
import { UNDISCLOSED, optionRefused } from './dialect.js';
import { schemeFault } from './packing.js';

/**
 * What PUBLISH asks for, as far as it is on. Made in one piece: an object that is spread into another and added to has a shape of
 * its own, and every look at it costs.
 */
export function eventOf(
  { topic, cargo, delivery, discloseMe, excludeMe }: Publish,
  offered: Offered,
  payload: Payload,
  expiresAt?: number,
): PublishCommand {
  return {
    topic,
    payload,
    expiresAt,
    headers: cargo.headers,
    disclose: discloseMe,
    excludePublisher: excludeMe || !offered.publisher_exclusion,
    audience: audienceOf(delivery),
    retain: delivery.retain === true && offered.event_retention,
    shard: offered.sharded_subscription ? delivery.shard : undefined,
    passthru: cargo.passthru,
  };
}

/** Why it cannot be published as its options say, if it cannot. */
export function optionsFault(
  { cargo, delivery, discloseMe }: Publish,
  offered: Offered,
): DoorRefusal | undefined {
  const { eligible, exclude } = delivery;
  const reason = cargo.fault ?? delivery.fault ?? audienceFault(delivery) ?? schemeFault(cargo.passthru);
  if (reason !== undefined) return { error: 'wamp.error.invalid_argument', reason };
  // Passed over, it would reach those who were not to have it.
  const hasAudience = eligible !== undefined || exclude !== undefined;
  if (hasAudience && !offered.subscriber_blackwhite_listing) return NO_AUDIENCE;
  return discloseMe && !offered.publisher_identification ? UNDISCLOSED : undefined;
}

const NO_AUDIENCE = optionRefused('eligible or exclude');

/** Who of the subscribers may have it [WAMP AP Subscriber Black- and Whitelisting]; undefined if the options do not say. */
function audienceOf({ eligible, exclude }: DeliveryOptions): Audience | undefined {
  return eligible === undefined && exclude === undefined ? undefined : { eligible, exclude };
}

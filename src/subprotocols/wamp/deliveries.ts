import type { Arguments, Delivery, Identity } from '../../broker/index.js';
import type { Offered } from './announcements.js';
import type { Details } from './codec/index.js';
import { annotated, identified, packed } from './details.js';
import { uriOfQueue } from './queue-names.js';

/** Details of the INVOCATION that brings a message to a registered consumer. */
export function invocationDetailsOf(delivery: Delivery, cargo: Arguments, offered: Offered): Details {
  const { publication } = delivery;
  const procedure = uriOfQueue(delivery.consumer.queue);
  const details = { procedure, _publication: publication.id, ...historyOf(delivery) };
  const about = packed(details, publication.passthru);
  const shown = offered.caller_identification ? senderOf(delivery, offered) : undefined;
  return annotated(identified(about, 'caller', shown), cargo, publication.headers);
}

/** Details of the EVENT that brings a message to a subscribed consumer. */
export function eventDetailsOf(delivery: Delivery, cargo: Arguments, offered: Offered): Details {
  const { publication } = delivery;
  const about = packed(historyOf(delivery), publication.passthru);
  const details = identified(about, 'publisher', senderOf(delivery, offered));
  return annotated(details, cargo, publication.headers);
}

/** Who has sent a message, if that is shown here: senders of other protocols may let themselves be shown too. */
function senderOf({ publication }: Delivery, offered: Offered): Identity | undefined {
  return offered.publisher_identification ? publication.publisher : undefined;
}

/** What has befallen a message: how often it was delivered, and why it is in a dead-letter queue. */
function historyOf({ attempt, redelivered, death }: Delivery): Details {
  return {
    _attempt: attempt,
    ...(redelivered && { _redelivered: true }),
    ...(death !== undefined && {
      _death_reason: death.reason,
      _death_queue: death.queue,
      _death_count: death.deliveries,
      _death_time: death.at,
      ...(death.first !== undefined && {
        _first_death_reason: death.first.reason,
        _first_death_queue: death.first.queue,
      }),
    }),
  };
}

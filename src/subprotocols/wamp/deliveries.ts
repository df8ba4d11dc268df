import type { Arguments, Delivery } from '../../broker/index.js';
import type { Details } from './codec/index.js';
import { annotated, identified } from './details.js';
import { uriOfQueue } from './queue-names.js';

/** Details of the INVOCATION that brings a message to a registered consumer. */
export function invocationDetailsOf(delivery: Delivery, cargo: Arguments): Details {
  const { publication } = delivery;
  const procedure = uriOfQueue(delivery.consumer.queue);
  const details = { procedure, _publication: publication.id, ...historyOf(delivery) };
  return annotated(identified(details, 'caller', publication.publisher), cargo, publication.headers);
}

/** Details of the EVENT that brings a message to a subscribed consumer. */
export function eventDetailsOf(delivery: Delivery, cargo: Arguments): Details {
  const { publication } = delivery;
  const details = identified(historyOf(delivery), 'publisher', publication.publisher);
  return annotated(details, cargo, publication.headers);
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

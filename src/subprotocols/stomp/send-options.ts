import type { EnqueueCommand, Headers } from '../../broker/index.js';
import type { Clock } from '../../lib/index.js';
import type { HeaderValues } from './header-values.js';

/** What the headers of a SEND to a queue ask for. */
export type EnqueueOptions = Pick<EnqueueCommand, 'persistent' | 'priority' | 'expiresAt' | 'deliverAt'>;

/**
 * When a SEND asks to be given up, in ms since the Unix epoch: `expiration` counts from now (RabbitMQ), `expires` names the
 * moment, 0 for never (ActiveMQ); the earlier one counts. Undefined if never, or if a value is wrong, as `values` then says.
 *
 * Like the other headers of this file both arrive at receivers unchanged, as every header of an application does
 * [STOMP 1.2 §SEND]: they show what the sender asked for, nothing is added to them, and there is no other server's word for
 * `timestamp` or `priority` either.
 */
export function expiryOf(values: HeaderValues, clock: Clock): number | undefined {
  const relative = values.milliseconds(0, 'expiration');
  const absolute = values.milliseconds(0, 'expires');
  const fromNow = relative === undefined ? undefined : clock.wallTime() + relative;
  if (absolute === undefined || absolute === 0) return fromNow;
  return fromNow === undefined ? absolute : Math.min(fromNow, absolute);
}

/** What the headers of a SEND to a queue ask for. Wrong values are told by `values`. */
export function enqueueOptionsOf(values: HeaderValues, clock: Clock): EnqueueOptions {
  const delay = values.milliseconds(0, 'AMQ_SCHEDULED_DELAY');
  return {
    persistent: values.truth('persistent') !== false,
    priority: values.number({ min: 0, max: 9 }, 'priority') ?? DEFAULT_PRIORITY,
    expiresAt: expiryOf(values, clock),
    deliverAt: delay === undefined || delay === 0 ? undefined : clock.wallTime() + delay,
  };
}

const DEFAULT_PRIORITY = 4;

/** The headers that `expiryOf` reads. */
export const EXPIRY_HEADERS: ReadonlySet<string> = new Set(['expiration', 'expires']);
/** The headers that `enqueueOptionsOf` reads. */
export const ENQUEUE_HEADERS: ReadonlySet<string> = new Set([
  ...EXPIRY_HEADERS,
  'AMQ_SCHEDULED_DELAY',
  'persistent',
  'priority',
]);

/** Whether there is one of these headers; most SENDs have none. */
export function asksFor(names: ReadonlySet<string>, user: Headers | undefined): boolean {
  if (user === undefined) return false;
  for (const name of user.keys()) if (names.has(name)) return true;
  return false;
}

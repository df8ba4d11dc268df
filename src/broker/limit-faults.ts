import type { Pattern } from './address.js';
import type { Refusal } from './errors.js';
import type { Filter } from './filter.js';
import type { BrokerLimits } from './limits.js';

/** Things of which the number counts. */
interface Counted {
  readonly size: number;
}

/** What counts for the limits of one attachment. */
export interface Holdings {
  readonly subscriptions: Counted;
  readonly consumers: Counted;
  readonly registrations: Counted;
  readonly calls: Counted;
  readonly patternSubscriptions: number;
  readonly patternRegistrations: number;
  readonly callBytes: number;
}

/** What a subscriber asks for, as far as it costs more or less. */
interface Wanted {
  readonly pattern: Pattern;
  readonly filter?: Filter | undefined;
}

/** Why somebody may not have one more subscription, if so; consumers count too. */
export function subscriptionFault(
  limits: BrokerLimits,
  by: Holdings,
  { pattern: { match }, filter }: Wanted,
): Refusal | undefined {
  const { subscriptions, patternSubscriptions } = limits;
  if (by.subscriptions.size + by.consumers.size >= subscriptions) {
    return exceeded(`A session may have ${subscriptions} subscriptions.`);
  }
  const isPlain = match === 'exact' && filter === undefined;
  if (isPlain || by.patternSubscriptions < patternSubscriptions) return undefined;
  return exceeded(`A session may have ${patternSubscriptions} subscriptions with a pattern or a selector.`);
}

/** Why somebody may not have one more registration, if so. */
export function registrationFault(
  limits: BrokerLimits,
  by: Holdings,
  { match }: Pattern,
): Refusal | undefined {
  const { registrations, patternRegistrations } = limits;
  if (by.registrations.size >= registrations) {
    return exceeded(`A session may have ${registrations} registrations.`);
  }
  if (match === 'exact' || by.patternRegistrations < patternRegistrations) return undefined;
  return exceeded(`A session may have ${patternRegistrations} pattern registrations.`);
}

/** Why a caller may not make a call of so many bytes now, if so. */
export function callFault(limits: BrokerLimits, from: Holdings, size: number): Refusal | undefined {
  const { callsPerCaller, callBytes } = limits;
  if (from.calls.size >= callsPerCaller) {
    return { code: 'unavailable', reason: `A caller may have ${callsPerCaller} calls open.` };
  }
  if (from.callBytes + size > callBytes) {
    return { code: 'unavailable', reason: `Open calls of a caller may have ${callBytes} bytes.` };
  }
  return undefined;
}

function exceeded(reason: string): Refusal {
  return { code: 'limit_exceeded', reason };
}

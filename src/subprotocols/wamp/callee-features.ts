import type { EndpointFeatures } from '../../broker/index.js';
import type { Roles } from './codec/index.js';
import type { Dialect } from './dialect.js';
import { packingOf } from './packing.js';
import type { Quirks } from './profile.js';

/**
 * What a client can do as a callee, by what it has announced. Progressive results need a callee that can be told to stop
 * [WAMP AP Progressive Call Results]; one that cannot has neither feature.
 *
 * @param maxAnswerBytes bytes of the longest message that it takes; undefined: any.
 */
export function calleeFeaturesOf(
  roles: Roles,
  { profile, offered }: Dialect,
  quirks: Quirks,
  maxAnswerBytes: number | undefined,
): EndpointFeatures {
  const callee = roles.get('callee');
  const cancels = callee?.has('call_canceling') === true || callee?.has('call_cancelling') === true;
  const callCanceling = offered.call_canceling && cancels;
  const streams = offered.progressive_call_results && callee?.has('progressive_call_results') === true;
  const unannounced = profile.unannouncedReroute ? 'shared' : undefined;
  const rerouted = callee?.has('call_reroute') === true ? 'always' : unannounced;
  // Spelled out: an object that is spread has a shape of its own, and every call looks at it.
  return {
    callTimeout: offered.call_timeout && callee?.has('call_timeout') === true,
    progressiveInvocations: callee?.has('progressive_call_invocations') === true,
    passthruCalls: packingOf(roles, 'callee'),
    passthruResults: packingOf(roles, 'caller'),
    passthruEvents: packingOf(roles, 'publisher'),
    callCanceling,
    progressiveResults: streams && (callCanceling || quirks.progressWithoutCanceling),
    callReroute: offered.call_reroute ? rerouted : undefined,
    maxAnswerBytes,
  };
}

import type { EndpointFeatures } from '../../broker/index.js';
import type { Roles } from './codec/index.js';
import type { Profile, Quirks } from './profile.js';

/**
 * What a client can do as a callee, by what it has announced. Progressive results need a callee that can be told to stop
 * [WAMP AP Progressive Call Results]; one that cannot has neither feature.
 */
export function calleeFeaturesOf(roles: Roles, profile: Profile, quirks: Quirks): EndpointFeatures {
  const callee = roles.get('callee');
  const callCanceling = callee?.has('call_canceling') === true || callee?.has('call_cancelling') === true;
  const streams = callee?.has('progressive_call_results') === true;
  const reroutes = callee?.has('call_reroute') === true;
  return {
    callTimeout: callee?.has('call_timeout') === true,
    progressiveInvocations: callee?.has('progressive_call_invocations') === true,
    passthruCalls: callee?.has('payload_passthru_mode') === true,
    passthruResults: roles.get('caller')?.has('payload_passthru_mode') === true,
    callCanceling,
    progressiveResults: streams && (callCanceling || quirks.progressWithoutCanceling),
    ...(reroutes ? { callReroute: 'always' } : profile.unannouncedReroute && { callReroute: 'shared' }),
  };
}

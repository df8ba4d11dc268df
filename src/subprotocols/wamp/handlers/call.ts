import type { Admission } from '../../inbox.js';
import { addressFault } from '../addresses.js';
import type { Call } from '../codec/index.js';
import type { LiveSession } from '../live-session.js';
import { WampRequest } from '../live-session.js';
import { uriRuleOf } from '../profile.js';

/** CALL: exactly one final RESULT or ERROR comes back [WAMP BP Calling]. */
export function call(session: LiveSession, message: Call): Admission {
  const { procedure, cargo, receiveProgress, discloseMe } = message;
  const request = new WampRequest('call', message.request);
  if (cargo.fault !== undefined) {
    return session.refuse(request, { error: 'wamp.error.invalid_argument', reason: cargo.fault });
  }
  const fault = addressFault(procedure, uriRuleOf(session.profile));
  if (fault !== undefined) return session.refuse(request, fault);
  session.calls.set(request.id, request);
  session.expect(request);
  const announced = session.roles.get('caller')?.has('progressive_call_results') === true;
  return session.attachment.call(request, {
    procedure,
    payload: session.payloadOf(cargo),
    headers: cargo.headers,
    receiveProgress: receiveProgress && announced,
    disclose: discloseMe,
  });
}

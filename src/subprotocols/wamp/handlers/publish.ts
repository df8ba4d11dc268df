import type { Admission } from '../../inbox.js';
import { addressFault } from '../addresses.js';
import type { Publish } from '../codec/index.js';
import type { LiveSession } from '../live-session.js';
import { WampRequest } from '../live-session.js';
import { uriRuleOf } from '../profile.js';

/** PUBLISH: without `acknowledge` not a word comes back, whatever happens [WAMP BP Publishing]. */
export function publish(session: LiveSession, message: Publish): Admission {
  const { topic, cargo, discloseMe, excludeMe, acknowledge } = message;
  const request = new WampRequest('publish', message.request);
  request.silent = !acknowledge;
  if (cargo.fault !== undefined) {
    return session.refuse(request, { error: 'wamp.error.invalid_argument', reason: cargo.fault });
  }
  // Not announced, but told to everybody an event that is meant for some would be a leak.
  if (message.restricted) return session.refuse(request, AUDIENCE_REFUSED);
  const fault = addressFault(topic, uriRuleOf(session.profile));
  if (fault !== undefined) return session.refuse(request, fault);
  const payload = session.payloadOf(cargo);
  if (acknowledge) session.expect(request);
  const { headers } = cargo;
  const command = { topic, payload, headers, disclose: discloseMe, excludePublisher: excludeMe };
  return session.attachment.publish(request, command, acknowledge);
}

const AUDIENCE_REFUSED = {
  error: 'wamp.error.option_not_allowed',
  reason: 'Black- and whitelists of subscribers are not supported: nobody was told.',
};

import type { Admission } from '../../inbox.js';
import type { DoorRefusal } from '../addresses.js';
import { addressFault } from '../addresses.js';
import type { Call } from '../codec/index.js';
import { UNDISCLOSED, optionRefused } from '../dialect.js';
import type { LiveSession } from '../live-session.js';
import { WampRequest } from '../live-session.js';
import { mayPack, schemeFault } from '../packing.js';
import { uriRuleOf } from '../profile.js';
import { queueOf } from '../queue-names.js';

const NOT_CALLED = {
  error: 'wamp.error.no_such_procedure',
  reason: 'Queues are not called: PUBLISH with _queue.',
} as const;

/** CALL: exactly one final RESULT or ERROR comes back [WAMP BP Calling]. */
export function call(session: LiveSession, message: Call): Admission {
  const { procedure, cargo, receiveProgress, discloseMe, wishes } = message;
  const { offered } = session;
  if (wishes.progress && !maySendParts(session)) {
    return session.violate('Progressive calls were not announced.');
  }
  if (!mayPack(session, 'caller', cargo.passthru)) {
    return session.violate('Payload passthru was not announced.');
  }
  const request = new WampRequest('call', message.request);
  if (wishes.progress) request.partial = procedure;
  const fault = faultOf(session, message);
  if (fault !== undefined) {
    if (wishes.progress) session.lateParts.expect(request.id, procedure);
    return session.refuse(request, fault);
  }
  session.calls.set(request.id, request);
  session.expect(request);
  return session.attachment.call(request, {
    procedure,
    payload: session.payloadOf(cargo),
    headers: cargo.headers,
    timeoutMs: offered.call_timeout ? wishes.timeoutMs : undefined,
    shard: wishes.shard,
    progressive: wishes.progress,
    passthru: cargo.passthru,
    receiveProgress: receiveProgress && session.shares('caller', 'progressive_call_results'),
    disclose: discloseMe,
  });
}

/**
 * CALL with the id of one that is open: a further part of its arguments [WAMP AP Progressive Call Invocations]. Of its
 * options `progress` alone counts.
 */
export function callMore(session: LiveSession, request: WampRequest, message: Call): Admission {
  const { procedure, cargo, wishes } = message;
  if (request.partial !== procedure) return session.violate('A call with this request id is open.');
  if (!wishes.progress) request.partial = undefined;
  return session.attachment.callMore(request, {
    payload: session.payloadOf(cargo),
    progressive: wishes.progress,
  });
}

/** Whether the client may send a call in parts [WAMP AP Progressive Call Invocations]. */
function maySendParts({ offered, profile, roles }: LiveSession): boolean {
  if (!offered.progressive_call_invocations) return false;
  return profile.unannouncedParts || roles.get('caller')?.has('progressive_call_invocations') === true;
}

function faultOf(session: LiveSession, message: Call): DoorRefusal | undefined {
  const { procedure, cargo, wishes, discloseMe } = message;
  const { offered } = session;
  if (wishes.shard !== undefined && !offered.sharded_registration) return optionRefused('runmode');
  if (discloseMe && !offered.caller_identification) return UNDISCLOSED;

  const reason = cargo.fault ?? wishes.fault ?? schemeFault(cargo.passthru);
  if (reason !== undefined) return { error: 'wamp.error.invalid_argument', reason };
  const fault = addressFault(procedure, uriRuleOf(session.profile));
  if (fault !== undefined) return fault;
  // It would have to wait for a worker: a message is put into a queue by PUBLISH.
  return queueOf(procedure) === undefined ? undefined : NOT_CALLED;
}

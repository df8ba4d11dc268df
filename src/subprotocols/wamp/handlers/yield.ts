import { workVerdictOf } from '../../../broker/index.js';
import type { Cargo, Yield } from '../codec/index.js';
import { isUri } from '../codec/index.js';
import type { Work } from '../invocations.js';
import { isDelivery } from '../invocations.js';
import type { LiveSession } from '../live-session.js';
import { mayPack, schemeFault } from '../packing.js';
import { uriRuleOf } from '../profile.js';

/**
 * YIELD: a callee's result; with `progress` more will follow [WAMP BP Invocation]. The result of a message of a queue is
 * nobody's: the message is done, or with `progress` not yet.
 */
export function yieldResult(session: LiveSession, { request, progress, cargo }: Yield): undefined {
  const work = find(session, request);
  if (work === undefined || isForbidden(session, cargo)) return;
  if (!progress) session.invocations.close(work);
  if (!isDelivery(work)) session.attachment.yield(work, session.answerOf(cargo), progress);
  else if (!progress) session.settle(work, workVerdictOf(undefined));
}

/** ERROR from a callee: its URI and arguments reach the caller unchanged [WAMP BP Call Errors]; a message goes back. */
export function yieldError(session: LiveSession, request: number, error: string, cargo: Cargo): undefined {
  const work = find(session, request);
  if (work === undefined || isForbidden(session, cargo)) return;
  if (!session.profile.anyErrorUri && !isUri(error, uriRuleOf(session.profile))) {
    return session.violate('Error must be a URI.');
  }
  session.invocations.close(work);
  const verdict = workVerdictOf(error);
  if (isDelivery(work)) {
    session.settle(work, verdict);
    return;
  }
  if (verdict === 'not_taken') session.countNotTaken();
  session.attachment.fail(work, error, session.answerOf(cargo));
}

/** Whether an answer is packed in a way that the callee has not announced; then the connection is ended. */
function isForbidden(session: LiveSession, { passthru }: Cargo): boolean {
  const fault = mayPack(session, 'callee', passthru)
    ? schemeFault(passthru)
    : 'Payload passthru was not announced.';
  if (fault === undefined) return false;
  session.violate(fault);
  return true;
}

/** What is open under this id. An answer that comes too late is ignored; one to what never was is a violation. */
function find(session: LiveSession, request: number): Work | undefined {
  const found = session.invocations.find(request);
  if (found === 'never') return session.violate('No such invocation.');
  return found === 'ended' ? undefined : found;
}

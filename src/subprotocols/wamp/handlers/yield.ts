import type { Invocation } from '../../../broker/index.js';
import type { Cargo, Yield } from '../codec/index.js';
import { isUri } from '../codec/index.js';
import type { LiveSession } from '../live-session.js';
import { uriRuleOf } from '../profile.js';

/** YIELD: a callee's result; with `progress` more will follow [WAMP BP Invocation]. */
export function yieldResult(session: LiveSession, { request, progress, cargo }: Yield): undefined {
  const invocation = find(session, request);
  if (invocation === undefined) return;
  if (!progress) session.invocations.close(invocation);
  session.attachment.yield(invocation, session.answerOf(cargo), progress);
}

/** ERROR from a callee: its URI and arguments reach the caller unchanged [WAMP BP Call Errors]. */
export function yieldError(session: LiveSession, request: number, error: string, cargo: Cargo): undefined {
  const invocation = find(session, request);
  if (invocation === undefined) return;
  if (!session.profile.anyErrorUri && !isUri(error, uriRuleOf(session.profile))) {
    return session.violate('Error must be a URI.');
  }
  session.invocations.close(invocation);
  session.attachment.fail(invocation, error, session.answerOf(cargo));
}

/** The open invocation of this id. An answer that comes too late is ignored; one to what never was is a violation. */
function find(session: LiveSession, request: number): Invocation | undefined {
  const found = session.invocations.find(request);
  if (found === 'never') return session.violate('No such invocation.');
  return found === 'ended' ? undefined : found;
}

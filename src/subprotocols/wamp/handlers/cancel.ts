import type { CancelMode } from '../../../broker/index.js';
import type { LiveSession } from '../live-session.js';
import { WampRequest } from '../live-session.js';

const MODES: ReadonlySet<string> = new Set<CancelMode>(['skip', 'kill', 'killnowait']);

/**
 * CANCEL [WAMP AP Call Canceling]: `killnowait` unless it says otherwise. A call that is not open is passed over in silence:
 * its answer may have crossed the CANCEL. So is one where canceling is switched off.
 */
export function cancel(session: LiveSession, id: number, mode = 'killnowait'): undefined {
  const request = session.calls.get(id);
  if (request === undefined || !session.offered.call_canceling) return undefined;
  if (!isCancelMode(mode)) {
    return session.refuse(new WampRequest('cancel', id), {
      error: 'wamp.error.invalid_argument',
      reason: 'mode must be skip, kill or killnowait.',
    });
  }
  if (session.quirks.silentCancel && mode !== 'kill') request.silent = true;
  session.attachment.cancel(request, mode);
  return undefined;
}

function isCancelMode(mode: string): mode is CancelMode {
  return MODES.has(mode);
}

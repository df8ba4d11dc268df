import type { Identity } from './publication.js';
import type { Audience, Receivers } from './receivers.js';

/** Whether a receiver belongs to the audience. */
export function admits(audience: Audience | undefined, receiver: Identity): boolean {
  if (audience === undefined) return true;
  const { eligible, exclude } = audience;
  if (exclude !== undefined && isListed(exclude, receiver)) return false;
  if (eligible === undefined) return true;
  const { sessions, authids, authroles } = eligible;
  return (
    sessions?.has(receiver.session) !== false &&
    authids?.has(receiver.authid) !== false &&
    authroles?.has(receiver.authrole) !== false
  );
}

/**
 * Whether a receiver still belongs to the audience of what was kept for it: sessions come and go, so that only its name and
 * role count.
 */
export function isStillFor(audience: Audience | undefined, receiver: Identity): boolean {
  if (audience === undefined) return true;
  const { eligible, exclude } = audience;
  return admits(
    { eligible: eligible && withoutSessions(eligible), exclude: exclude && withoutSessions(exclude) },
    receiver,
  );
}

function withoutSessions({ authids, authroles }: Receivers): Receivers {
  return { authids, authroles };
}

function isListed({ sessions, authids, authroles }: Receivers, receiver: Identity): boolean {
  return (
    sessions?.has(receiver.session) === true ||
    authids?.has(receiver.authid) === true ||
    authroles?.has(receiver.authrole) === true
  );
}

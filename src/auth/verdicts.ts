import type { AuthExtra, Challenge, Principal, Verdict } from '../broker/index.js';

/** An unknown name or a wrong secret: which of them, nobody is told. */
export const DENIED: Verdict = { kind: 'refused', code: 'authentication_denied' };

/** The client lacks what the method needs: another of its methods may do. */
export const PASSED: Verdict = { kind: 'refused', code: 'no_matching_method' };

/** It was not decided: too many logins wait, or what was to decide is broken. */
export const UNDECIDED: Verdict = { kind: 'refused', code: 'authentication_failed' };

/** Somebody who has proved who it is, and what it is told besides. */
export function accepted(principal: Principal, extra?: Readonly<Record<string, string>>): Verdict {
  return extra === undefined ? { kind: 'accepted', principal } : { kind: 'accepted', principal, extra };
}

/** A challenge that is good for one answer: every later one is refused without a look. */
export function challenged(
  method: string,
  extra: Challenge['extra'],
  check: (response: string, extra: AuthExtra) => Verdict | Promise<Verdict>,
): Verdict {
  let answered = false;
  const answer = (response: string, sent: AuthExtra = {}): Verdict | Promise<Verdict> => {
    if (answered) return DENIED;
    answered = true;
    return check(response, sent);
  };
  return { kind: 'challenged', challenge: { method, extra, answer } };
}

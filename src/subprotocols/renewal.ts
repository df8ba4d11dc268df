import type {
  Attachment,
  Broker,
  LoginAttempt,
  Principal,
  RouterAnswer,
  RouterProcedure,
  Verdict,
} from '../broker/index.js';
import { LOGIN_URIS } from './error-uris.js';
import type { Services } from './subprotocol.js';

/** What logins are proved again with. */
export type RenewalParts = Pick<
  Services,
  'authenticator' | 'clock' | 'instrumentation' | 'limits' | 'timers'
>;

/**
 * Lets clients of all protocols prove again who they are, so that their session outlives its token: `wamp.session.renew` with a
 * ticket or a token as its only argument. It has to be the same authid of the same provider; the role may be another one from then
 * on. A session whose attempt is refused goes on until it expires.
 */
export function provideRenewal(broker: Broker, parts: RenewalParts): void {
  const { instrumentation } = parts;
  /** Sessions whose attempt is being decided. */
  const busy = new WeakSet<Attachment>();
  const settle = (caller: Attachment, verdict: Verdict): RouterAnswer => {
    const { authid } = caller.principal;
    const principal = provedBy(verdict, caller.principal, parts.clock.wallTime());
    if ('kind' in principal) {
      instrumentation.count('renewals_refused');
      return principal;
    }
    caller.renew(principal);
    const { session } = caller;
    const { authrole, expiresAt } = principal;
    instrumentation.event('renewed', { realm: broker.realm, session, authid, authrole });
    return { kind: 'result', args: [{ authid, authrole, expires_at: expiresAt ?? null }] };
  };
  const renew: RouterProcedure = ({ caller, args: [secret] }) => {
    if (typeof secret !== 'string')
      return errorOf('wamp.error.invalid_argument', 'A ticket or a token is needed.');
    if (!hasLogin(caller))
      return errorOf(LOGIN_URIS.no_matching_method, 'This session has no login to renew.');
    if (busy.has(caller)) return errorOf('wamp.error.unavailable', 'Another attempt is being decided.');
    busy.add(caller);
    const ended = (verdict: Verdict): RouterAnswer => {
      busy.delete(caller);
      return settle(caller, verdict);
    };
    const verdict = begin(parts, attemptOf(broker, caller, secret));
    return 'then' in verdict ? inTime(parts, verdict).then(ended) : ended(verdict);
  };
  broker.provide('wamp.session.renew', renew);
}

/**
 * Anonymous sessions, and clients of this process, have never proved who they are; those that a cookie has begun end with it, and
 * with its logout.
 */
function hasLogin({ principal: { authmethod }, entry }: Attachment): boolean {
  return authmethod !== 'anonymous' && authmethod !== 'cookie' && entry.connection.transport !== 'local';
}

/** Nothing of the connection counts but where it comes from: the HTTP request was looked at when it began. */
function attemptOf(
  { realm }: Broker,
  { principal, session, entry }: Attachment,
  secret: string,
): LoginAttempt {
  const remoteAddress = entry.connection.peer ?? '';
  return { realm, methods: [], authid: principal.authid, secret, remoteAddress, session };
}

function begin(
  { authenticator, instrumentation }: RenewalParts,
  attempt: LoginAttempt,
): Verdict | Promise<Verdict> {
  const broken = (error: unknown): Verdict => {
    instrumentation.defect('authenticator.begin', error);
    return UNDECIDED;
  };
  try {
    const verdict = authenticator.begin(attempt);
    return 'then' in verdict ? verdict.then(undefined, broken) : verdict;
  } catch (error) {
    return broken(error);
  }
}

/** The verdict, or that there is none within the time of a login. */
function inTime({ timers, limits }: RenewalParts, asked: Promise<Verdict>): Promise<Verdict> {
  return new Promise((resolve) => {
    const deadline = timers.schedule(limits.loginTimeoutMs, () => resolve(UNDECIDED));
    void asked.then((verdict) => {
      deadline.cancel();
      resolve(verdict);
    });
  });
}

/** Who has proved now to be that one, or why nobody has. */
function provedBy(verdict: Verdict, known: Principal, now: number): Principal | RouterAnswer {
  switch (verdict.kind) {
    case 'refused':
      return errorOf(LOGIN_URIS[verdict.code], 'The login was refused.');
    case 'challenged':
      return errorOf(LOGIN_URIS.no_matching_method, 'Only tickets and tokens renew a session.');
    case 'accepted': {
      const { principal } = verdict;
      if (principal.authmethod === 'anonymous')
        return errorOf(LOGIN_URIS.authentication_denied, 'This proves nothing.');
      // The same name of another provider may be somebody else.
      if (principal.authid !== known.authid || principal.authprovider !== known.authprovider)
        return errorOf(LOGIN_URIS.authentication_denied, 'These credentials are of somebody else.');
      return (principal.expiresAt ?? Infinity) > now
        ? principal
        : errorOf(LOGIN_URIS.authentication_denied, 'These credentials have expired.');
    }
  }
}

function errorOf(error: string, reason: string): RouterAnswer {
  return { kind: 'failed', error, args: [reason] };
}

const UNDECIDED: Verdict = { kind: 'refused', code: 'authentication_failed' };

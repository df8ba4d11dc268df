import type { Broker, Eviction, RouterAnswer, RouterCall, SessionView } from '../../../broker/index.js';
import { isUri } from '../codec/index.js';
import { idOf, namesOf, wanted } from './meta-arguments.js';
import { timestampOf } from './rfc3339.js';
import { NOTHING, answer, invalid } from './router-answers.js';

/**
 * The Session Meta API of a realm [WAMP AP Session Meta API]: its sessions of whatever protocol. A client of this process is
 * one session, that of its own commands.
 */
export function provideSessionMeta(broker: Broker): void {
  broker.observe({
    joined: (session) => broker.announce('wamp.session.on_join', () => [detailsOf(session)]),
    left: ({ session, principal: { authid, authrole } }) =>
      broker.announce('wamp.session.on_leave', () => [session, authid, authrole]),
  });
  const { view } = broker;
  broker.provide('wamp.session.count', ({ args }) => counted(view.sessions(), args[0], (ids) => ids.length));
  broker.provide('wamp.session.list', ({ args }) => counted(view.sessions(), args[0], (ids) => ids));
  broker.provide('wamp.session.get', ({ args }) => {
    const id = idOf(args[0]);
    if (id === undefined) return WANTED_ID;
    const session = view.session(id);
    return session === undefined ? NO_SUCH_SESSION : answer(detailsOf(session));
  });
  provideKills(broker);
}

function provideKills(broker: Broker): void {
  broker.provide('wamp.session.kill', (call) => {
    const id = idOf(call.args[0]);
    if (id === undefined) return WANTED_ID;
    return killing(call, (why) => {
      // There is no *other* session with the caller's id.
      if (id === call.caller.session || !broker.evict(id, why)) return NO_SUCH_SESSION;
      return NOTHING;
    });
  });
  broker.provide('wamp.session.kill_by_authid', (call) => {
    const [authid] = call.args;
    if (typeof authid !== 'string') return wanted('an authid');
    const isMeant = ({ principal }: SessionView): boolean => principal.authid === authid;
    return killing(call, (why) => answer(broker.evictAll(others(call, isMeant), why)));
  });
  broker.provide('wamp.session.kill_by_authrole', (call) => {
    const [authrole] = call.args;
    if (typeof authrole !== 'string') return wanted('an authrole');
    const isMeant = ({ principal }: SessionView): boolean => principal.authrole === authrole;
    return killing(call, (why) => answer(broker.evictAll(others(call, isMeant), why).length));
  });
  broker.provide('wamp.session.kill_all', (call) => {
    const isMeant = (): boolean => true;
    return killing(call, (why) =>
      answer(broker.evictAll(others(call, isMeant), why, { quietly: true }).length),
    );
  });
}

/**
 * Of those that are meant all but the caller. Clients of this process are no connected sessions: whoever empties a realm does not
 * mean the application that serves it.
 */
function others(
  { caller }: RouterCall,
  isMeant: (session: SessionView) => boolean,
): (session: SessionView) => boolean {
  return (session) => session.session !== caller.session && session.protocol !== 'local' && isMeant(session);
}

/** `{reason, message}` of every kill. */
function killing({ kwargs }: RouterCall, kill: (why: Eviction) => RouterAnswer): RouterAnswer {
  const uri = kwargs['reason'] ?? 'wamp.close.killed';
  const reason = kwargs['message'] ?? '';
  if (typeof uri !== 'string' || uri.length > LONGEST || !isUri(uri, 'loose')) return BAD_REASON;
  if (typeof reason !== 'string' || reason.length > LONGEST) return BAD_MESSAGE;
  return kill({ code: 'killed', reason, uri });
}

function counted(
  sessions: Iterable<SessionView>,
  filter: unknown,
  tell: (ids: readonly number[]) => unknown,
): RouterAnswer {
  const authroles = namesOf(filter);
  if (authroles === undefined) return wanted('a list of authroles');
  const ids: number[] = [];
  for (const { session, principal } of sessions)
    if (authroles === 'all' || authroles.has(principal.authrole)) ids.push(session);
  return answer(tell(ids));
}

/** What is told of a session; keys of our own begin with `_`. */
function detailsOf({ session, principal, protocol, connection, since }: SessionView): object {
  const { authid, authrole, authmethod, authprovider } = principal;
  const { transport: type, token, peer, encrypted, agent } = connection;
  return {
    session,
    authid,
    authrole,
    authmethod,
    authprovider,
    transport: {
      type,
      ...(token !== undefined && { protocol: token }),
      ...(peer !== undefined && { peer }),
      ...(encrypted !== undefined && { is_secure: encrypted }),
    },
    _protocol: protocol,
    _since: timestampOf(since),
    ...(agent !== undefined && { _agent: agent }),
  };
}

/** A URI or a message that is longer would be sent to every session that is killed. In characters. */
const LONGEST = 1024;

const WANTED_ID = wanted('a session id');
const NO_SUCH_SESSION: RouterAnswer = {
  kind: 'failed',
  error: 'wamp.error.no_such_session',
  args: ['There is no such session.'],
};
const BAD_REASON: RouterAnswer = {
  kind: 'failed',
  error: 'wamp.error.invalid_uri',
  args: ['reason must be a URI.'],
};
const BAD_MESSAGE = invalid(`message must be a string of ${LONGEST} characters at most.`);

import type { Verdict } from '../../../broker/index.js';
import { LOGIN_URIS } from '../../error-uris.js';
import type { Admission } from '../../inbox.js';
import type { Hello } from '../codec/index.js';
import { isUri } from '../codec/index.js';
import type { Conversation, Login } from '../conversation.js';
import { uriRuleOf } from '../profile.js';

/** The longest realm that is looked up, in bytes. */
const MAX_REALM = 256;

/** HELLO: finds the realm, and begins the login [WAMP BP Session Establishment]. */
export function hello(conversation: Conversation, message: Hello): Admission {
  const { realm, authmethods, authid } = message;
  const { services, profile, link } = conversation;
  if (!isUri(realm, uriRuleOf(profile)) || Buffer.byteLength(realm) > MAX_REALM) {
    conversation.abort('wamp.error.invalid_uri', 'Not a valid realm.', 'policy');
    return undefined;
  }
  const broker = services.realms.find(realm);
  if (broker === undefined) {
    conversation.abort('wamp.error.no_such_realm', 'No such realm.', 'policy');
    return undefined;
  }
  const { address: remoteAddress, headers, tls } = link.remote;
  const session = services.ids.id();
  const attempt = {
    realm,
    methods: authmethods,
    authid,
    secret: undefined,
    remoteAddress,
    extra: message.authextra,
    session,
    http: { headers, tls },
  };
  const login = { hello: message, broker, session };
  return decide(conversation, login, () => services.authenticator.begin(attempt));
}

/** Asks the authenticator and does what it says, now or later; what the client sends meanwhile waits. */
export function decide(
  conversation: Conversation,
  login: Login,
  ask: () => Verdict | Promise<Verdict>,
): Admission {
  conversation.decide(login);
  const broken = (error: unknown): Verdict => {
    conversation.services.instrumentation.defect('authenticator', error);
    return { kind: 'refused', code: 'authentication_failed' };
  };
  let verdict: Verdict | Promise<Verdict>;
  try {
    verdict = ask();
  } catch (error) {
    verdict = broken(error);
  }
  if (!('then' in verdict)) {
    settle(conversation, login, verdict);
    return undefined;
  }
  return verdict.then(undefined, broken).then((settled) => settle(conversation, login, settled));
}

function settle(conversation: Conversation, login: Login, verdict: Verdict): void {
  const { state } = conversation;
  // The connection may have ended while the authenticator was thinking.
  if (state.name !== 'deciding' || state.login !== login) return;
  switch (verdict.kind) {
    case 'accepted':
      conversation.welcome(login, verdict.principal, verdict.extra);
      return;
    case 'challenged':
      conversation.challenge(login, verdict.challenge);
      return;
    case 'refused':
      conversation.abort(LOGIN_URIS[verdict.code], 'The login was refused.', 'policy');
  }
}

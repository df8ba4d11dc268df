import type { Broker, Principal, Verdict } from '../../../broker/index.js';
import { connectionOf } from '../../connection-facts.js';
import type { Admission } from '../../inbox.js';
import type { StompFrame, StompVersion } from '../codec/index.js';
import { STOMP_VERSIONS, encodeConnected, highestCommonVersion } from '../codec/index.js';
import type { Conversation } from '../conversation.js';
import { errorOfRefusal, protocolError, quoted } from '../errors.js';
import type { HeartBeatAgreement } from '../heart-beat.js';
import { agreeOnHeartBeat } from '../heart-beat.js';
import { hasSoftErrors } from '../soft-errors.js';
import { StompEndpoint } from '../stomp-endpoint.js';
import { LONGEST_NAME } from './consume.js';

/** What a CONNECT asked for, once it was understood. */
interface Login {
  readonly version: StompVersion;
  readonly heartBeat: HeartBeatAgreement;
  readonly broker: Broker;
  readonly clientId: string | undefined;
  readonly softErrors: boolean;
}

/** CONNECT and STOMP [STOMP 1.2 §Connecting]: version, heart-beats, realm, login, CONNECTED. */
export function connect(conversation: Conversation, frame: StompFrame): Admission {
  const login = loginOf(conversation, frame);
  if (login === undefined) return undefined;
  const { services, link } = conversation;
  const header = headerOf(frame, login.version);
  const attempt = {
    realm: login.broker.realm,
    methods: [],
    authid: header('login'),
    secret: header('passcode'),
    remoteAddress: link.remote.address,
    http: { headers: link.remote.headers, tls: link.remote.tls },
  };
  const failed = (error: unknown): Verdict => {
    services.instrumentation.defect('authenticator.begin', error);
    return { kind: 'refused', code: 'authentication_failed' };
  };
  const decided = (verdict: Verdict): void => decide(conversation, login, verdict);
  try {
    const verdict = services.authenticator.begin(attempt);
    if (verdict instanceof Promise) return verdict.catch(failed).then(decided);
    decided(verdict);
  } catch (error) {
    decided(failed(error));
  }
  return undefined;
}

function loginOf(conversation: Conversation, frame: StompFrame): Login | undefined {
  const version = versionOf(conversation, frame.headers.get('accept-version'));
  if (version === undefined) return undefined;
  const header = headerOf(frame, version);
  // 1.0 knows no heart-beats; whatever the header says, it is not ours to read.
  const written = version === '1.0' ? undefined : header('heart-beat');
  const heartBeat = agreeOnHeartBeat(written, conversation.settings.heartBeat);
  if (heartBeat === undefined) {
    const detail = `The heart-beat ${quoted(written ?? '')} is not a pair of numbers.`;
    return conversation.fail(protocolError('invalid heart-beat', detail));
  }
  const broker = realmOf(conversation, version, header('host'));
  if (broker === undefined) return undefined;
  const softErrors = hasSoftErrors(conversation.settings.softErrors, header('soft-errors'));
  const clientId = header('client-id');
  if (clientId !== undefined && Buffer.byteLength(clientId) > LONGEST_NAME) {
    return conversation.fail(
      protocolError('invalid header', `The header client-id has at most ${LONGEST_NAME} bytes.`),
    );
  }
  return { version, heartBeat, broker, clientId, softErrors };
}

/** The highest version of both sides, whatever the WebSocket token said; `strict` wants the two to agree. */
function versionOf(conversation: Conversation, acceptVersion: string | undefined): StompVersion | undefined {
  const { settings, handshake } = conversation;
  const highest = highestCommonVersion(acceptVersion);
  const token = settings.strict ? STOMP_VERSIONS.find((v) => tokenOf(v) === handshake.token) : undefined;
  const accepted = acceptVersion?.split(',').map((version) => version.trim()) ?? ['1.0'];
  if (token === undefined ? highest !== undefined : accepted.includes(token)) return token ?? highest;
  const ours = token ?? STOMP_VERSIONS.join(',');
  return conversation.fail({
    message: 'version not supported',
    detail: `Supported versions are ${ours}.`,
    close: 'protocol_error',
    version: ours,
  });
}

function tokenOf(version: StompVersion): string {
  return `v${version.replace('.', '')}.stomp`;
}

/** `host` names the realm; real clients leave it out or send a host name, so only `strict` insists on it. */
function realmOf(
  conversation: Conversation,
  version: StompVersion,
  host: string | undefined,
): Broker | undefined {
  const { realms } = conversation.services;
  const named = host === undefined ? undefined : realms.find(host);
  const optional = !conversation.settings.strict || (host === undefined && version === '1.0');
  const broker = named ?? (optional ? realms.find(realms.defaultRealm) : undefined);
  if (broker !== undefined) return broker;
  const detail = host === undefined ? 'The host header is missing.' : 'There is no such host.';
  return conversation.fail({ message: 'invalid host', detail, close: 'policy' });
}

function decide(conversation: Conversation, login: Login, verdict: Verdict): void {
  const { version, heartBeat, broker, clientId, softErrors } = login;
  if (conversation.state === 'over') return;
  if (verdict.kind !== 'accepted') {
    // A challenge needs a client that can be asked; which part of a login was wrong is nobody's business.
    const detail = 'The login was refused.';
    conversation.fail({ message: 'authentication failed', detail, close: 'policy' });
    return;
  }
  const { link, services, alwaysBinary } = conversation;
  const connection = connectionOf(link.remote, tokenOf(version));
  const attachOptions = { protocol: 'stomp', connection };
  const attachment = broker.attach(new StompEndpoint(conversation), verdict.principal, attachOptions);
  conversation.begin(version, attachment);
  conversation.clientId = clientId;
  conversation.softErrors = softErrors;
  const headers: [string, string][] = [
    ['version', version],
    ['session', String(attachment.session)],
    ['server', services.server],
    ['user-name', userNameOf(conversation, verdict.principal)],
  ];
  const { expiresAt } = verdict.principal;
  if (expiresAt !== undefined) headers.push(['expires-at', String(expiresAt)]);
  if (conversation.softErrors) headers.push(['soft-errors', 'true']);
  if (version !== '1.0') headers.push(['heart-beat', heartBeat.header]);
  conversation.send(encodeConnected(headers));
  services.instrumentation.event('stomp.connected', {
    link: link.id,
    realm: broker.realm,
    session: attachment.session,
    authid: verdict.principal.authid,
    version,
  });
  conversation.heartBeat.start(heartBeat, alwaysBinary, () => {
    const silent = errorOfRefusal({ code: 'timeout', reason: 'No heart-beat arrived in time.' }, undefined);
    conversation.fail({ ...silent, message: 'no heart-beat' });
  });
}

/** Whom CONNECTED greets: who logged in, or the name that an anonymous session is a user by. */
function userNameOf(conversation: Conversation, { authmethod, authid }: Principal): string {
  return authmethod === 'anonymous' ? conversation.user : authid;
}

/** Reads headers of CONNECT; 1.0 shows them with a blank after the colon, which is no part of them. */
function headerOf({ headers }: StompFrame, version: StompVersion): (name: string) => string | undefined {
  return version === '1.0' ? (name) => headers.get(name)?.trimStart() : (name) => headers.get(name);
}

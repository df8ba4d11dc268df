import type { Broker, Challenge, Eviction, Principal } from '../../broker/index.js';
import type { Timer } from '../../lib/index.js';
import { connectionOf } from '../connection-facts.js';
import { ERROR_URIS } from '../error-uris.js';
import type { CloseKind, CloseReason, Link, Services } from '../subprotocol.js';
import type { Offered } from './announcements.js';
import { rolesOf } from './announcements.js';
import type { Details, Hello } from './codec/index.js';
import type { Dialect } from './dialect.js';
import { NO_DETAILS } from './details.js';
import { closeKindOf } from './errors.js';
import type { Host } from './live-session.js';
import { LiveSession } from './live-session.js';
import type { Output } from './output.js';
import type { Profile } from './profile.js';

/** A login that has begun. */
export interface Login {
  readonly hello: Hello;
  readonly broker: Broker;
  /** The id that the session will have; a challenge may name it [WAMP AP Challenge Response Authentication]. */
  readonly session: number;
}

/** Where a connection stands [WAMP BP Session Establishment], [WAMP BP Session Closing]. */
export type State =
  /** Waits for the first HELLO. */
  | { readonly name: 'fresh' }
  /** The authenticator thinks. */
  | { readonly name: 'deciding'; readonly login: Login }
  /** Waits for AUTHENTICATE. */
  | { readonly name: 'challenged'; readonly login: Login; readonly challenge: Challenge }
  | { readonly name: 'live'; readonly session: LiveSession }
  /** We stop: GOODBYE follows when the open requests have had their answers. */
  | { readonly name: 'closing'; readonly session: LiveSession }
  /** We said GOODBYE and wait for the client's. */
  | { readonly name: 'leaving'; readonly end: CloseReason }
  /** The client said GOODBYE; it may close, or say HELLO again. */
  | { readonly name: 'left' }
  | { readonly name: 'over' };

/** Whether the broker holds something for the client in this state. */
export function hasSession(state: State): state is Extract<State, { readonly session: LiveSession }> {
  return state.name === 'live' || state.name === 'closing';
}

/** How long a client has to answer our GOODBYE, in ms. */
const GOODBYE_MS = 1000;

/** One connection's state and its transitions; what a message means is the handlers' business. */
export class Conversation implements Host {
  #state: State = { name: 'fresh' };
  /** The deadline of the state: for a login, or for the client's GOODBYE. */
  #deadline: Timer | undefined;

  constructor(
    readonly link: Link,
    readonly services: Services,
    readonly output: Output,
    private readonly dialect: Dialect,
    /** Called once: nothing that the client sends matters any more. */
    private readonly ended: () => void,
  ) {
    this.#awaitLogin();
  }

  get profile(): Profile {
    return this.dialect.profile;
  }

  get offered(): Offered {
    return this.dialect.offered;
  }

  get state(): State {
    return this.#state;
  }

  /** The authenticator was asked. */
  decide(login: Login): void {
    this.#state = { name: 'deciding', login };
  }

  /** The client has to answer a challenge. */
  challenge(login: Login, challenge: Challenge): void {
    this.#state = { name: 'challenged', login, challenge };
    this.output.send({ name: 'challenge', method: challenge.method, extra: challenge.extra });
  }

  /** The client is who it says: a session begins. */
  welcome(login: Login, principal: Principal, authextra?: Details): void {
    const { hello, broker } = login;
    this.#deadline?.cancel();
    const connection = connectionOf(this.link.remote, this.output.token, hello.agent);
    const session = new LiveSession(this, broker, principal, hello, { session: login.session, connection });
    if (session.quirks.octalSeparator) this.output.useOctalSeparator();
    this.#state = { name: 'live', session };
    this.link.established();
    const { authid, authrole, authmethod, authprovider } = principal;
    const { realm } = broker;
    const agent = this.services.server;
    const identity = { realm, authid, authrole, authmethod, authprovider };
    const details = {
      ...identity,
      ...authextraOf(principal, authextra),
      agent,
      roles: rolesOf(broker, this.offered),
    };
    this.output.send({ name: 'welcome', session: session.attachment.session, details });
    const fields = { link: this.link.id, realm, session: session.attachment.session, authid, authrole };
    this.services.instrumentation.event('wamp.joined', { ...fields, agent: hello.agent?.slice(0, 64) });
  }

  /** The client says good-bye: everything it holds is gone, and it is told so. */
  leave(session: LiveSession): void {
    session.attachment.detach();
    this.#state = { name: 'left' };
    this.output.send({ name: 'goodbye', details: {}, reason: 'wamp.close.goodbye_and_out' });
    this.#awaitLogin();
  }

  /**
   * We say good-bye, once all open requests have had their answers, and wait for the client's; all that at the latest
   * until `deadline` (clock time, ms). Of what is left the GOODBYE gets a second, or half if that is less.
   */
  close(deadline: number): void {
    const state = this.#state;
    switch (state.name) {
      case 'live': {
        const { session } = state;
        const left = Math.max(deadline - this.services.clock.now(), 0);
        const goodbye = (): void => this.#stop(session, deadline);
        this.#state = { name: 'closing', session };
        this.#deadline?.cancel();
        this.#deadline = this.services.timers.schedule(left - Math.min(GOODBYE_MS, left / 2), goodbye);
        session.answered(goodbye);
        return;
      }
      case 'left':
        this.hangUp('going_away', STOPPING);
        return;
      case 'closing':
      case 'leaving':
      case 'over':
        return;
      default:
        this.abort(SHUTDOWN, STOPPING, 'going_away');
    }
  }

  /** Ends everything with ABORT, which is never answered [WAMP BP Session Closing], and closes the link. */
  abort(reason: string, message: string, kind: CloseKind): void {
    if (this.#state.name === 'over') return;
    this.end();
    this.output.send({ name: 'abort', details: { message }, reason });
    this.link.close({ kind, text: message });
    this.services.instrumentation.event('wamp.aborted', { link: this.link.id, reason, message });
  }

  /** The client broke the protocol [WAMP BP Protocol Violations]. */
  violate(message: string): undefined {
    this.abort('wamp.error.protocol_violation', message, 'protocol_error');
    return undefined;
  }

  /** Says GOODBYE if the client is to be told in words of somebody's own, as those who are killed are; else ABORT. */
  evicted(why: Eviction): void {
    if (why.uri === undefined || !hasSession(this.#state)) {
      this.abort(ERROR_URIS[why.code], why.reason, closeKindOf(why));
      return;
    }
    const details = why.reason === '' ? {} : { message: why.reason };
    this.#sayGoodbye(this.#state.session, why.uri, details, { kind: 'policy', text: KILLED }, GOODBYE_MS);
  }

  count(counter: string): void {
    this.services.instrumentation.count(counter);
  }

  wallTime(): number {
    return this.services.clock.wallTime();
  }

  newId(): number {
    return this.services.ids.id();
  }

  /** Ends everything and closes the link without a word. */
  hangUp(kind: CloseKind, text: string): void {
    this.end();
    this.link.close({ kind, text });
  }

  /** Drops all that the client holds. Once. */
  end(): void {
    const state = this.#state;
    if (state.name === 'over') return;
    this.#state = { name: 'over' };
    this.#deadline?.cancel();
    if (hasSession(state)) state.session.attachment.detach();
    this.ended();
  }

  #stop(session: LiveSession, deadline: number): void {
    if (this.#state.name !== 'closing') return;
    const patience = Math.min(deadline - this.services.clock.now(), GOODBYE_MS);
    const end = { kind: 'going_away', text: STOPPING } as const;
    this.#sayGoodbye(session, SHUTDOWN, { message: STOPPING }, end, patience);
  }

  /** GOODBYE of ours: the client's is awaited, and the link closed in any case. */
  #sayGoodbye(
    session: LiveSession,
    reason: string,
    details: Details,
    end: CloseReason,
    patience: number,
  ): void {
    this.#state = { name: 'leaving', end };
    session.attachment.detach();
    this.output.send({ name: 'goodbye', details, reason });
    this.#deadline?.cancel();
    this.#deadline = this.services.timers.schedule(patience, () => this.hangUp(end.kind, end.text));
  }

  #awaitLogin(): void {
    this.#deadline?.cancel();
    const { loginTimeoutMs } = this.services.limits;
    this.#deadline = this.services.timers.schedule(loginTimeoutMs, () => {
      if (this.#state.name === 'left') this.hangUp('normal', 'The session is over.');
      else this.abort('wamp.error.timeout', `No session within ${loginTimeoutMs} ms.`, 'policy');
    });
  }
}

/** What WELCOME says besides: what its method had to say, and when the session ends that nobody renews, in ms since the Unix epoch. */
function authextraOf({ expiresAt }: Principal, said: Details | undefined): Details {
  if (expiresAt === undefined && said === undefined) return NO_DETAILS;
  return { authextra: { ...said, ...(expiresAt !== undefined && { expires_at: expiresAt }) } };
}

const SHUTDOWN = 'wamp.close.system_shutdown';
const STOPPING = 'The server is shutting down.';
const KILLED = 'The session was ended by somebody else.';

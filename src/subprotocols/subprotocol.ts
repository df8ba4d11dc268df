import type { Authenticator, Broker, Instrumentation, TlsFacts } from '../broker/index.js';
import type { Clock, CoarseTimers, IdSource } from '../lib/index.js';

/**
 * What a wire protocol is to the transport. Adding one changes nothing in the broker or the transport.
 */
export interface Subprotocol {
  /** For logs and metrics, lower case. */
  readonly name: string;
  /** The exact `Sec-WebSocket-Protocol` tokens that it answers. A token has one owner. */
  readonly tokens: readonly string[];
  /** Whether a connection that offered no token, and began with this message, speaks this protocol. Pure. */
  recognises?(firstMessage: Buffer, isBinary: boolean): boolean;
  /** Called once per realm, before the first session: the place to attach procedures of the protocol's own. */
  realmStarted?(broker: Broker): void;
  /** Begins a conversation, right after the 101 (or after the first message, if it was recognised). */
  open(link: Link, handshake: Handshake, services: Services): Session;
}

/** One client's conversation. Its methods are synchronous and never throw. */
export interface Session {
  /** Takes one WebSocket message. The buffer is the session's to keep and slice. */
  receive(data: Buffer, isBinary: boolean): void;
  /** The link's outbound buffer has fallen below its low-water mark. */
  drained(): void;
  /** The server stops: say good-bye in the protocol's own words, then close the link, at the latest at `deadline` (clock time, ms). */
  closing(deadline: number): void;
  /** The link is gone. Called exactly once, never from inside a `send`. */
  closed(reason: ClosedReason): void;
}

/** How the opening handshake ended. */
export interface Handshake {
  /** The negotiated token; undefined if none was offered and the first message was recognised. */
  readonly token: string | undefined;
  /** The path of the endpoint. */
  readonly path: string;
}

/** Facts about the other side, as plain data. */
export interface Remote {
  readonly address: string;
  /** Header name in lower case → value, as received. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly query: string;
  readonly encrypted: boolean;
  /** What carries the connection. Default: a WebSocket. */
  readonly transport?: 'websocket' | 'rawsocket' | 'longpoll' | 'tcp' | undefined;
  /** What TLS knows; undefined without TLS. */
  readonly tls?: TlsFacts | undefined;
}

/** Why reading is paused; reading goes on when the set of reasons is empty. */
export type PauseReason = 'admission' | 'slice' | 'rate' | 'pressure';

/** The socket as a session sees it. No events, no socket. */
export interface Link {
  /** Unique within the process; for logs. */
  readonly id: string;
  readonly remote: Remote;
  /** Bytes given to `send` that the kernel has not taken yet. */
  readonly buffered: number;
  /** Whether `buffered` is at or above the high-water mark: a subscriber should take no more for now. */
  readonly congested: boolean;
  /** Bytes of the longest message that the peer takes: a longer one is not sent, but counted. Default: any. */
  readonly maxFrameBytes?: number | undefined;
  /** Clock time of the last octet received, of any kind: an upload in progress and a pong are life. */
  readonly lastReceived: number;
  /** Clock time of the last octet sent. */
  readonly lastSent: number;
  /** Queues a frame; never waits, never throws; a counted no-op after the close. */
  send(frame: Frame): void;
  /** A session exists: lifts the limits that hold before login. */
  established(): void;
  /** Stops reading for a reason. */
  pause(why: PauseReason): void;
  /** Takes a reason back. */
  resume(why: PauseReason): void;
  /** Sends what is queued, then closes. The first call decides; later ones do nothing. */
  close(reason: CloseReason): void;
}

/** A message: immutable parts, compared by identity. How it stands on the wire is the link's business. */
export class Frame {
  /** Payload length in bytes. */
  readonly length: number;
  /** The link's own bytes for this frame (head and parts), made once; belongs to the link. */
  wire: Buffer | undefined = undefined;
  /** What `wire` was made for; belongs to the link. */
  framing: unknown = undefined;

  /** @param parts a head, and often a tail that other frames share. */
  constructor(
    readonly isBinary: boolean,
    readonly parts: readonly Uint8Array[],
  ) {
    let length = 0;
    for (const part of parts) length += part.length;
    this.length = length;
  }
}

/**
 * Kinds of close, the same for every protocol; `docs/errors.md` has their numbers: 1000, 1001, 1002, 1007, 1008, 1009,
 * 1011, 1013.
 */
export type CloseKind =
  | 'normal'
  | 'going_away'
  | 'protocol_error'
  | 'invalid_data'
  | 'policy'
  | 'too_big'
  | 'internal'
  | 'overloaded';

/** Why we close a link. The text is ours alone: no user content, cut to 123 bytes by the link. */
export interface CloseReason {
  readonly kind: CloseKind;
  readonly text: string;
}

/** How a link ended. */
export interface ClosedReason {
  /** The close code, ours or the peer's; 1006 if the connection broke. */
  readonly code: number;
  readonly text: string;
  /** Who ended it. */
  readonly by: 'us' | 'peer' | 'error';
}

/** What a session may use, handed to it by the composition root. */
export interface Services {
  readonly realms: Realms;
  readonly limits: SessionLimits;
  readonly clock: Clock;
  readonly timers: CoarseTimers;
  readonly ids: IdSource;
  readonly authenticator: Authenticator;
  readonly instrumentation: Instrumentation;
  /** `name/version` of the server, one token, as STOMP's CONNECTED and WAMP's WELCOME announce it. */
  readonly server: string;
}

/** Looks realms up. */
export interface Realms {
  /** The realm of a client that names none. */
  readonly defaultRealm: string;
  find(name: string): Broker | undefined;
}

/** Limits that sessions enforce; those of the socket are the transport's, those of the broker its own. */
export interface SessionLimits {
  /** From the 101 to a live session, in ms. Default 10 000. Enforced by the transport, told to logins that wait. */
  readonly loginTimeoutMs: number;
  /** Bytes of one message (a STOMP frame, however it was split; a WAMP message). Default 1 MiB. */
  readonly messageBytes: number;
  /** How long one connection may be processed before others have their turn, in ms. Default 10. */
  readonly sliceMs: number;
}

/** The defaults of {@link SessionLimits}. */
export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  loginTimeoutMs: 10_000,
  messageBytes: 1024 * 1024,
  sliceMs: 10,
};

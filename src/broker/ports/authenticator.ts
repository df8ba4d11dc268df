/** Who is attached: the outcome of an authentication, never changed afterwards. */
export interface Principal {
  readonly authid: string;
  readonly authrole: string;
  /** How it was proved: `anonymous`, `ticket`, … or a name of the embedder's. */
  readonly authmethod: string;
  /** Where the proof was checked: `static`, `dynamic`, or a name of the embedder's. */
  readonly authprovider: string;
  /** When the proof ends (a token's expiry), in ms since the Unix epoch. Default: it does not. */
  readonly expiresAt?: number | undefined;
}

/** What the HTTP request that began the connection says about who sent it, as plain data. */
export interface HttpFacts {
  /** Header name in lower case → value, as received. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** What TLS knows; undefined without TLS, or if somebody in front of the server ends it. */
  readonly tls?: TlsFacts | undefined;
}

/** What TLS knows about a connection. */
export interface TlsFacts {
  /** `TLSv1.2` or `TLSv1.3`; undefined if it is not known. */
  readonly version?: string | undefined;
  /** The cipher suite by its IANA name, such as `TLS_AES_256_GCM_SHA384`; undefined if it is not known. */
  readonly cipher?: string | undefined;
  /** The client's certificate, its chain verified against the configured authorities; undefined if it showed none. */
  readonly certificate?: ClientCertificate | undefined;
  /** Channel binding type → the channel's identifier: `tls-exporter` [RFC 9266], `tls-unique` up to TLS 1.2 [RFC 5929]. */
  readonly channelBindings: ReadonlyMap<string, Uint8Array>;
}

/** A client certificate whose chain and dates have been verified. */
export interface ClientCertificate {
  /** The common name of the subject; undefined if it has none, or several. */
  readonly commonName: string | undefined;
  /** SHA-256 of the certificate, in lower-case hexadecimal digits without separators. */
  readonly fingerprint: string;
  /** The end of its validity, in ms since the Unix epoch. */
  readonly validTo: number;
}

/** What a client said about itself when it wanted to log in. */
export interface LoginAttempt {
  readonly realm: string;
  /** Methods that the client is ready for, in its order; empty if it named none. */
  readonly methods: readonly string[];
  /** The name that it claims (WAMP `authid`, STOMP `login`). */
  readonly authid: string | undefined;
  /** A secret sent at once (STOMP `passcode`); WAMP clients are challenged instead. */
  readonly secret: string | undefined;
  /** Where the client comes from. */
  readonly remoteAddress: string;
  /** What its method wants to know besides (WAMP `authextra`), as it was sent. Default: nothing. */
  readonly extra?: AuthExtra | undefined;
  /** The id that its session will have. Default: not known yet. */
  readonly session?: number | undefined;
  /** The HTTP request that began the connection. Default: there was none. */
  readonly http?: HttpFacts | undefined;
}

/** Details of a method as a client sent them: nothing in them is checked. */
export type AuthExtra = Readonly<Record<string, unknown>>;

/** Why a login was refused. Unknown name and wrong secret are one reason (`authentication_denied`), so that names cannot be probed. */
export type LoginRefusal =
  'no_matching_method' | 'authentication_required' | 'authentication_denied' | 'authentication_failed';

/** What an authenticator answers. */
export type Verdict =
  | {
      readonly kind: 'accepted';
      readonly principal: Principal;
      /** What the client is told besides, such as the router's own proof (WAMP `WELCOME.Details.authextra`). */
      readonly extra?: Readonly<Record<string, string>> | undefined;
    }
  | { readonly kind: 'challenged'; readonly challenge: Challenge }
  | { readonly kind: 'refused'; readonly code: LoginRefusal };

/** A question that the client has to answer; good for one answer. */
export interface Challenge {
  readonly method: string;
  /** What the client is told besides the method. */
  readonly extra: Readonly<Record<string, string | number | null>>;
  /** Checks the client's answer, and what it sent beside it. */
  readonly answer: (response: string, extra?: AuthExtra) => Verdict | Promise<Verdict>;
}

/** What the router lends to its authenticators. */
export interface AuthenticatorHost {
  /**
   * Calls a procedure of a realm as the principal `authenticator` (role `authenticator`); resolves with its result as one
   * value, and rejects if there is none within `timeoutMs`: with an Error that has the `uri` of the failure. That nobody has
   * registered the procedure (`wamp.error.no_such_procedure`) is reported as the event `authenticator_failed`.
   */
  call(realm: string, procedure: string, args: readonly unknown[], timeoutMs: number): Promise<unknown>;
}

/** Finds out who a client is. A thrown error or a rejected promise counts as `authentication_failed`. */
export interface Authenticator {
  /** The methods offered, in order of preference. */
  readonly methods: readonly string[];
  /**
   * Begins a login; the caller bounds the time that it may take. Refused with `no_matching_method`, the client lacks what the
   * method needs (a name, a key, a cookie): where several authenticators are chained, the next of its methods is tried.
   */
  begin(attempt: LoginAttempt): Verdict | Promise<Verdict>;
  /**
   * Whether it checks secrets of this shape (a STOMP `passcode`, the answer to the challenge `ticket`), so that several may
   * do so beside each other. Pure. Default: all that there are.
   */
  recognises?(secret: string): boolean;
  /**
   * Decides by what came with the HTTP request; undefined if nothing of its kind did. Asked when the client names no method,
   * or one of this authenticator's. Default: nothing ever did.
   */
  identify?(attempt: LoginAttempt): Verdict | Promise<Verdict> | undefined;
  /** Called once, by the router that uses it, before the first login. */
  start?(host: AuthenticatorHost): void;
}

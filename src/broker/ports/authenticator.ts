/** Who is attached: the outcome of an authentication, never changed afterwards. */
export interface Principal {
  readonly authid: string;
  readonly authrole: string;
  /** How it was proved: `anonymous`, `ticket`, … or a name of the embedder's. */
  readonly authmethod: string;
  /** Where the proof was checked: `static`, `dynamic`, or a name of the embedder's. */
  readonly authprovider: string;
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
}

/** Why a login was refused. Unknown name and wrong secret are one reason (`authentication_denied`), so that names cannot be probed. */
export type LoginRefusal =
  'no_matching_method' | 'authentication_required' | 'authentication_denied' | 'authentication_failed';

/** What an authenticator answers. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly principal: Principal }
  | { readonly kind: 'challenged'; readonly challenge: Challenge }
  | { readonly kind: 'refused'; readonly code: LoginRefusal };

/** A question that the client has to answer; good for one answer. */
export interface Challenge {
  readonly method: string;
  /** What the client is told besides the method. */
  readonly extra: Readonly<Record<string, string | number>>;
  /** Checks the client's answer. */
  readonly answer: (response: string) => Verdict | Promise<Verdict>;
}

/** Finds out who a client is. A thrown error or a rejected promise counts as `authentication_failed`. */
export interface Authenticator {
  /** The methods offered, in order of preference. */
  readonly methods: readonly string[];
  /** Begins a login; the caller bounds the time that it may take. */
  begin(attempt: LoginAttempt): Verdict | Promise<Verdict>;
}

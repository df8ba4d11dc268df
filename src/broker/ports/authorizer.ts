import type { Principal } from './authenticator.js';
import type { Pattern } from '../address.js';

/**
 * What a principal may be allowed to do with an address. Sending to the queue `jobs` is `publish` on `queue.jobs`, consuming
 * or browsing it `consume` on `queue.jobs`.
 */
export type Action = 'publish' | 'subscribe' | 'register' | 'call' | 'consume';

/** A decision. */
export interface Decision {
  readonly allow: boolean;
  /** Whether the principal's identity may be shown to receivers and callees. Default true. */
  readonly disclose?: boolean;
  /** Of `register`: whether it may take the procedure from another principal that holds it. Default false. */
  readonly takeover?: boolean;
  /**
   * Of `call` and `publish`: how much the caller or publisher is trusted, a whole number from 0; callees and subscribers are
   * told [WAMP AP Call Trust Levels], [WAMP AP Publication Trust Levels].
   */
  readonly trustlevel?: number;
  /**
   * Of `subscribe` to a pattern: deliver only events of topics that the principal might also subscribe to one by one. The
   * authorizer is asked about each such topic, and has to answer at once: a promise is a no. Default false: all of them.
   */
  readonly filtered?: boolean;
}

/** What the router lends to its authorizer. */
export interface AuthorizerHost {
  /**
   * Calls a procedure of a realm as the principal `authorizer` (role `authorizer`), which may call anything; resolves with its
   * result as one value, and rejects if there is none within `timeoutMs`.
   */
  call(realm: string, procedure: string, args: readonly unknown[], timeoutMs: number): Promise<unknown>;
  /**
   * What it decides has changed, for these principals (default: everybody). What they hold is asked about again, and taken away
   * if they may not have it any more.
   */
  changed(affects?: (principal: Principal, realm: string) => boolean): void;
}

/**
 * Decides who may do what. It sees no payload and changes no message; the address that it is asked about is the canonical
 * one that is then used, whichever protocol named it.
 *
 * A thrown error, a rejected promise, an answer that is none, and one that does not come in time (`authorizerTimeoutMs`) count as
 * no (`authorization_failed`). A promise holds back the asking connection only, in order.
 */
export interface Authorizer {
  /** Whether its decisions on calls and publications have a `trustlevel`; WAMP clients are told so. Default false. */
  readonly trustlevels?: boolean;
  /**
   * @param target an exact address, or a pattern: of `subscribe` or `register`. Patterns never match addresses under `wamp.`
   * unless they begin with that word, nor a user's own topics; a rule that allows a pattern should mean the same.
   */
  decide(principal: Principal, action: Action, target: Pattern, realm: string): Decision | Promise<Decision>;
  /** Called once, by the router that uses it, before the first question. */
  start?(host: AuthorizerHost): void;
}

/**
 * Thrown, or rejected with, by an authorizer that has too much to do. A command is refused then as by one that fails; what
 * somebody holds already stays, and is asked about again a little later.
 */
export class AuthorizerBusy extends Error {
  override readonly name = 'AuthorizerBusy';
}

/**
 * Thrown, or rejected with, by an authorizer that cannot decide for a reason outside of its own code: whom it asks is late, or not
 * there. The command is refused as by one that fails, and the event `authorizer_failed` tells the reason instead of a defect.
 */
export class AuthorizerUnavailable extends Error {
  override readonly name = 'AuthorizerUnavailable';

  /** @param reason one word, or the URI of an error; no text of a client. */
  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`The authorizer cannot decide: ${reason}.`, options);
  }
}

/** Allows everything that the router itself does not refuse. */
export const allowAll: Authorizer = { decide: () => ALLOWED };

const ALLOWED: Decision = { allow: true, disclose: true };

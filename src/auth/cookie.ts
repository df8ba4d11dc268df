import { createHmac, randomBytes } from 'node:crypto';
import type { Authenticator, LoginAttempt, Principal, Verdict } from '../broker/index.js';
import { sameText } from './constant-time.js';
import { PASSED, accepted } from './verdicts.js';

/** What {@link cookieSessions} takes. */
export interface CookieOptions {
  /** Signs the cookies: 32 bytes or more. */
  readonly secret: string;
  /** Origins whose pages may connect with the cookie, exactly as browsers send them. At least one. */
  readonly origins: readonly string[];
  /** Whether the cookie is for https only. Default true; false is for development. */
  readonly secure?: boolean;
  /** Default `__Host-mangrove`, or `mangrove` if it is not `secure`. */
  readonly name?: string;
  /** Default `Strict`. */
  readonly sameSite?: 'Strict' | 'Lax';
  /** How long a cookie is good for, in ms. Default eight hours. */
  readonly maxAgeMs?: number;
  /** How many cookies are good at a time; then the oldest is not any more. Default 10 000. */
  readonly capacity?: number;
  /** How many of them one name may have; then its oldest is not good any more. Default 100. */
  readonly capacityPerName?: number;
  /**
   * Called when a cookie was revoked, or had to make room for another one, with the principal of the sessions that it has
   * begun: `router.evict(({ principal }) => principal === ended)` ends them. Default: they go on.
   */
  readonly ended?: (principal: Principal) => void;
  /** ms since the Unix epoch. Default `Date.now`. */
  readonly wallTime?: () => number;
}

/** Somebody whom the application has let in. */
export interface CookieHolder {
  readonly authid: string;
  readonly authrole: string;
  /** Where the proof was checked. Default `dynamic`. */
  readonly authprovider?: string;
  /** When the proof ends, in ms since the Unix epoch. Default: it does not, and the cookie lives as long as it may. */
  readonly expiresAt?: number | undefined;
  /** The only realm that the cookie is good for. Default: all. */
  readonly realm?: string;
}

/** Cookies of an application's own web pages; they are good until the process ends. */
export interface CookieSessions {
  /** For `createRouter`, alone or in a `chain`: the method `cookie`. */
  readonly authenticator: Authenticator;
  /** Makes a cookie for somebody whom the application has let in; the value of `Set-Cookie`. */
  issue(who: CookieHolder): string;
  /** Ends the cookie of a request (its header `Cookie`); the value of `Set-Cookie` that removes it. */
  revoke(header: string | undefined): string;
}

interface Issued {
  readonly principal: Principal;
  /** undefined: all */
  readonly realm: string | undefined;
  /** ms since the Unix epoch. */
  readonly until: number;
}

const SECRET_BYTES = 32;
const ID_BYTES = 24;
const TOKEN_NAME = /^[\w!#$%&'*+.^`|~-]{1,64}$/;
/** Browsers refuse cookies of such names that are not `Secure` [RFC 6265bis §4.1.3]. */
const SECURE_NAME = /^__(?:host|secure)-/i;
const HOURS_8 = 8 * 3_600_000;

/**
 * Logs web pages in by a cookie that the application has set: random, signed, `HttpOnly`, `SameSite`, `Path=/`. It says nothing
 * about who it is for. It counts only in requests of listed origins, because browsers send cookies with whatever page opens a
 * WebSocket. A cookie that is unknown, has ended, or comes from elsewhere counts as none.
 *
 * @throws Error for a short secret, a name that no cookie can have or that needs `secure`, or no origin.
 */
export function cookieSessions(options: CookieOptions): CookieSessions {
  return new CookieJar(options);
}

class CookieJar implements CookieSessions {
  readonly authenticator: Authenticator;
  /** id → who it is for, the oldest first */
  readonly #issued = new Map<string, Issued>();
  /** name → ids of its cookies, the oldest first */
  readonly #ofName = new Map<string, Set<string>>();
  readonly #origins: ReadonlySet<string>;
  readonly #name: string;
  readonly #attributes: string;

  constructor(private readonly options: CookieOptions) {
    const { secret, origins, secure = true, sameSite = 'Strict' } = options;
    this.#name = options.name ?? (secure ? '__Host-mangrove' : 'mangrove');
    if (Buffer.byteLength(secret) < SECRET_BYTES) {
      throw new Error(`The secret for cookies has fewer than ${SECRET_BYTES} bytes.`);
    }
    if (!TOKEN_NAME.test(this.#name)) throw new Error('That cannot be the name of a cookie.');
    if (!secure && SECURE_NAME.test(this.#name)) throw new Error('A cookie of that name has to be secure.');
    if (origins.length === 0) throw new Error('Cookies need a list of origins.');
    this.#origins = new Set(origins);
    this.#attributes = `; Path=/; HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}`;
    const identify = (attempt: LoginAttempt): Verdict | undefined => this.#identify(attempt);
    this.authenticator = {
      methods: ['cookie'],
      recognises: () => false,
      identify,
      begin: (attempt) => identify(attempt) ?? PASSED,
    };
  }

  issue({ authid, authrole, authprovider = 'dynamic', expiresAt = Infinity, realm }: CookieHolder): string {
    const { maxAgeMs = HOURS_8, capacity = 10_000, capacityPerName = 100 } = this.options;
    const now = this.#now;
    const until = Math.min(now + maxAgeMs, expiresAt);
    const principal = { authid, authrole, authmethod: 'cookie', authprovider, expiresAt: until };
    const id = randomBytes(ID_BYTES).toString('base64url');
    const own = this.#ofName.get(authid) ?? new Set();
    this.#ofName.set(authid, own.add(id));
    this.#issued.set(id, { principal, realm, until });
    if (own.size > capacityPerName) this.#end(own.values().next().value);
    if (this.#issued.size > capacity) this.#end(this.#issued.keys().next().value);
    const seconds = Math.max(0, Math.floor((until - now) / 1000));
    return `${this.#name}=${id}.${this.#signatureOf(id)}; Max-Age=${seconds}${this.#attributes}`;
  }

  revoke(header: string | undefined): string {
    this.#end(this.#idIn(header));
    return `${this.#name}=; Max-Age=0${this.#attributes}`;
  }

  get #now(): number {
    return (this.options.wallTime ?? Date.now)();
  }

  /** The cookie is not good any more. */
  #end(id: string | undefined): void {
    const issued = this.#forget(id);
    if (issued !== undefined) this.options.ended?.(issued.principal);
  }

  #forget(id: string | undefined): Issued | undefined {
    const issued = id === undefined ? undefined : this.#issued.get(id);
    if (id === undefined || issued === undefined) return undefined;
    const { authid } = issued.principal;
    const own = this.#ofName.get(authid);
    own?.delete(id);
    if (own?.size === 0) this.#ofName.delete(authid);
    this.#issued.delete(id);
    return issued;
  }

  #identify({ http, realm }: LoginAttempt): Verdict | undefined {
    const { origin, cookie } = http?.headers ?? {};
    if (typeof origin !== 'string' || !this.#origins.has(origin) || typeof cookie !== 'string')
      return undefined;
    const id = this.#idIn(cookie);
    const issued = id === undefined ? undefined : this.#issued.get(id);
    if (issued === undefined) return undefined;
    if (this.#now >= issued.until) {
      this.#forget(id);
      return undefined;
    }
    return issued.realm === undefined || issued.realm === realm ? accepted(issued.principal) : undefined;
  }

  /** The id of our cookie, if there is exactly one and its signature is right. */
  #idIn(header = ''): string | undefined {
    const prefix = `${this.#name}=`;
    const ours = header
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(prefix));
    const [id = '', signature = '', ...rest] = (ours[0] ?? '').slice(prefix.length).split('.');
    const isOurs = sameText(signature, this.#signatureOf(id));
    return ours.length === 1 && rest.length === 0 && isOurs ? id : undefined;
  }

  #signatureOf(id: string): string {
    return createHmac('sha256', this.options.secret).update(`${this.#name}\0${id}`).digest('base64url');
  }
}

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
  /** ms since the Unix epoch. Default `Date.now`. */
  readonly wallTime?: () => number;
}

/** Cookies of an application's own web pages; they are good until the process ends. */
export interface CookieSessions {
  /** For `createRouter`, alone or in a `chain`: the method `cookie`. */
  readonly authenticator: Authenticator;
  /** Makes a cookie for somebody whom the application has let in; the value of `Set-Cookie`. */
  issue(who: Pick<Principal, 'authid' | 'authrole' | 'expiresAt'>): string;
  /** Ends the cookie of a request (its header `Cookie`); the value of `Set-Cookie` that removes it. */
  revoke(header: string | undefined): string;
}

interface Issued {
  readonly principal: Principal;
  /** ms since the Unix epoch. */
  readonly until: number;
}

const SECRET_BYTES = 32;
const ID_BYTES = 24;
const TOKEN_NAME = /^[\w!#$%&'*+.^`|~-]{1,64}$/;
const HOURS_8 = 8 * 3_600_000;

/**
 * Logs web pages in by a cookie that the application has set: random, signed, `HttpOnly`, `SameSite`, `Path=/`. It says nothing
 * about who it is for. It counts only in requests of listed origins, because browsers send cookies with whatever page opens a
 * WebSocket. A cookie that is unknown, has ended, or comes from elsewhere counts as none.
 *
 * @throws Error for a short secret, a name that no cookie can have, or no origin.
 */
export function cookieSessions(options: CookieOptions): CookieSessions {
  return new CookieJar(options);
}

class CookieJar implements CookieSessions {
  readonly authenticator: Authenticator;
  /** id → who it is for, the oldest first */
  readonly #issued = new Map<string, Issued>();
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

  issue({
    authid,
    authrole,
    expiresAt = Infinity,
  }: Pick<Principal, 'authid' | 'authrole' | 'expiresAt'>): string {
    const { maxAgeMs = HOURS_8, capacity = 10_000 } = this.options;
    const until = Math.min(this.#now + maxAgeMs, expiresAt);
    const principal = { authid, authrole, authmethod: 'cookie', authprovider: 'dynamic', expiresAt: until };
    const id = randomBytes(ID_BYTES).toString('base64url');
    this.#issued.set(id, { principal, until });
    if (this.#issued.size > capacity) {
      const [oldest] = this.#issued.keys();
      if (oldest !== undefined) this.#issued.delete(oldest);
    }
    const seconds = Math.max(0, Math.floor((until - this.#now) / 1000));
    return `${this.#name}=${id}.${this.#signatureOf(id)}; Max-Age=${seconds}${this.#attributes}`;
  }

  revoke(header: string | undefined): string {
    const id = this.#idIn(header);
    if (id !== undefined) this.#issued.delete(id);
    return `${this.#name}=; Max-Age=0${this.#attributes}`;
  }

  get #now(): number {
    return (this.options.wallTime ?? Date.now)();
  }

  #identify({ http }: LoginAttempt): Verdict | undefined {
    const { origin, cookie } = http?.headers ?? {};
    if (typeof origin !== 'string' || !this.#origins.has(origin) || typeof cookie !== 'string')
      return undefined;
    const id = this.#idIn(cookie);
    const issued = id === undefined ? undefined : this.#issued.get(id);
    if (id === undefined || issued === undefined) return undefined;
    if (this.#now < issued.until) return accepted(issued.principal);
    this.#issued.delete(id);
    return undefined;
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

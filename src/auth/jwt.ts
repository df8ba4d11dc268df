import type { KeyObject } from 'node:crypto';
import { decodeJwt, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import type { Authenticator, LoginAttempt, Principal, Verdict } from '../broker/index.js';
import type { JwtKey, JwtKeys } from './jwt-keys.js';
import { jwtKeyFor, readJwtKeys } from './jwt-keys.js';
import { DENIED, UNDECIDED, accepted, challenged } from './verdicts.js';
import { WorkGate } from './work-gate.js';

/** Whose tokens are believed, and what they say. */
export interface JwtIssuer {
  readonly keys: JwtKeys;
  /** What `iss` must be. Needed if there is more than one issuer. Default: not looked at. */
  readonly issuer?: string;
  /** What `aud` must be, or hold. Default: not looked at; set it if the issuer makes tokens for others too. */
  readonly audience?: string;
  /** The claim that says who it is. Default `sub`. */
  readonly nameClaim?: string;
  /** The claim that says its role. Default `role`. */
  readonly roleClaim?: string;
  /** The role of a token without that claim. Default `user`. */
  readonly role?: string;
  /** The claim that names the realm, or a list of realms, that the token is for; one without it is for none. Default: any realm. */
  readonly realmClaim?: string;
  /** How far clocks may differ, in ms. Default 5000. */
  readonly clockToleranceMs?: number;
}

/** What {@link jwt} takes. */
export interface JwtOptions {
  /** At least one; tokens of several are told apart by `iss`. */
  readonly issuers: readonly JwtIssuer[];
  /** How many tokens are checked at once. Default 4. */
  readonly concurrency?: number;
  /** How many may wait for that; more are refused. Default 1000. */
  readonly queue?: number;
  /** ms since the Unix epoch. Default `Date.now`. */
  readonly wallTime?: () => number;
}

/** Longer tokens are refused without work. */
const MAX_TOKEN_LENGTH = 16_384;
/** Header, claims and signature; the header is an object. */
const TOKEN = /^eyJ[\w-]*\.[\w-]*\.[\w-]*$/;
const BEARER = /^bearer +(?<token>\S+)$/i;
const NAME = /^[^\p{Cc}\p{Cs}]{1,256}$/u;

/**
 * Signed tokens (JWT) of configured issuers: as the answer to the WAMP challenge `ticket` or `jwt`, as STOMP's `passcode`,
 * and as `Authorization: Bearer` of the HTTP request. HS256, RS256, ES256 and EdDSA, each with keys of its own kind only; keys
 * come from the options and from nowhere else, whatever a token names. A token must say when it ends (`exp`), which is
 * the principal's `expiresAt`. A client that claims a name besides must be the one that the token names.
 *
 * @throws Error for no issuer, keys that cannot be used, or issuers that cannot be told apart.
 */
export function jwt(options: JwtOptions): Authenticator {
  const tokens = new TokenChecker(options);
  return {
    methods: ['jwt', 'ticket'],
    recognises: (secret) => TOKEN.test(secret),
    begin(attempt: LoginAttempt): Verdict | Promise<Verdict> {
      const { secret, methods } = attempt;
      if (secret !== undefined) return tokens.check(secret, attempt);
      const method = methods.find((name) => name === 'jwt' || name === 'ticket');
      return method === undefined
        ? DENIED
        : challenged(method, {}, (response) => tokens.check(response, attempt));
    },
    identify(attempt: LoginAttempt): Promise<Verdict> | undefined {
      // Who names `ticket` wants to be asked.
      if (attempt.methods.length > 0 && !attempt.methods.includes('jwt')) return undefined;
      const header = attempt.http?.headers['authorization'];
      const token = typeof header === 'string' ? BEARER.exec(header)?.groups?.['token'] : undefined;
      return token === undefined ? undefined : tokens.check(token, attempt);
    },
  };
}

interface KnownIssuer extends Omit<JwtIssuer, 'keys'> {
  readonly keys: readonly JwtKey[];
}

class TokenChecker {
  /** `iss` → who that is; one alone has no name to be found by. */
  readonly #issuers = new Map<string | undefined, KnownIssuer>();
  readonly #gate: WorkGate;
  readonly #wallTime: () => number;

  constructor({ issuers, concurrency = 4, queue = 1000, wallTime = Date.now }: JwtOptions) {
    if (issuers.length === 0) throw new Error('At least one issuer of tokens is needed.');
    for (const issuer of issuers) {
      const name = issuers.length === 1 ? undefined : issuer.issuer;
      if (issuers.length > 1 && name === undefined)
        throw new Error('Of several issuers each needs its name.');
      if (this.#issuers.has(name)) throw new Error(`The issuer "${name}" is given twice.`);
      this.#issuers.set(name, { ...issuer, keys: readJwtKeys(issuer.keys) });
    }
    this.#gate = new WorkGate(concurrency, queue);
    this.#wallTime = wallTime;
  }

  async check(token: string, { authid, realm }: LoginAttempt): Promise<Verdict> {
    if (token.length > MAX_TOKEN_LENGTH || !TOKEN.test(token)) return DENIED;
    const issuer = this.#issuerOf(token);
    if (issuer === undefined) return DENIED;
    const claims = await this.#gate.run(() => this.#verified(token, issuer));
    if (claims === undefined) return UNDECIDED;
    const principal = claims === 'bad' ? undefined : principalOf(claims, issuer, realm);
    if (principal === undefined) return DENIED;
    const claimsName = authid !== undefined && authid !== '';
    return claimsName && authid !== principal.authid ? DENIED : accepted(principal);
  }

  /** Who claims to have made the token: a choice among those that are configured, and nothing else. */
  #issuerOf(token: string): KnownIssuer | undefined {
    const only = this.#issuers.get(undefined);
    if (only !== undefined) return only;
    try {
      return this.#issuers.get(decodeJwt(token).iss);
    } catch {
      return undefined;
    }
  }

  async #verified(token: string, issuer: KnownIssuer): Promise<JWTPayload | 'bad'> {
    const { keys, issuer: name, audience, clockToleranceMs = 5000 } = issuer;
    try {
      const { payload } = await jwtVerify(token, (header) => keyFor(keys, header), {
        algorithms: [...new Set(keys.map(({ algorithm }) => algorithm))],
        requiredClaims: ['exp'],
        clockTolerance: clockToleranceMs / 1000,
        currentDate: new Date(this.#wallTime()),
        ...(name !== undefined && { issuer: name }),
        ...(audience !== undefined && { audience }),
      });
      return payload;
    } catch {
      // Whatever is wrong with it, whoever sent it is told no more than that.
      return 'bad';
    }
  }
}

function keyFor(
  keys: readonly JwtKey[],
  header: { readonly alg?: string; readonly kid?: string },
): KeyObject {
  const key = jwtKeyFor(keys, header);
  if (key === undefined) throw new Error('There is no such key.');
  return key;
}

function principalOf(claims: JWTPayload, issuer: KnownIssuer, realm: string): Principal | undefined {
  const { nameClaim = 'sub', roleClaim = 'role', role = 'user', realmClaim } = issuer;
  const authid = claims[nameClaim];
  const authrole = claims[roleClaim] ?? role;
  if (!isName(authid) || !isName(authrole) || claims.exp === undefined) return undefined;
  if (realmClaim !== undefined && !holds(claims[realmClaim], realm)) return undefined;
  return { authid, authrole, authmethod: 'jwt', authprovider: 'static', expiresAt: claims.exp * 1000 };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

function holds(claim: unknown, realm: string): boolean {
  return claim === realm || (Array.isArray(claim) && claim.includes(realm));
}

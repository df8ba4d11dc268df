import type {
  Action,
  Authorizer,
  AuthorizerHost,
  Decision,
  MatchPolicy,
  Pattern,
  Principal,
} from '../broker/index.js';
import { AuthorizerBusy, AuthorizerUnavailable } from '../broker/index.js';
import type { Clock } from '../lib/index.js';
import type { AuthorizationAnswer, ReadAnswer } from './authorizer-answer.js';
import { readAnswer } from './authorizer-answer.js';
import { DecisionCache } from './decision-cache.js';
import { isEmbedder, isRouter } from './insiders.js';
import { overlaps, stepsOf } from './pattern-sets.js';
import { TookTooLong, within } from './within.js';
import { WorkGate } from './work-gate.js';

/** Who wants to do what. */
export interface AuthorizationRequest {
  readonly realm: string;
  readonly principal: Principal;
  readonly action: Action;
  /** The address, or the pattern. The queue `jobs` is `queue.jobs`. */
  readonly uri: string;
  /** How the pattern is read; `exact` for an address. */
  readonly match: MatchPolicy;
}

/** Who may register a procedure that decides: a role, or those of it who have logged in in certain ways. */
export type Registrar = string | RegistrarRole;

/** A role, for some ways to log in. */
export interface RegistrarRole {
  /** The role that the login gave. */
  readonly role: string;
  /** The ways to log in (`authmethod`: `ticket`, `tls`, …) for which this holds. Default: all. */
  readonly methods?: readonly string[];
}

/** What {@link dynamicAuthorizer} takes. */
export interface DynamicAuthorizerOptions {
  /**
   * Decides: a function, or the URI of a procedure of the client's realm. The procedure is called with what is known of the
   * session (`realm`, `authid`, `authrole`, `authmethod`, `authprovider`), the URI, the action, and `{ match }`.
   */
  readonly authorize:
    string | ((request: AuthorizationRequest) => AuthorizationAnswer | Promise<AuthorizationAnswer>);
  /**
   * The roles that may register that procedure: they decide about everybody's rights. Nobody else may, by a pattern neither, and
   * nobody but the router may call it. The procedure is not asked what they may do otherwise: it would have to answer itself.
   * Default: only code of this process.
   */
  readonly registrars?: readonly Registrar[];
  /** How long it may take, in ms. Default 4000. */
  readonly timeoutMs?: number;
  /** How many are asked at once. Default 100. */
  readonly concurrency?: number;
  /** How many may wait for that; more are refused. Default 1000. */
  readonly queue?: number;
  /** How long an answer that did not come at once is good, in ms, unless it says something else. 0: not at all. Default 10 000. */
  readonly cacheMs?: number;
  /** How many answers are kept; the one that was used longest ago goes first. Default 10 000. */
  readonly cacheEntries?: number;
  /** Whether answers have a `trustlevel`; WAMP clients are told so. Default false. */
  readonly trustlevels?: boolean;
  /** Time that never goes backwards, in ms. Default `performance.now`. */
  readonly clock?: Pick<Clock, 'now'>;
}

/** An authorizer that asks the application. */
export interface DynamicAuthorizer extends Authorizer {
  /**
   * Forgets the answers about a name, or all, and asks again about what such sessions hold: it is taken away if it is not
   * allowed any more.
   */
  invalidate(authid?: string): void;
  /**
   * What is decided before any rule: who may register, and call, the procedure that decides. Undefined for everything else.
   */
  guard(principal: Principal, action: Action, target: Pattern): Decision | undefined;
}

/**
 * Asks code of the application what somebody may do: a function, or a registered procedure, as Crossbar.io calls it. Answers
 * that come at once cost no more than the function; others are cached, and a question that is asked many times at once is asked
 * once. What it throws, an answer that makes no sense, and none in time count as no (`authorization_failed`).
 */
export function dynamicAuthorizer(options: DynamicAuthorizerOptions): DynamicAuthorizer {
  return new AskingAuthorizer(options);
}

const ALLOWED: Decision = { allow: true };
const DENIED: Decision = { allow: false };
/** An answer that was overtaken by an invalidation is asked for again, so many times. */
const MOST_TRIES = 3;

/** A question whose answer is awaited. */
interface Flight {
  readonly authid: string;
  /** It was invalidated: an answer that comes now may be the old one. */
  overtaken: boolean;
}

class AskingAuthorizer implements DynamicAuthorizer {
  readonly trustlevels: boolean;
  readonly #cache: DecisionCache;
  readonly #gate: WorkGate;
  /** question → the answer that is awaited */
  readonly #flights = new Map<string, Flight & { readonly decision: Promise<Decision> }>();
  #host: AuthorizerHost | undefined;

  constructor(private readonly options: DynamicAuthorizerOptions) {
    const { concurrency = 100, queue = 1000, cacheEntries = 10_000, trustlevels = false } = options;
    const clock = options.clock ?? performance;
    this.trustlevels = trustlevels;
    this.#gate = new WorkGate(concurrency, queue);
    this.#cache = new DecisionCache(cacheEntries, () => clock.now());
  }

  start(host: AuthorizerHost): void {
    this.#host = host;
  }

  invalidate(authid?: string): void {
    this.#cache.forget(authid);
    for (const flight of this.#flights.values())
      if (authid === undefined || flight.authid === authid) flight.overtaken = true;
    this.#host?.changed(authid === undefined ? undefined : (principal) => principal.authid === authid);
  }

  guard(principal: Principal, action: Action, target: Pattern): Decision | undefined {
    const { authorize } = this.options;
    if (typeof authorize !== 'string' || (action !== 'register' && action !== 'call')) return undefined;
    if (!reaches(target, authorize)) return undefined;
    if (action === 'call') return isRouter(principal) ? ALLOWED : DENIED;
    return isEmbedder(principal) || this.#isRegistrar(principal) ? ALLOWED : DENIED;
  }

  decide(principal: Principal, action: Action, target: Pattern, realm: string): Decision | Promise<Decision> {
    const guarded = this.guard(principal, action, target);
    if (guarded !== undefined) return guarded;
    if (isRouter(principal)) return action === 'call' ? ALLOWED : DENIED;
    // Its own command would wait for its own answer, which stands behind that command.
    if (this.#isRegistrar(principal)) return DENIED;
    const request = { realm, principal, action, uri: target.text, match: target.match };
    const question = questionOf(request);
    const known = this.#cache.get(question);
    if (known !== undefined) return known;
    const { authorize } = this.options;
    const isWaiting = this.#flights.has(question) || this.#gate.full;
    if (typeof authorize === 'string' || isWaiting) return this.#once(question, request, undefined);
    const answer = authorize(request);
    if (!isPromise(answer)) return readAnswer(answer).decision;
    return this.#once(question, request, answer);
  }

  /** Asks, unless somebody has asked the same already and waits; `first` is an answer that is on its way. */
  #once(
    question: string,
    request: AuthorizationRequest,
    first: Promise<AuthorizationAnswer> | undefined,
  ): Promise<Decision> {
    const awaited = this.#flights.get(question);
    if (awaited !== undefined) return awaited.decision;
    const flight: Flight = { authid: request.principal.authid, overtaken: false };
    const decision = this.#settle(flight, question, request, first).finally(() =>
      this.#flights.delete(question),
    );
    this.#flights.set(question, Object.assign(flight, { decision }));
    return decision;
  }

  /** The answer, asked for again if it may be older than an invalidation. */
  async #settle(
    flight: Flight,
    question: string,
    request: AuthorizationRequest,
    first: Promise<AuthorizationAnswer> | undefined,
  ): Promise<Decision> {
    let pending = first;
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      flight.overtaken = false;
      const { decision, cache } = await this.#ask(request, pending);
      pending = undefined;
      if (flight.overtaken) continue;
      const forMs = typeof cache === 'number' ? cache : cache ? (this.options.cacheMs ?? 10_000) : 0;
      this.#cache.set(question, request.principal.authid, decision, forMs);
      return decision;
    }
    throw new Error('The answers of the authorizer were invalidated faster than they came.');
  }

  async #ask(
    request: AuthorizationRequest,
    pending: Promise<AuthorizationAnswer> | undefined,
  ): Promise<ReadAnswer> {
    const { authorize, timeoutMs = 4000 } = this.options;
    const answer = await this.#gate.run(async (): Promise<ReadAnswer> => {
      if (typeof authorize !== 'string')
        return readAnswer(await inTime(timeoutMs, pending ?? authorize(request)));
      return readAnswer(await this.#call(authorize, request, timeoutMs));
    });
    if (answer === undefined) throw new AuthorizerBusy('Too many questions wait for the authorizer.');
    return answer;
  }

  #isRegistrar({ authrole, authmethod }: Principal): boolean {
    const { authorize, registrars = [] } = this.options;
    if (typeof authorize !== 'string') return false;
    return registrars.some((registrar) => {
      const { role, methods }: RegistrarRole =
        typeof registrar === 'string' ? { role: registrar } : registrar;
      return role === authrole && methods?.includes(authmethod) !== false;
    });
  }

  async #call(procedure: string, request: AuthorizationRequest, timeoutMs: number): Promise<unknown> {
    if (this.#host === undefined) throw new Error('No router has started this authorizer.');
    const { realm, principal, uri, action, match } = request;
    const { authid, authrole, authmethod, authprovider } = principal;
    const session = { realm, authid, authrole, authmethod, authprovider };
    try {
      return await this.#host.call(realm, procedure, [session, uri, action, { match }], timeoutMs);
    } catch (error) {
      throw new AuthorizerUnavailable(uriOf(error), { cause: error });
    }
  }
}

/** The answer of a function; one that is late is no fault of its code. */
async function inTime(
  ms: number,
  answer: AuthorizationAnswer | Promise<AuthorizationAnswer>,
): Promise<AuthorizationAnswer> {
  try {
    return await within(ms, 'authorizer', answer);
  } catch (error) {
    throw error instanceof TookTooLong ? new AuthorizerUnavailable('late', { cause: error }) : error;
  }
}

/** The router's own URI of an error, such as `wamp.error.no_such_procedure`; `error` for those of the application. */
function uriOf(error: unknown): string {
  const uri = error instanceof Error && 'uri' in error ? error.uri : undefined;
  return typeof uri === 'string' && /^wamp\.error\.[a-z_]{1,64}$/.test(uri) ? uri : 'error';
}

function isPromise(
  answer: AuthorizationAnswer | Promise<AuthorizationAnswer>,
): answer is Promise<AuthorizationAnswer> {
  return typeof (answer as Partial<Promise<unknown>> | null | undefined)?.then === 'function';
}

function reaches(target: Pattern, procedure: string): boolean {
  if (target.match === 'exact') return target.text === procedure;
  return overlaps(stepsOf({ match: 'exact', text: procedure }), stepsOf(target));
}

/** Everything that an answer may depend on, in one text. */
function questionOf({ realm, principal, action, uri, match }: AuthorizationRequest): string {
  const { authid, authrole, authmethod, authprovider } = principal;
  return JSON.stringify([realm, authid, authrole, authmethod, authprovider, action, match, uri]);
}

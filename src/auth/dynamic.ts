import { randomBytes } from 'node:crypto';
import type {
  AuthExtra,
  Authenticator,
  AuthenticatorHost,
  HttpFacts,
  LoginAttempt,
  Verdict,
} from '../broker/index.js';
import { cryptosign } from './cryptosign.js';
import type { DynamicAnswer, DynamicPrincipal } from './dynamic-answer.js';
import { principalOf } from './dynamic-answer.js';
import { unpadded } from './phc.js';
import { scram } from './scram.js';
import { DENIED, PASSED, UNDECIDED, accepted, challenged } from './verdicts.js';
import { wampcra } from './wampcra.js';
import { within } from './within.js';
import { WorkGate } from './work-gate.js';

/** The methods that {@link dynamic} can serve. */
export type DynamicMethod = 'ticket' | 'wampcra' | 'wamp-scram' | 'scram' | 'cryptosign';

/** Who wants to log in, and how. */
export interface DynamicRequest {
  readonly realm: string;
  readonly method: DynamicMethod;
  /** The name that is claimed; undefined if only a key was shown. */
  readonly authid: string | undefined;
  /** 1, or more if an answer before had `next`: whatever was asked before has been proved. */
  readonly round: number;
  /** With `ticket`, and from the second round on: the secret that was given. */
  readonly ticket: string | undefined;
  /** What the client sent besides: with `cryptosign`, `pubkey` is its key. Nothing in it is checked. */
  readonly extra: AuthExtra;
  readonly remoteAddress: string;
  readonly http: HttpFacts | undefined;
}

/** What {@link dynamic} takes. */
export interface DynamicOptions {
  readonly methods: readonly DynamicMethod[];
  /**
   * Says who it is, and what proves it: a function, or the URI of a procedure of the client's realm. The procedure is called
   * with the realm, the name (or null), and `{ authmethod, ticket, authextra, transport: { peer } }`; let nobody register it whom
   * you would not let decide about logins. From the second round on the details have `round`.
   */
  readonly authenticate: string | ((request: DynamicRequest) => DynamicAnswer | Promise<DynamicAnswer>);
  /** How long it may take, in ms. Default 5000. */
  readonly timeoutMs?: number;
  /** How many are asked at once. Default 100. */
  readonly concurrency?: number;
  /** How many may wait for that; more are refused. Default 1000. */
  readonly queue?: number;
}

/** How often a client is asked within one login. */
const MAX_ROUNDS = 5;

type ProofMethod = Exclude<DynamicMethod, 'ticket'>;

/**
 * Asks code of the application who somebody is: a function, or a registered procedure [WAMP AP Dynamic Authenticator]. A
 * ticket is checked there; for the other methods it gives what the router checks the client's answer with. A name that it
 * does not know gets a challenge like all others, always with the same salt until a restart. What it throws, and an answer
 * that makes no sense, counts as `authentication_failed`.
 */
export function dynamic(options: DynamicOptions): Authenticator {
  const source = new Source(options);
  const nobody = decoys();
  const checksTickets = options.methods.includes('ticket');

  const checkTicket = async (attempt: LoginAttempt, ticket: string, round = 1): Promise<Verdict> => {
    const found = await source.ask(attempt, { method: 'ticket', ticket, round });
    if (found === 'unasked') return UNDECIDED;
    if (found === undefined) return DENIED;
    const { authid = attempt.authid, role, expiresAt } = found;
    if (authid === undefined || authid === '') return DENIED;
    const identity = { authid, authrole: role, authmethod: 'ticket', authprovider: 'dynamic' };
    const proved = accepted(expiresAt === undefined ? identity : { ...identity, expiresAt });
    return further(proved, attempt, found, round);
  };

  /** Asks the client once more when it has proved what the verdict is about, if the application wants that. */
  const further = (
    verdict: Verdict,
    attempt: LoginAttempt,
    { next }: DynamicPrincipal,
    round: number,
  ): Verdict => {
    if (next === undefined) return verdict;
    return whenAccepted(verdict, (proved) => {
      if (round >= MAX_ROUNDS) return DENIED;
      const known = { ...attempt, authid: proved.principal.authid };
      return challenged('ticket', next, async (response) =>
        whenAccepted(await checkTicket(known, response, round + 1), (last) => both(proved, last)),
      );
    });
  };

  const prove = async (attempt: LoginAttempt, method: ProofMethod): Promise<Verdict> => {
    const found = await source.ask(attempt, { method, ticket: undefined, round: 1 });
    if (found === 'unasked') return UNDECIDED;
    const verifier = (found && verifierOf(found, attempt, method)) ?? nobody[method];
    const verdict = await verifier.begin(attempt);
    if (found === undefined) return verdict;
    return further(until(verdict, found.expiresAt), attempt, found, 1);
  };

  return {
    methods: options.methods,
    ...(checksTickets ? {} : { recognises: () => false }),
    start: (host) => source.start(host),
    begin(attempt: LoginAttempt): Verdict | Promise<Verdict> {
      const { secret, authid } = attempt;
      const method = options.methods.find((offered) => attempt.methods.includes(offered));
      if (secret !== undefined) return checksTickets ? checkTicket(attempt, secret) : DENIED;
      if (method === undefined) return PASSED;
      const shows = method === 'cryptosign' ? attempt.extra?.['pubkey'] : authid;
      if (shows === undefined || shows === '') return PASSED;
      if (method !== 'ticket') return prove(attempt, method);
      return challenged('ticket', {}, (response) => checkTicket(attempt, response));
    },
  };
}

class Source {
  readonly #gate: WorkGate;
  #host: AuthenticatorHost | undefined;

  constructor(private readonly options: DynamicOptions) {
    this.#gate = new WorkGate(options.concurrency ?? 100, options.queue ?? 1000);
  }

  start(host: AuthenticatorHost): void {
    this.#host = host;
  }

  /** Who it is; undefined: nobody, `unasked`: nobody could be asked. */
  async ask(
    attempt: LoginAttempt,
    asked: Pick<DynamicRequest, 'method' | 'ticket' | 'round'>,
  ): Promise<DynamicPrincipal | undefined | 'unasked'> {
    const { realm, authid, extra = {}, remoteAddress, http } = attempt;
    const { authenticate } = this.options;
    const answer = await this.#gate.run(async () => {
      const request = { realm, ...asked, authid, extra, remoteAddress, http };
      const given =
        typeof authenticate === 'string'
          ? await this.#call(authenticate, request)
          : await within(this.#timeoutMs, 'authenticator', authenticate(request));
      return given === UNREGISTERED ? undefined : { principal: principalOf(given) };
    });
    return answer === undefined ? 'unasked' : answer.principal;
  }

  get #timeoutMs(): number {
    return this.options.timeoutMs ?? 5000;
  }

  async #call(procedure: string, request: DynamicRequest): Promise<unknown> {
    const { realm, authid = null, method, ticket, round, extra, remoteAddress } = request;
    if (this.#host === undefined) throw new Error('No router has started this authenticator.');
    const details = {
      authmethod: method,
      ...(ticket !== undefined && { ticket }),
      ...(round > 1 && { round }),
      authextra: extra,
      transport: { peer: remoteAddress },
    };
    try {
      return await this.#host.call(realm, procedure, [realm, authid, details], this.#timeoutMs);
    } catch (error) {
      // The router has told that; it is no fault of whoever wants to log in, and no defect.
      if (uriOf(error) === 'wamp.error.no_such_procedure') return UNREGISTERED;
      throw error;
    }
  }
}

/** Stands for the answer of a procedure that nobody has registered. */
const UNREGISTERED = Symbol('unregistered');

/** The URI of what a call was rejected with; undefined if it has none. */
function uriOf(error: unknown): unknown {
  return error instanceof Error && 'uri' in error ? error.uri : undefined;
}

/** What checks the answer of somebody who is known; undefined if it has nothing for this method. */
function verifierOf(
  found: DynamicPrincipal,
  attempt: LoginAttempt,
  method: ProofMethod,
): Authenticator | undefined {
  const { role, wampcra: secret, scram: hash, keys } = found;
  const provider = 'dynamic';
  const authid = attempt.authid ?? found.authid ?? '';
  if (method === 'wampcra') {
    return secret === undefined
      ? undefined
      : wampcra({ principals: [{ authid, role, wampcra: secret }], provider });
  }
  if (method === 'cryptosign') {
    const own = found.authid ?? authid;
    return keys && own !== ''
      ? cryptosign({ principals: [{ authid: own, role, keys }], provider })
      : undefined;
  }
  return hash === undefined ? undefined : scram({ principals: [{ authid, role, scram: hash }], provider });
}

/** What challenges names that nobody has, and accepts nothing. */
function decoys(): Readonly<Record<ProofMethod, Authenticator>> {
  // Whoever claims to be that has to prove what is random.
  const authid = 'nobody';
  const random = (length: number): string => unpadded(randomBytes(length));
  const key = randomBytes(32).toString('base64');
  const hash = `$scram-argon2id13$t=2,m=19456$${random(16)}$${random(32)}$${random(32)}`;
  const scrams = scram({ principals: [{ authid, scram: hash }] });
  return {
    wampcra: wampcra({ principals: [{ authid, wampcra: `$wampcra$i=10000,l=32$${random(16)}$${key}` }] }),
    'wamp-scram': scrams,
    scram: scrams,
    cryptosign: cryptosign({ principals: [] }),
  };
}

type Accepted = Extract<Verdict, { readonly kind: 'accepted' }>;

/** The same verdict, but for what it comes to when the client is accepted, now or by its answer. */
function whenAccepted(verdict: Verdict, then: (accepted: Accepted) => Verdict): Verdict {
  if (verdict.kind === 'refused') return verdict;
  if (verdict.kind === 'accepted') return then(verdict);
  const { challenge } = verdict;
  const answer = async (response: string, extra?: AuthExtra): Promise<Verdict> =>
    whenAccepted(await challenge.answer(response, extra), then);
  return { kind: 'challenged', challenge: { ...challenge, answer } };
}

/** The same verdict, with an end. */
function until(verdict: Verdict, expiresAt: number | undefined): Verdict {
  if (expiresAt === undefined) return verdict;
  return whenAccepted(verdict, (accepted) => ({
    ...accepted,
    principal: { ...accepted.principal, expiresAt },
  }));
}

/** Who has proved both: by the first method, until the first of both ends. */
function both(first: Accepted, last: Accepted): Verdict {
  const { authmethod } = first.principal;
  const principal = { ...last.principal, authmethod };
  const extra = first.extra === undefined ? last.extra : { ...first.extra, ...last.extra };
  const expiresAt = Math.min(first.principal.expiresAt ?? Infinity, last.principal.expiresAt ?? Infinity);
  return accepted(Number.isFinite(expiresAt) ? { ...principal, expiresAt } : principal, extra);
}

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
import { WorkGate } from './work-gate.js';

/** The methods that {@link dynamic} can serve. */
export type DynamicMethod = 'ticket' | 'wampcra' | 'wamp-scram' | 'scram' | 'cryptosign';

/** Who wants to log in, and how. */
export interface DynamicRequest {
  readonly realm: string;
  readonly method: DynamicMethod;
  /** The name that is claimed; undefined if only a key was shown. */
  readonly authid: string | undefined;
  /** With `ticket`: the secret that was given. */
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
   * you would not let decide about logins.
   */
  readonly authenticate: string | ((request: DynamicRequest) => DynamicAnswer | Promise<DynamicAnswer>);
  /** How long a procedure may take, in ms. Default 5000. */
  readonly timeoutMs?: number;
  /** How many are asked at once. Default 100. */
  readonly concurrency?: number;
  /** How many may wait for that; more are refused. Default 1000. */
  readonly queue?: number;
}

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

  const checkTicket = async (attempt: LoginAttempt, ticket: string): Promise<Verdict> => {
    const found = await source.ask(attempt, 'ticket', ticket);
    if (found === 'busy') return UNDECIDED;
    if (found === undefined) return DENIED;
    const { authid = attempt.authid, role, expiresAt } = found;
    if (authid === undefined || authid === '') return DENIED;
    const identity = { authid, authrole: role, authmethod: 'ticket', authprovider: 'dynamic' };
    return accepted(expiresAt === undefined ? identity : { ...identity, expiresAt });
  };

  const prove = async (attempt: LoginAttempt, method: ProofMethod): Promise<Verdict> => {
    const found = await source.ask(attempt, method, undefined);
    if (found === 'busy') return UNDECIDED;
    const verifier = (found && verifierOf(found, attempt, method)) ?? nobody[method];
    return until(await verifier.begin(attempt), found?.expiresAt);
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

  /** Who it is; undefined: nobody, `busy`: nobody was asked. */
  async ask(
    attempt: LoginAttempt,
    method: DynamicMethod,
    ticket: string | undefined,
  ): Promise<DynamicPrincipal | undefined | 'busy'> {
    const { realm, authid, extra = {}, remoteAddress, http } = attempt;
    const { authenticate } = this.options;
    const answer = await this.#gate.run(async () => {
      const request = { realm, method, authid, ticket, extra, remoteAddress, http };
      const given =
        typeof authenticate === 'string'
          ? await this.#call(authenticate, request)
          : await authenticate(request);
      return { principal: principalOf(given) };
    });
    return answer === undefined ? 'busy' : answer.principal;
  }

  #call(procedure: string, request: DynamicRequest): Promise<unknown> {
    const { realm, authid = null, method, ticket, extra, remoteAddress } = request;
    if (this.#host === undefined) throw new Error('No router has started this authenticator.');
    const details = {
      authmethod: method,
      ...(ticket !== undefined && { ticket }),
      authextra: extra,
      transport: { peer: remoteAddress },
    };
    return this.#host.call(realm, procedure, [realm, authid, details], this.options.timeoutMs ?? 5000);
  }
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

/** The same verdict, with an end. */
function until(verdict: Verdict, expiresAt: number | undefined): Verdict {
  if (expiresAt === undefined || verdict.kind === 'refused') return verdict;
  if (verdict.kind === 'accepted') return { ...verdict, principal: { ...verdict.principal, expiresAt } };
  const { challenge } = verdict;
  const answer = async (response: string, extra?: AuthExtra): Promise<Verdict> =>
    until(await challenge.answer(response, extra), expiresAt);
  return { kind: 'challenged', challenge: { ...challenge, answer } };
}

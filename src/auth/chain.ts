import type { Authenticator, AuthenticatorHost, LoginAttempt, Verdict } from '../broker/index.js';
import { DENIED, PASSED, challenged } from './verdicts.js';

const REQUIRED: Verdict = { kind: 'refused', code: 'authentication_required' };

/**
 * Offers the methods of several authenticators as one.
 *
 * - A secret sent at once (STOMP `passcode`) goes to the first authenticator that recognises its shape, else to the first
 *   that takes any, and a wrong one is never let in as `anonymous` instead. If nobody checks anything, it is ignored.
 * - Else the methods that the client names are tried in its order; the first that is offered, and that the client has what
 *   it needs for, decides. Each method has one owner, the first that names it, but for `ticket`: there the one decides that
 *   recognises the answer.
 * - A client that names no method is who its HTTP request says, if it says anything. Else it is anonymous if that is
 *   offered, and else told that it has to log in.
 */
export function chain(authenticators: readonly Authenticator[]): Authenticator {
  const links = new Links(authenticators);
  return {
    methods: links.methods,
    begin: (attempt) => links.begin(attempt),
    recognises: (secret) => links.ownerOf(secret) !== undefined,
    identify: (attempt) => links.identify(attempt),
    start(host: AuthenticatorHost): void {
      for (const authenticator of authenticators) authenticator.start?.(host);
    },
  };
}

class Links {
  /** method → who offers it, first come first */
  readonly #owners = new Map<string, Authenticator[]>();
  /** Those that check something. */
  readonly #checking: readonly Authenticator[];

  constructor(private readonly authenticators: readonly Authenticator[]) {
    for (const authenticator of authenticators) {
      for (const method of authenticator.methods) {
        const owners = this.#owners.get(method);
        if (owners === undefined) this.#owners.set(method, [authenticator]);
        else owners.push(authenticator);
      }
    }
    this.#checking = authenticators.filter(({ methods }) => !methods.includes('anonymous'));
  }

  get methods(): readonly string[] {
    return [...this.#owners.keys()];
  }

  begin(attempt: LoginAttempt): Verdict | Promise<Verdict> {
    const { secret, methods } = attempt;
    if (saysSecret(attempt) && secret !== undefined && this.#checking.length > 0) {
      const verdict = this.#check(secret, attempt);
      return 'then' in verdict ? verdict.then(unasked) : unasked(verdict);
    }
    if (methods.length > 0)
      return this.#try({ ...attempt, methods: [...new Set(methods)], secret: undefined }, 0);
    const [anonymous] = this.#owners.get('anonymous') ?? [];
    return this.identify(attempt) ?? anonymous?.begin(attempt) ?? REQUIRED;
  }

  identify(attempt: LoginAttempt): Verdict | Promise<Verdict> | undefined {
    for (const authenticator of this.authenticators) {
      const verdict = authenticator.identify?.(attempt);
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }

  /** Who checks secrets of this shape: rather one that knows the shape than one that takes any. */
  ownerOf(secret: string, among = this.#checking): Authenticator | undefined {
    return (
      among.find((authenticator) => authenticator.recognises?.(secret) === true) ??
      among.find(({ recognises }) => recognises === undefined)
    );
  }

  /** Gives a secret to the one who recognises it. */
  #check(
    secret: string,
    attempt: LoginAttempt,
    among: readonly Authenticator[] = this.#checking,
  ): Verdict | Promise<Verdict> {
    const verdict = this.ownerOf(secret, among)?.begin({ ...attempt, secret }) ?? DENIED;
    return 'then' in verdict ? verdict.then(settled) : settled(verdict);
  }

  /** Tries the client's methods from the given one on. */
  #try(attempt: LoginAttempt, from: number): Verdict | Promise<Verdict> {
    for (let at = from; at < attempt.methods.length; at += 1) {
      const verdict = this.#beginBy(attempt.methods[at] ?? '', attempt);
      if ('then' in verdict) {
        return verdict.then((decided) => (isPassed(decided) ? this.#try(attempt, at + 1) : decided));
      }
      if (!isPassed(verdict)) return verdict;
    }
    return PASSED;
  }

  #beginBy(method: string, attempt: LoginAttempt): Verdict | Promise<Verdict> {
    const owners = this.#owners.get(method);
    const [owner, ...others] = owners ?? [];
    if (owner === undefined || owners === undefined) return PASSED;
    const narrowed = { ...attempt, methods: [method] };
    const identified = owner.identify?.(narrowed);
    if (identified !== undefined) return identified;
    if (method !== 'ticket' || others.length === 0) return owner.begin(narrowed);
    return challenged('ticket', {}, (response) => this.#check(response, narrowed, owners));
  }
}

/** What a verdict on a secret comes to: there is no next method. */
function settled(verdict: Verdict): Verdict {
  return isPassed(verdict) ? DENIED : verdict;
}

/** Who sends a secret at once cannot be asked anything. */
function unasked(verdict: Verdict): Verdict {
  return verdict.kind === 'challenged' ? DENIED : verdict;
}

function isPassed(verdict: Verdict): boolean {
  return verdict.kind === 'refused' && verdict.code === 'no_matching_method';
}

/** Empty `login` and `passcode` headers, as some STOMP clients always send them, say nothing. */
function saysSecret({ authid, secret }: LoginAttempt): boolean {
  return secret !== undefined && (secret !== '' || (authid !== undefined && authid !== ''));
}

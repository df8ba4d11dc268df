import type { Authenticator, LoginAttempt, Verdict } from '../broker/index.js';

/**
 * Offers the methods of several authenticators as one; each method has one owner, the first that names it.
 *
 * - A secret sent at once goes to the first authenticator that checks something: a wrong one is never let in as
 *   `anonymous` instead. If there is none, it is ignored.
 * - Else the first method in the client's order that is offered decides; one that needs a name is passed over when the
 *   client gave none.
 * - A client that names no method is anonymous if that is offered, and else told that it has to log in.
 */
export function chain(authenticators: readonly Authenticator[]): Authenticator {
  /** method → who owns it */
  const owners = new Map<string, Authenticator>();
  for (const authenticator of authenticators) {
    for (const method of authenticator.methods) {
      if (!owners.has(method)) owners.set(method, authenticator);
    }
  }
  const checking = authenticators.find(({ methods }) => !methods.includes('anonymous'));

  const ownerFor = (attempt: LoginAttempt): Authenticator | undefined => {
    if (saysSecret(attempt) && checking !== undefined) return checking;
    if (attempt.methods.length === 0) return owners.get('anonymous');
    const method = attempt.methods.find(
      (method) => owners.has(method) && (method === 'anonymous' || saysName(attempt)),
    );
    return method === undefined ? undefined : owners.get(method);
  };

  return {
    methods: [...owners.keys()],
    begin(attempt: LoginAttempt): Verdict | Promise<Verdict> {
      const owner = ownerFor(attempt);
      if (owner !== undefined) return owner.begin(attempt);
      return {
        kind: 'refused',
        code: attempt.methods.length === 0 ? 'authentication_required' : 'no_matching_method',
      };
    },
  };
}

function saysName({ authid }: LoginAttempt): boolean {
  return authid !== undefined && authid !== '';
}

/** Empty `login` and `passcode` headers, as some STOMP clients always send them, say nothing. */
function saysSecret(attempt: LoginAttempt): boolean {
  return attempt.secret !== undefined && (attempt.secret !== '' || saysName(attempt));
}

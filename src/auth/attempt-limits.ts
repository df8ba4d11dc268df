import type { Authenticator, LoginAttempt, Verdict } from '../broker/index.js';
import type { Clock } from '../lib/index.js';
import { UNDECIDED } from './verdicts.js';

/** What {@link limitAttempts} takes; everything has a default. */
export interface AttemptLimits {
  /** How often one address may fail with one name before it has to wait. Default 5. */
  readonly failuresPerName?: number;
  /**
   * How often one address may fail in a minute, with any names, before it has to wait for the end of the minute. Default 100.
   * Behind a proxy all clients have the proxy's address.
   */
  readonly failuresPerAddress?: number;
  /** How long an address waits with a name, in ms; each further failure doubles it. Default 1000. */
  readonly firstDelayMs?: number;
  /** The longest wait, in ms. Default 60 000. */
  readonly longestDelayMs?: number;
  /** Failures older than that, in ms, are forgotten. Default 600 000. */
  readonly forgetMs?: number;
  /** How many addresses, and addresses with names, are remembered; then the oldest is forgotten. Default 10 000. */
  readonly remembered?: number;
  /** Time that never goes backwards, in ms. Default `performance.now`. */
  readonly clock?: Pick<Clock, 'now'>;
}

interface Failures {
  readonly count: number;
  /** Until when they are counted together with the next one. */
  readonly counted: number;
  /** Attempts are refused before that. */
  readonly until: number;
}

const MINUTE_MS = 60_000;

/**
 * Lets an address that fails wait: after some failures with one name, and after many with any names, its logins are refused
 * with `authentication_failed`, without a look at the secret, for a while. Names are counted for each address
 * apart, so nobody can lock out somebody else, and a login that succeeds forgets the failures of that name.
 */
export function limitAttempts(authenticator: Authenticator, limits: AttemptLimits = {}): Authenticator {
  const watch = new FailureWatch(limits);
  const guarded = (
    attempt: LoginAttempt,
    ask: () => Verdict | Promise<Verdict>,
  ): Verdict | Promise<Verdict> => {
    if (watch.mustWait(attempt)) return UNDECIDED;
    const verdict = ask();
    return 'then' in verdict ? verdict.then((settled) => follow(attempt, settled)) : follow(attempt, verdict);
  };
  const follow = (attempt: LoginAttempt, verdict: Verdict): Verdict => {
    if (verdict.kind !== 'challenged') {
      watch.note(attempt, verdict);
      return verdict;
    }
    const { challenge } = verdict;
    return {
      kind: 'challenged',
      challenge: {
        ...challenge,
        // While the client made its answer, others of its address may have failed.
        answer: (response, extra) => guarded(attempt, () => challenge.answer(response, extra)),
      },
    };
  };
  const { recognises, identify, start } = authenticator;
  return {
    methods: authenticator.methods,
    begin: (attempt) => guarded(attempt, () => authenticator.begin(attempt)),
    ...(recognises && { recognises: (secret) => recognises.call(authenticator, secret) }),
    ...(identify && {
      identify(attempt) {
        const verdict = identify.call(authenticator, attempt);
        if (verdict === undefined) return undefined;
        // It may be that nobody waits for it.
        if ('then' in verdict) verdict.catch(() => {});
        return guarded(attempt, () => verdict);
      },
    }),
    ...(start && { start: (host) => start.call(authenticator, host) }),
  };
}

class FailureWatch {
  /** address, or address and name → its failures, those that were touched last at the end */
  readonly #failures = new Map<string, Failures>();
  readonly #limits: Required<AttemptLimits>;

  constructor(limits: AttemptLimits) {
    this.#limits = {
      failuresPerName: 5,
      failuresPerAddress: 100,
      firstDelayMs: 1000,
      longestDelayMs: 60_000,
      forgetMs: 600_000,
      remembered: 10_000,
      clock: performance,
      ...limits,
    };
  }

  mustWait(attempt: LoginAttempt): boolean {
    const now = this.#limits.clock.now();
    return keysOf(attempt).some((key) => now < (this.#failures.get(key)?.until ?? -Infinity));
  }

  note(attempt: LoginAttempt, verdict: Verdict): void {
    const [ofAddress, ofName] = keysOf(attempt);
    // Somebody who says nothing about itself proves nothing.
    if (verdict.kind === 'accepted' && verdict.principal.authmethod !== 'anonymous')
      this.#failures.delete(ofName);
    if (verdict.kind !== 'refused' || verdict.code !== 'authentication_denied') return;
    const { clock, forgetMs, firstDelayMs, longestDelayMs, failuresPerName, failuresPerAddress } =
      this.#limits;
    const now = clock.now();
    this.#count(ofName, now, (count) => {
      const over = count - failuresPerName;
      const delay = over < 0 ? 0 : Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(over, 30));
      return { count, counted: now + forgetMs, until: now + delay };
    });
    this.#count(ofAddress, now, (count, since) => {
      const counted = since ?? now + MINUTE_MS;
      return { count, counted, until: count < failuresPerAddress ? now : counted };
    });
  }

  #count(key: string, now: number, next: (count: number, counted: number | undefined) => Failures): void {
    const known = this.#failures.get(key);
    const open = known !== undefined && now <= known.counted ? known : undefined;
    this.#failures.delete(key);
    this.#failures.set(key, next((open?.count ?? 0) + 1, open?.counted));
    if (this.#failures.size <= this.#limits.remembered) return;
    const [oldest] = this.#failures.keys();
    if (oldest !== undefined) this.#failures.delete(oldest);
  }
}

/** What failures are counted by: the address, and the address with the name. */
function keysOf({ remoteAddress, authid = '' }: LoginAttempt): readonly [string, string] {
  const network = networkOf(remoteAddress);
  return [network, `${network} ${authid.slice(0, 256)}`];
}

/** An IPv6 subscriber has 2^64 addresses: they are one. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

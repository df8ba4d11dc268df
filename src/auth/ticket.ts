import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Authenticator, LoginAttempt, Principal, Verdict } from '../broker/index.js';
import { matchesTicket, parseTicketHash, unmatchableHash } from './ticket-hash.js';
import type { TicketHash } from './ticket-hash.js';
import { DENIED, PASSED, UNDECIDED, accepted, challenged } from './verdicts.js';
import { WorkGate } from './work-gate.js';

/** Somebody who may log in with a ticket. */
export interface TicketPrincipal {
  /** The name: WAMP `authid`, STOMP `login`. */
  readonly authid: string;
  /** The role that it gets. Default `user`. */
  readonly role?: string;
  /** The hash of its ticket, as `mangrove hash --ticket` prints it. */
  readonly ticket: string;
}

/** What {@link ticket} takes. */
export interface TicketOptions {
  readonly principals: readonly TicketPrincipal[];
  /** How many hashes are computed at once. Default 2; each takes a thread of Node's pool and 16 MiB. */
  readonly concurrency?: number;
  /** How many logins may wait for that; more are refused. Default 100. */
  readonly queue?: number;
}

/** Longer secrets are refused without work. */
const MAX_TICKET_LENGTH = 4096;
/**
 * Static names with hashed tickets [WAMP AP Ticket-based Authentication]: WAMP clients are challenged, a secret that came
 * with the first frame (STOMP `passcode`) is checked at once.
 *
 * An unknown name costs the same work and gets the same answer as a wrong ticket, so names cannot be probed. A ticket that
 * was proved before is recognised by a keyed digest, so that a thousand clients coming back need no thousand key
 * derivations; wrong ones always cost the full work.
 *
 * @throws Error for a hash that cannot be read or a name given twice.
 */
export function ticket(options: TicketOptions): Authenticator {
  const checker = new TicketChecker(options);
  return {
    methods: ['ticket'],
    begin(attempt: LoginAttempt): Verdict | Promise<Verdict> {
      const { authid, secret } = attempt;
      if (authid === undefined || authid === '') return secret === undefined ? PASSED : DENIED;
      if (secret !== undefined) return checker.check(authid, secret);
      if (!attempt.methods.includes('ticket')) return DENIED;
      return challenged('ticket', {}, (response) => checker.check(authid, response));
    },
  };
}

interface KnownPrincipal {
  readonly principal: Principal;
  readonly hash: TicketHash;
  /** Keyed digest of the ticket that was proved last; the key lives as long as the process. */
  proved: Buffer | undefined;
}

class TicketChecker {
  /** authid → who it is */
  readonly #known = new Map<string, KnownPrincipal>();
  readonly #nobody = unmatchableHash();
  readonly #digestKey = randomBytes(32);
  readonly #gate: WorkGate;

  constructor({ principals, concurrency = 2, queue = 100 }: TicketOptions) {
    this.#gate = new WorkGate(concurrency, queue);
    for (const { authid, role = 'user', ticket } of principals) {
      const hash = parseTicketHash(ticket);
      if (hash === undefined) throw new Error(`The ticket hash of "${authid}" cannot be read.`);
      if (this.#known.has(authid)) throw new Error(`The principal "${authid}" is given twice.`);
      const principal = { authid, authrole: role, authmethod: 'ticket', authprovider: 'static' };
      this.#known.set(authid, { principal, hash, proved: undefined });
    }
  }

  async check(authid: string, ticket: string): Promise<Verdict> {
    if (ticket.length > MAX_TICKET_LENGTH) return DENIED;
    const known = this.#known.get(authid);
    const digest = createHmac('sha256', this.#digestKey).update(`${authid}\0${ticket}`).digest();
    if (known?.proved !== undefined && timingSafeEqual(known.proved, digest))
      return accepted(known.principal);
    const matches = await this.#gate.run(() => matchesTicket(ticket, known?.hash ?? this.#nobody));
    if (matches === undefined) return UNDECIDED;
    if (!matches || known === undefined) return DENIED;
    known.proved = digest;
    return accepted(known.principal);
  }
}

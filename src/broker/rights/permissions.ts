import type { CoarseTimers } from '../../lib/index.js';
import { MANY, isPrivatePattern, isReserved } from '../address.js';
import type { Pattern } from '../address.js';
import type { BrokerErrorCode, Refusal } from '../errors.js';
import type { AuthorizerFailures } from './authorizer-failures.js';
import type { Action, Authorizer, Decision } from '../ports/authorizer.js';
import { AuthorizerBusy, AuthorizerUnavailable } from '../ports/authorizer.js';
import type { Instrumentation } from '../ports/instrumentation.js';
import type { Origin } from '../publication.js';
import { userOf, userOfTopic } from '../user-topics.js';

/** What permissions are decided with. */
export interface Rules {
  readonly realm: string;
  readonly authorizer: Authorizer;
  readonly failures: AuthorizerFailures;
  readonly instrumentation: Instrumentation;
  readonly timers: CoarseTimers;
  readonly limits: {
    readonly addressBytes: number;
    readonly addressComponents: number;
    readonly authorizerTimeoutMs: number;
  };
}

/** Each `#` of a pattern is one more place at which every look-up goes on in parallel. */
const MOST_MANY = 4;
/** So many questions of one asker may be open whose answers nobody waits for. */
const MOST_UNHEEDED = 16;

/** Asks the authorizer for one principal; an authorizer that fails, or does not answer in time, has said no. */
export class Permissions {
  /** Each ends a question that waits for its answer; made for the first that does. */
  #open: Set<(answer: () => Decision) => void> | undefined;
  /** How often all answers have become worthless. */
  #age = 0;
  /** Questions whose answer came too late for whoever has asked. */
  #unheeded = 0;

  constructor(
    private readonly rules: Rules,
    private readonly asker: Pick<Origin, 'principal' | 'session'>,
  ) {}

  /** What is wrong with an address, whoever asks; `owned` if the command would speak or answer in its name. */
  faultOf({ text, match }: Pattern, owned: boolean): Refusal | undefined {
    if (text === '' && match === 'exact') return refusal('invalid_address', 'An address must not be empty.');
    const { addressBytes, addressComponents } = this.rules.limits;
    if (text.length * 3 > addressBytes && Buffer.byteLength(text) > addressBytes) {
      return refusal('invalid_address', `An address may have ${addressBytes} bytes at most.`);
    }
    if (text.length >= addressComponents && text.split('.').length > addressComponents) {
      return refusal('invalid_address', `An address may have ${addressComponents} components at most.`);
    }
    if (match === 'multi' && text.split('.').filter((component) => component === MANY).length > MOST_MANY) {
      return refusal('invalid_address', `A pattern may have ${MOST_MANY} components # at most.`);
    }
    if (owned && isReserved(text)) {
      return refusal('reserved_address', 'Addresses under wamp. belong to the router.');
    }
    return undefined;
  }

  decide(action: Action, pattern: Pattern): Decision | Promise<Decision> {
    const decision = this.#byRight(action, pattern) ?? this.#ask(action, pattern);
    return isSettled(decision) ? decision : this.#later(decision);
  }

  /**
   * Whether the principal may be told of a topic that one of its patterns matches [Decision.filtered]. An authorizer that does
   * not answer at once has said no.
   */
  sees(topic: string): boolean {
    return this.allowsNow('subscribe', { match: 'exact', text: topic }) === true;
  }

  /**
   * What an authorizer says that answers at once; undefined if it needs time. Nobody waits for such an answer, and while many of
   * them are still to come, nothing more is asked.
   */
  allowsNow(action: Action, pattern: Pattern): boolean | undefined {
    const byRight = this.#byRight(action, pattern);
    if (byRight !== undefined) return byRight.allow;
    if (this.#unheeded >= MOST_UNHEEDED) {
      this.rules.instrumentation.count('authorizations_skipped');
      return undefined;
    }
    const decision = this.#ask(action, pattern);
    if (isSettled(decision)) return decision.allow;
    this.#unheeded += 1;
    void this.#later(decision).then(() => (this.#unheeded -= 1));
    return undefined;
  }

  /** Who asks is somebody else now, or the rules are others: what was answered, and what will be, has to be asked again. */
  expire(): void {
    this.#age += 1;
  }

  /** Waits for answers that were just asked for; those that the rules have outrun are asked for again. */
  async lasting<T>(asked: Promise<T>, again: () => T | Promise<T>): Promise<T> {
    let waiting: T | Promise<T> = asked;
    for (;;) {
      const age = this.#age;
      const answer = await waiting;
      if (age === this.#age) return answer;
      waiting = again();
    }
  }

  /** Nobody waits for answers any more: each question that is open is answered with no. */
  end(): void {
    for (const settle of this.#open ?? []) settle(() => DENIED);
  }

  /** What no authorizer has a say in. */
  #byRight(action: Action, pattern: Pattern): Decision | undefined {
    // The holder of a reply address may use it; nobody can guess one.
    if (isPrivatePattern(pattern)) return ALLOWED;
    if (pattern.match !== 'exact') return undefined;
    const { principal, session } = this.asker;
    if (action === 'subscribe') {
      // A user's own topics are that user's by right: no rule with a pattern could name them.
      const owner = userOfTopic(pattern.text);
      if (owner !== undefined) return owner === userOf(principal, session) ? ALLOWED : DENIED;
    }
    if (action !== 'call') return undefined;
    if (pattern.text === RENEW) return ALLOWED;
    return principal.authmethod === 'anonymous' && pattern.text.startsWith(KILL) ? DENIED : undefined;
  }

  #ask(action: Action, pattern: Pattern): Decision | Promise<Decision> {
    const { authorizer, realm } = this.rules;
    try {
      const decision = authorizer.decide(this.asker.principal, action, pattern, realm);
      return isSettled(decision) ? this.#valid(decision) : decision;
    } catch (error) {
      return this.#broken(error);
    }
  }

  /** Waits no longer than it may; whatever comes after that is too late. */
  #later(asked: Promise<Decision>): Promise<Decision> {
    const { timers, limits } = this.rules;
    const open = (this.#open ??= new Set());
    return new Promise((resolve) => {
      const settle = (answer: () => Decision): void => {
        if (!open.delete(settle)) return;
        deadline.cancel();
        resolve(answer());
      };
      const deadline = timers.schedule(limits.authorizerTimeoutMs, () => settle(() => this.#late()));
      open.add(settle);
      Promise.resolve(asked).then(
        (decision) => settle(() => this.#valid(decision)),
        (error: unknown) => settle(() => this.#broken(error)),
      );
    });
  }

  /** An answer that is none is a no. */
  #valid(decision: Decision): Decision {
    const { allow } = (decision ?? {}) as Partial<Decision>;
    if (typeof allow !== 'boolean') return this.#broken(new Error('The authorizer decided nothing.'));
    this.rules.failures.answered();
    return decision;
  }

  #late(): Decision {
    this.rules.instrumentation.count('authorizations_late');
    return this.#broken(new AuthorizerUnavailable('late'));
  }

  #broken(error: unknown): Decision {
    this.rules.failures.failed(error);
    return error instanceof AuthorizerBusy ? BUSY : BROKEN;
  }
}

/** Ends other sessions; whoever has no name may not. */
const KILL = 'wamp.session.kill';
/** Proves again who one is; whoever is in may do that. */
const RENEW = 'wamp.session.renew';

const ALLOWED: Decision = { allow: true };
const DENIED: Decision = { allow: false };
/** What stands for an authorizer that failed: no, and its own code. */
const BROKEN: Decision = { allow: false };
/** What stands for one that has too much to do: no, for now. */
const BUSY: Decision = { allow: false };

const NOT_AUTHORIZED = refusal('not_authorized', 'Not authorized.');
const AUTHORIZATION_FAILED = refusal('authorization_failed', 'The authorizer failed.');
const DISCLOSURE_REFUSED = refusal('disclosure_refused', 'Disclosure is not allowed here.');

/** A refusal with its reason. */
export function refusal(code: BrokerErrorCode, reason: string): Refusal {
  return { code, reason };
}

/** Why a decision lets the command not pass, if it does not; `disclose` if it wants to show who asks. */
export function refusalOf(decision: Decision, disclose = false): Refusal | undefined {
  if (decision === BROKEN || decision === BUSY) return AUTHORIZATION_FAILED;
  if (!decision.allow) return NOT_AUTHORIZED;
  return disclose && decision.disclose === false ? DISCLOSURE_REFUSED : undefined;
}

/** Whether the authorizer had too much to do to decide anything. */
export function isBusy(decision: Decision | Promise<Decision>): boolean {
  return decision === BUSY;
}

/** Whether the answer is there, and no promise of one. */
export function isSettled(decision: Decision | Promise<Decision>): decision is Decision {
  return typeof (decision as Partial<Promise<Decision>> | null | undefined)?.then !== 'function';
}

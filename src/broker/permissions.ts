import { MANY, isPrivatePattern, isReserved } from './address.js';
import type { Pattern } from './address.js';
import type { BrokerErrorCode, Refusal } from './errors.js';
import type { Action, Authorizer, Decision } from './ports/authorizer.js';
import type { Instrumentation } from './ports/instrumentation.js';
import type { Origin } from './publication.js';
import { userOf, userOfTopic } from './user-topics.js';

/** What permissions are decided with. */
export interface Rules {
  readonly realm: string;
  readonly authorizer: Authorizer;
  readonly instrumentation: Instrumentation;
  readonly limits: { readonly addressBytes: number; readonly addressComponents: number };
}

/** Each `#` of a pattern is one more place at which every look-up goes on in parallel. */
const MOST_MANY = 4;

/** Asks the authorizer for one principal; an authorizer that fails has said no. */
export class Permissions {
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
    // The holder of a reply address may use it; nobody can guess one.
    if (isPrivatePattern(pattern)) return ALLOWED;
    const { principal, session } = this.asker;
    if (action === 'subscribe' && pattern.match === 'exact') {
      // A user's own topics are that user's by right: no rule with a pattern could name them.
      const owner = userOfTopic(pattern.text);
      if (owner !== undefined) return owner === userOf(principal, session) ? ALLOWED : DENIED;
    }
    try {
      const decision = this.rules.authorizer.decide(principal, action, pattern, this.rules.realm);
      if (isSettled(decision)) return decision;
      return Promise.resolve(decision).then(valid, (error: unknown) => this.#broken(error));
    } catch (error) {
      return this.#broken(error);
    }
  }

  #broken(error: unknown): Decision {
    this.rules.instrumentation.defect('authorizer.decide', error);
    return BROKEN;
  }
}

const ALLOWED: Decision = { allow: true };
const DENIED: Decision = { allow: false };
/** What stands for an authorizer that failed: no, and its own code. */
const BROKEN: Decision = { allow: false };

const NOT_AUTHORIZED = refusal('not_authorized', 'Not authorized.');
const AUTHORIZATION_FAILED = refusal('authorization_failed', 'The authorizer failed.');
const DISCLOSURE_REFUSED = refusal('disclosure_refused', 'Disclosure is not allowed here.');

/** A refusal with its reason. */
export function refusal(code: BrokerErrorCode, reason: string): Refusal {
  return { code, reason };
}

/** Why a decision lets the command not pass, if it does not; `disclose` if it wants to show who asks. */
export function refusalOf(decision: Decision, disclose = false): Refusal | undefined {
  if (decision === BROKEN) return AUTHORIZATION_FAILED;
  if (decision?.allow !== true) return NOT_AUTHORIZED;
  return disclose && decision.disclose === false ? DISCLOSURE_REFUSED : undefined;
}

/** Whether the answer is there, and no promise of one. */
export function isSettled(decision: Decision | Promise<Decision>): decision is Decision {
  return typeof (decision as Partial<Promise<Decision>> | undefined)?.then !== 'function';
}

/** An authorizer that resolves to nothing has said no. */
function valid(decision: Decision): Decision {
  return decision ?? { allow: false };
}

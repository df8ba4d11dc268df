import type { Question } from './admission.js';
import type { Rules } from './permissions.js';
import { Permissions, refusalOf } from './permissions.js';
import type { Principal } from '../ports/authenticator.js';
import type { Decision } from '../ports/authorizer.js';
import { consumerQuestion, deadLetterQuestion } from './queue-questions.js';
import type { Binding, Owner } from '../queues/policies.js';
import type { OwnedQueue, Queues } from '../queues/queues.js';
import type { Asked } from './rechecks.js';
import { Rechecks } from './rechecks.js';

/**
 * Whether those may still have their durable subscriptions who are not connected now, and have dead letters sent where they have
 * said. Where the authorizer fails, things stay as they are: whoever comes back is asked about then.
 */
export class AbsentOwners {
  readonly #bindings: Rechecks;
  readonly #deadLetters: Rechecks;
  /** owner → what it may do, as it was asked for the topics of its binding */
  readonly #watchers = new WeakMap<Owner, Permissions>();

  constructor(
    private readonly rules: Rules,
    run: (change: () => void) => void,
  ) {
    this.#bindings = new Rechecks(rules.timers, run);
    this.#deadLetters = new Rechecks(rules.timers, run);
  }

  /** Whether an owner may be told of a topic, by an authorizer that answers at once. */
  sees(owner: Binding, topic: string): boolean {
    let permissions = this.#watchers.get(owner);
    if (permissions === undefined)
      this.#watchers.set(owner, (permissions = permissionsOf(this.rules, owner)));
    return permissions.sees(topic);
  }

  /** Asks about all whom it affects. Within a run. */
  recheck(queues: Queues, affects: (principal: Principal) => boolean): void {
    for (const queue of queues.owned()) {
      const { binding, deadLetterOwner } = queue;
      if (binding !== undefined && affects(principalOf(binding)))
        this.#bindings.add(queue, () => this.#binding(queue));
      if (deadLetterOwner !== undefined && affects(principalOf(deadLetterOwner)))
        this.#deadLetters.add(queue, () => this.#deadLetter(queue));
    }
  }

  /** What its owner may not have any more grows no more. */
  #binding(queue: OwnedQueue): Asked | undefined {
    const { binding } = queue;
    // Whoever has come back meanwhile is asked about as who is there.
    if (binding === undefined || queue.consumers.length > 0) return undefined;
    return this.#asked(binding, consumerQuestion({ queue: '', binding: binding.pattern }), (decision) => {
      if (queue.consumers.length > 0) return;
      queue.suspended = !decision.allow;
      queue.binding = { ...binding, filtered: decision.filtered === true ? true : undefined };
    });
  }

  #deadLetter(queue: OwnedQueue): Asked | undefined {
    const { deadLetterOwner } = queue;
    const question = deadLetterQuestion(queue.policy.deadLetter);
    if (deadLetterOwner === undefined || question === undefined) return undefined;
    return this.#asked(deadLetterOwner, question, ({ allow }) => (queue.deadLettersRefused = !allow));
  }

  #asked(owner: Owner, { action, pattern }: Question, told: (decision: Decision) => void): Asked {
    return {
      decision: permissionsOf(this.rules, owner).decide(action, pattern),
      told: (decision) => {
        if (refusalOf(decision)?.code !== 'authorization_failed') told(decision);
      },
    };
  }
}

function permissionsOf(rules: Rules, owner: Owner): Permissions {
  return new Permissions(rules, { principal: principalOf(owner), session: 0 });
}

function principalOf({ authid, authrole, authmethod, authprovider }: Owner): Principal {
  return { authid, authrole, authmethod: authmethod ?? '', authprovider: authprovider ?? '' };
}

import type { Pattern } from '../address.js';
import type { Refusal } from '../errors.js';
import type { Action, Decision } from '../ports/authorizer.js';
import type { Rules } from './permissions.js';
import type { Permissions } from './permissions.js';
import { isSettled, refusal, refusalOf } from './permissions.js';
import type { Origin } from '../publication.js';
import type { Request } from '../request.js';

/**
 * Asked before each publication and call: nothing if it may go on, else a promise of whether it may. The process's memory
 * is guarded here.
 */
export type AdmissionGate = () => Promise<boolean> | undefined;

/** What admissions are decided with. */
export interface AdmissionRules extends Rules {
  readonly admission: AdmissionGate;
}

/** Who asks: an attachment. */
export interface Applicant extends Pick<Origin, 'principal' | 'session'> {
  readonly detached: boolean;
  refuse(request: Request, why: Refusal): undefined;
}

/** One thing that a command wants to do. */
export interface Question {
  readonly action: Action;
  readonly pattern: Pattern;
  /** The command wants to show who asks. */
  readonly disclose: boolean;
}

/**
 * What stands before every command of one attachment: the gate of the process's memory, the rules for addresses, the
 * authorizer. Each method returns a promise only if it has to wait; whoever left in the meantime is told nothing.
 */
export class Admission {
  constructor(
    private readonly rules: AdmissionRules,
    private readonly applicant: Applicant,
    private readonly permissions: Permissions,
  ) {}

  /** What is wrong with an address, whoever asks; `owned` if the command would speak or answer in its name. */
  faultOf(pattern: Pattern, owned: boolean): Refusal | undefined {
    return this.permissions.faultOf(pattern, owned);
  }

  /** Goes on at once, or when the gate lets it, or refuses. */
  gated(request: Request, go: () => Promise<void> | undefined): Promise<void> | undefined {
    return this.paced(go, (why) => this.applicant.refuse(request, why));
  }

  /** Goes on at once, or when the gate lets it, or does without. */
  paced(
    go: () => Promise<void> | undefined,
    refused: (why: Refusal) => undefined,
  ): Promise<void> | undefined {
    const gate = this.rules.admission();
    if (gate === undefined) return go();
    return gate.then((open) => {
      if (this.applicant.detached) return undefined;
      return open ? go() : refused(OVERLOADED);
    });
  }

  /** Asks the authorizer, now or later, and goes on if the answer is yes. */
  decided(
    request: Request,
    action: Action,
    pattern: Pattern,
    disclose: boolean | undefined,
    go: (decision: Decision) => undefined,
  ): Promise<void> | undefined {
    const decision = this.permissions.decide(action, pattern);
    if (!isSettled(decision))
      return this.#decidedLater(request, decision, { action, pattern, disclose: disclose === true }, go);
    const refused = refusalOf(decision, disclose);
    return refused === undefined ? go(decision) : this.applicant.refuse(request, refused);
  }

  /** Asks several questions and goes on if all answers are yes; refuses for the first that is no. */
  allDecided(
    request: Request,
    questions: readonly Question[],
    go: (decisions: readonly Decision[]) => Promise<void> | undefined,
  ): Promise<void> | undefined {
    const ask = (): (Decision | Promise<Decision>)[] =>
      questions.map(({ action, pattern }) => this.permissions.decide(action, pattern));
    const decisions = ask();
    if (decisions.every(isSettled)) return this.#concluded(request, questions, decisions, go);
    return this.permissions
      .lasting(Promise.all(decisions), () => Promise.all(ask()))
      .then((all) => (this.applicant.detached ? undefined : this.#concluded(request, questions, all, go)));
  }

  async #decidedLater(
    request: Request,
    pending: Promise<Decision>,
    { action, pattern, disclose }: Question,
    go: (decision: Decision) => undefined,
  ): Promise<void> {
    const decision = await this.permissions.lasting(pending, () => this.permissions.decide(action, pattern));
    if (this.applicant.detached) return;
    const refused = refusalOf(decision, disclose);
    if (refused === undefined) go(decision);
    else this.applicant.refuse(request, refused);
  }

  #concluded(
    request: Request,
    questions: readonly Question[],
    decisions: readonly Decision[],
    go: (decisions: readonly Decision[]) => Promise<void> | undefined,
  ): Promise<void> | undefined {
    for (const [index, decision] of decisions.entries()) {
      const refused = refusalOf(decision, questions[index]?.disclose);
      if (refused !== undefined) return this.applicant.refuse(request, refused);
    }
    return go(decisions);
  }
}

const OVERLOADED = refusal('unavailable', 'The server is short of memory.');

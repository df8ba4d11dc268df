import type { Clock } from '../../lib/index.js';
import { AuthorizerBusy, AuthorizerUnavailable } from '../ports/authorizer.js';
import type { Instrumentation } from '../ports/instrumentation.js';

/** What failures are told with. */
export interface AuthorizerFailuresParts {
  readonly realm: string;
  readonly clock: Clock;
  readonly instrumentation: Instrumentation;
}

/** What has failed alike is told no more often, in ms: whoever asks in turn for what works and what fails fills no log. */
const PAUSE = 60_000;
/** So many kinds of failure are told apart; the text of an error may hold an address that a client has chosen. */
const MOST_KINDS = 16;
/** Of an error's text, so much tells it from others, in characters. */
const LONGEST_KIND = 200;

/**
 * Tells of an authorizer that gives no decisions: each failure is counted, and what is the same is told once until it has answered
 * again. What its code cannot help is an event, and what is thrown otherwise a defect.
 */
export class AuthorizerFailures {
  readonly #events = new Told();
  readonly #defects = new Told();
  /** Whether it has decided something since the last failure. */
  #hasAnswered = false;

  constructor(private readonly parts: AuthorizerFailuresParts) {}

  /** It has decided. */
  answered(): void {
    this.#hasAnswered = true;
  }

  /** It has not. */
  failed(error: unknown): void {
    const { instrumentation, clock, realm } = this.parts;
    instrumentation.count('authorizations_failed');
    if (this.#hasAnswered) for (const told of [this.#events, this.#defects]) told.works();
    this.#hasAnswered = false;
    const reason = reasonOf(error);
    if (reason === undefined) {
      if (this.#defects.isNew(textOf(error), clock.now())) instrumentation.defect('authorizer.decide', error);
    } else if (this.#events.isNew(reason, clock.now())) {
      instrumentation.event('authorizer_failed', { realm, reason });
    }
  }
}

/** What was told already. */
class Told {
  /** kind of failure → when it was told last, in ms, and whether something has worked since */
  readonly #kinds = new Map<string, { readonly at: number; isOver: boolean }>();

  works(): void {
    for (const told of this.#kinds.values()) told.isOver = true;
  }

  /** Whether it is to be told now; then it counts as told. */
  isNew(kind: string, now: number): boolean {
    for (const [known, { at, isOver }] of this.#kinds)
      if (isOver && now - at >= PAUSE) this.#kinds.delete(known);
    if (this.#kinds.has(kind) || this.#kinds.size >= MOST_KINDS) return false;
    this.#kinds.set(kind, { at: now, isOver: false });
    return true;
  }
}

/** Why it could not decide, if its code is not to blame. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof AuthorizerBusy) return 'busy';
  return error instanceof AuthorizerUnavailable ? error.reason : undefined;
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : error;
  return typeof text === 'string' ? text.slice(0, LONGEST_KIND) : typeof text;
}

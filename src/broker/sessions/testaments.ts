import type { Pattern } from '../address.js';
import type { Refusal } from '../errors.js';
import type { BrokerLimits } from '../limits.js';
import { isSettled, refusal, refusalOf } from '../rights/permissions.js';
import type { Decision } from '../ports/authorizer.js';
import type { PublishCommand } from '../publication.js';
import { sizeOfContent } from '../publication.js';
import { sizeOfAudience } from '../receivers.js';

/** The scopes of testaments, in the order in which they are sent when a session ends. */
export const TESTAMENT_SCOPES = ['detached', 'destroyed'] as const;

/**
 * When a testament is sent [WAMP AP Session Testament]. No session is resumed here, so the end of one is the end of both scopes;
 * they can still be emptied one by one.
 */
export type TestamentScope = (typeof TESTAMENT_SCOPES)[number];

/** An event that is published when its session ends, however it ends. */
export interface Testament {
  readonly scope: TestamentScope;
  readonly event: Omit<PublishCommand, 'expiresAt'>;
  /** How long it may be delivered once it was sent, in ms. Default: for ever. */
  readonly ttlMs?: number | undefined;
}

/** What a session may publish. */
export interface PublishingRights {
  /** What is wrong with the topic, whoever asks. */
  faultOf(topic: Pattern): Refusal | undefined;
  /** Does not reject, and answers when the session is gone too. */
  permits(topic: Pattern): Decision | Promise<Decision>;
}

/** Nothing if a testament is kept; else why not. */
export type Admitted = Refusal | undefined | Promise<Refusal | undefined>;

/** About what a testament costs besides what its session has put into it, in bytes. */
const ENTRY = 256;

/** The testaments of one session, bounded in number and in bytes. */
export class Testaments {
  /** In the order in which they were added. */
  #entries: Testament[] = [];
  #bytes = 0;
  /** The session has ended. */
  #over = false;

  constructor(
    private readonly limits: Pick<BrokerLimits, 'testaments' | 'testamentBytes'>,
    private readonly rights: PublishingRights,
  ) {}

  get size(): number {
    return this.#entries.length;
  }

  /** Those that are kept now, in the order in which they were added. */
  get all(): readonly Testament[] {
    return this.#entries;
  }

  /** Keeps one more, if it may be published now, or tells why not. It is asked again when it is sent. */
  add(testament: Testament): Admitted {
    const topic = topicOf(testament);
    const fault = this.rights.faultOf(topic);
    if (fault !== undefined) return fault;
    const conclude = (decision: Decision): Refusal | undefined =>
      refusalOf(decision, testament.event.disclose) ?? this.#keep(testament);
    const decision = this.rights.permits(topic);
    return isSettled(decision) ? conclude(decision) : decision.then(conclude);
  }

  /** Drops all of a scope; without one, all there are. */
  flush(scope?: TestamentScope): void {
    this.keep((testament) => scope !== undefined && testament.scope !== scope);
  }

  /** Drops those that are not wanted any more. */
  keep(isWanted: (testament: Testament) => boolean): void {
    if (this.#entries.length === 0) return;
    this.#entries = this.#entries.filter(isWanted);
    this.#bytes = this.#entries.reduce((sum, testament) => sum + sizeOf(testament), 0);
  }

  /**
   * The session has ended: sends them, `detached` before `destroyed`, each if it may be published now. If the authorizer takes
   * its time, they wait for it together, and that is told. Within a run.
   */
  execute(executor: Executor): Promise<void> | undefined {
    const entries = this.#entries;
    this.flush();
    this.#over = true;
    const left = TESTAMENT_SCOPES.flatMap((scope) => entries.filter((entry) => entry.scope === scope));
    const decisions = left.map((testament) => this.rights.permits(topicOf(testament)));
    const conclude = (settled: readonly Decision[]): void => {
      for (const [at, testament] of left.entries()) {
        const decision = settled[at]!;
        if (refusalOf(decision, testament.event.disclose) === undefined)
          executor.publish(testament, decision);
        else executor.refused();
      }
    };
    if (!decisions.every(isSettled))
      return Promise.all(decisions).then((settled) => executor.run(() => conclude(settled)));
    conclude(decisions);
    return undefined;
  }

  #keep(testament: Testament): Refusal | undefined {
    if (this.#over) return refusal('unavailable', 'The session is over.');
    const { testaments, testamentBytes } = this.limits;
    if (this.#entries.length >= testaments) {
      return refusal('limit_exceeded', `A session may have ${testaments} testaments.`);
    }
    const size = sizeOf(testament);
    if (this.#bytes + size > testamentBytes) {
      return refusal('limit_exceeded', `The testaments of a session may have ${testamentBytes} bytes.`);
    }
    this.#bytes += size;
    this.#entries.push(testament);
    return undefined;
  }
}

/** How the testaments of a session that has ended are sent. */
export interface Executor {
  publish(testament: Testament, decision: Decision): void;
  /** It may not be published (any more). */
  refused(): void;
  run(change: () => void): void;
}

/** Where it is published. */
export function topicOf({ event }: Testament): Pattern {
  return { match: 'exact', text: event.topic };
}

/** About what a testament keeps in memory. */
function sizeOf({ event }: Testament): number {
  return ENTRY + 2 * event.topic.length + sizeOfContent(event, sizeOfAudience(event.audience));
}

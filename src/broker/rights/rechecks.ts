import type { CoarseTimers } from '../../lib/index.js';
import { isBusy, isSettled } from './permissions.js';
import type { Decision } from '../ports/authorizer.js';

/** A question that was asked, and what its answer does. */
export interface Asked {
  readonly decision: Decision | Promise<Decision>;
  told(decision: Decision): void;
}

/** Asks about something that is held; nothing if it is over. */
export type Recheck = () => Asked | undefined;

/** So many questions wait for the authorizer at a time: commands come in between, and it is not overrun. */
const MOST_OPEN = 64;
/** So long an authorizer that had too much to do is left alone with a question, in ms. */
const PAUSE = 1000;

/**
 * Questions about what is held already, asked one after another: all that a realm holds may have to be asked about at once. What
 * is held stays until the answer has come, and only the answer to the last question counts.
 */
export class Rechecks {
  /** what is held → asks about it, in the order in which that will be done */
  readonly #waiting = new Map<object, Recheck>();
  /** what is held → the question whose answer is awaited */
  readonly #awaited = new Map<object, Recheck>();
  #open = 0;

  constructor(
    private readonly timers: CoarseTimers,
    private readonly run: (change: () => void) => void,
  ) {}

  /** Asks about something, now or when its turn comes; it keeps a turn that it has already. Within a run. */
  add(held: object, recheck: Recheck): void {
    this.#waiting.set(held, recheck);
    this.#advance();
  }

  #advance(): void {
    for (const [held, recheck] of this.#waiting) {
      if (this.#open >= MOST_OPEN) return;
      this.#waiting.delete(held);
      this.#awaited.delete(held);
      const asked = recheck();
      if (asked === undefined) continue;
      const { decision } = asked;
      if (isSettled(decision) && !isBusy(decision)) asked.told(decision);
      else {
        this.#open += 1;
        this.#awaited.set(held, recheck);
        void this.#conclude(held, recheck, asked);
      }
    }
  }

  async #conclude(held: object, recheck: Recheck, { decision, told }: Asked): Promise<void> {
    const answer = await decision;
    if (isBusy(answer)) this.timers.schedule(PAUSE, () => this.#ended(() => this.#again(held, recheck)));
    else
      this.#ended(() => {
        if (this.#awaits(held, recheck)) told(answer);
      });
  }

  /** A question is over: the next one has its turn. */
  #ended(conclude: () => void): void {
    this.run(() => {
      this.#open -= 1;
      conclude();
      this.#advance();
    });
  }

  #again(held: object, recheck: Recheck): void {
    if (this.#awaits(held, recheck)) this.#waiting.set(held, recheck);
  }

  /** Whether nothing has been asked since. */
  #awaits(held: object, recheck: Recheck): boolean {
    if (this.#awaited.get(held) !== recheck) return false;
    this.#awaited.delete(held);
    return !this.#waiting.has(held);
  }
}

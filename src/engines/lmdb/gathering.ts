/** The most that is waited for more tasks, as a part of what the last transaction took. */
const SHARE = 0.25;
/** And in ms, whatever that took. */
const MOST_MS = 3;

/**
 * How many tasks the next transaction had better wait for. Those who were answered by the last one come back with more at
 * about the same time, but not in the same turn: begun with the first of them, a transaction would make the others wait for
 * the one after it, and half of the syncs would be for a few. So it begins when as many have come as there were, or after a
 * quarter of the time that the last one took. Who works alone never waits: there was one, and one has come.
 */
export class Gathering {
  /** How many there were when the last transaction ended: in it, or waiting. */
  #expected = 0;
  #patienceMs = 0;
  /** Last time nobody came. */
  #wasVain = false;
  #timer: NodeJS.Timeout | undefined;

  /** A transaction of `done` tasks ended after `ms`, while `waiting` others were there. */
  ended(done: number, waiting: number, ms: number): void {
    this.#expected = done + waiting;
    this.#patienceMs = Math.min(MOST_MS, SHARE * ms);
  }

  /** Begins to wait, if that is worth it; `over` is called when it has taken long enough. */
  begin(waiting: number, over: (waitedFrom: number) => void): boolean {
    if (waiting >= this.#expected || this.#wasVain) {
      this.#wasVain = false;
      return false;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      over(waiting);
    }, this.#patienceMs);
    return true;
  }

  /** Tells how it went, so that it is not tried again at once if it was in vain. */
  learn(waitedFrom: number, waiting: number): void {
    this.#wasVain = waiting === waitedFrom;
  }

  /** Whether a wait was going on that is over now, because all have come. */
  isOver(waiting: number): boolean {
    if (this.#timer === undefined || waiting < this.#expected) return false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return true;
  }
}

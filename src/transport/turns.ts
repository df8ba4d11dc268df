import type { Clock } from '../lib/index.js';

/** Numbers the turns of the event loop in which somebody asked. */
export class Turns {
  #number = 0;
  #asked = false;

  constructor(private readonly clock: Clock) {}

  /** The number of this turn. */
  get current(): number {
    if (!this.#asked) {
      this.#asked = true;
      this.clock.defer(() => {
        this.#asked = false;
        this.#number += 1;
      });
    }
    return this.#number;
  }
}

import type { IdSource } from '../lib/index.js';

/** Identifiers that a test can foresee: 1001, 1002, … and `token-1`, `token-2`, … */
export class SequentialIds implements IdSource {
  #id = 1000;
  #token = 0;

  id(): number {
    this.#id += 1;
    return this.#id;
  }

  token(): string {
    this.#token += 1;
    return `token-${this.#token}`;
  }
}

import type { Authorizer } from '../../src/broker/index.js';

/** An authorizer that is, at each question, what `current` says then. */
export function changing(current: () => Authorizer): Authorizer {
  return {
    get trustlevels() {
      return current().trustlevels === true;
    },
    decide: (...question) => current().decide(...question),
  };
}

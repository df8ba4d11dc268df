import type { Publication } from './publication.js';

/** Chooses among publications for one subscriber or consumer (a STOMP `selector`); pure, fast, never throws. */
export interface Filter {
  accepts(publication: Publication): boolean;
}

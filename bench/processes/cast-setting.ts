/** Subscriptions that match nothing: patterns, such as applications have or made to be slow, or exact topics. */
export interface Bystanding {
  readonly kind: 'realistic' | 'hostile' | 'exact';
  readonly count: number;
}

/** What a contender's clients do otherwise than those of the others; each scenario knows which of it counts. */
export interface CastSetting {
  /** Messages that are sent and not confirmed. */
  readonly inFlight?: number;
  readonly workers?: number;
  /** Messages that wait in the queue all the time. */
  readonly waiting?: number;
  /** Subscriptions that are there and match nothing. */
  readonly bystanding?: Bystanding;
  /** The first port of the server, by which it is known over restarts; set by the run. */
  readonly port?: number;
}

/** What a contender's clients do otherwise than those of the others; each scenario knows which of it counts. */
export interface CastSetting {
  /** Messages that are sent and not confirmed. */
  readonly inFlight?: number;
  readonly workers?: number;
  /** Messages that wait in the queue all the time. */
  readonly waiting?: number;
  /** The first port of the server, by which it is known over restarts; set by the run. */
  readonly port?: number;
}

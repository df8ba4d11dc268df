/** What one attachment (one client's session) may hold; each limit names itself in the error that it causes. */
export interface BrokerLimits {
  /** Subscriptions of all kinds. Default 1000. */
  readonly subscriptions: number;
  /** Subscriptions with a pattern (prefix, wildcard, multi); part of the above. Default 100. */
  readonly patternSubscriptions: number;
  /** Registrations. Default 1000. */
  readonly registrations: number;
  /** Registrations with a pattern (prefix, wildcard); part of the above. Default 100. */
  readonly patternRegistrations: number;
  /** Calls waiting for their answer, as a caller. Default 1000. */
  readonly callsPerCaller: number;
  /** Invocations waiting for an answer, as a callee. Default 1000; above it the caller gets `callee_unavailable`. */
  readonly callsPerCallee: number;
  /** Bytes of payloads and headers in calls waiting for their answer, as a caller. Default 16 MiB. */
  readonly callBytes: number;
  /** Length of an address or pattern in UTF-8 bytes. Default 1024. */
  readonly addressBytes: number;
  /** Components of an address or pattern: each is a step of every look-up. Default 64. */
  readonly addressComponents: number;
  /** How long a call waits for its answer when the caller says nothing, in ms. Default 30 000. */
  readonly callTimeoutMs: number;
  /** The longest time-out a caller may ask for, in ms. Default 600 000. */
  readonly maxCallTimeoutMs: number;
  /** Publications kept back for one endpoint that takes no more for now. Default 1000. */
  readonly backlogMessages: number;
  /** Bytes of payloads and headers kept back for one endpoint that takes no more for now. Default 1 MiB. */
  readonly backlogBytes: number;
}

/** The defaults of {@link BrokerLimits}. */
export const DEFAULT_BROKER_LIMITS: BrokerLimits = {
  subscriptions: 1000,
  patternSubscriptions: 100,
  registrations: 1000,
  patternRegistrations: 100,
  callsPerCaller: 1000,
  callsPerCallee: 1000,
  callBytes: 16 * 1024 * 1024,
  addressBytes: 1024,
  addressComponents: 64,
  callTimeoutMs: 30_000,
  maxCallTimeoutMs: 600_000,
  backlogMessages: 1000,
  backlogBytes: 1024 * 1024,
};
